use axum::{
    Router,
    extract::{Form as Posted, RawQuery, State},
    http::{StatusCode, header::SET_COOKIE, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::Session;
use model::TimeZone;

use super::{
    details::{Account, Flash, Opened},
    page::page,
    posts::{Outcome, carry_out},
};
use crate::{
    ApiError,
    frame::{Sent, confirm, failed, framed, resume, sent},
    ui::key_settings::Form,
    web::{
        WebState, preference_cookie,
        session::{brought, signed_in},
    },
};

pub(crate) const PATH: &str = "/account";

/// The messages of the page after a form, by their names in the address; with the element that has the focus then.
const DONE: [(&str, &str, &str); 7] = [
    ("name", "Saved.", "profile"),
    ("password", "The password is changed, and all other sessions have ended.", "password-title"),
    ("added", "Added. It is asked for when you sign in.", "factors"),
    ("removed", "Removed.", "factors"),
    ("ended", "Ended.", "sessions"),
    ("preferences", "Saved.", "preferences"),
    ("theme", "Saved in this browser.", "preferences"),
];

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(show).post(posted)).with_state(web)
}

/// What an address asks for.
fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

async fn show(State(web): State<WebState>, RawQuery(query): RawQuery, parts: Parts) -> Response {
    let query = query.unwrap_or_default();
    let done = value(&query, "done").and_then(|done| DONE.iter().find(|(name, ..)| *name == done));
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let mut page = load(&web, &parts, session).await?;
        page.open = match value(&query, "open") {
            Some("app") if page.factors.app.is_none() => Opened::App(web.keydesk.new_app(&page.session)),
            Some("remove-passkey") => {
                value(&query, "passkey").and_then(|id| id.parse().ok()).map_or(Opened::Nothing, Opened::RemovePasskey)
            }
            Some("remove-app") => Opened::RemoveApp,
            Some("new-codes") => Opened::NewCodes,
            _ => Opened::Nothing,
        };
        page.flash = done.map(|(_, text, focus)| Flash::Done(text, focus));
        Ok(page)
    };
    match loaded.await {
        Ok(page) => answer(&web, parts, StatusCode::OK, page).await,
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
    let form = Form(&fields);
    if let Some(cookies) = begun {
        // Whoever has just signed in sees the page as it is: of these forms nothing but a password or a code is lost.
        let mut response = match load(&web, &parts, session).await {
            Ok(page) => answer(&web, parts, StatusCode::OK, filled(&web, page, form)).await,
            Err(error) => failed(&web, parts, error).await,
        };
        resume::give(&mut response, cookies);
        return response;
    }
    let error = match carry_out(&web, &parts, &session, form).await {
        Ok(Outcome::Done(done)) => return Redirect::to(&format!("{PATH}?done={done}")).into_response(),
        Ok(Outcome::Theme(theme)) => {
            let cookie = preference_cookie(&web.access, theme.as_str());
            return ([(SET_COOKIE, cookie)], Redirect::to(&format!("{PATH}?done=theme"))).into_response();
        }
        Ok(Outcome::Codes(codes)) => {
            // Their second factor may have been due until now.
            let session = Session { second_factor: true, second_factor_due: false, ..session };
            parts.extensions.insert(session.clone());
            return match load(&web, &parts, session).await {
                Ok(page) => {
                    let page = Account { flash: Some(Flash::Codes(codes)), ..page };
                    answer(&web, parts, StatusCode::OK, page).await
                }
                Err(error) => failed(&web, parts, error).await,
            };
        }
        Err(error) if error.needs_proof() => return confirm::ask(&web, parts, &session, None, &kept(&fields)).await,
        Err(error) => error,
    };
    let status = error.status();
    match load(&web, &parts, session).await {
        Ok(loaded) => {
            let mut page = filled(&web, loaded, form);
            match error {
                ApiError::Fields(problems) => page.problems = problems,
                error => page.flash = Some(Flash::Refused(error)),
            }
            answer(&web, parts, status, page).await
        }
        Err(error) => failed(&web, parts, error).await,
    }
}

/// The fields of a form that may stand in a page: passwords do not. The only form with some asks for no other proof.
fn kept(fields: &[(String, String)]) -> Vec<(String, String)> {
    fields.iter().filter(|(name, _)| !["present", "password"].contains(&name.as_str())).cloned().collect()
}

/// The page with what was typed in a form that was not carried out.
fn filled(web: &WebState, mut page: Account, form: Form<'_>) -> Account {
    match form.text("intent") {
        "name" => form.text("name").clone_into(&mut page.name),
        "time-zone" => form.text("own_time_zone").clone_into(&mut page.time_zone),
        "add-app" => page.open = Opened::App(web.keydesk.same_app(&page.session, form.text("ticket"))),
        "remove-app" => page.open = Opened::RemoveApp,
        "remove-passkey" => {
            page.open = form.text("passkey").parse().map_or(Opened::Nothing, Opened::RemovePasskey);
        }
        "new-codes" => page.open = Opened::NewCodes,
        _ => {}
    }
    page
}

async fn load(web: &WebState, parts: &Parts, session: Session) -> Result<Account, ApiError> {
    let keydesk = &web.keydesk;
    // A session that has just begun has no cookie here yet, and lists itself the next time.
    let sessions = match brought(keydesk, &web.access, &parts.headers).await? {
        Some(token) => keydesk.own_sessions(token).await?,
        None => Vec::new(),
    };
    Ok(Account {
        password: keydesk.has_password(&session).await?,
        factors: keydesk.second_factors(&session).await?,
        sessions,
        asked: keydesk.asked_of_new_passkey(&session).await?,
        open: Opened::Nothing,
        name: session.administrator.name.clone(),
        time_zone: session.time_zone.as_ref().map(TimeZone::name).unwrap_or_default().to_owned(),
        problems: Vec::new(),
        flash: None,
        session,
    })
}

async fn answer(web: &WebState, parts: Parts, status: StatusCode, account: Account) -> Response {
    framed(web, parts, status, "Account".to_owned(), move || page(&account)).await
}
