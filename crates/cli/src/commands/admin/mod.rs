//! `keydesk admin`: the people who sign in to the Workspace.

mod create;
mod end_sessions;
mod invite;
mod link;
mod list;
mod password_file;
mod remove;
mod reset_password;
mod reset_second_factor;
mod set_role;
mod switch;

use clap::{Args, Subcommand};
use model::Administrator;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Subcommand)]
pub(super) enum AdminCommand {
    /// Create an administrator
    Create(create::Create),
    /// List administrators and invitations
    List(Format),
    /// Make a link by which somebody becomes an administrator, within 72 hours
    Invite(invite::Invite),
    /// Give an administrator another role
    SetRole(set_role::SetRole),
    /// Make a link by which an administrator sets a new password, within an hour; until then the old one works
    ResetPassword(Named),
    /// Take all second factors of an administrator away, who has lost them: they are signed out, and their password alone signs them in
    ResetSecondFactor(Named),
    /// Disable an administrator: they are signed out and can't sign in until they are enabled
    Disable(Named),
    /// Enable an administrator again
    Enable(Named),
    /// Remove an administrator, or withdraw an invitation
    Remove(Named),
    /// Sign an administrator out everywhere
    EndSessions(Named),
}

/// Which administrator.
#[derive(Args)]
pub(in crate::commands) struct Named {
    /// The email address they sign in with
    #[arg(long)]
    email: String,
    #[command(flatten)]
    format: Format,
}

impl AdminCommand {
    /// Whether it makes a link, which nobody can print again.
    pub(super) fn prints_once(&self) -> bool {
        matches!(self, Self::Invite(_) | Self::ResetPassword(_))
    }

    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        match self {
            Self::Create(command) => command.run(context, output).await,
            Self::List(format) => list::run(&format, context, output).await,
            Self::Invite(command) => command.run(context, output).await,
            Self::SetRole(command) => command.run(context, output).await,
            Self::ResetPassword(named) => reset_password::run(&named, context, output).await,
            Self::ResetSecondFactor(named) => reset_second_factor::run(&named, context, output).await,
            Self::Disable(named) => switch::run(&named, false, context, output).await,
            Self::Enable(named) => switch::run(&named, true, context, output).await,
            Self::Remove(named) => remove::run(&named, context, output).await,
            Self::EndSessions(named) => end_sessions::run(&named, context, output).await,
        }
    }
}

/// An administrator, for people or as JSON; `done` says what was done to them.
fn show(done: &str, who: &Administrator, format: &Format, output: &mut Output) -> Result<(), Failed> {
    output.told(&format!("the administrator {} {done}", who.email), |output| {
        if format.json {
            return Ok(output.json(who)?);
        }
        Ok(output.pairs(&[
            ("Id", &who.id.to_string()),
            ("Email", &who.email),
            ("Name", &who.name),
            ("Role", who.role.as_str()),
        ])?)
    })
}
