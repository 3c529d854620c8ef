//! What the forms of these pages do.

use domain::{Caller, Keydesk, NewAccountLink, NewInvitation, Removed};
use model::{AdminError, Person, Role};

use super::details::Invitation;
use crate::{ApiError, FieldProblem, ui::key_settings::Form};

/// The outcome of a form.
pub(super) enum Outcome {
    /// Done: the page says so, under this name.
    Done(&'static str),
    /// The person is gone: the list says so, under this name.
    Gone(&'static str),
    /// It made a link, which this answer shows, and no other page.
    Link(NewAccountLink),
}

/// An invitation as it was typed.
pub(super) fn typed(form: Form<'_>) -> Invitation {
    Invitation {
        email: form.text("email").trim().to_owned(),
        name: form.text("name").to_owned(),
        role: form.text("role").parse().unwrap_or(Role::Viewer),
    }
}

fn role(form: Form<'_>) -> Result<Role, ApiError> {
    form.text("role").parse().map_err(|_| ApiError::Malformed)
}

/// A refusal as a problem of its field, where it is about one.
pub(super) fn problems(error: ApiError) -> Result<Vec<FieldProblem>, ApiError> {
    let field = match &error {
        ApiError::Admin(AdminError::InvalidEmail | AdminError::EmailTaken) => "email",
        ApiError::Admin(AdminError::InvalidName) => "name",
        _ => return Err(error),
    };
    Ok(vec![FieldProblem { field: field.to_owned(), message: error.to_string() }])
}

pub(super) async fn invite(keydesk: &Keydesk, caller: &Caller, form: Form<'_>) -> Result<NewAccountLink, ApiError> {
    let Invitation { email, name, .. } = typed(form);
    Ok(keydesk.invite(caller, NewInvitation { email, name, role: role(form)? }).await?)
}

pub(super) async fn carry_out(
    keydesk: &Keydesk,
    caller: &Caller,
    person: &Person,
    form: Form<'_>,
) -> Result<Outcome, ApiError> {
    let email = person.email.as_str();
    match form.text("intent") {
        "role" => {
            keydesk.set_role(caller, email, role(form)?).await?;
            Ok(Outcome::Done("role"))
        }
        "disable" => {
            keydesk.set_administrator_enabled(caller, email, false).await?;
            Ok(Outcome::Done("disabled"))
        }
        "enable" => {
            keydesk.set_administrator_enabled(caller, email, true).await?;
            Ok(Outcome::Done("enabled"))
        }
        "end-sessions" => {
            keydesk.end_sessions(caller, email).await?;
            Ok(Outcome::Done("ended"))
        }
        "reset-password" => Ok(Outcome::Link(keydesk.reset_password(caller, email).await?)),
        "reset-second-factor" => {
            let any = keydesk.reset_second_factor(caller, email).await?;
            Ok(Outcome::Done(if any { "reset" } else { "none" }))
        }
        "invite-again" => {
            let Person { email, name, role, .. } = person.clone();
            Ok(Outcome::Link(keydesk.invite(caller, NewInvitation { email, name, role }).await?))
        }
        "remove" => Ok(Outcome::Gone(match keydesk.remove_administrator(caller, email).await? {
            Removed::Administrator => "removed",
            Removed::Invitation => "withdrawn",
        })),
        _ => Err(ApiError::Malformed),
    }
}
