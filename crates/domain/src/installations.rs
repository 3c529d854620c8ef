use std::{
    collections::HashMap,
    sync::{
        PoisonError,
        atomic::Ordering::{Acquire, Release},
    },
};

use model::{Action, Actor, ClientName, InstallationId, KeyError};
use serde_json::json;
use store::{Change, StoreError, StoredInstallation};

use crate::{
    Installation, Keydesk,
    audit::AuditEvent,
    failure,
    turn::{ONE, turn},
};

/// An installation to be created.
#[derive(Clone, Debug)]
pub struct NewInstallation {
    /// 1 to 63 lower-case letters, digits and hyphens, beginning with a letter.
    pub name: String,
    /// Its name for people, 1 to 100 characters.
    pub title: String,
    /// Whether secrets are also sealed and can be revealed.
    pub recoverable: bool,
}

/// Checks an installation's name for people.
pub(crate) fn title(text: &str) -> Result<ClientName, KeyError> {
    let reason = "An installation's title is 1 to 100 visible characters.";
    ClientName::parse(text).map_err(|_| KeyError::InvalidInstallation { reason: reason.to_owned() })
}

impl Keydesk {
    /// All installations, by name.
    pub async fn installations(&self) -> Result<Vec<Installation>, KeyError> {
        let stored = self.inner.store.installations().await.map_err(failure::public)?;
        Ok(stored.into_iter().map(Installation::from).collect())
    }

    /// The installation of this name.
    pub async fn installation(&self, name: &str) -> Result<Option<Installation>, KeyError> {
        Ok(self.installations().await?.into_iter().find(|installation| installation.name == name))
    }

    /// The installation of this name, from memory.
    pub fn installation_in_memory(&self, name: &str) -> Option<Installation> {
        let installations = self.inner.installations.read().unwrap_or_else(PoisonError::into_inner);
        installations.values().find(|installation| installation.name == name).cloned()
    }

    /// The name of an installation, from memory.
    pub fn installation_name(&self, id: InstallationId) -> Option<String> {
        self.remembered(id).map(|installation| installation.name)
    }

    /// Whether the API Keys module is on, from memory. For an installation that does not exist it is off.
    pub fn module_enabled(&self, id: InstallationId) -> bool {
        self.remembered(id).is_some_and(|installation| installation.enabled)
    }

    /// Refuses where the API Keys module is off, from memory, with whom the installation names. For an installation that does not
    /// exist it is off.
    pub fn require_enabled(&self, id: InstallationId) -> Result<(), KeyError> {
        match self.remembered(id) {
            Some(installation) if installation.enabled => Ok(()),
            found => Err(KeyError::ModuleUnavailable { contact: found.and_then(|found| found.contact) }),
        }
    }

    /// Creates an installation with its Default API Key.
    pub async fn create_installation(&self, actor: Actor, new: NewInstallation) -> Result<Installation, KeyError> {
        self.change(ONE, move |this, mut change| async move {
            let created = this.put_installation(&mut change, actor, &new).await?;
            this.commit(change).await?;
            this.changed_installation(created.clone()).await;
            Ok(created)
        })
        .await
    }

    pub(crate) async fn put_installation(
        &self,
        change: &mut Change,
        actor: Actor,
        new: &NewInstallation,
    ) -> Result<Installation, KeyError> {
        let refuse = |reason: &str| Err(KeyError::InvalidInstallation { reason: reason.to_owned() });
        let named = new.name.len() <= 63
            && new.name.starts_with(|c: char| c.is_ascii_lowercase())
            && new.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !named {
            return refuse(
                "An installation's name is 1 to 63 lower-case letters, digits and hyphens, beginning with a letter.",
            );
        }
        let title = title(&new.title)?;
        let now = self.now();
        let id = InstallationId(self.new_id(now));
        let stored = StoredInstallation::new(id, new.name.clone(), title.into(), new.recoverable, now);
        change.insert_installation(&stored).await.map_err(failure::public)?;
        let installation = Installation::from(stored);
        let mut detail = json!({ "name": installation.name, "recoverable": installation.recoverable });
        // Each log but the first names the first, and that one all others: an installation that is removed with its log is missed.
        let mut others: Vec<InstallationId> = self.installations().await?.into_iter().map(|other| other.id).collect();
        others.sort_unstable();
        let first = others.first().copied();
        if let Some(first) = first {
            detail["installations"] = json!([first]);
        }
        let event = AuditEvent::of(Action::InstallationCreate, detail);
        self.write_audit(change, installation.id, actor, now, vec![event]).await?;
        if let Some(first) = first {
            others[0] = installation.id;
            // Ids alone: whose installations they are is nobody's business there.
            let event = AuditEvent::of(Action::InstallationAdd, json!({ "installations": others }));
            self.write_audit(change, first, actor, now, vec![event]).await?;
        }
        self.insert_default_key(change, actor, &installation, now).await?;
        Ok(installation)
    }

    /// Switches the API Keys module of an installation on or off.
    pub async fn set_module(&self, actor: Actor, name: &str, enabled: bool) -> Result<Installation, KeyError> {
        let mut installation = self.installation(name).await?.ok_or(KeyError::NoInstallation)?;
        installation.enabled = enabled;
        let id = installation.id;
        self.change(turn(1, !enabled), move |this, mut change| async move {
            this.set_module_in(&mut change, actor, id, enabled).await?;
            this.commit(change).await?;
            this.changed_installation(installation.clone()).await;
            Ok(installation)
        })
        .await
    }

    /// The same as part of a change.
    pub(crate) async fn set_module_in(
        &self,
        change: &mut Change,
        actor: Actor,
        id: InstallationId,
        enabled: bool,
    ) -> Result<(), KeyError> {
        let now = self.now();
        if !change.switch_module(id, (!enabled).then_some(now)).await.map_err(failure::public)? {
            return Err(KeyError::NoInstallation);
        }
        let action = if enabled { Action::InstallationEnable } else { Action::InstallationDisable };
        let event = AuditEvent::of(action, json!({}));
        self.write_audit(change, id, actor, now, vec![event]).await
    }

    /// Remembers an installation as a change has left it that is committed. Whether the database can be read now does not
    /// make the change fail: until it was read, memory is not proven fresh again.
    pub(crate) async fn changed_installation(&self, installation: Installation) {
        {
            let _reloading = self.inner.reloading.lock().await;
            self.inner.installations_due.store(true, Release);
            let mut all = self.inner.installations.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(installation.id, installation);
        }
        // A later change of another node may have been in memory.
        if let Err(error) = self.read_installations().await {
            tracing::warn!(%error, "installations could not be read after a change; trying again");
        }
    }

    /// Reads all installations into memory.
    pub(crate) async fn read_installations(&self) -> Result<(), StoreError> {
        let _reloading = self.inner.reloading.lock().await;
        let stored = self.inner.store.installations().await?;
        let all: HashMap<_, _> =
            stored.into_iter().map(Installation::from).map(|installation| (installation.id, installation)).collect();
        let zones = all.values().map(|installation| (installation.id, installation.time_zone.clone())).collect();
        self.verifier().set_time_zones(zones);
        *self.inner.installations.write().unwrap_or_else(PoisonError::into_inner) = all;
        self.inner.installations_due.store(false, Release);
        Ok(())
    }

    /// Whether installations must be read again before memory counts as fresh.
    pub(crate) fn installations_due(&self) -> bool {
        self.inner.installations_due.load(Acquire)
    }
}
