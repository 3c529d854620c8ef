//! Configuration: a flag goes before its environment variable, that before the file, and that before the default.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, builder::FalseyValueParser};
use domain::{EventOptions, InvalidRedisAddress, MailOptions, RedisAddress, ReporterKeys, SignOnOptions, UsageOptions};
use gate::{
    Gateway,
    config::{self, InvalidGateway, ListenerEntry, Routes},
    forward::config::{self as forward, GatewayEntry, InvalidForward, UpstreamEntry},
};
use model::{Catalogue, InvalidCatalogue, Scope, ScopeEntry};
use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    docs_entry::{Docs, DocsEntry, InvalidDocs},
    events_config::{self, EventsEntry, InvalidEvents, WebhooksEntry},
    given::{self, FromVariables, Unfit, path},
    leaks_entry::{InvalidLeaks, LeaksEntry},
    links::Links,
    logs::{LogFormat, LogLevel},
    mail_entry::{InvalidMailEntry, MailEntry},
    oidc_entry::{InvalidOidcEntry, OidcEntry},
    otlp::{InvalidOtlp, Otlp, OtlpEntry},
    routes_file::RoutesDocument,
    sandbox_entry::{self, InvalidSandbox, Sandbox, SandboxEntry, SandboxFlags, Standalone, StandaloneFlags},
    usage_entry::{InvalidRetention, UsageEntry},
};

/// Flags that go with every command.
#[derive(Args, Default)]
pub(crate) struct CommonFlags {
    /// A TOML file with any of these settings
    #[arg(long, global = true, env = "KEYDESK_CONFIG", value_name = "FILE", value_parser = path())]
    config: Option<PathBuf>,
    /// Where keys are kept: sqlite:PATH or postgres://... [default: sqlite:DIR/keydesk.db, DIR being the data directory]. An
    /// address with a password goes into the variable or the file
    #[arg(long, global = true, env = "KEYDESK_DATABASE", hide_env_values = true, value_name = "URL")]
    database: Option<String>,
    /// Where the master key and the SQLite database are kept [default: data]
    #[arg(long, global = true, env = "KEYDESK_DATA_DIR", value_name = "DIR", value_parser = path())]
    data_dir: Option<PathBuf>,
    /// The keyring's file; it may be readable by its group, as from a Kubernetes secret [default: DIR/master.key]
    #[arg(long, global = true, env = "KEYDESK_KEYRING_FILE", value_name = "FILE", value_parser = path())]
    keyring_file: Option<PathBuf>,
    /// The installation that is meant [default: default]
    #[arg(long, global = true, env = "KEYDESK_INSTALLATION", value_name = "NAME")]
    installation: Option<String>,
    /// What this deployment's keys begin with; chosen at the very first start [default: ccc]
    #[arg(long, global = true, env = "KEYDESK_KEY_PREFIX", value_name = "PREFIX")]
    key_prefix: Option<String>,
    /// Under which address people open Keydesk in a browser, for example https://keydesk.example.com, when a proxy in front
    /// of it ends TLS. Without it, people sign in on this machine only
    #[arg(long, global = true, env = "KEYDESK_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Where calls are answered, and so where links lead that a command prints while there is no public address [default:
    /// 127.0.0.1:3000]
    #[arg(long, global = true, env = "KEYDESK_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
    /// How log lines are written: text or json [default: text]
    #[arg(long, global = true, env = "KEYDESK_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<String>,
    /// How much is logged, to standard error: off, error, warn, info, debug or trace [default: info when serving, else off]
    #[arg(long, global = true, env = "KEYDESK_LOG_LEVEL", value_name = "LEVEL")]
    log_level: Option<String>,
}

