//! What the forms of this page do.

use axum::http::request::Parts;
use domain::{PasskeyAnswer, Removal, Session};
use model::{AdminError, PlainSecret, TimeZone};

use crate::{
    ApiError, FieldProblem,
    frame::Theme,
    ui::key_settings::Form,
    web::{
        Password, WebState,
        session::{brought, origin_of},
    },
};

/// The outcome of a form.
pub(super) enum Outcome {
    /// Done: the page says so, under this name.
    Done(&'static str),
    /// It gave recovery codes, which this answer shows, and no other page.
    Codes(Vec<PlainSecret>),
    /// The browser keeps this theme.
    Theme(Theme),
}

fn secret(form: Form<'_>, name: &str) -> PlainSecret {
    Password::from(form.text(name).to_owned()).into()
}

/// A second factor was added: the first one gives recovery codes.
fn added(codes: Vec<PlainSecret>) -> Outcome {
    if codes.is_empty() { Outcome::Done("added") } else { Outcome::Codes(codes) }
}

pub(super) async fn carry_out(
    web: &WebState,
    parts: &Parts,
    session: &Session,
    form: Form<'_>,
) -> Result<Outcome, ApiError> {
    let keydesk = &web.keydesk;
    match form.text("intent") {
        "name" => {
            keydesk.rename_self(session, form.text("name")).await.map_err(|error| at("name", error))?;
            Ok(Outcome::Done("name"))
        }
        "password" => {
            let (present, new) = (secret(form, "present"), secret(form, "password"));
            let token = own_token(web, parts).await?;
            keydesk.change_password(token, present, new, &session.via).await.map_err(of_password)?;
            Ok(Outcome::Done("password"))
        }
        "add-app" => {
            let code = secret(form, "code");
            let codes = keydesk.add_app(session, form.text("ticket"), &code).await;
            Ok(added(codes.map_err(|error| at("code", error))?))
        }
        "add-passkey" => {
            let origin = origin_of(&web.access, &parts.headers);
            let made = PasskeyAnswer { answer: form.text("passkey").to_owned(), origin };
            let codes = keydesk.add_passkey(session, form.text("passkey_name"), made).await;
            Ok(added(codes.map_err(|error| at("passkey_name", error))?))
        }
        "remove-app" => {
            keydesk.remove_second_factor(session, Removal::App).await?;
            Ok(Outcome::Done("removed"))
        }
        "remove-passkey" => {
            let id = form.text("passkey").parse().map_err(|_| ApiError::Malformed)?;
            keydesk.remove_second_factor(session, Removal::Passkey(id)).await?;
            Ok(Outcome::Done("removed"))
        }
        "new-codes" => Ok(Outcome::Codes(keydesk.renew_recovery_codes(session).await?)),
        "end-session" => {
            let id = form.text("session").parse().map_err(|_| ApiError::Malformed)?;
            keydesk.end_own_session(own_token(web, parts).await?, id, &session.via).await?;
            Ok(Outcome::Done("ended"))
        }
        "end-others" => {
            keydesk.end_other_sessions(session).await?;
            Ok(Outcome::Done("ended"))
        }
        "time-zone" => {
            let typed = form.text("own_time_zone").trim();
            let zone = if typed.is_empty() { None } else { Some(time_zone(typed)?) };
            keydesk.set_own_time_zone(session, zone).await?;
            Ok(Outcome::Done("preferences"))
        }
        "theme" => Ok(Outcome::Theme(Theme::named(form.text("theme")).ok_or(ApiError::Malformed)?)),
        _ => Err(ApiError::Malformed),
    }
}

/// The token of the session that has sent the form.
async fn own_token<'a>(web: &WebState, parts: &'a Parts) -> Result<&'a str, ApiError> {
    brought(&web.keydesk, &web.access, &parts.headers).await?.ok_or(ApiError::SignedOut)
}

fn time_zone(typed: &str) -> Result<TimeZone, ApiError> {
    let wrong = "Choose a time zone such as Europe/Zurich, or leave it empty.";
    typed.parse().map_err(|_| problem("time_zone", wrong))
}

fn problem(field: &str, message: &str) -> ApiError {
    ApiError::Fields(vec![FieldProblem { field: field.to_owned(), message: message.to_owned() }])
}

/// A refusal as a problem of this field, if it is about what was typed.
fn at(field: &str, error: AdminError) -> ApiError {
    match error {
        AdminError::InvalidName | AdminError::WrongCode => problem(field, &error.to_string()),
        error => error.into(),
    }
}

fn of_password(error: AdminError) -> ApiError {
    match error {
        AdminError::WrongCredentials => problem("present", "The password is not right."),
        AdminError::WeakPassword | AdminError::GuessablePassword { .. } => problem("password", &error.to_string()),
        error => error.into(),
    }
}
