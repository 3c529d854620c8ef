use axum::http::request::Parts;
use domain::{Answered, Session, Told};
use model::{KeyError, KeyId};

use super::details::{Flash, Given, Shown};
use crate::{
    ApiError,
    frame::result::Gives,
    web::{
        WebState,
        result_cookie::{self, ResultOf},
    },
};

const OVER: &str = "What was shown here is no longer shown: a new key, a token or a link is shown for 10 minutes, and a revealed key for \
                    1 minute, to whoever asked for it.";

const LINK_OVER: &str = "The hand-over link was opened or has ended, and is no longer shown.";

/// What the page of a result shows to this person, and the address of this Keydesk for commands on it, where the result knows it: from
/// requests for pages it is taken away.
pub(super) async fn of_request(web: &WebState, session: &Session, parts: &Parts, id: KeyId) -> (Flash, Option<String>) {
    let now = web.keydesk.now();
    for result in result_cookie::find(&web.access, &parts.headers) {
        let Some(gives) = Gives::shown(result, now) else { continue };
        match told(web, session, id, gives, result).await {
            Ok(Some(flash)) => {
                let origin = web.access.origin().unwrap_or(result.origin);
                return (flash, (!origin.is_empty()).then(|| origin.to_owned()));
            }
            Ok(None) => {}
            Err(error) => return (Flash::Refused(error), None),
        }
    }
    (Flash::Over(OVER.to_owned()), None)
}

async fn told(
    web: &WebState,
    session: &Session,
    id: KeyId,
    gives: Gives,
    result: ResultOf<'_>,
) -> Result<Option<Flash>, ApiError> {
    let told = match web.keydesk.told(&session.caller(), result.change).await {
        Ok(told) => told,
        Err(KeyError::HandoverOver) => return Ok(Some(Flash::Over(LINK_OVER.to_owned()))),
        Err(error) => return Err(error.into()),
    };
    Ok(match told {
        Some(Told::Issued(answered)) if answered.key.id == id => {
            let given = if gives == Gives::Created { Given::Created } else { Given::Rotated };
            Some(issued(*answered, given))
        }
        Some(Told::Revealed(secret)) if gives == Gives::Revealed => {
            Some(Flash::Shown(Shown { given: Given::Revealed, text: secret.expose().to_owned() }))
        }
        Some(Told::Token(made)) if gives == Gives::Token && made.claims.sub == id => {
            let given = Given::Token(made.claims.expires_at());
            Some(Flash::Shown(Shown { given, text: made.token.expose().to_owned() }))
        }
        Some(Told::HandOver(made)) if made.handover.key_id == id => {
            let origin = web.access.origin().unwrap_or(result.origin);
            let text = format!("{origin}/handover#{}", made.token.expose());
            Some(Flash::Shown(Shown { given: Given::HandOver(made.handover.expires_at), text }))
        }
        _ => None,
    })
}

/// A new secret as the page shows it, or why it does not.
pub(super) fn issued(answered: Answered, given: Given) -> Flash {
    match answered.secret {
        // Where nothing keeps it, the answer to the form itself shows it, and no page after that.
        Ok(secret) => Flash::Shown(Shown { given, text: secret.expose().to_owned() }),
        Err(reason) => Flash::Over(reason.to_string()),
    }
}