/// Flags of `keydesk serve`.
#[derive(Args, Default)]
pub(crate) struct ServeFlags {
    /// Where to answer /metrics, /healthz and /readyz to the operator [default: nowhere]
    #[arg(long, env = "KEYDESK_OPS_LISTEN", value_name = "ADDRESS")]
    ops_listen: Option<String>,
    /// Where to answer Envoy's ext_authz over gRPC [default: nowhere]
    #[arg(long, env = "KEYDESK_GRPC_LISTEN", value_name = "ADDRESS")]
    grpc_listen: Option<String>,
    /// Where to answer HAProxy's SPOE [default: nowhere]
    #[arg(long, env = "KEYDESK_SPOE_LISTEN", value_name = "ADDRESS")]
    spoe_listen: Option<String>,
    /// Where to forward calls to the APIs of [upstreams], decided as at /authz [default: nowhere]
    #[arg(long, env = "KEYDESK_GATEWAY_LISTEN", value_name = "ADDRESS")]
    gateway_listen: Option<String>,
    /// Start a contact centre behind the gateway that is the API of test keys, unless [upstreams.test] names another
    #[arg(long, env = "KEYDESK_SANDBOX", value_parser = FalseyValueParser::new())]
    sandbox: bool,
    #[command(flatten)]
    of_sandbox: SandboxFlags,
    /// Where all nodes decide on rate limits together: redis://HOST:PORT of Redis or Valkey [default: each gives its share]
    #[arg(long, env = "KEYDESK_LIMITS", value_name = "ADDRESS", hide_env_values = true)]
    limits: Option<String>,
    /// The networks of proxies whose X-Forwarded-For is believed, for example 10.0.0.0/8,192.0.2.1 [default: none]
    #[arg(long, env = "KEYDESK_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',')]
    trusted_proxies: Vec<String>,
}

/// The file that `--config` names.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    database: Option<String>,
    data_dir: Option<PathBuf>,
    keyring_file: Option<PathBuf>,
    installation: Option<String>,
    key_prefix: Option<String>,
    public_url: Option<String>,
    log_format: Option<String>,
    log_level: Option<String>,
    listen: Option<String>,
    ops_listen: Option<String>,
    grpc_listen: Option<String>,
    spoe_listen: Option<String>,
    limits: Option<String>,
    #[serde(default)]
    trusted_proxies: Networks,
    #[serde(default)]
    routes: Routes,
    routes_file: Option<PathBuf>,
    #[serde(default)]
    scopes: Vec<AddedScope>,
    #[serde(default)]
    authz: ListenerEntry,
    #[serde(default)]
    grpc: ListenerEntry,
    #[serde(default)]
    spoe: ListenerEntry,
    #[serde(default)]
    gateway: GatewayEntry,
    #[serde(default)]
    upstreams: BTreeMap<String, UpstreamEntry>,
    #[serde(default)]
    sandbox: SandboxEntry,
    #[serde(default)]
    docs: DocsEntry,
    #[serde(default)]
    otlp: OtlpEntry,
    #[serde(default)]
    usage: UsageEntry,
    #[serde(default)]
    webhooks: WebhooksEntry,
    #[serde(default)]
    events: EventsEntry,
    #[serde(default)]
    mail: MailEntry,
    #[serde(default)]
    oidc: OidcEntry,
    #[serde(default)]
    leaks: LeaksEntry,
}

/// Networks in the file.
#[derive(Deserialize)]
#[serde(untagged, expecting = "networks are a list such as [\"10.0.0.0/8\"], or a text with commas between them")]
enum Networks {
    List(Vec<String>),
    Text(String),
}

impl Default for Networks {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Networks {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::List(list) => list,
            Self::Text(text) => text.split(',').map(str::to_owned).collect(),
        }
    }
}

/// A scope that the deployment adds to the catalogue: `[[scopes]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddedScope {
    name: Scope,
    description: String,
}

