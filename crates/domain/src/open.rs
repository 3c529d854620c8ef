use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, RwLock, atomic::AtomicBool},
};

use mail::{InvalidMail, MailOptions};
use model::{Actor, Catalogue, KeyError, SecretFormat};
use store::{DatabaseLock, Deployment, Store, StoreError, sqlite_file};
use verify::{RedisAddress, Verifier};
use zeroize::Zeroizing;

use crate::{
    Clock, Entropy, Keydesk, Keyring, KeyringError, NewInstallation, SystemClock, SystemEntropy,
    audit::keys::AuditKey,
    audit_watch::AuditWatch,
    events_out::{EventOptions, Out},
    exports::Exports,
    fingerprint,
    imports::Imports,
    keydesk::Inner,
    keyring::KeyringFile,
    letter_box::LetterBox,
    lines::Lines,
    link_throttle::LinkThrottle,
    made_folders::MadeFolders,
    password::Passwords,
    polled::Polled,
    reporters::{ReporterKeys, Reporters},
    session_uses::SessionUses,
    sign_on_options::{InvalidSignOn, SignOn, SignOnOptions},
    throttle::Throttle,
    turn::ONE,
    usage_retention::{RecordedCalls, UsageOptions},
};

/// The prefix of secrets when the operator chooses none.
pub const DEFAULT_PREFIX: &str = "ccc";

/// Where derived tokens are made, unless somebody says it: where `keydesk serve` listens by itself.
const ISSUER: &str = "http://127.0.0.1:3000";

/// How to open a deployment.
#[derive(Clone)]
pub struct OpenOptions {
    /// `sqlite:PATH` or `postgres://...`
    pub database: String,
    /// Where the keyring lives. Made, for its owner only, with a deployment.
    pub data_dir: PathBuf,
    /// The text of a keyring, in place of the file.
    pub keyring: Option<String>,
    /// The keyring's file, where it is not in the data directory.
    pub keyring_file: Option<PathBuf>,
    /// The prefix of secrets; `None`: the deployment's own.
    pub prefix: Option<String>,
    /// Whether a deployment is made where there is none: its keyring, its database, its first installation. Else that is refused,
    /// and nothing is made.
    pub found: bool,
    /// Whether nothing will be changed. Then a SQLite database that can't be written is read as it is; else it is refused.
    pub to_read: bool,
    /// Every scope that a key can be given.
    pub catalogue: Catalogue,
    /// Records in memory at most.
    pub max_cached_keys: usize,
    /// Whether people come through a proxy whose address nobody named, so that all of them seem to have its address.
    pub behind_unnamed_proxy: bool,
    /// What is recorded of calls, and for how long it is kept.
    pub usage: UsageOptions,
    /// Where all nodes decide on rate limits together; `None`: each gives its share.
    pub redis: Option<RedisAddress>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How events are sent out.
    pub events: EventOptions,
    /// How letters are sent; `None`: none are.
    pub mail: Option<MailOptions>,
    /// How people sign in with an account of their organisation; `None`: nobody does.
    pub sign_on: Option<SignOnOptions>,
    /// Who may report leaked keys.
    pub reporters: ReporterKeys,
}

impl OpenOptions {
    /// To open an existing deployment, with the machine's clock and randomness, and room for two million keys.
    pub fn new(database: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            database: database.into(),
            data_dir: data_dir.into(),
            keyring: None,
            keyring_file: None,
            prefix: None,
            found: false,
            to_read: false,
            catalogue: Catalogue::default(),
            max_cached_keys: 2_000_000,
            behind_unnamed_proxy: false,
            usage: UsageOptions::default(),
            redis: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            events: EventOptions::default(),
            mail: None,
            sign_on: None,
            reporters: ReporterKeys::default(),
        }
    }

    /// The same, and to make a deployment where there is none.
    pub fn founding(database: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        Self { found: true, ..Self::new(database, data_dir) }
    }
}

