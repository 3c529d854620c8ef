//! The command line. Whoever can run it on the data is the operator: it needs no scope, and everything is audited.

mod admin;
mod apply;
mod audit;
mod backup;
mod doctor;
mod explain;
mod forget;
mod health;
mod import;
mod init;
mod installation;
mod key_create;
mod key_default;
mod key_delete;
mod key_handover;
mod key_list;
mod key_rotate;
mod key_settings;
mod key_shown;
mod key_switch;
mod key_told;
mod key_update;
mod keyring;
mod limits;
mod mail;
mod migrate;
mod output;
mod plan;
mod planned;
mod restore;
mod sbom;
mod scan;
mod token;
mod usage;
mod webhook;
mod words;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Instant,
};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use domain::{Caller, Installation, Keydesk, OpenOptions};
use model::TimeZone;
use zeroize::Zeroizing;

use self::{output::Output, planned::InFront};
use crate::{
    config::{CommonFlags, ServeFlags, Settings},
    given::{FromVariables, Unfit, printable},
    links::Links,
    logs::{self, LogLevel},
    open::options,
    process,
    sandbox_entry::{Standalone, StandaloneFlags},
};

/// API keys of a contact centre.
#[derive(Parser)]
#[command(name = "keydesk", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    common: CommonFlags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "a process makes one")]
enum Command {
    /// Make a deployment: its keyring, its database and its first installation; `serve` does the same where there is none
    Init(init::Init),
    /// Serve the Workspace and the API
    Serve(ServeFlags),
    /// Run the contact centre for test keys by itself, behind a gateway that runs elsewhere
    Sandbox(StandaloneFlags),
    /// Create, list, change, rotate and delete API keys
    #[command(subcommand, arg_required_else_help = true)]
    Key(KeyCommand),
    /// Import keys that another system issued, so that they go on working
    Import(import::ImportKeys),
    /// Create, invite, list, change and remove the people who sign in to the Workspace
    #[command(subcommand, arg_required_else_help = true)]
    Admin(admin::AdminCommand),
    /// List, create, set, enable and disable installations
    #[command(subcommand, arg_required_else_help = true)]
    Installation(installation::InstallationCommand),
    /// Show, set and clear ceilings: what all keys of a client, or of the installation, may do together
    #[command(subcommand, arg_required_else_help = true)]
    Limits(limits::LimitsCommand),
    /// Make a derived token of a key: it stands in for the key for an hour at most, where the key must not be
    Token(token::Token),
    /// Rotate the peppers, the master keys and the keys that sign tokens
    #[command(subcommand, arg_required_else_help = true)]
    Keyring(keyring::KeyringCommand),
    /// Tell other systems of what happens: make, list, change and delete webhooks, and deliver events again
    #[command(subcommand, arg_required_else_help = true)]
    Webhook(webhook::WebhookCommand),
    /// Try out the mail server that sends invitations and links
    #[command(subcommand, arg_required_else_help = true)]
    Mail(mail::MailCommand),
    /// Say what applying a file would change, and what would stop working: keys, limits, webhooks, routes and settings as it says
    Plan(plan::Plan),
    /// Make keys, limits, webhooks, routes and settings what a file says
    Apply(apply::Apply),
    /// Check and export the audit log, and print its signed ends
    #[command(subcommand, arg_required_else_help = true)]
    Audit(audit::AuditCommand),
    /// Print how often keys were called, as a table (CSV)
    Usage(usage::Usage),
    /// Say why a call was refused, by the id of its request
    Explain(explain::Explain),
    /// Forget a person: account, name, email address, and where they came from
    Forget(forget::Forget),
    /// Look for keys where they must not be: in files, and in the history of a repository
    Scan(scan::Scan),
    /// Copy the SQLite database to a file, while the server runs
    Backup(backup::Backup),
    /// Put a backup of the SQLite database in its place, while the server is stopped
    Restore(restore::Restore),
    /// Examine the deployment and say what to do
    Doctor(doctor::Doctor),
    /// Ask the server on this machine whether it is ready: exit status 0 if it is, else 1
    Health(health::Health),
    /// Bring the database's tables up to date, as the role that owns them; `serve` does the same where it may
    Migrate(migrate::Migrate),
    /// Print what this binary is made of, as CycloneDX
    Sbom,
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Create a key and print its secret
    Create(key_create::KeyCreate),
    /// List keys
    List(key_list::KeyList),
    /// Show the Default API Key
    Default(key_default::KeyDefault),
    /// Change a key
    Update(key_update::KeyUpdate),
    /// Switch keys off: they are refused until they are enabled
    Disable(key_switch::KeySwitch),
    /// Switch keys on again
    Enable(key_switch::KeySwitch),
    /// Give a key a new secret and print it
    Rotate(key_rotate::KeyRotate),
    /// End a rotated key's old secret now
    EndOverlap(key_rotate::KeyEndOverlap),
    /// Make a link that shows a key's secret, once
    Handover(key_handover::KeyHandover),
    /// Delete keys
    Delete(key_delete::KeyDelete),
    /// Import keys that another system issued, so that they go on working
    Import(import::ImportKeys),
}

