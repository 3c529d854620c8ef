use clap::{Args, Subcommand};
use domain::{Installation, InstallationPatch, NewInstallation};
use model::{Actor, LeakRule, TimeZone};
use serde::Serialize;

use super::{CommandContext, Failed, Format, output::Output, time_zone};

#[derive(Subcommand)]
pub(super) enum InstallationCommand {
    /// List installations
    List(Format),
    /// Create an installation, with its Default API Key
    Create(Create),
    /// Change an installation's title, time zone or rule for leaked keys
    Set(Set),
    /// Switch the API Keys module on
    Enable(Named),
    /// Switch the API Keys module off; keys that exist go on working
    Disable(Named),
}

#[derive(Args)]
pub(super) struct Create {
    /// Its name: lower-case letters, digits and hyphens
    name: String,
    /// What people call it [default: its name]
    #[arg(long)]
    title: Option<String>,
    /// Show each secret once only, and keep no sealed copy
    #[arg(long)]
    show_once: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
#[group(id = "what", required = true, multiple = true, args = ["title", "time_zone", "leak_rule"])]
pub(super) struct Set {
    /// The installation's name
    name: String,
    /// What people call it
    #[arg(long)]
    title: Option<String>,
    /// Whose days are meant where nobody says whose else, such as Europe/Zurich. Keys that exist end when they did
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    time_zone: Option<TimeZone>,
    /// What becomes of its keys that a signed report says have leaked: notify (people are told, and decide), disable or revoke
    #[arg(long, value_name = "RULE")]
    leak_rule: Option<LeakRule>,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
pub(super) struct Named {
    /// The installation's name
    name: String,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Installations<'a> {
    items: &'a [Installation],
}

impl InstallationCommand {
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::List(_))
    }

    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let keydesk = &context.keydesk;
        match self {
            Self::List(format) => list(&keydesk.installations().await?, &format, output),
            Self::Create(create) => {
                let title = create.title.unwrap_or_else(|| create.name.clone());
                let new = NewInstallation { name: create.name, title, recoverable: !create.show_once };
                show("created", &keydesk.create_installation(Actor::Operator, new).await?, &create.format, output)
            }
            Self::Set(Set { name, title, time_zone, leak_rule, format }) => {
                let patch = InstallationPatch { title, time_zone, leak_rule };
                show("set", &keydesk.set_installation(Actor::Operator, &name, patch).await?, &format, output)
            }
            Self::Enable(Named { name, format }) => {
                show("enabled", &keydesk.set_module(Actor::Operator, &name, true).await?, &format, output)
            }
            Self::Disable(Named { name, format }) => {
                show("disabled", &keydesk.set_module(Actor::Operator, &name, false).await?, &format, output)
            }
        }
    }
}

fn list(items: &[Installation], format: &Format, output: &mut Output) -> Result<(), Failed> {
    if format.json {
        return Ok(output.json(&Installations { items })?);
    }
    let rows: Vec<_> = items.iter().map(row).collect();
    Ok(output.table(["NAME", "TITLE", "API KEYS", "SECRETS", "TIME ZONE", "CREATED"], &rows)?)
}

/// An installation; `done` says what was done to it.
fn show(done: &str, installation: &Installation, format: &Format, output: &mut Output) -> Result<(), Failed> {
    output.told(&format!("the installation {} was {done}", installation.name), |output| {
        if format.json {
            return Ok(output.json(installation)?);
        }
        let [name, title, module, secrets, zone, _] = row(installation);
        let rule = installation.leak_rule.to_string();
        let pairs = [
            ("Name", &name),
            ("Title", &title),
            ("API Keys", &module),
            ("Secrets", &secrets),
            ("Time zone", &zone),
            ("Leaked keys", &rule),
        ];
        Ok(output.pairs(&pairs.map(|(name, value)| (name, value.as_str())))?)
    })
}

fn row(installation: &Installation) -> [String; 6] {
    let module = if installation.enabled { "enabled" } else { "disabled" };
    let secrets = if installation.recoverable { "recoverable" } else { "shown once" };
    [
        installation.name.clone(),
        installation.title.clone(),
        module.to_owned(),
        secrets.to_owned(),
        installation.time_zone.to_string(),
        installation.created_at.to_string(),
    ]
}
