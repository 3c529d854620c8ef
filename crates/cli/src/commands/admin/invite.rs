use clap::Args;
use domain::NewInvitation;
use model::Role;

use super::link;
use crate::commands::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(in crate::commands) struct Invite {
    /// The email address they will sign in with
    #[arg(long)]
    email: String,
    /// Their name; they may change it
    #[arg(long)]
    name: String,
    /// What they may do: owner, manager or viewer
    #[arg(long)]
    role: Role,
    #[command(flatten)]
    format: Format,
}

impl Invite {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let new = NewInvitation { email: self.email, name: self.name, role: self.role };
        let made = context.keydesk.invite(&operator, new).await?;
        link::show(&made, &self.format, context, output)
    }
}
