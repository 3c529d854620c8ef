use clap::Args;
use domain::{Keydesk, Tables};
use serde::Serialize;

use super::{Failed, Format, output::Output};
use crate::config::Settings;

#[derive(Args)]
pub(super) struct Migrate {
    /// Only say what would happen: exit status 0 if nothing is to be done, else 1
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    format: Format,
}

/// How the tables stand, in JSON.
#[derive(Serialize)]
struct Report<'a> {
    /// The newest migration that was applied before.
    applied: i64,
    /// The newest that this release knows.
    newest: i64,
    /// What was, or is to be, applied.
    pending: Vec<Line<'a>>,
    /// Whether nodes of the release that the tables are of must be stopped first.
    stop_older_nodes: bool,
    /// Whether it was done.
    done: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    number: i64,
    name: &'a str,
    what: &'a str,
    noticed: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn of(tables: &'a Tables, done: bool) -> Self {
        let pending = tables.pending.iter();
        let line = |of: &'a store::PendingMigration| Line {
            number: of.number,
            name: &of.name,
            what: &of.what,
            noticed: of.noticed,
        };
        Self {
            applied: tables.applied,
            newest: tables.newest,
            pending: pending.map(line).collect(),
            stop_older_nodes: tables.stops_older_nodes(),
            done,
        }
    }
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
        if self.check {
            return self.say(&tables, output);
        }
        let applied = migrations(tables.pending.len(), "was", "were");
        output.told(&format!("{applied} applied"), |output| {
            if self.format.json {
                return Ok(output.json(&Report::of(&tables, true))?);
            }
            let newest = tables.newest;
            Ok(output.line(&match tables.pending.len() {
                0 => format!("The tables are up to date (migration {newest})."),
                _ => format!("{applied} applied; the tables are up to date (migration {newest})."),
            })?)
        })
    }

    /// What would happen.
    fn say(&self, tables: &Tables, output: &mut Output) -> Result<(), Failed> {
        let pending = tables.pending.len();
        if self.format.json {
            output.json(&Report::of(tables, false))?;
        } else if pending == 0 {
            output.line(&format!("The tables are up to date (migration {}).", tables.newest))?;
        } else {
            for of in &tables.pending {
                output.line(&format!("{:04} {}: {}", of.number, of.name, of.what))?;
                if let Some(noticed) = of.noticed {
                    output.line(&format!("     {noticed}"))?;
                }
            }
            output.line(older(tables))?;
            output.line("Migrations only go forward: back up the database and the keyring first.")?;
        }
        if pending == 0 {
            return Ok(());
        }
        Err(Failed(format!("{} to be applied; run `keydesk migrate`.", migrations(pending, "is", "are"))))
    }
}

/// What becomes of nodes that run the release that the tables are of.
fn older(tables: &Tables) -> &'static str {
    match (tables.applied, tables.stops_older_nodes()) {
        (0, _) => "There are no tables yet, and so no older nodes.",
        (_, true) => "Stop all older nodes first: they write columns that will be gone.",
        (_, false) => {
            "Older nodes go on while they are replaced one by one; one that is started again afterwards is refused."
        }
    }
}

fn migrations(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("1 migration {one}") } else { format!("{count} migrations {several}") }
}