/// Why Keydesk could not be opened, in one sentence for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory can't be used.
    #[error("the data directory {} can't be used: {source}", .path.display())]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keyring can't be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The database can't be used.
    #[error("the database can't be used: {0}")]
    Store(#[from] StoreError),
    /// There is no deployment, and none was to be made.
    #[error(
        "there is no deployment {place}; create one with `keydesk init`, or name yours with --data-dir or --database"
    )]
    NoDeployment {
        /// Where, after which word.
        place: String,
    },
    /// A deployment without an installation.
    #[error(
        "this deployment has no installation: if its first start was broken off, `keydesk init` finishes it; otherwise somebody has altered the database, so compare it with your backups"
    )]
    NoInstallation,
    /// The prefix is malformed.
    #[error(transparent)]
    Prefix(#[from] model::InvalidPrefix),
    /// Another prefix than the one that the deployment's keys have.
    #[error("this deployment's keys begin with {has}_, which never changes; start without a key prefix or with {has}")]
    PrefixMoved {
        /// The deployment's.
        has: String,
    },
    /// The authorities that receivers of events are trusted by can't be read.
    #[error("webhooks.ca: {0}")]
    Roots(#[from] delivery::InvalidRoots),
    /// Letters can't be sent so.
    #[error(transparent)]
    Mail(#[from] InvalidMail),
    /// Nobody can sign in so with an account of their organisation.
    #[error(transparent)]
    SignOn(#[from] InvalidSignOn),
    /// The first installation could not be created.
    #[error("the first installation could not be made: {0}")]
    First(KeyError),
    /// The audit log could not be signed.
    #[error("the audit log could not be signed: {0}")]
    Audit(KeyError),
}

impl OpenError {
    /// Whether there is no connection to the database for a reason that may pass by itself, as while its server starts.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unreachable { passing: true, .. }))
    }
}

impl Keydesk {
    /// Connects to the server of a database, and ends the connection. A file is not looked at.
    pub async fn reach(database: &str) -> Result<(), OpenError> {
        Ok(Store::reach(database).await?)
    }

    /// Whether there is a deployment in this database. Makes and changes nothing.
    pub async fn is_founded(database: &str) -> Result<bool, OpenError> {
        Ok(Store::is_founded(database).await?)
    }

    /// Refuses a database in which there is no deployment.
    pub(crate) async fn require_founded(database: &str) -> Result<(), OpenError> {
        if Self::is_founded(database).await? {
            return Ok(());
        }
        // An address of PostgreSQL may hold a password.
        let place = sqlite_file(database)
            .map_or_else(|| "in this PostgreSQL database".to_owned(), |file| format!("at {}", file.display()));
        Err(OpenError::NoDeployment { place })
    }

    /// Opens the database and brings its tables up to date. The very first start, for which [`OpenOptions::found`] asks, makes the
    /// keyring, the installation `default` and its Default API Key.
    pub async fn open(options: OpenOptions) -> Result<Self, OpenError> {
        if !options.found {
            Self::require_founded(&options.database).await?;
        }
        Self::open_as(options, None).await
    }

    /// The same with the lock of somebody who has a SQLite database to themselves.
    pub(crate) async fn open_as(options: OpenOptions, alone: Option<DatabaseLock>) -> Result<Self, OpenError> {
        let OpenOptions {
            database,
            data_dir,
            keyring,
            keyring_file,
            prefix,
            found: may_found,
            to_read,
            catalogue,
            max_cached_keys,
            behind_unnamed_proxy,
            usage,
            redis,
            clock,
            entropy,
            events,
            mail,
            sign_on,
            reporters,
        } = options;
        let out = Out::new(events)?;
        let letters = LetterBox::new(mail.as_ref())?;
        let sign_on = sign_on.map(SignOn::new).transpose()?;
        let made = if may_found {
            MadeFolders::make(&data_dir).map_err(|source| OpenError::DataDir { path: data_dir.clone(), source })?
        } else {
            MadeFolders::default()
        };
        let opened = match alone {
            Some(lock) => Store::open_alone(&database, lock).await,
            None if to_read && Store::can_only_be_read(&database) => Store::open_to_read(&database).await,
            None => Store::open(&database).await,
        };
        let store = opened.inspect_err(|_| made.remove())?;
        let deployment = store.deployment().await?;
        let keyring = keyring.map(Zeroizing::new);
        let keyring_file = keyring.is_none().then(|| match keyring_file {
            Some(path) => KeyringFile::named(path),
            None => KeyringFile::in_dir(&data_dir),
        });
        let keyring = match (&keyring_file, &keyring, &deployment) {
            // Nodes of one database have copies of one keyring, and would each add another key.
            (Some(file), _, Some(_)) if store.is_sqlite() && !store.is_read_only() => {
                Keyring::load_with_audit(file, &*entropy)?
            }
            (Some(file), _, Some(_)) => Keyring::load(file)?,
            (Some(file), _, None) => Keyring::load_or_create(file, &*entropy)?,
            (None, text, _) => Keyring::parse(text.as_deref().map_or("", String::as_str))?,
        };
        let chosen = prefix.as_deref().map(SecretFormat::new).transpose()?;
        let deployment = match deployment {
            Some(deployment) => deployment,
            None => {
                let key_prefix = chosen.as_ref().map_or(DEFAULT_PREFIX, SecretFormat::prefix).to_owned();
                let proof = keyring.peppers().proof();
                let new = Deployment { key_prefix, keyring_proof: proof, created_at: clock.now() };
                found(&store, new, keyring.audit().first()).await?
            }
        };
        if !keyring.peppers().proves(&deployment.keyring_proof) && !succeeds(&store, &keyring).await? {
            return Err(KeyringError::Foreign.into());
        }
        let format = SecretFormat::new(&deployment.key_prefix)?;
        if chosen.is_some_and(|chosen| chosen != format) {
            return Err(OpenError::PrefixMoved { has: deployment.key_prefix });
        }
        let mark = mark(&deployment);
        let passwords = Passwords::new();
        let look = store.look().await?;
        store.begin_anew(look.newest);
        let ticks = {
            let clock = Arc::clone(&clock);
            Arc::new(move || clock.elapsed())
        };
        let peppers = keyring.peppers().clone();
        let verifier = Verifier::new(store.clone(), peppers, format.clone(), max_cached_keys, look.newest.epoch, ticks);
        verifier.set_token_keys(keyring.tokens().clone());
        verifier.set_token_issuer(ISSUER);
        if usage.recorded == RecordedCalls::Refused {
            verifier.record_refused_alone();
        }
        let time_looked_at = Mutex::new(clock.elapsed());
        let keydesk = Self {
            inner: Arc::new(Inner {
                time_looked_at,
                store,
                keyring: RwLock::new(Arc::new(keyring)),
                keyring_moved: tokio::sync::Notify::new(),
                keyring_uses: Mutex::default(),
                format,
                mark,
                catalogue,
                clock,
                entropy,
                data_dir,
                keyring_file,
                verifier,
                installations: RwLock::default(),
                reloading: tokio::sync::Mutex::default(),
                not_writable: Mutex::default(),
                installations_due: AtomicBool::new(false),
                set_up: AtomicBool::new(false),
                copies_due: tokio::sync::Notify::new(),
                hinted: tokio::sync::Notify::new(),
                warm_again: tokio::sync::Notify::new(),
                warm_from: Mutex::default(),
                imports: Imports::default(),
                passwords,
                throttle: Throttle::new(behind_unnamed_proxy),
                links: LinkThrottle::new(behind_unnamed_proxy),
                session_uses: SessionUses::default(),
                polled: Polled::default(),
                lines: Lines::default(),
                audit_watch: AuditWatch::default(),
                exports: Exports::default(),
                usage,
                usage_walk: tokio::sync::Mutex::default(),
                out,
                letters,
                sign_on,
                reporters: Reporters::new(reporters),
            }),
        };
        let keyring = keydesk.keyring();
        let new = keydesk.prove(&keyring).await?;
        let audit_keys = keydesk.inner.store.audit_keys().await?;
        if let Some(id) = keyring.audit().other_than(&audit_keys) {
            return Err(KeyringError::ForeignAudit(id.to_owned()).into());
        }
        if may_found {
            keydesk.make_first_installation().await.map_err(OpenError::First)?;
        }
        keydesk.read_installations().await?;
        if let Some(redis) = redis {
            keydesk.verifier().set_redis(redis);
        }
        keydesk.verifier().read_ceilings().await?;
        keydesk.verifier().read_imported().await?;
        keydesk.verifier().restore_limits(keydesk.now()).await?;
        if keydesk.inner.installations.read().is_ok_and(|installations| installations.is_empty()) {
            return Err(OpenError::NoInstallation);
        }
        if !keydesk.inner.store.is_read_only() {
            keydesk.begin_audit().await?;
            keydesk.note_in_use(Actor::System, new).await?;
        }
        Ok(keydesk)
    }

    /// Two processes may start at once; the change makes the second see what the first did.
    async fn make_first_installation(&self) -> Result<(), KeyError> {
        if !self.installations().await?.is_empty() {
            return Ok(());
        }
        let made = self
            .change(ONE, |this, mut change| async move {
                let first = NewInstallation {
                    name: "default".to_owned(),
                    title: "Contact centre".to_owned(),
                    recoverable: true,
                };
                this.put_installation(&mut change, Actor::System, &first).await?;
                this.commit(change).await
            })
            .await;
        match made {
            Err(KeyError::InvalidInstallation { .. }) if !self.installations().await?.is_empty() => Ok(()),
            other => other,
        }
    }
}

/// Whether the first pepper was given up since, and one that took its place is there.
async fn succeeds(store: &Store, keyring: &Keyring) -> Result<bool, StoreError> {
    for own in keyring.proofs().iter().filter(|own| own.kind == "pepper") {
        if store.keyring_proof(own.kind, &own.id).await?.as_ref() == Some(&own.proof) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// See [`Keydesk::mark`]. Of what is random in the deployment, by a way that can't be gone back.
fn mark(deployment: &Deployment) -> String {
    let digest = fingerprint(&[&b"keydesk/mark/1\0"[..], &deployment.keyring_proof].concat());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the deployment's row, or reads the one that another process wrote first.
async fn found(store: &Store, deployment: Deployment, audit_key: &AuditKey) -> Result<Deployment, StoreError> {
    let mut change = store.change().await?;
    if let Some(theirs) = change.deployment().await? {
        return Ok(theirs);
    }
    change.insert_deployment(&deployment).await?;
    change.insert_audit_key(&audit_key.id, &audit_key.proof(), deployment.created_at).await?;
    change.commit().await?;
    Ok(deployment)
}
