use axum::{
    Router,
    extract::{Form as Posted, RawQuery, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::{CeilingOf, Session};
use model::{Ceiling, ClientName, KeyError, Permission};

use super::{
    ceiling::{CeilingForm, address, ceiling_page},
    page::{Clients, clients_page},
};
use crate::{
    ApiError, FieldProblem,
    frame::{Sent, confirm, failed, framed, resume, sent},
    ui::key_settings::{Form, LimitRows, refusal},
    web::{WebState, form_token::once, session::signed_in},
};

pub(crate) const PATH: &str = "/clients";
/// The form of a ceiling: the installation's, or that of the client which the address names.
pub(crate) const CEILING_PATH: &str = "/clients/ceiling";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(show)).route(CEILING_PATH, get(show_ceiling).post(posted)).with_state(web)
}

/// The parameters of an address.
fn parameters(query: Option<String>) -> Result<Vec<(String, String)>, ApiError> {
    serde_urlencoded::from_str(&query.unwrap_or_default()).map_err(|_| ApiError::Malformed)
}

async fn show(State(web): State<WebState>, RawQuery(query): RawQuery, parts: Parts) -> Response {
    let loaded = async {
        let query = parameters(query)?;
        let asked = Form(&query);
        let session = signed_in(&web, &parts).await?;
        let caller = session.caller();
        let (search, after) = (asked.text("search").trim().to_owned(), asked.text("after"));
        Ok(Clients {
            page: web.keydesk.clients(&caller, &search, after).await?,
            installation: web.keydesk.ceiling(&caller, CeilingOf::Installation).await?,
            may_set: caller.may(Permission::ManageInstallation),
            recorded: web.keydesk.records_allowed_calls(),
            saved: asked.text("done") == "saved",
            later: !after.is_empty(),
            search,
        })
    }
    .await;
    match loaded {
        Ok(clients) => framed(&web, parts, StatusCode::OK, "Clients".to_owned(), move || clients_page(&clients)).await,
        Err(error) => not_shown(&web, parts, error).await,
    }
}

async fn show_ceiling(State(web): State<WebState>, RawQuery(query): RawQuery, parts: Parts) -> Response {
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let of = named(query)?;
        Ok((load(&web, &session, &of).await?, of))
    }
    .await;
    match loaded {
        Ok((form, of)) => shown(&web, parts, StatusCode::OK, form, &of).await,
        Err(error) => not_shown(&web, parts, error).await,
    }
}

async fn posted(
    State(web): State<WebState>,
    RawQuery(query): RawQuery,
    mut parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let of = match named(query) {
        Ok(of) => of,
        Err(error) => return failed(&web, parts, error).await,
    };
    let Sent { fields, session, begun } = match sent(&web, &mut parts, fields).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let form = Form(&fields);
    let typed = LimitRows::of_form(form);
    let saved = if begun.is_some() { Ok(()) } else { save(&web, &session, &of, form, &typed).await };
    if begun.is_none() && saved.is_ok() {
        return Redirect::to(&format!("{PATH}?done=saved")).into_response();
    }
    if saved.as_ref().is_err_and(ApiError::needs_proof) {
        return confirm::ask(&web, parts, &session, None, &fields).await;
    }
    let mut drawn = match load(&web, &session, &of).await {
        Ok(drawn) => drawn,
        Err(error) => return failed(&web, parts, error).await,
    };
    drawn.rows = typed;
    let status = saved.as_ref().err().map_or(StatusCode::OK, ApiError::status);
    match saved {
        // Whoever has just signed in sees the form as they filled it in, and presses its button again.
        Ok(()) => drawn.version = form.version().unwrap_or(drawn.version),
        Err(ApiError::Fields(problems)) => {
            drawn.problems = problems;
            drawn.version = form.version().unwrap_or(drawn.version);
        }
        Err(ApiError::Key(KeyError::VersionMoved { .. })) => drawn.moved = true,
        Err(error) => drawn.refused = Some(error),
    }
    let mut response = shown(&web, parts, status, drawn, &of).await;
    if let Some(cookies) = begun {
        resume::give(&mut response, cookies);
    }
    response
}

/// Whose ceiling an address names. One that can't be read names none: to take it for another would set that one.
fn named(query: Option<String>) -> Result<CeilingOf, ApiError> {
    let query = parameters(query)?;
    let asked = Form(&query);
    if !asked.has("client_name") {
        return Ok(CeilingOf::Installation);
    }
    let name = ClientName::parse(asked.text("client_name")).map_err(KeyError::from)?;
    let environment = asked.text("environment").parse().map_err(|_| ApiError::Malformed)?;
    Ok(CeilingOf::Client(name, environment))
}

async fn load(web: &WebState, session: &Session, of: &CeilingOf) -> Result<CeilingForm, ApiError> {
    let caller = session.caller();
    caller.require(Permission::ManageInstallation)?;
    Ok(CeilingForm::of(web.keydesk.ceiling(&caller, of.clone()).await?))
}

async fn save(
    web: &WebState,
    session: &Session,
    of: &CeilingOf,
    form: Form<'_>,
    typed: &LimitRows,
) -> Result<(), ApiError> {
    let (rate_limits, quotas) = (typed.rate_limits(), typed.quotas());
    let (rate_limits, quotas) = match (rate_limits, quotas) {
        (Ok(rate_limits), Ok(quotas)) => (rate_limits, quotas),
        (rate_limits, quotas) => {
            let wrong = [("rate_limits", rate_limits.err()), ("quotas", quotas.err())];
            let wrong = wrong.into_iter().flat_map(|(field, messages)| {
                let messages = messages.into_iter().flatten();
                messages.map(move |message| FieldProblem { field: field.to_owned(), message: format!("{message}.") })
            });
            return Err(ApiError::Fields(wrong.collect()));
        }
    };
    let caller = session.caller().once(Some(once(&web.keydesk, &address(of), form.0)));
    let ceiling = Ceiling { rate_limits, quotas };
    web.keydesk.set_ceiling(&caller, of.clone(), ceiling, Some(form.version()?)).await.map_err(refusal)?;
    Ok(())
}

async fn shown(web: &WebState, parts: Parts, status: StatusCode, form: CeilingForm, of: &CeilingOf) -> Response {
    let address = address(of);
    framed(web, parts, status, form.title(), move || ceiling_page(&form, &address)).await
}

async fn not_shown(web: &WebState, parts: Parts, error: ApiError) -> Response {
    match error {
        ApiError::SignedOut => Redirect::to("/login").into_response(),
        error => failed(web, parts, error).await,
    }
}
