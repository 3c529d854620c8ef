use model::{
    Instant, Key, KeyError, KeyId, KeyKind, KeyLife, KeySettings, KeyStatus, LifeCycle, ScopeSet, SettingsPatch,
};
use store::{Change, StoredKey};

use crate::{
    Caller, Keydesk,
    done::Done,
    failure, settings_audit,
    settings_rules::{require_future, require_limits_of, require_reachable_world, require_within_life},
    turn::turn,
};

impl Keydesk {
    /// Changes settings of a key; with `if_version`, only if nobody else changed the key since. A patch that changes
    /// nothing is not written, and the version stays.
    ///
    /// Scopes can always be taken away; only those that the caller holds can be added. To make a key work again, for longer or
    /// from more places, the caller must hold every scope that it then has. A calling key widens no other beyond its own
    /// bounds, and itself not at all; it adds scopes only to a key that it could have issued, and makes no other work
    /// again.
    pub async fn update(
        &self,
        caller: &Caller,
        id: KeyId,
        patch: SettingsPatch,
        if_version: Option<i64>,
    ) -> Result<Key, KeyError> {
        // To switch a key off is to revoke it.
        let revokes = patch.enabled == Some(false);
        self.change_in_turn_as(caller, turn(1, revokes), move |this, caller, mut change| async move {
            if let Some(key) = this.done_key(&mut change, &caller).await? {
                return Ok(key);
            }
            let before = editable(&mut change, &caller, id, if_version).await?;
            let now = this.now();
            let to = patch.apply(before.settings())?;
            if to == *before.settings() {
                return Ok(before.at(now));
            }
            let longest = this.remembered(caller.installation).and_then(|installation| installation.longest_life);
            this.update_in(&mut change, &caller, &before, &to, longest, now).await?;
            this.finish(change, &caller, id, now).await
        })
        .await
    }

    /// Gives a key other settings, as part of a change. `longest`: within how many days keys must end.
    pub(crate) async fn update_in(
        &self,
        change: &mut Change,
        caller: &Caller,
        before: &StoredKey,
        to: &KeySettings,
        longest: Option<KeyLife>,
        now: Instant,
    ) -> Result<(), KeyError> {
        self.require_edit(caller, before, to, longest, now)?;
        let id = before.id();
        if !change.update_key(caller.installation, id, to, now).await.map_err(failure::public)? {
            return Err(KeyError::NotFound);
        }
        let event = settings_audit::changed(id, before.settings(), to);
        self.write_audit(change, caller.installation, caller, now, vec![event]).await
    }

    /// Refuses settings that this caller may not give the key, or that no key can have.
    pub(crate) fn require_edit(
        &self,
        caller: &Caller,
        before: &StoredKey,
        to: &KeySettings,
        longest: Option<KeyLife>,
        now: Instant,
    ) -> Result<(), KeyError> {
        let (id, from) = (before.id(), before.settings());
        let added: ScopeSet = to.scopes.iter().filter(|scope| !from.scopes.allows(scope)).cloned().collect();
        caller.require_to_give(self.catalogue(), &added)?;
        if to.widens(from).is_some() {
            caller.require_to_hold(&to.scopes)?;
        }
        caller.require_to_edit(id, from, to)?;
        let life = LifeCycle { disabled_at: (!to.enabled).then_some(now), expires_at: to.expires_at, deleted_at: None };
        let works_again = life.status(now) == KeyStatus::Active && before.life.status(now) != KeyStatus::Active;
        if !added.is_empty() || works_again {
            caller.require_within_bounds(id, to)?;
        }
        if to.expires_at != from.expires_at {
            require_future(to.expires_at, now)?;
            require_within_life(longest, Some(from.expires_at), to.expires_at, now)?;
        }
        require_limits_of(self.catalogue(), to, Some(from))?;
        require_reachable_world(before.environment(), to)
    }

    /// Commits a change of one key, puts it into memory before the answer, and returns the key, which is kept for whoever
    /// sends the same again.
    pub(crate) async fn finish(
        &self,
        mut change: Change,
        caller: &Caller,
        id: KeyId,
        now: Instant,
    ) -> Result<Key, KeyError> {
        let installation = caller.installation;
        let after = change.key(installation, id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?.at(now);
        self.keep(&mut change, caller, Done::Key(Box::new(after.clone()))).await?;
        self.commit_keys(change, installation, &[id]).await?;
        Ok(after)
    }

    /// Commits a change of these keys, and puts it into memory before the answer.
    pub(crate) async fn commit_keys(
        &self,
        mut change: Change,
        installation: model::InstallationId,
        ids: &[KeyId],
    ) -> Result<(), KeyError> {
        let records = change.records_of_keys(installation, ids).await.map_err(failure::public)?;
        self.commit(change).await?;
        self.inner.verifier.apply(records);
        Ok(())
    }
}

/// A key of the caller's installation that is not deleted, whether the Default API Key or an issued one, in the version that
/// was asked for.
pub(crate) async fn living(
    change: &mut Change,
    caller: &Caller,
    id: KeyId,
    if_version: Option<i64>,
) -> Result<StoredKey, KeyError> {
    in_version(found(change, caller, id).await?, if_version)
}

/// As [`living`], but never the Default API Key, whatever its version.
pub(crate) async fn editable(
    change: &mut Change,
    caller: &Caller,
    id: KeyId,
    if_version: Option<i64>,
) -> Result<StoredKey, KeyError> {
    let key = found(change, caller, id).await?;
    if key.kind() == KeyKind::Default { Err(KeyError::DefaultKeyProtected) } else { in_version(key, if_version) }
}

/// A key of the caller's installation that is not deleted and that the caller sees.
pub(crate) async fn found(change: &mut Change, caller: &Caller, id: KeyId) -> Result<StoredKey, KeyError> {
    let key = change.key(caller.installation, id).await.map_err(failure::public)?;
    key.filter(|key| key.life.deleted_at.is_none() && caller.sees(key.environment())).ok_or(KeyError::NotFound)
}

pub(crate) fn in_version(key: StoredKey, wanted: Option<i64>) -> Result<StoredKey, KeyError> {
    match wanted {
        Some(version) if version != key.version() => Err(KeyError::VersionMoved { current: key.version() }),
        _ => Ok(key),
    }
}