/// How a result is printed.
#[derive(Args)]
struct Format {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Whose days a command reads and prints.
#[derive(Args)]
struct ZoneFlag {
    /// Whose days and times are meant and printed, such as Europe/Zurich [default: the installation's]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    time_zone: Option<TimeZone>,
}

fn time_zone(text: &str) -> Result<TimeZone, String> {
    text.parse().map_err(|error| format!("it {error}"))
}

/// Why a command failed, in one sentence.
struct Failed(String);

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(words::for_operator(&error.to_string()))
    }
}

impl Failed {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// What failed of two things that were both done, in one sentence.
    fn both(one: Result<(), Self>, other: Result<(), Self>) -> Result<(), Self> {
        match (one, other) {
            (Err(one), Err(other)) => Err(Self(format!("{}. {}", one.0, other.0))),
            (Err(failed), Ok(())) | (Ok(()), Err(failed)) => Err(failed),
            (Ok(()), Ok(())) => Ok(()),
        }
    }
}

/// What the commands can't do without the binary.
pub struct Binary<S, C> {
    /// Serves until a signal says to stop, or fails with one sentence. The instant is when the process began.
    pub serve: S,
    /// The same for a contact centre by itself.
    pub sandbox: C,
    /// What the binary is made of: cargo-auditable's list, as JSON that is compressed with zlib.
    pub contents: &'static [u8],
}

/// Exit status of a command that was called wrongly, and of one whose failure must not be taken for a find.
const MISUSE: u8 = 2;

/// Runs the command that the arguments name. To be called at the start of the program, before it has any other thread.
pub fn main<S, C>(binary: Binary<S, C>) -> ExitCode
where
    S: AsyncFnOnce(Settings, Instant) -> Result<(), String>,
    C: AsyncFnOnce(Standalone, Instant) -> Result<(), String>,
{
    let started = Instant::now();
    let mut output = Output::standard();
    if let Err(error) = process::seclude() {
        return output.fail(&format!("dumps of this process can't be switched off: {error}"));
    }
    let arguments: Vec<_> = std::env::args_os().collect();
    if process::password_in_arguments(&arguments) {
        return refuse_password(&mut output);
    }
    let parsed = Cli::command().try_get_matches_from(&arguments);
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, FromVariables::of(&matches))));
    let (cli, from) = match parsed {
        Ok(parsed) => parsed,
        // Help is safe to print; every other message may repeat an argument.
        Err(error) if error.use_stderr() && process::password_in_misuse(&arguments) => {
            return refuse_password(&mut output);
        }
        Err(error) if error.use_stderr() && process::steer(&arguments) => {
            let _ = write!(io::stderr(), "{}", printable(&error.render().to_string()));
            return ExitCode::from(MISUSE);
        }
        Err(error) => error.exit(),
    };
    let keyring = process::take_keyring();
    let failure = cli.command.failure();
    let done = match runtime() {
        Ok(runtime) => {
            let done = runtime.block_on(cli.run(binary, &mut output, started, keyring, &from));
            logs::finish();
            done
        }
        Err(error) => Err(Failed(format!("no threads can be started: {error}"))),
    };
    done.unwrap_or_else(|failed| {
        output.fail(&failed.0);
        failure
    })
}

