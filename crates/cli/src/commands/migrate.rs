use clap::Args;
use domain::Keydesk;

use super::{Failed, output::Output};
use crate::config::Settings;

#[derive(Args)]
pub(super) struct Migrate {
    /// Only say whether the tables are up to date: exit status 0 if they are, else 1
    #[arg(long)]
    check: bool,
}

impl Migrate {
    /// Before anything else is opened: this is for the role that owns the tables, which needs neither keyring nor rows.
    pub(super) async fn run(self, settings: &Settings, output: &mut Output) -> Result<(), Failed> {
        let database = &settings.database;
        if let Some(path) = store::sqlite_file(database)
            && !path.exists()
        {
            // What a restore or a database of before has left there is said first.
            Keydesk::is_founded(database).await?;
            return Err(Failed(format!(
                "There is no database at {}; `keydesk init` or `keydesk serve` makes one.",
                path.display()
            )));
        }
        let tables = if self.check { Keydesk::tables(database).await? } else { Keydesk::migrate(database).await? };
        match tables.pending {
            0 => output.line(&format!("The tables are up to date (migration {}).", tables.newest))?,
            pending if self.check => {
                return Err(Failed(format!(
                    "{} to be applied; run `keydesk migrate`.",
                    migrations(pending, "is", "are")
                )));
            }
            pending => {
                let applied = migrations(pending, "was", "were");
                let sentence = format!("{applied} applied; the tables are up to date (migration {}).", tables.newest);
                output.told(&format!("{applied} applied"), |output| Ok(output.line(&sentence)?))?;
            }
        }
        Ok(())
    }
}

fn migrations(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("1 migration {one}") } else { format!("{count} migrations {several}") }
}
