use clap::{Args, Subcommand};
use domain::{Installation, InstallationPatch, NewInstallation};
use model::{Actor, Contact, KeyLife, LeakRule, Preset, RequiredSecondFactor, TimeZone};
use serde::Serialize;

use super::{CommandContext, Failed, Format, output::Output, time_zone};

#[derive(Subcommand)]
pub(super) enum InstallationCommand {
    /// List installations
    List(Format),
    /// Create an installation, with its Default API Key
    Create(Create),
    /// Change the settings of an installation
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
#[group(id = "what", required = true, multiple = true, args = ["title", "time_zone", "contact", "no_contact", "show_once", "keep_copies",
    "longest_life", "no_longest_life", "default_preset", "no_default_preset", "required_second_factor", "leak_rule"])]
pub(super) struct Set {
    /// The installation's name
    name: String,
    /// What people call it
    #[arg(long)]
    title: Option<String>,
    /// Whose days are meant where nobody says whose else, such as Europe/Zurich. Keys that exist end when they did
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    time_zone: Option<TimeZone>,
    /// Whom people are sent to where the API Keys module is off, in words such as "the Service Desk, desk@example.com"
    #[arg(long, value_name = "WHOM")]
    contact: Option<Contact>,
    /// Send them to their Account Manager or Support
    #[arg(long, conflicts_with = "contact")]
    no_contact: bool,
    /// Show each secret once only, and keep no sealed copy; those that there are are erased and never come back
    #[arg(long)]
    show_once: bool,
    /// Keep a sealed copy of each new secret, so that it can be shown again
    #[arg(long, conflicts_with = "show_once")]
    keep_copies: bool,
    /// Within how many days a key must end, such as 365. Keys that exist end when they did
    #[arg(long, value_name = "DAYS")]
    longest_life: Option<KeyLife>,
    /// Let keys live without an end
    #[arg(long, conflicts_with = "longest_life")]
    no_longest_life: bool,
    /// What the form of a new key begins with, such as crm
    #[arg(long, value_name = "PRESET")]
    default_preset: Option<Preset>,
    /// Have the form of a new key begin with nothing chosen
    #[arg(long, conflicts_with = "default_preset")]
    no_default_preset: bool,
    /// Who must have a second factor beside the password: none, owners or everyone. Whoever must and has none sets one up first
    #[arg(long, value_name = "WHO")]
    required_second_factor: Option<RequiredSecondFactor>,
    /// What becomes of its keys that a signed report says have leaked: notify (people are told, and decide), disable or revoke
    #[arg(long, value_name = "RULE")]
    leak_rule: Option<LeakRule>,
    #[command(flatten)]
    format: Format,
}

impl Set {
    /// The name, what to change, and how it is printed.
    fn read(self) -> (String, InstallationPatch, Format) {
        let patch = InstallationPatch {
            title: self.title,
            time_zone: self.time_zone,
            contact: given(self.contact, self.no_contact),
            show_once: (self.show_once || self.keep_copies).then_some(self.show_once),
            longest_life: given(self.longest_life, self.no_longest_life),
            default_preset: given(self.default_preset, self.no_default_preset),
            required_second_factor: self.required_second_factor,
            leak_rule: self.leak_rule,
        };
        (self.name, patch, self.format)
    }
}

/// A setting that can be taken away, by a flag of its own.
fn given<T>(value: Option<T>, none: bool) -> Option<Option<T>> {
    if none { Some(None) } else { value.map(Some) }
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
            Self::Set(set) => {
                let (name, patch, format) = set.read();
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
        let none = || "none".to_owned();
        let contact = installation.contact.as_ref().map_or_else(none, ToString::to_string);
        let life = installation.longest_life.map_or_else(none, |life| format!("{} days", life.days()));
        let preset = installation.default_preset.map_or_else(none, |preset| preset.to_string());
        let required = installation.required_second_factor.to_string();
        let leaked = installation.leak_rule.to_string();
        let pairs = [
            ("Name", &name),
            ("Title", &title),
            ("API Keys", &module),
            ("Secrets", &secrets),
            ("Time zone", &zone),
            ("Contact", &contact),
            ("Longest life", &life),
            ("Default preset", &preset),
            ("Second factor of", &required),
            ("Leaked keys", &leaked),
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