/// Starts the threads that wait for disks and people.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    // For want of memory or of threads this panics, and would then wait for ever for the threads that were started.
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.payload_as_str().unwrap_or("for a reason that nobody knows");
        let _ = writeln!(io::stderr(), "keydesk: no threads can be started: {said}");
        std::process::exit(1);
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    drop(std::panic::take_hook());
    runtime
}

fn refuse_password(output: &mut Output) -> ExitCode {
    output.fail(
        "every user of this machine can read a password in an argument; give the database's address in the variable \
         KEYDESK_DATABASE, or as `database` in the file that --config names.",
    );
    ExitCode::from(MISUSE)
}

impl Cli {
    async fn run<S, C>(
        self,
        binary: Binary<S, C>,
        output: &mut Output,
        started: Instant,
        keyring: Result<Option<Zeroizing<String>>, Unfit>,
        from: &FromVariables,
    ) -> Result<ExitCode, Failed>
    where
        S: AsyncFnOnce(Settings, Instant) -> Result<(), String>,
        C: AsyncFnOnce(Standalone, Instant) -> Result<(), String>,
    {
        let (flags, command) = match self.command {
            Command::Serve(flags) => (flags, None),
            Command::Doctor(mut doctor) => (std::mem::take(&mut doctor.serve), Some(Command::Doctor(doctor))),
            other => (ServeFlags::default(), Some(other)),
        };
        let settings = Settings::resolve(self.common, flags, keyring?, from)?;
        let goes_on = matches!(command, None | Some(Command::Sandbox(_)));
        let usual = if goes_on { LogLevel::Info } else { LogLevel::Off };
        logs::start(settings.log_format, settings.log_level.unwrap_or(usual));
        let succeeded = |done: Result<(), Failed>| done.map(|()| ExitCode::SUCCESS);
        let Some(command) = command else {
            return succeeded((binary.serve)(settings, started).await.map_err(Failed::new));
        };
        match command {
            Command::Init(init) => return succeeded(init.run(&settings, output).await),
            Command::Health(health) => return succeeded(health.run(&settings, output).await),
            Command::Migrate(migrate) => return succeeded(migrate.run(&settings, output).await),
            Command::Sbom => return succeeded(sbom::print(binary.contents, output)),
            Command::Apply(apply) if apply.schema => return succeeded(apply::print_schema(output)),
            Command::Sandbox(flags) => {
                let standalone = settings.standalone(flags, from)?;
                return succeeded((binary.sandbox)(standalone, started).await.map_err(Failed::new));
            }
            // It opens the database itself, when nobody else has it open.
            Command::Restore(restore) => return succeeded(restore.run(options(&settings), output).await),
            // It may need none.
            Command::Scan(scan) => return scan.run(&settings, output).await,
            _ => {}
        }
        if command.prints_once() && process::prints_to_nobody() {
            return Err(Failed::new(
                "standard output is closed or nobody's, so what is printed once would be lost, and nothing was made; run the \
                 command with a standard output that somebody reads",
            ));
        }
        let links = settings.links()?;
        let keydesk = Keydesk::open(OpenOptions { to_read: command.only_reads(), ..options(&settings) }).await?;
        keydesk.verifier().set_token_issuer(&links.to(""));
        let context = CommandContext {
            keydesk,
            links,
            behind_unnamed_proxy: settings.behind_unnamed_proxy(),
            in_front: InFront { file: settings.routes_file, forward: settings.forward },
            installation: settings.installation,
        };
        let outcome = command.run(&context, output).await;
        context.keydesk.close().await;
        succeeded(outcome)
    }
}

impl Command {
    /// What it ends with when it fails. Of a search for keys, 1 says that some were found.
    fn failure(&self) -> ExitCode {
        if matches!(self, Self::Scan(_)) { ExitCode::from(MISUSE) } else { ExitCode::FAILURE }
    }

