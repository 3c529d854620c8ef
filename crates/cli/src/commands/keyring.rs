use clap::{Args, Subcommand, ValueEnum};
use domain::{ChangeKeyringError, KeyringKind, RestingKey};
use serde::Serialize;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Subcommand)]
pub(super) enum KeyringCommand {
    /// List the peppers, the master keys and the keys that sign tokens, and what rests on each
    List(KeyringList),
    /// Add a key behind the others of its kind; it is not used for what is new yet
    Add(KeyringAdd),
    /// Put a key before the others of its kind: it is used for what is new
    Use(KeyringUse),
    /// Give up a key that is no longer in use, and remove its line
    Retire(KeyringRetire),
}

#[derive(Args)]
pub(super) struct KeyringList {
    #[command(flatten)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// The key of the digests by which secrets are looked up
    Pepper,
    /// The key that wraps sealed copies
    Master,
    /// The key that signs derived tokens
    Token,
}

impl From<Kind> for KeyringKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Pepper => Self::Pepper,
            Kind::Master => Self::Master,
            Kind::Token => Self::Token,
        }
    }
}

#[derive(Args)]
pub(super) struct KeyringAdd {
    /// What to add
    kind: Kind,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
pub(super) struct KeyringUse {
    /// What it is
    kind: Kind,
    /// Its id
    id: String,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
pub(super) struct KeyringRetire {
    /// What it is
    kind: Kind,
    /// Its id
    id: String,
    /// Also where something rests on it: that ends, and is listed
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Line<'a> {
    kind: &'a str,
    id: &'a str,
    /// Whether this keyring has it.
    present: bool,
    /// Whether it is used for what is new.
    first: bool,
    /// In words.
    uses: &'a [String],
}

#[derive(Serialize)]
struct Changed<'a> {
    kind: &'a str,
    id: &'a str,
    changed: bool,
}

#[derive(Serialize)]
struct Retired<'a> {
    kind: &'a str,
    id: &'a str,
    line_removed: bool,
    keys: Vec<Ending<'a>>,
}

#[derive(Serialize)]
struct Ending<'a> {
    installation: &'a str,
    id: String,
    client_name: &'a str,
    deleted: bool,
}

impl KeyringCommand {
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::List(_))
    }

    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        match self {
            Self::List(command) => command.run(context, output).await,
            Self::Add(command) => command.run(context, output).await,
            Self::Use(command) => command.run(context, output).await,
            Self::Retire(command) => command.run(context, output).await,
        }
    }
}

impl KeyringList {
    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let keys = context.keydesk.keyring_keys().await?;
        if self.format.json {
            let line = |key: &'_ domain::KeyringKey| -> serde_json::Value {
                serde_json::json!(Line {
                    kind: &key.kind,
                    id: &key.id,
                    present: key.there,
                    first: key.first,
                    uses: &key.uses
                })
            };
            return Ok(output.json(&keys.iter().map(line).collect::<Vec<_>>())?);
        }
        for key in &keys {
            let uses = if key.uses.is_empty() { "nothing".to_owned() } else { key.uses.join(", ") };
            let state = match (key.there, key.first) {
                (false, _) => "missing",
                (true, true) => "in use",
                (true, false) => "older",
            };
            output.line(&format!("{:<6}  {}  {state}: {uses}", key.kind, key.id))?;
        }
        Ok(())
    }
}

impl KeyringAdd {
    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let kind = KeyringKind::from(self.kind);
        let id = context.keydesk.add_keyring_key(kind).await?;
        if self.format.json {
            return Ok(output.json(&Changed { kind: kind.as_str(), id: &id, changed: true })?);
        }
        Ok(output.line(&format!(
            "The {kind} key {id} was added. Back the keyring up, give every node the same, and then run: keydesk keyring use {kind} {id}"
        ))?)
    }
}

impl KeyringUse {
    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let kind = KeyringKind::from(self.kind);
        let id = self.id.as_str();
        let changed = context.keydesk.use_keyring_key(kind, id).await?;
        if self.format.json {
            return Ok(output.json(&Changed { kind: kind.as_str(), id, changed })?);
        }
        Ok(output.line(&if changed && kind == KeyringKind::Token {
            format!(
                "The {kind} key {id} signs what is new. A running server reads it within seconds. Tokens of the one before work on; an hour \
                 from now none is left, and its line can go."
            )
        } else if changed {
            format!("The {kind} key {id} is used for what is new. A running server reads it within seconds.")
        } else {
            format!("The {kind} key {id} is in use already; nothing was changed.")
        })?)
    }
}

impl KeyringRetire {
    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let kind = KeyringKind::from(self.kind);
        let id = self.id.as_str();
        let retired = match context.keydesk.retire_keyring_key(kind, id, self.force).await {
            Err(error) => {
                if let ChangeKeyringError::Needed { keys, .. } = &error
                    && !self.format.json
                {
                    list(kind, keys, output)?;
                }
                return Err(error.into());
            }
            Ok(retired) => retired,
        };
        if self.format.json {
            let keys = retired.keys.iter().map(ending).collect();
            return Ok(output.json(&Retired { kind: kind.as_str(), id, line_removed: retired.line_removed, keys })?);
        }
        list(kind, &retired.keys, output)?;
        Ok(output.line(&if retired.line_removed {
            format!("The {kind} key {id} was retired, and its line is removed.")
        } else {
            format!("The {kind} key {id} was retired. Remove its line from the keyring of every node.")
        })?)
    }
}

fn ending(key: &RestingKey) -> Ending<'_> {
    let RestingKey { installation: (_, installation), key, client_name, deleted } = key;
    Ending { installation, id: key.to_string(), client_name, deleted: *deleted }
}

/// The API keys that end, or whose secrets can't be shown any more.
fn list(kind: KeyringKind, keys: &[RestingKey], output: &mut Output) -> Result<(), Failed> {
    if keys.is_empty() {
        return Ok(());
    }
    output.line(match kind {
        KeyringKind::Pepper => "Keys whose secrets end with it; rotate them:",
        // Nothing in the database rests on one that signs tokens.
        KeyringKind::Token => return Ok(()),
        KeyringKind::Master => "Keys whose secrets can't be shown any more without it; they go on working:",
    })?;
    for key in keys {
        let deleted = if key.deleted { "  (deleted)" } else { "" };
        output.line(&format!("{}  {}  {}{deleted}", key.key, key.installation.1, key.client_name))?;
    }
    Ok(())
}
