use std::collections::BTreeMap;

use model::{
    Action, Actor, ClientName, Environment, Instant, Key, KeyError, KeyId, KeyKind, KeyStatus, PlainSecret, Preset,
    Scope, ScopeSet, SecretId,
};
use serde_json::json;
use store::{Change, NewSecret, StoredKey};

use crate::{
    Caller, Idempotency, Installation, Keydesk,
    audit::Deed,
    entropy, failure,
    seal::{self, Row},
};

/// A key to be issued.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whom it is for, as typed.
    pub client_name: String,
    /// Where its rights come from, unless `scopes` says otherwise.
    pub preset: Option<Preset>,
    /// Its rights; `None`: those of the preset, and without a preset none.
    pub scopes: Option<ScopeSet>,
    /// Which data it reaches.
    pub environment: Environment,
    /// So that a request that is sent again issues no second key.
    pub idempotency: Option<Idempotency>,
}

/// An issued key with its secret, which no list will show again.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The key.
    pub key: Key,
    /// Its secret.
    pub secret: PlainSecret,
}

/// What makes a key, once every question about it is answered.
struct Draft {
    kind: KeyKind,
    client_name: ClientName,
    preset: Preset,
    scopes: ScopeSet,
    environment: Environment,
}

impl Draft {
    fn of(caller: &Caller, new: NewKey) -> Result<Self, KeyError> {
        let client_name = ClientName::parse(&new.client_name)?;
        let preset = new.preset.unwrap_or(Preset::Custom);
        let scopes = new.scopes.unwrap_or_else(|| preset.scopes());
        if let Some(scope) = scopes.iter().find(|scope| !scope.is_known()) {
            return Err(KeyError::UnknownScope { scope: scope.clone() });
        }
        let missing = caller.lacks(&scopes);
        if !missing.is_empty() {
            return Err(KeyError::ScopeEscalation { missing });
        }
        Ok(Self { kind: KeyKind::Issued, client_name, preset, scopes, environment: new.environment })
    }
}

impl Keydesk {
    /// Issues a key. The caller can give no right that it does not hold.
    pub async fn issue(&self, caller: &Caller, new: NewKey) -> Result<Issued, KeyError> {
        let installation = self.require_module(caller.installation)?;
        caller.require_change()?;
        let idempotency = new.idempotency.clone();
        let draft = Draft::of(caller, new)?;
        let (this, caller) = (self.clone(), caller.clone());
        self.detached(async move {
            let mut change = this.change().await?;
            if let Some(idempotency) = &idempotency
                && let Some(answer) = this.answered(&mut change, &caller, idempotency).await?
            {
                return Ok(answer);
            }
            let now = this.now();
            let issued = this.put_keys(&mut change, caller.actor, &installation, vec![draft], now).await?.remove(0);
            if let Some(idempotency) = &idempotency {
                this.keep_answer(&mut change, &caller, idempotency, &issued).await?;
            }
            let records = change.records_of_key(installation.id, issued.key.id).await.map_err(failure::public)?;
            this.commit(change).await?;
            this.inner.cache.apply(records);
            Ok(issued)
        })
        .await
    }

    /// Issues many keys in one change: all of them, or none. Without idempotency.
    pub async fn issue_many(&self, caller: &Caller, new: Vec<NewKey>) -> Result<Vec<Issued>, KeyError> {
        let installation = self.require_module(caller.installation)?;
        caller.require_change()?;
        let drafts = new.into_iter().map(|new| Draft::of(caller, new)).collect::<Result<Vec<_>, _>>()?;
        let (this, actor) = (self.clone(), caller.actor);
        self.detached(async move {
            let mut change = this.change().await?;
            let now = this.now();
            let issued = this.put_keys(&mut change, actor, &installation, drafts, now).await?;
            let ids: Vec<KeyId> = issued.iter().map(|issued| issued.key.id).collect();
            let records = change.records_of_keys(installation.id, &ids).await.map_err(failure::public)?;
            this.commit(change).await?;
            this.inner.cache.apply(records);
            Ok(issued)
        })
        .await
    }

    /// Makes the Default API Key of a new installation.
    pub(crate) async fn put_default_key(
        &self,
        change: &mut Change,
        actor: Actor,
        installation: &Installation,
        now: Instant,
    ) -> Result<(), KeyError> {
        let draft = Draft {
            kind: KeyKind::Default,
            client_name: ClientName::parse("Default API Key")?,
            preset: Preset::Custom,
            scopes: Scope::parse("keys:verify").into_iter().collect(),
            environment: Environment::Live,
        };
        self.put_keys(change, actor, installation, vec![draft], now).await.map(drop)
    }

    async fn put_keys(
        &self,
        change: &mut Change,
        actor: Actor,
        installation: &Installation,
        drafts: Vec<Draft>,
        now: Instant,
    ) -> Result<Vec<Issued>, KeyError> {
        let mut rows = Vec::with_capacity(drafts.len());
        let (mut issued, mut deeds) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
        let mut counted = 0;
        for draft in drafts {
            let (one, secret) = self.make(installation, draft, now)?;
            counted += i64::from(one.key.kind == KeyKind::Issued);
            let Key { id, client_name, environment, preset, scopes, hint, .. } = &one.key;
            let detail = json!({
                "client_name": client_name, "environment": environment, "preset": preset, "scopes": scopes, "hint": hint,
            });
            deeds.push(Deed::on_key(Action::KeyIssue, *id, detail));
            rows.push((StoredKey::new(installation.id, one.key.clone(), change.epoch()), secret));
            issued.push(one);
        }
        change.insert_keys(&rows).await.map_err(failure::public)?;
        change.count_keys(installation.id, counted).await.map_err(failure::public)?;
        self.write_audit(change, installation.id, actor, now, deeds).await?;
        Ok(issued)
    }

    /// A key with a new secret, not written anywhere yet.
    fn make(&self, installation: &Installation, draft: Draft, now: Instant) -> Result<(Issued, NewSecret), KeyError> {
        let (keyring, entropy) = (&self.inner.keyring, &*self.inner.entropy);
        let (id, secret_id) = (KeyId(self.new_id(now)), SecretId(self.new_id(now)));
        let secret = self.inner.format.write(draft.environment, &entropy::body(entropy));
        let sealed = if installation.recoverable {
            let row = Row { installation: installation.id, key: id, secret: secret_id };
            Some(seal::seal(keyring, entropy, row, &secret).ok_or(KeyError::Unavailable)?)
        } else {
            None
        };
        let key = Key {
            id,
            kind: draft.kind,
            client_name: draft.client_name,
            hint: secret.hint(),
            environment: draft.environment,
            preset: draft.preset,
            scopes: draft.scopes,
            status: KeyStatus::Active,
            allowed_ips: Vec::new(),
            allowed_origins: Vec::new(),
            rate_limit: None,
            quota: None,
            expires_at: None,
            last_used_at: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: 1,
            metadata: BTreeMap::new(),
        };
        let new_secret = NewSecret {
            id: secret_id,
            digest: keyring.digest(secret.expose()),
            pepper_id: keyring.pepper_id().to_owned(),
            sealed,
        };
        Ok((Issued { key, secret }, new_secret))
    }
}
