use std::path::PathBuf;

use clap::Args;

use super::{CommandContext, Failed, output::Output};

#[derive(Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist yet
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        context.keydesk.backup(&self.file).await?;
        output.line(&format!(
            "{} is a copy of the database. The keyring is not in it: keep a copy of that too, apart from this one.",
            self.file.display()
        ))?;
        Ok(())
    }
}
