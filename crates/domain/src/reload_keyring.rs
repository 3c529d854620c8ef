//! A keyring that is changed while Keydesk runs is read again. One that can't be used changes nothing: what was read before stays.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use model::Actor;
use tokio::{task::spawn_blocking, time};

use crate::{
    Keydesk, Keyring, KeyringError, OpenError,
    keyring::{KeyringFile, Look},
    prove_keyring::{KINDS, counted, find},
};

/// How often the file is looked at. It is read when it has stayed the same for one look, so that nobody is met while writing it.
const LOOK: Duration = Duration::from_secs(1);

impl Keydesk {
    /// Looks at the keyring's file, and reads it when it was changed.
    pub(crate) async fn watch_keyring(self) {
        let Some(file) = self.inner.keyring_file.clone() else { return };
        let mut watched = Watched::default();
        let mut ticks = time::interval(LOOK);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let look = look(&file).await;
            if !watched.is_due(look) {
                continue;
            }
            match self.reload_keyring(Actor::System).await {
                Ok(_) => watched.done(look),
                Err(error) => {
                    // The database may answer at the next look; a file stays as it is until somebody changes it.
                    if !matches!(error, OpenError::Store(_) | OpenError::Audit(_)) {
                        watched.done(look);
                    }
                    watched.tell(&error.to_string());
                }
            }
        }
    }

    /// Reads the keyring's file again. False: it has the same keys in the same order, or there is no file.
    ///
    /// Its first pepper and master key are used for what is new from now on, in this process; the others find and open what was made
    /// with them. Refused is one that is not this deployment's, or lacks what is still needed and was not given up.
    pub async fn reload_keyring(&self, actor: Actor) -> Result<bool, OpenError> {
        let Some(file) = self.inner.keyring_file.clone() else { return Ok(false) };
        let read = spawn_blocking(move || Keyring::load(&file)).await;
        let new = read.map_err(|error| OpenError::Keyring(KeyringError::Unreadable(error.to_string())))??;
        let old = self.keyring();
        if new.is_same(&old) {
            return Ok(false);
        }
        let in_use = self.prove(&new).await?;
        self.require_needed(&old, &new).await?;
        self.note_in_use(actor, in_use).await?;
        let signs = new.audit().first().id != old.audit().first().id;
        let (pepper, master) = (new.newest("pepper").to_owned(), new.newest("master").to_owned());
        // What is made with a new pepper must be found: so the verifier has it first.
        self.verifier().set_peppers(new.peppers().clone());
        self.verifier().set_token_keys(new.tokens().clone());
        *self.inner.keyring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        self.inner.keyring_moved.notify_one();
        tracing::info!(pepper, master, "the keyring was read again");
        if signs && let Err(error) = self.begin_audit().await {
            tracing::error!(%error, "the new audit key does not sign yet; it does from the next start on");
        }
        Ok(true)
    }

    /// Refuses a keyring that lacks what the one before has and somebody needs.
    async fn require_needed(&self, old: &Keyring, new: &Keyring) -> Result<(), OpenError> {
        let signed = self.inner.store.audit_keys().await?;
        if let Some(id) = new.audit().other_than(&signed) {
            return Err(KeyringError::ForeignAudit(id.to_owned()).into());
        }
        let lost = signed.iter().find(|(id, _)| old.audit().get(id).is_some() && new.audit().get(id).is_none());
        if let Some((id, _)) = lost {
            return Err(KeyringError::AuditMissing(id.clone()).into());
        }
        let lost = KINDS.iter().flat_map(|kind| old.ids(kind).into_iter().map(move |id| (*kind, id)));
        let lost: Vec<_> = lost.filter(|(kind, id)| !new.has(kind, id)).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let (uses, known) = (self.inner.store.keyring_uses(self.now()).await?, self.inner.store.known_keys().await?);
        for (kind, id) in lost {
            let needed: Vec<_> = uses.iter().filter(|of| of.kind == kind && of.id == id).map(counted).collect();
            if !needed.is_empty() && find(&known, kind, id).is_none_or(|known| known.retired_at.is_none()) {
                let (kind, id, needed) = (kind.to_owned(), id.to_owned(), needed.join(", "));
                return Err(KeyringError::StillNeeded { kind, id, needed }.into());
            }
        }
        Ok(())
    }
}

async fn look(file: &KeyringFile) -> Option<Look> {
    let file = file.clone();
    spawn_blocking(move || file.look()).await.ok().flatten()
}

/// What is known of a file that somebody may change.
#[derive(Debug, Default)]
struct Watched {
    seen: Option<Option<Look>>,
    done: Option<Option<Look>>,
    told: Option<String>,
}

impl Watched {
    /// Whether it is to be read: it is not the one that was read last, and nobody is writing it.
    fn is_due(&mut self, look: Option<Look>) -> bool {
        let stays = self.seen.replace(look) == Some(look);
        stays && self.done != Some(look)
    }

    fn done(&mut self, look: Option<Look>) {
        self.done = Some(look);
        self.told = None;
    }

    /// The same once a second would bury all else.
    fn tell(&mut self, error: &str) {
        if self.told.as_deref() != Some(error) {
            tracing::error!(
                error,
                "the keyring was changed, and can't be used; the one that was read before stays in use"
            );
            self.told = Some(error.to_owned());
        }
    }
}