/// The settings after all sources have been read. No `Debug`: the database's address may carry a password.
pub struct Settings {
    pub(crate) database: String,
    pub(crate) data_dir: PathBuf,
    /// The text of the keyring, where the environment has it.
    pub(crate) keyring: Option<Zeroizing<String>>,
    pub(crate) keyring_file: Option<PathBuf>,
    /// The name of the installation that is meant.
    pub installation: String,
    pub(crate) key_prefix: Option<String>,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: Option<LogLevel>,
    /// Where calls are answered, if anybody said so: `host:port`, like the others. See [`Settings::listen`].
    listen: Option<String>,
    /// Where the operator is answered.
    pub ops_listen: Option<String>,
    /// Where Envoy's ext_authz is answered.
    pub grpc_listen: Option<String>,
    /// Where HAProxy's SPOE is answered.
    pub spoe_listen: Option<String>,
    /// Routes, and the proxies that are trusted.
    pub gateway: Gateway,
    /// Where `keydesk apply` writes routes, and they are read from.
    pub(crate) routes_file: Option<PathBuf>,
    /// Where calls are forwarded, and to which APIs.
    pub forward: forward::Settings,
    /// The contact centre that is started behind the gateway.
    pub sandbox: Option<Sandbox>,
    /// What the file says of a contact centre.
    sandbox_entry: SandboxEntry,
    /// What the Integration Documentation says of this deployment.
    pub docs: Docs,
    /// Whose keys are accepted at `/authz`.
    pub authz: ListenerEntry,
    /// Whose keys are accepted over gRPC.
    pub grpc: ListenerEntry,
    /// Whose keys are accepted over SPOE.
    pub spoe: ListenerEntry,
    /// Where traces go, if anybody said so.
    pub otlp: Option<Otlp>,
    /// Every scope that a key can be given.
    pub(crate) catalogue: Catalogue,
    /// Where all nodes decide on rate limits together.
    pub limits: Option<RedisAddress>,
    /// What is recorded of calls, and for how long it is kept.
    pub(crate) usage: UsageOptions,
    /// How events are sent out.
    pub(crate) events: EventOptions,
    /// How letters are sent, if they are.
    pub(crate) mail: Option<MailOptions>,
    /// How people sign in with an account of their organisation, if they do.
    pub(crate) sign_on: Option<SignOnOptions>,
    /// Who may report leaked keys.
    pub(crate) reporters: ReporterKeys,
}

