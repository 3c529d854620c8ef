use std::path::PathBuf;

use clap::Args;
use domain::NewAdministrator;
use model::{Actor, Role};

use super::{password_file, show};
use crate::commands::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(in crate::commands) struct Create {
    /// The email address they sign in with
    #[arg(long)]
    email: String,
    /// Their name
    #[arg(long)]
    name: String,
    /// What they may do: owner, manager or viewer
    #[arg(long)]
    role: Role,
    /// Holds the password, one line of 12 to 256 characters; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
    #[command(flatten)]
    format: Format,
}

impl Create {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let Self { email, name, role, password_file, format } = self;
        let installation = context.operator().await?.installation;
        let password = password_file::read(&password_file)?;
        let new = NewAdministrator { email, name, role, password };
        let created = context.keydesk.create_administrator(Actor::Operator, installation, new).await?;
        context.keydesk.end_set_up(installation).await;
        show("was created", &created, &format, output)
    }
}