    /// Whether it changes nothing, and so can be run on a copy that can't be written.
    fn only_reads(&self) -> bool {
        match self {
            Self::Doctor(_) | Self::Explain(_) | Self::Plan(_) => true,
            Self::Audit(command) => command.only_reads(),
            Self::Usage(_) => true,
            Self::Webhook(command) => command.only_reads(),
            Self::Key(KeyCommand::List(_)) => true,
            Self::Key(KeyCommand::Default(command)) => command.only_reads(),
            Self::Keyring(command) => command.only_reads(),
            Self::Admin(command) => matches!(command, admin::AdminCommand::List(_)),
            Self::Installation(command) => command.only_reads(),
            Self::Limits(command) => command.only_reads(),
            _ => false,
        }
    }

    /// Whether it makes a secret or a link, which nobody can print again.
    fn prints_once(&self) -> bool {
        match self {
            Self::Key(command) => {
                matches!(command, KeyCommand::Create(_) | KeyCommand::Rotate(_) | KeyCommand::Handover(_))
            }
            Self::Admin(command) => command.prints_once(),
            Self::Webhook(command) => command.prints_once(),
            Self::Token(_) => true,
            _ => false,
        }
    }

    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        match self {
            // Handled before a context is opened.
            Self::Init(_)
            | Self::Serve(_)
            | Self::Sandbox(_)
            | Self::Health(_)
            | Self::Migrate(_)
            | Self::Sbom
            | Self::Scan(_)
            | Self::Restore(_) => Ok(()),
            Self::Key(KeyCommand::Create(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::List(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::Default(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::Update(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::Disable(command)) => command.run(false, context, output).await,
            Self::Key(KeyCommand::Enable(command)) => command.run(true, context, output).await,
            Self::Key(KeyCommand::Rotate(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::EndOverlap(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::Handover(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::Delete(command)) => command.run(context, output).await,
            Self::Key(KeyCommand::Import(command)) | Self::Import(command) => command.run(context, output).await,
            Self::Admin(command) => command.run(context, output).await,
            Self::Installation(command) => command.run(context, output).await,
            Self::Limits(command) => command.run(context, output).await,
            Self::Token(command) => command.run(context, output).await,
            Self::Keyring(command) => command.run(context, output).await,
            Self::Mail(command) => command.run(context, output).await,
            Self::Audit(command) => command.run(context, output).await,
            Self::Usage(command) => command.run(context, output).await,
            Self::Webhook(command) => command.run(context, output).await,
            Self::Explain(command) => command.run(context, output).await,
            Self::Plan(command) => command.run(context, output).await,
            Self::Apply(command) => command.run(context, output).await,
            Self::Forget(command) => command.run(context, output).await,
            Self::Backup(command) => command.run(context, output).await,
            Self::Doctor(command) => command.run(context, output).await,
        }
    }
}

fn spaced<T: ToString>(set: impl IntoIterator<Item = T>) -> String {
    set.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

/// The context of every command: an open Keydesk, and the installation that was named.
struct CommandContext {
    keydesk: Keydesk,
    installation: String,
    /// Where links lead that people open.
    links: Links,
    /// See [`Settings::behind_unnamed_proxy`].
    behind_unnamed_proxy: bool,
    /// Routes, and what they must fit to.
    in_front: InFront,
}

impl CommandContext {
    /// The operator, in the installation that was named.
    async fn operator(&self) -> Result<Caller, Failed> {
        Ok(Caller::operator(self.named().await?.id))
    }

    /// Whose days the operator means: those of the zone that was given, else the installation's.
    async fn time_zone(&self, given: Option<TimeZone>) -> Result<TimeZone, Failed> {
        match given {
            Some(zone) => Ok(zone),
            None => Ok(self.named().await?.time_zone),
        }
    }

    async fn named(&self) -> Result<Installation, Failed> {
        let name = &self.installation;
        let found = self.keydesk.installation(name).await?;
        found.ok_or_else(|| Failed(format!("There is no installation named {name:?}.")))
    }
}