/// What is wrong where people come by https, so through a proxy, and no proxy is trusted.
pub const UNNAMED_PROXY: &str = "no proxy is trusted, so everybody who comes through the one in front seems to have \
     its address: guesses at passwords are counted together, and keys that are bound to addresses are refused. Name its \
     networks with --trusted-proxies";

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{} can't be read: {source}", .file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{} is not UTF-8 text; save it as UTF-8.", .0.display())]
    NotText(PathBuf),
    #[error("{}, line {line}: {message}", .file.display())]
    Malformed { file: PathBuf, line: usize, message: String },
    #[error("{0}.")]
    Catalogue(#[from] InvalidCatalogue),
    #[error("{0} is not a public address: give one such as https://keydesk.example.com, without a path.")]
    PublicUrl(String),
    #[error("{0:?} is not where a server listens: give a host and a port, such as 127.0.0.1:3000.")]
    Listen(String),
    #[error("KEYDESK_KEYRING and a keyring file are both given; keep one of them.")]
    TwoKeyrings,
    #[error("routes and routes_file are both given in the file that --config names; keep one of them.")]
    TwoRoutes,
    #[error("The address of --limits {0}.")]
    Limits(#[from] InvalidRedisAddress),
    #[error(transparent)]
    Usage(#[from] InvalidRetention),
    #[error(transparent)]
    Gateway(#[from] InvalidGateway),
    #[error(transparent)]
    Forward(#[from] InvalidForward),
    #[error(transparent)]
    Sandbox(#[from] InvalidSandbox),
    #[error(transparent)]
    Docs(#[from] InvalidDocs),
    #[error(transparent)]
    Otlp(#[from] InvalidOtlp),
    #[error(transparent)]
    Events(#[from] InvalidEvents),
    #[error(transparent)]
    Mail(#[from] InvalidMailEntry),
    #[error(transparent)]
    Oidc(#[from] InvalidOidcEntry),
    #[error(transparent)]
    Leaks(#[from] InvalidLeaks),
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// The address under which people open Keydesk: https, a host, and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    fn parse(text: &str) -> Result<Self, ConfigError> {
        // As browsers write it, in whose headers it is looked for.
        let address = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let host = address.strip_prefix("https://").and_then(|host| host.parse::<http::uri::Authority>().ok());
        match host {
            Some(host) if !host.host().is_empty() && !host.as_str().contains('@') => Ok(Self(address)),
            _ => Err(ConfigError::PublicUrl(text.to_owned())),
        }
    }
}

impl Settings {
    /// Where calls are answered: `host:port`.
    pub fn listen(&self) -> &str {
        self.listen.as_deref().unwrap_or("127.0.0.1:3000")
    }

    /// The host and port at which this machine reaches the server that runs with these settings.
    pub(crate) fn local_address(&self) -> Result<String, ConfigError> {
        Links::reached(self.listen()).ok_or_else(|| ConfigError::Listen(self.listen().to_owned()))
    }

    /// The contact centre that `keydesk sandbox` starts.
    pub(crate) fn standalone(
        &self,
        flags: StandaloneFlags,
        from: &FromVariables,
    ) -> Result<Standalone, InvalidSandbox> {
        sandbox_entry::standalone(flags, &self.sandbox_entry, &self.data_dir, from)
    }

    /// Where links lead that a command prints. Refused before anything is made: an address that nobody can open.
    pub(crate) fn links(&self) -> Result<Links, ConfigError> {
        match (self.public_links(), &self.listen) {
            (Some(public), _) => Ok(public),
            (None, Some(listen)) => Links::here(listen).ok_or_else(|| ConfigError::Listen(listen.clone())),
            (None, None) => Ok(Links::Assumed),
        }
    }

    /// Where links lead that the server prints, which knows where it listens.
    pub fn links_at(&self, listen: &str) -> Links {
        self.public_links().or_else(|| Links::here(listen)).unwrap_or(Links::Assumed)
    }

    fn public_links(&self) -> Option<Links> {
        self.public_url.as_ref().map(|url| Links::Public(url.0.clone()))
    }

    /// The address under which people open Keydesk through a proxy, if there is one; without a slash at the end.
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.as_ref().map(|url| url.0.as_str())
    }

    /// The file for routes, where one is named and nobody has written it yet.
    pub fn missing_routes_file(&self) -> Option<&Path> {
        self.routes_file.as_deref().filter(|path| !path.exists())
    }

    /// Whether people come through a proxy, which alone can end their TLS, and none is trusted to say for whom it speaks.
    pub fn behind_unnamed_proxy(&self) -> bool {
        self.public_url.is_some() && self.gateway.trusted_proxies.is_empty()
    }
}

impl Settings {
    /// Reads all sources. The text of a keyring comes from the environment alone: others can read flags.
    pub(crate) fn resolve(
        common: CommonFlags,
        serve: ServeFlags,
        keyring: Option<Zeroizing<String>>,
        from: &FromVariables,
    ) -> Result<Self, ConfigError> {
        let file = match from.text("config", common.config, None)? {
            Some(path) => File::read(&path)?,
            None => File::default(),
        };
        let entry = |AddedScope { name, description }| ScopeEntry { scope: name, description };
        let added = file.scopes.into_iter().map(entry).collect();
        let data_dir = from.text("data_dir", common.data_dir, file.data_dir)?.unwrap_or_else(|| PathBuf::from("data"));
        let trusted = from.list("trusted_proxies", serve.trusted_proxies, file.trusted_proxies.into_vec())?;
        let database = from.text("database", common.database, file.database)?;
        let keyring_file = from.text("keyring_file", common.keyring_file, file.keyring_file)?;
        if keyring.is_some() && keyring_file.is_some() {
            return Err(ConfigError::TwoKeyrings);
        }
        let installation = from.text("installation", common.installation, file.installation)?;
        let public_url = from.text("public_url", common.public_url, file.public_url)?;
        let database = database.map(|address| given::lower_scheme(&address));
        let accepted = |setting: &str, entry: ListenerEntry| -> Result<ListenerEntry, Unfit> {
            Ok(ListenerEntry { installation: from.text(setting, None, entry.installation)?, ..entry })
        };
        let mut entry = file.gateway;
        entry.listen = from.text("gateway_listen", serve.gateway_listen, entry.listen)?;
        entry.installation = from.text("gateway.installation", None, entry.installation)?;
        // Its routes are those of the contact centre, unless the file has others.
        let is_started = serve.sandbox || file.sandbox.enabled;
        let events = events_config::options(file.webhooks, file.events)?;
        let sandbox = is_started.then(|| sandbox_entry::sandbox(&serve.of_sandbox, &file.sandbox, &data_dir, &events));
        let routes_file = from.text("routes_file", None, file.routes_file)?;
        let routes = match &routes_file {
            Some(_) if !file.routes.is_empty() => return Err(ConfigError::TwoRoutes),
            Some(path) => routes_in(path)?,
            None => file.routes,
        };
        let routes = if is_started { routes.or_built_in() } else { routes };
        let gateway = config::gateway(routes, &trusted)?;
        let forward = forward::settings(entry, file.upstreams, &gateway.routes)?;
        let installation = installation.unwrap_or_else(|| "default".to_owned());
        let public_url = public_url.map(|text| PublicUrl::parse(&text)).transpose()?;
        let mail = file.mail.options(public_url.as_ref().map(|url| url.0.as_str()))?;
        let sign_on = file.oidc.options(&installation)?;
        let limits = from.text("limits", serve.limits, file.limits)?;
        let log_format = from.choice("log_format", common.log_format, file.log_format, &LogFormat::NAMES)?;
        Ok(Self {
            database: database.unwrap_or_else(|| format!("sqlite:{}", data_dir.join("keydesk.db").display())),
            data_dir,
            keyring,
            keyring_file,
            installation,
            key_prefix: from.text("key_prefix", common.key_prefix, file.key_prefix)?,
            public_url,
            log_format: log_format.unwrap_or_default(),
            log_level: from.choice("log_level", common.log_level, file.log_level, &LogLevel::NAMES)?,
            listen: from.text("listen", common.listen, file.listen)?,
            ops_listen: from.text("ops_listen", serve.ops_listen, file.ops_listen)?,
            grpc_listen: from.text("grpc_listen", serve.grpc_listen, file.grpc_listen)?,
            spoe_listen: from.text("spoe_listen", serve.spoe_listen, file.spoe_listen)?,
            gateway,
            routes_file,
            forward,
            sandbox: sandbox.transpose()?,
            sandbox_entry: file.sandbox,
            docs: file.docs.docs()?,
            authz: accepted("authz.installation", file.authz)?,
            grpc: accepted("grpc.installation", file.grpc)?,
            spoe: accepted("spoe.installation", file.spoe)?,
            otlp: Otlp::resolve(file.otlp, |name| std::env::var(name).ok())?,
            catalogue: Catalogue::with(added)?,
            limits: limits.map(|text| RedisAddress::parse(&text)).transpose()?,
            usage: file.usage.options()?,
            events,
            mail,
            sign_on,
            reporters: file.leaks.reporters()?,
        })
    }
}

/// The routes in the file that is kept for them. Where it is not there, none has been written yet.
pub(crate) fn routes_in(path: &Path) -> Result<Routes, ConfigError> {
    if path.exists() {
        read_toml::<RoutesDocument>(path).map(|document| document.routes)
    } else {
        Ok(Routes::default())
    }
}

impl File {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        read_toml(path)
    }
}

/// Reads a file of settings.
fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let bytes = fs::read(path).map_err(|source| ConfigError::Unreadable { file: path.to_owned(), source })?;
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::NotText(path.to_owned()))?;
    // Editors of Windows put a byte order mark before UTF-8, too.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // Only the message is shown, not the line itself: it may hold the database's password.
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text.get(..span.start).unwrap_or(text).matches('\n').count());
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        ConfigError::Malformed { file: path.to_owned(), line, message }
    })
}

#[cfg(test)]
mod tests;
