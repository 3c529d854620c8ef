use model::{
    Action, ClientName, Email, Instant, Key, KeyError, KeyId, KeyKind, KeySettings, Metadata, NetworkSet, Notes,
    OriginSet, Preset, ScopeSet,
};
use serde_json::{Map, Value, json};
use store::{Change, StoredKey};

use crate::{Caller, Keydesk, audit::Deed, failure, issue::require_future, switch};

/// What to change of a key. `None`: leave it as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// Whom it is for, as typed.
    pub client_name: Option<String>,
    /// Where its rights come from, unless `scopes` says otherwise. `Custom` by itself leaves the rights as they are.
    pub preset: Option<Preset>,
    /// Its rights.
    pub scopes: Option<ScopeSet>,
    /// Whether it works.
    pub enabled: Option<bool>,
    /// From when on it is refused, an instant in the future; `Some(None)`: never.
    pub expires_at: Option<Option<Instant>>,
    /// From which addresses it may be used.
    pub allowed_ips: Option<NetworkSet>,
    /// From which web origins it may be used.
    pub allowed_origins: Option<OriginSet>,
    /// Pairs of the administrator's own, in place of those that it has.
    pub metadata: Option<Metadata>,
    /// Who answers for it at the client; `Some(None)`: nobody.
    pub owner_email: Option<Option<Email>>,
    /// For those who manage keys; `Some(None)`: none.
    pub notes: Option<Option<Notes>>,
}

impl KeyChange {
    /// Another Client Name.
    pub fn name(client_name: impl Into<String>) -> Self {
        Self { client_name: Some(client_name.into()), ..Self::default() }
    }

    fn apply(self, to: &KeySettings) -> Result<KeySettings, KeyError> {
        let preset = self.preset.unwrap_or(to.preset);
        let of_preset = self.preset.filter(|preset| *preset != Preset::Custom).map(Preset::scopes);
        Ok(KeySettings {
            enabled: self.enabled.unwrap_or(to.enabled),
            client_name: match self.client_name {
                Some(typed) => ClientName::parse(&typed)?,
                None => to.client_name.clone(),
            },
            preset,
            scopes: self.scopes.or(of_preset).unwrap_or_else(|| to.scopes.clone()),
            expires_at: self.expires_at.unwrap_or(to.expires_at),
            allowed_ips: self.allowed_ips.unwrap_or_else(|| to.allowed_ips.clone()),
            allowed_origins: self.allowed_origins.unwrap_or_else(|| to.allowed_origins.clone()),
            metadata: self.metadata.unwrap_or_else(|| to.metadata.clone()),
            owner_email: self.owner_email.unwrap_or_else(|| to.owner_email.clone()),
            notes: self.notes.unwrap_or_else(|| to.notes.clone()),
        })
    }
}

/// Whether a key can do more with other settings, beside what the rights that they add let it do: then who makes the change
/// must hold all of its rights.
fn widens(from: &KeySettings, to: &KeySettings) -> bool {
    let longer = match (from.expires_at, to.expires_at) {
        (Some(from), Some(to)) => to > from,
        (from, None) => from.is_some(),
        (None, Some(_)) => false,
    };
    (to.enabled && !from.enabled)
        || longer
        || !from.allowed_ips.covers(&to.allowed_ips)
        || !from.allowed_origins.covers(&to.allowed_origins)
}

/// What the audit log says: each changed setting before and after, but of the notes only that they were changed. A change of
/// the name alone, or a switch alone, has an action of its own.
fn deed(id: KeyId, from: &KeySettings, to: &KeySettings) -> Deed {
    let mut changed = Map::new();
    let mut tell = |name: &str, from: Value, to: Value| {
        if from != to {
            changed.insert(name.to_owned(), json!({ "from": from, "to": to }));
        }
    };
    tell("enabled", json!(from.enabled), json!(to.enabled));
    tell("client_name", json!(from.client_name), json!(to.client_name));
    tell("preset", json!(from.preset), json!(to.preset));
    tell("scopes", json!(from.scopes), json!(to.scopes));
    tell("expires_at", json!(from.expires_at), json!(to.expires_at));
    tell("allowed_ips", json!(from.allowed_ips), json!(to.allowed_ips));
    tell("allowed_origins", json!(from.allowed_origins), json!(to.allowed_origins));
    tell("metadata", json!(from.metadata), json!(to.metadata));
    tell("owner_email", json!(from.owner_email), json!(to.owner_email));
    if from.notes != to.notes {
        changed.insert("notes".to_owned(), json!({ "changed": true }));
    }
    match changed.remove("client_name") {
        Some(name) if changed.is_empty() => Deed::on_key(Action::KeyRename, id, name),
        None if changed.len() == 1 && to.enabled != from.enabled => switch::deed(id, to.enabled),
        name => {
            changed.extend(name.map(|name| ("client_name".to_owned(), name)));
            Deed::on_key(Action::KeyUpdate, id, Value::Object(changed))
        }
    }
}

