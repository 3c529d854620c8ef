//! A form asks for what needs a proof of who sends it, and the last one is too old: the answer asks for one and keeps what was typed, in
//! a form that is posted to the same address. With a good proof the very form is carried out; what it says is the same change still.

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};
use domain::{Session, Ways};
use leptos::prelude::*;
use model::AdminError;

use super::{
    document::{failed, framed},
    proof::{self, Given},
    proof_fields::proof_fields,
};
use crate::{
    ApiError, FieldProblem,
    ui::{Notice, Tone},
    web::{WebState, session},
};

/// The field that says that a form comes with a proof.
const CONFIRMS: &str = "proof_confirm";

/// Most fields and bytes that are carried over. Forms that ask for a proof have far less.
const FIELDS_MAX: usize = 512;
const BYTES_MAX: usize = 64 << 10;

const TITLE: &str = "Confirm it is you";

type Fields = Vec<(String, String)>;

/// Says of a wrong password what it is, to somebody who is signed in and typed no email address.
pub(crate) fn in_words(error: AdminError) -> ApiError {
    match error {
        AdminError::WrongCredentials => {
            let field = proof::PASSWORD.to_owned();
            ApiError::Fields(vec![FieldProblem { field, message: "The password is not right.".to_owned() }])
        }
        error => error.into(),
    }
}

/// Takes the proof out of a form that comes with one, so that no page has it again.
pub(super) fn taken(fields: &mut Fields) -> Option<Given> {
    let at = fields.iter().position(|(name, _)| name == CONFIRMS)?;
    fields.remove(at);
    Some(Given::taken(fields))
}

/// The session of whoever has sent a form with this proof, which counts from now on; or else the answer asks again.
pub(super) async fn confirmed(
    web: &WebState,
    parts: &mut Parts,
    fields: &Fields,
    session: Session,
    given: Given,
) -> Result<Session, Box<Response>> {
    let proved: Result<(), ApiError> = async {
        let origin = session::origin_of(&web.access, &parts.headers);
        web.keydesk.confirm(&session, given.proof(origin)?).await.map_err(in_words)
    }
    .await;
    match proved {
        Ok(()) => {
            let session = Session { proved_at: web.keydesk.now(), ..session };
            parts.extensions.insert(session.clone());
            Ok(session)
        }
        Err(error) => Err(Box::new(ask(web, parts.clone(), &session, Some(error), fields).await)),
    }
}

/// Answers a form that needs a proof. `error`: why the last one was none.
pub(crate) async fn ask(
    web: &WebState,
    parts: Parts,
    session: &Session,
    error: Option<ApiError>,
    fields: &Fields,
) -> Response {
    let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    if fields.len() > FIELDS_MAX || bytes > BYTES_MAX {
        return failed(web, parts, AdminError::StepUpNeeded.into()).await;
    }
    let ways = match web.keydesk.ways_to_confirm(session).await {
        Ok(ways) => ways,
        Err(error) => return failed(web, parts, error.into()).await,
    };
    let status = error.as_ref().map_or(StatusCode::FORBIDDEN, ApiError::status);
    let action = parts.uri.path_and_query().map_or_else(String::new, |path| path.as_str().to_owned());
    let kept = fields.clone();
    framed(web, parts, status, TITLE.to_owned(), move || page(&action, error.as_ref(), &ways, &kept)).await
}

fn page(action: &str, error: Option<&ApiError>, ways: &Ways, kept: &Fields) -> AnyView {
    let hidden = kept.iter().map(|(name, value)| {
        view! { <input type="hidden" name=name.clone() value=value.clone()/> }
    });
    let error = error.map(ToString::to_string);
    view! {
        <section class="card">
            <h1>{TITLE}</h1>
            {error.map(|error| view! { <div role="alert"><Notice tone=Tone::Bad>{error}</Notice></div> })}
            <p class="lead">"Nothing was done yet. It goes on once you have proved that it is you, which counts for 10 minutes."</p>
            <form class="form" method="post" action=action.to_owned() data-once data-confirms>
                {hidden.collect_view()}
                <input type="hidden" name=CONFIRMS value="yes"/>
                {proof_fields(ways)}
                <div class="dialog-foot">
                    <a class="button" href=action.to_owned() rel="external" data-close>"Cancel"</a>
                    <button type="submit" class="button primary">"Confirm"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
