use axum::{
    Router,
    extract::{Form as Posted, RawQuery, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::{Installation, Session};
use model::{KeyError, Permission};

use super::{
    page::{Settings, settings_page},
    typed::Typed,
};
use crate::{
    ApiError, FieldProblem,
    frame::{Sent, confirm, failed, framed, resume, sent},
    ui::key_settings::Form,
    web::{WebState, session::signed_in},
};

pub(crate) const PATH: &str = "/settings";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(show).post(posted)).with_state(web)
}

async fn show(State(web): State<WebState>, RawQuery(query): RawQuery, parts: Parts) -> Response {
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        load(&web, &session).await
    };
    match loaded.await {
        Ok(now) => {
            let saved = query.is_some_and(|query| query.split('&').any(|pair| pair == "done=saved"));
            shown(&web, parts, StatusCode::OK, Settings { saved, ..Settings::of(&now) }).await
        }
        Err(ApiError::SignedOut) => Redirect::to("/login").into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn posted(
    State(web): State<WebState>,
    mut parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let Sent { fields, session, begun } = match sent(&web, &mut parts, fields).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let now = match load(&web, &session).await {
        Ok(now) => now,
        Err(error) => return failed(&web, parts, error).await,
    };
    let form = Form(&fields);
    let mut drawn = Settings { typed: Typed::of_form(form), ..Settings::of(&now) };
    if !form.has("required_second_factor") {
        // A form of before leaves it as it is.
        drawn.typed.required_second_factor = now.required_second_factor.to_string();
    }
    if !form.has("leak_rule") {
        drawn.typed.leak_rule = now.leak_rule.to_string();
    }
    let seen = form.version().unwrap_or(drawn.version);
    if let Some(cookies) = begun {
        // Whoever has just signed in sees the form as they filled it in, and presses its button again.
        drawn.version = seen;
        let mut response = shown(&web, parts, StatusCode::OK, drawn).await;
        resume::give(&mut response, cookies);
        return response;
    }
    if now.recoverable && drawn.typed.show_once && form.text("erase") != "yes" {
        // What is wrong besides is told first, so that nobody is asked twice.
        let (status, wrong) = match drawn.typed.read() {
            Ok(_) => (StatusCode::CONFLICT, None),
            Err(error) => (error.status(), Some(error)),
        };
        drawn.version = seen;
        drawn.erases = wrong.is_none();
        refuse(&mut drawn, wrong);
        return shown(&web, parts, status, drawn).await;
    }
    let error = match save(&web, &session, &drawn.typed, form).await {
        Ok(()) => return Redirect::to(&format!("{PATH}?done=saved")).into_response(),
        Err(error) if error.needs_proof() => return confirm::ask(&web, parts, &session, None, &fields).await,
        Err(error) => error,
    };
    let status = error.status();
    match error {
        ApiError::Key(KeyError::VersionMoved { .. }) => drawn.moved = true,
        error => {
            drawn.version = seen;
            refuse(&mut drawn, Some(error));
        }
    }
    shown(&web, parts, status, drawn).await
}

/// Puts what is wrong beside its fields, or above all of them.
fn refuse(drawn: &mut Settings, error: Option<ApiError>) {
    match error {
        None => {}
        Some(ApiError::Fields(problems)) => drawn.problems = problems,
        Some(ApiError::Key(KeyError::InvalidInstallation { reason })) => {
            drawn.problems = vec![FieldProblem { field: "title".to_owned(), message: reason }];
        }
        Some(error) => drawn.refused = Some(error),
    }
}

/// The installation as it is now, for those who set it.
async fn load(web: &WebState, session: &Session) -> Result<Installation, ApiError> {
    session.caller().require(Permission::ManageInstallation)?;
    let now = web.keydesk.installation(&session.installation.name).await?;
    Ok(now.ok_or(KeyError::NoInstallation)?)
}

async fn save(web: &WebState, session: &Session, typed: &Typed, form: Form<'_>) -> Result<(), ApiError> {
    let patch = typed.read()?;
    web.keydesk.set_settings(&session.caller(), patch, Some(form.version()?)).await?;
    Ok(())
}

async fn shown(web: &WebState, parts: Parts, status: StatusCode, page: Settings) -> Response {
    framed(web, parts, status, "Settings".to_owned(), move || settings_page(&page)).await
}