impl Keydesk {
    /// Changes settings of a key; with `if_version`, only if nobody else changed the key since. What changes nothing is not
    /// written, and the version stays.
    ///
    /// Rights can always be taken away; added can be only such as the caller holds. To make a key work again, for
    /// longer or from more places, the caller must hold every right that it then has.
    pub async fn update(
        &self,
        caller: &Caller,
        id: KeyId,
        wanted: KeyChange,
        if_version: Option<i64>,
    ) -> Result<Key, KeyError> {
        self.change_as(caller, move |this, caller, mut change| async move {
            let installation = caller.installation;
            let before = editable(&mut change, &caller, id, if_version).await?;
            let now = this.now();
            let from = before.settings();
            let to = wanted.apply(&from)?;
            if to == from {
                return Ok(before.at(now));
            }
            let added = to.scopes.iter().filter(|scope| !from.scopes.allows(scope)).cloned().collect();
            caller.require_to_give(this.catalogue(), &added)?;
            if widens(&from, &to) {
                caller.require_to_hold(&to.scopes)?;
            }
            if to.expires_at != from.expires_at {
                require_future(to.expires_at, now)?;
            }
            let done = change.update_key(installation, id, &to, now).await.map_err(failure::public)?;
            if !done {
                return Err(KeyError::NotFound);
            }
            this.write_audit(&mut change, installation, caller.actor, now, vec![deed(id, &from, &to)]).await?;
            this.finish(change, installation, id, now).await
        })
        .await
    }

    /// Commits a change of one key, knows it before it is answered, and gives the key.
    pub(crate) async fn finish(
        &self,
        mut change: Change,
        installation: model::InstallationId,
        id: KeyId,
        now: Instant,
    ) -> Result<Key, KeyError> {
        let after = change.key(installation, id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
        self.commit_key(change, installation, id).await?;
        Ok(after.at(now))
    }

    /// Commits a change of one key, and knows it before it is answered.
    pub(crate) async fn commit_key(
        &self,
        mut change: Change,
        installation: model::InstallationId,
        id: KeyId,
    ) -> Result<(), KeyError> {
        let records = change.records_of_key(installation, id).await.map_err(failure::public)?;
        self.commit(change).await?;
        self.inner.verifier.apply(records);
        Ok(())
    }
}

/// A key that lives, whosoever it is, in the version that was asked for.
pub(crate) async fn living(
    change: &mut Change,
    caller: &Caller,
    id: KeyId,
    if_version: Option<i64>,
) -> Result<StoredKey, KeyError> {
    in_version(found(change, caller, id).await?, if_version)
}

/// As [`living`], and not the Default API Key, whatever its version.
pub(crate) async fn editable(
    change: &mut Change,
    caller: &Caller,
    id: KeyId,
    if_version: Option<i64>,
) -> Result<StoredKey, KeyError> {
    let key = found(change, caller, id).await?;
    if key.kind() == KeyKind::Default { Err(KeyError::DefaultKeyProtected) } else { in_version(key, if_version) }
}

async fn found(change: &mut Change, caller: &Caller, id: KeyId) -> Result<StoredKey, KeyError> {
    let key = change.key(caller.installation, id).await.map_err(failure::public)?;
    key.filter(|key| key.life.deleted_at.is_none()).ok_or(KeyError::NotFound)
}

pub(crate) fn in_version(key: StoredKey, wanted: Option<i64>) -> Result<StoredKey, KeyError> {
    match wanted {
        Some(version) if version != key.version() => Err(KeyError::VersionMoved { current: key.version() }),
        _ => Ok(key),
    }
}
