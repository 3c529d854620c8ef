use clap::Args;
use model::Role;

use super::{Named, show};
use crate::commands::{CommandContext, Failed, output::Output};

#[derive(Args)]
pub(in crate::commands) struct SetRole {
    #[command(flatten)]
    named: Named,
    /// What they may do: owner, manager or viewer
    #[arg(long)]
    role: Role,
}

impl SetRole {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let Named { email, format } = self.named;
        let who = context.keydesk.set_role(&operator, &email, self.role).await?;
        show(&format!("has the role {} now", self.role), &who, &format, output)
    }
}
