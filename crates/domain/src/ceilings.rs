use model::{Action, Ceiling, CeilingInfo, Client, ClientName, Environment, KeyError, Permission};
use serde_json::{Map, Value, json};
use store::{Change, StoredCeiling};

use crate::{Caller, Keydesk, audit::AuditEvent, failure, settings_rules::require_limits};

/// Whose ceiling is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CeilingOf {
    /// The installation's own, for all its keys.
    Installation,
    /// That of the keys of one Client Name and environment.
    Client(ClientName, Environment),
}

impl CeilingOf {
    pub(crate) fn client(&self) -> Option<Client> {
        match self {
            Self::Installation => None,
            Self::Client(name, environment) => Some(Client::of(name, *environment)),
        }
    }

    /// The ceiling as it is shown; `None`: it was never set.
    pub(crate) fn info(self, stored: Option<StoredCeiling>) -> CeilingInfo {
        let (client_name, environment) = match self {
            Self::Installation => (None, None),
            Self::Client(name, environment) => (Some(name), Some(environment)),
        };
        let (version, updated_at) = stored.as_ref().map_or((0, None), |one| (one.version, Some(one.updated_at)));
        let Ceiling { rate_limits, quotas } = stored.map(|one| one.ceiling).unwrap_or_default();
        CeilingInfo { client_name, environment, rate_limits, quotas, version, updated_at }
    }
}

impl Keydesk {
    /// What all keys of a client, or of the installation, may do together. A client without keys has a ceiling, too: it holds
    /// for those to come.
    pub async fn ceiling(&self, caller: &Caller, of: CeilingOf) -> Result<CeilingInfo, KeyError> {
        self.require_open(caller)?;
        caller.require(Permission::ReadKeys)?;
        if let CeilingOf::Client(_, environment) = &of
            && !caller.sees(*environment)
        {
            return Err(KeyError::NotFound);
        }
        let stored = self.inner.store.ceiling(caller.installation, of.client().as_ref()).await;
        Ok(of.info(stored.map_err(failure::public)?))
    }

    /// Sets what all keys of a client, or of the installation, may do together; with `if_version`, only if nobody else changed
    /// it since. Without limits the ceiling is taken away. What is so already makes no change, so it may be sent again. A person
    /// has proved lately who they are.
    pub async fn set_ceiling(
        &self,
        caller: &Caller,
        of: CeilingOf,
        ceiling: Ceiling,
        if_version: Option<i64>,
    ) -> Result<CeilingInfo, KeyError> {
        caller.require(Permission::ManageInstallation)?;
        self.require_ceiling(&ceiling)?;
        self.change_as(caller, move |this, caller, mut change| async move {
            caller.require(Permission::ManageInstallation)?;
            caller.require_proof(this.now())?;
            let (stored, changed) = this.set_ceiling_in(&mut change, &caller, &of, &ceiling, if_version).await?;
            if changed {
                this.commit(change).await?;
                this.verifier().set_ceilings(stored.iter().cloned().collect());
            }
            Ok(of.info(stored))
        })
        .await
    }

    /// Refuses a ceiling that could not do what it says.
    pub(crate) fn require_ceiling(&self, ceiling: &Ceiling) -> Result<(), KeyError> {
        ceiling.check().map_err(|error| KeyError::InvalidSetting {
            field: "quotas".to_owned(),
            reason: format!("The rate limits and quotas {error}."),
        })?;
        require_limits(self.catalogue(), "", &ceiling.rate_limits, &ceiling.quotas)
    }

    /// Sets a ceiling as part of a change. Gives it as it then is, and whether it was another one.
    pub(crate) async fn set_ceiling_in(
        &self,
        change: &mut Change,
        caller: &Caller,
        of: &CeilingOf,
        ceiling: &Ceiling,
        if_version: Option<i64>,
    ) -> Result<(Option<StoredCeiling>, bool), KeyError> {
        let (installation, now, client) = (caller.installation, self.now(), of.client());
        let before = change.ceiling(installation, client.as_ref()).await.map_err(failure::public)?;
        let version = before.as_ref().map_or(0, |before| before.version);
        let from = before.as_ref().map(|before| before.ceiling.clone()).unwrap_or_default();
        if from == *ceiling {
            return Ok((before, false));
        }
        if if_version.is_some_and(|wanted| wanted != version) {
            return Err(KeyError::VersionMoved { current: version });
        }
        let named = client.as_ref().zip(match of {
            CeilingOf::Installation => None,
            CeilingOf::Client(name, _) => Some(name),
        });
        change.put_ceiling(installation, named, ceiling, now).await.map_err(failure::public)?;
        let event = AuditEvent::of(Action::CeilingSet, told(of, &from, ceiling).into());
        self.write_audit(change, installation, caller, now, vec![event]).await?;
        Ok((change.ceiling(installation, client.as_ref()).await.map_err(failure::public)?, true))
    }
}

/// The details of the audit entry: whose ceiling, and each list before and after that has changed.
fn told(of: &CeilingOf, from: &Ceiling, to: &Ceiling) -> Map<String, Value> {
    let mut detail = Map::new();
    if let CeilingOf::Client(name, environment) = of {
        detail.insert("client_name".to_owned(), json!(name));
        detail.insert("environment".to_owned(), json!(environment));
    }
    let Ceiling { rate_limits, quotas } = to;
    if from.rate_limits != *rate_limits {
        detail.insert("rate_limits".to_owned(), json!({ "from": from.rate_limits, "to": rate_limits }));
    }
    if from.quotas != *quotas {
        detail.insert("quotas".to_owned(), json!({ "from": from.quotas, "to": quotas }));
    }
    detail
}
