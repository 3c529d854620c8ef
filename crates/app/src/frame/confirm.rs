//! A form asks for what needs a proof of who sends it, and the last one is too old: the answer asks for one and keeps what was typed, in
//! a form that is posted to the same address. With a good proof the very form is carried out; what it says is the same change still.
//! Whoever has no password here signs in again with their organisation's account, in another tab, and then sends the form as it is: the
//! session that began there has proved who they are.

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};
use domain::{Session, Ways};
use leptos::prelude::*;
use model::AdminError;

use super::{
    document::{failed, framed},
    proof::{self, Given, NO_WAY},
    proof_fields::proof_fields,
    sign_on_form::SignOnForm,
};
use crate::{
    ApiError, FieldProblem,
    ui::{Notice, Tone},
    web::{START, WebState, session},
};

/// The field that says that a form comes with a proof, or that its sender has signed in elsewhere.
const CONFIRMS: &str = "proof_confirm";
const ELSEWHERE: &str = "elsewhere";

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

/// What a form comes with.
pub(super) enum Comes {
    /// A proof.
    With(Given),
    /// Its sender says that they have signed in again, in another tab.
    Later,
}

/// Takes the proof out of a form that comes with one, so that no page has it again.
pub(super) fn taken(fields: &mut Fields) -> Option<Comes> {
    let at = fields.iter().position(|(name, _)| name == CONFIRMS)?;
    let (_, value) = fields.remove(at);
    Some(if value == ELSEWHERE { Comes::Later } else { Comes::With(Given::taken(fields)) })
}

/// The session of whoever has sent a form with this proof, which counts from now on; or else the answer asks again.
pub(super) async fn confirmed(
    web: &WebState,
    parts: &mut Parts,
    fields: &Fields,
    session: Session,
    comes: Comes,
) -> Result<Session, Box<Response>> {
    let proved: Result<Session, ApiError> = async {
        let now = web.keydesk.now();
        match comes {
            Comes::With(given) => {
                let origin = session::origin_of(&web.access, &parts.headers);
                web.keydesk.confirm(&session, given.proof(origin)?).await.map_err(in_words)?;
                Ok(Session { proved_at: now, ..session.clone() })
            }
            Comes::Later if session.is_proved(now) => Ok(session.clone()),
            Comes::Later => Err(AdminError::StepUpNeeded.into()),
        }
    }
    .await;
    match proved {
        Ok(session) => {
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
    let hidden = || {
        kept.iter()
            .map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone()/> })
            .collect_view()
    };
    let error = error.map(ToString::to_string);
    let cancel = || {
        let action = action.to_owned();
        view! { <a class="button" href=action rel="external" data-close>"Cancel"</a> }
    };
    let here = ways.any_here().then(|| {
        view! {
            <form class="form" method="post" action=action.to_owned() data-once data-confirms>
                {hidden()}
                <input type="hidden" name=CONFIRMS value="yes"/>
                {proof_fields(ways)}
                <div class="dialog-foot">
                    {cancel()}
                    <button type="submit" class="button primary">"Confirm"</button>
                </div>
            </form>
        }
    });
    // In another tab, since this page keeps what was typed. The session that begins there is that of this page, too.
    let alone = !ways.any_here();
    let elsewhere = ways.organisation.clone().map(|label| {
        view! {
            <SignOnForm label next=START.to_owned() primary=alone apart=true again=true/>
            <form class="form" method="post" action=action.to_owned() data-once data-confirms>
                {hidden()}
                <input type="hidden" name=CONFIRMS value=ELSEWHERE/>
                <p class="field-note">"Your organisation signs you in again, in another tab."</p>
                <div class="dialog-foot">
                    {alone.then(cancel)}
                    <button type="submit" class="button">"I have signed in there"</button>
                </div>
            </form>
        }
    });
    let none =
        (alone && elsewhere.is_none()).then(|| view! { <p>{NO_WAY}</p> <div class="dialog-foot">{cancel()}</div> });
    view! {
        <section class="card">
            <h1>{TITLE}</h1>
            {error.map(|error| view! { <div role="alert"><Notice tone=Tone::Bad>{error}</Notice></div> })}
            <p class="lead">"Nothing was done yet. It goes on once you have proved that it is you, which counts for 10 minutes."</p>
            {here} {elsewhere} {none}
        </section>
    }
    .into_any()
}
