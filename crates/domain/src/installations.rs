use std::{collections::HashMap, sync::PoisonError};

use model::{Action, Actor, InstallationId, KeyError};
use serde_json::json;
use store::{Change, StoredInstallation};

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

    /// Creates an installation with its Default API Key.
    pub async fn create_installation(&self, actor: Actor, new: NewInstallation) -> Result<Installation, KeyError> {
        self.change(ONE, move |this, mut change| async move {
            let created = this.put_installation(&mut change, actor, &new).await?;
            this.commit(change).await?;
            this.reload_installations().await?;
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
        let Ok(title) = model::ClientName::parse(&new.title) else {
            return refuse("An installation's title is 1 to 100 visible characters.");
        };
        let now = self.now();
        let stored = StoredInstallation {
            id: InstallationId(self.new_id(now)),
            name: new.name.clone(),
            title: title.into(),
            disabled_at: None,
            recoverable: new.recoverable,
            key_count: 0,
            created_at: now,
        };
        change.insert_installation(&stored).await.map_err(failure::public)?;
        let installation = Installation::from(stored);
        let detail = json!({ "name": installation.name, "recoverable": installation.recoverable });
        let event = AuditEvent::of(Action::InstallationCreate, detail);
        self.write_audit(change, installation.id, actor, now, vec![event]).await?;
        self.insert_default_key(change, actor, &installation, now).await?;
        Ok(installation)
    }

    /// Switches the API Keys module of an installation on or off.
    pub async fn set_module(&self, actor: Actor, name: &str, enabled: bool) -> Result<Installation, KeyError> {
        let mut installation = self.installation(name).await?.ok_or(KeyError::NoInstallation)?;
        let id = installation.id;
        self.change(turn(1, !enabled), move |this, mut change| async move {
            let now = this.now();
            let found = change.switch_module(id, (!enabled).then_some(now)).await.map_err(failure::public)?;
            if !found {
                return Err(KeyError::NoInstallation);
            }
            let action = if enabled { Action::InstallationEnable } else { Action::InstallationDisable };
            let event = AuditEvent::of(action, json!({}));
            this.write_audit(&mut change, id, actor, now, vec![event]).await?;
            this.commit(change).await?;
            this.reload_installations().await
        })
        .await?;
        installation.enabled = enabled;
        Ok(installation)
    }

    pub(crate) async fn reload_installations(&self) -> Result<(), KeyError> {
        let _reloading = self.inner.reloading.lock().await;
        let all: HashMap<_, _> =
            self.installations().await?.into_iter().map(|installation| (installation.id, installation)).collect();
        *self.inner.installations.write().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(())
    }
}
