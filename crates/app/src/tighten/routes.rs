use axum::{
    Router,
    extract::{Form as Posted, Path, Query, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::Session;
use model::{
    Instant, KeyError, KeyId, Network, NetworkSet, OriginPattern, OriginSet, Permission, Restriction, Scope, TrialDays,
};

use super::{
    address,
    page::{Tighten, tighten_page},
};
use crate::{
    ApiError,
    frame::{Sent, failed, framed, resume, sent},
    ui::key_settings::Form,
    web::{WebState, form_token::once, session::signed_in},
};

pub(crate) const PATH: &str = "/keys/{id}/tighten";

/// What the page says after a form, by its name in the address.
const DONE: [(&str, &str); 2] = [
    ("started", "Report only has begun. It refuses no call, and counts here whom the proposal would have refused."),
    ("stopped", "Report only has ended. The key is as it was."),
];

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(show).post(posted)).with_state(web)
}

async fn show(
    State(web): State<WebState>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    parts: Parts,
) -> Response {
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let mut page = load(&web, &session, parse(&id)?).await?;
        let done = Form(&pairs).text("done");
        page.done = DONE.iter().find(|(name, _)| *name == done).map(|(_, text)| *text);
        Ok(page)
    }
    .await;
    match loaded {
        Ok(page) => answer(&web, parts, StatusCode::OK, page).await,
        Err(ApiError::SignedOut) => Redirect::to("/login").into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn posted(
    State(web): State<WebState>,
    Path(id): Path<String>,
    mut parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let Sent { fields, session, begun } = match sent(&web, &mut parts, fields).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let id = match parse(&id) {
        Ok(id) => id,
        Err(error) => return failed(&web, parts, error).await,
    };
    // Whoever has just signed in presses the button again.
    let refused = match begun {
        Some(_) => None,
        None => match carry_out(&web, &session, id, Form(&fields)).await {
            Ok(done) => return Redirect::to(&format!("{}?done={done}", address::path(id))).into_response(),
            Err(error) => Some(error),
        },
    };
    let status = refused.as_ref().map_or(StatusCode::OK, ApiError::status);
    let mut response = match load(&web, &session, id).await {
        Ok(page) => answer(&web, parts, status, Tighten { refused, ..page }).await,
        Err(error) => failed(&web, parts, error).await,
    };
    if let Some(cookies) = begun {
        resume::give(&mut response, cookies);
    }
    response
}

/// Does what the pressed button says. Gives the name of its message.
async fn carry_out(web: &WebState, session: &Session, id: KeyId, form: Form<'_>) -> Result<&'static str, ApiError> {
    let keydesk = &web.keydesk;
    let caller = session.caller().once(Some(once(keydesk, &address::path(id), form.0)));
    match form.text("intent") {
        "try" => {
            let days: TrialDays = form.text("days").parse().map_err(|_| ApiError::Malformed)?;
            let shown = form.has(address::STARTED).then(|| started(form)).transpose()?;
            keydesk.start_trial(&caller, id, restriction(form)?, days, Some(form.version()?), shown).await?;
            Ok("started")
        }
        "stop" => {
            keydesk.end_trial(&caller, id, started(form)?).await?;
            Ok("stopped")
        }
        _ => Err(ApiError::Malformed),
    }
}

/// When the trial began that the form was drawn with.
fn started(form: Form<'_>) -> Result<Instant, ApiError> {
    form.text(address::STARTED).parse().map_err(|_| ApiError::Malformed)
}

/// The restriction that the form was drawn with.
fn restriction(form: Form<'_>) -> Result<Restriction, ApiError> {
    fn all<T: std::str::FromStr>(form: Form<'_>, name: &str) -> Result<Vec<T>, ApiError> {
        form.texts(name).map(|text| text.parse().map_err(|_| ApiError::Malformed)).collect()
    }
    let (networks, origins) = (all::<Network>(form, address::NETWORK)?, all::<OriginPattern>(form, address::ORIGIN)?);
    Ok(Restriction {
        scopes: all::<Scope>(form, address::SCOPE)?.into_iter().collect(),
        allowed_ips: NetworkSet::new(networks).map_err(|_| ApiError::Malformed)?,
        allowed_origins: OriginSet::new(origins).map_err(|_| ApiError::Malformed)?,
    })
}

async fn load(web: &WebState, session: &Session, id: KeyId) -> Result<Tighten, ApiError> {
    let (keydesk, caller) = (&web.keydesk, session.caller());
    Ok(Tighten {
        tightening: keydesk.tightening(&caller, id).await?,
        trial: keydesk.trial(&caller, id).await?,
        may_change: caller.may(Permission::ManageKeys),
        done: None,
        refused: None,
    })
}

async fn answer(web: &WebState, parts: Parts, status: StatusCode, page: Tighten) -> Response {
    let title = format!("Tighten {}", page.tightening.key.settings.client_name.as_str());
    framed(web, parts, status, title, move || tighten_page(&page)).await
}

fn parse(id: &str) -> Result<KeyId, ApiError> {
    id.parse().map_err(|_| KeyError::NotFound.into())
}
