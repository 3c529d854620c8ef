use std::path::{Path, PathBuf};

use clap::Args;
use domain::{BackupError, NotWritable};

use super::{CommandContext, Failed, output::Output};

#[derive(Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist yet
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        context.keydesk.backup(&self.file).await.map_err(|error| failed(&self.file, error))?;
        let sentence = format!(
            "{} is a copy of the database. The keyring is not in it: keep a copy of that too, apart from this one.",
            self.file.display()
        );
        output.told(&format!("{} is a copy of the database", self.file.display()), |output| Ok(output.line(&sentence)?))
    }
}

/// SQLite does not say which disk is full: that of the copy, or that of the database, beside which it keeps files as it reads.
fn failed(file: &Path, error: BackupError) -> Failed {
    match error {
        BackupError::Store(error) if NotWritable::of(&error) == NotWritable::Full => Failed::new(format!(
            "the database can't be copied: the disk of {} is full, or that of the database; make room, and run it again.",
            file.display()
        )),
        other => other.into(),
    }
}
