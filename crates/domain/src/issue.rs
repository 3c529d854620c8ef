use model::{
    Action, Actor, Catalogue, ClientName, Email, Environment, Instant, Key, KeyError, KeyId, KeyKind, KeySettings,
    KeyStatus, Metadata, NetworkSet, Notes, OriginSet, PlainSecret, Preset, Scope, ScopeSet, SecretId,
};
use serde_json::{Value, json};
use store::{Change, NewSecret, StoredKey, StoredRecord};

use crate::{
    Caller, Idempotency, Installation, Keydesk,
    audit::Deed,
    entropy, failure,
    seal::{self, Row},
};

/// A key to be issued.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// Whom it is for, as typed.
    pub client_name: String,
    /// Where its rights come from, unless `scopes` says otherwise.
    pub preset: Option<Preset>,
    /// Its rights; `None`: those of the preset, and without a preset none.
    pub scopes: Option<ScopeSet>,
    /// Which data it reaches.
    pub environment: Environment,
    /// Whether it works at once; `None`: it does.
    pub enabled: Option<bool>,
    /// From when on it is refused, an instant in the future; `None`: never.
    pub expires_at: Option<Instant>,
    /// From which addresses it may be used.
    pub allowed_ips: NetworkSet,
    /// From which web origins it may be used.
    pub allowed_origins: OriginSet,
    /// Pairs of the administrator's own.
    pub metadata: Metadata,
    /// Who answers for it at the client.
    pub owner_email: Option<Email>,
    /// For those who manage keys.
    pub notes: Option<Notes>,
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
    environment: Environment,
    settings: KeySettings,
}

impl Draft {
    fn of(caller: &Caller, catalogue: &Catalogue, new: NewKey) -> Result<Self, KeyError> {
        let client_name = ClientName::parse(&new.client_name)?;
        let preset = new.preset.unwrap_or(Preset::Custom);
        let scopes = new.scopes.unwrap_or_else(|| preset.scopes());
        caller.require_to_give(catalogue, &scopes)?;
        let settings = KeySettings {
            enabled: new.enabled.unwrap_or(true),
            client_name,
            preset,
            scopes,
            expires_at: new.expires_at,
            allowed_ips: new.allowed_ips,
            allowed_origins: new.allowed_origins,
            metadata: new.metadata,
            owner_email: new.owner_email,
            notes: new.notes,
        };
        Ok(Self { kind: KeyKind::Issued, environment: new.environment, settings })
    }
}

/// Refuses an end that is not in the future.
pub(crate) fn require_future(expires_at: Option<Instant>, now: Instant) -> Result<(), KeyError> {
    if expires_at.is_some_and(|end| end <= now) {
        let reason = "The expiry must be in the future.".to_owned();
        return Err(KeyError::InvalidSetting { field: "expires_at".to_owned(), reason });
    }
    Ok(())
}

/// What the audit log says of a new key: what it may do and from where, not what was noted down about it.
fn detail(key: &Key) -> Value {
    let mut detail = json!({
        "client_name": key.client_name, "environment": key.environment, "preset": key.preset, "scopes": key.scopes,
        "hint": key.hint,
    });
    if key.status == KeyStatus::Disabled {
        detail["enabled"] = json!(false);
    }
    if key.expires_at.is_some() {
        detail["expires_at"] = json!(key.expires_at);
    }
    if !key.allowed_ips.is_empty() {
        detail["allowed_ips"] = json!(key.allowed_ips);
    }
    if !key.allowed_origins.is_empty() {
        detail["allowed_origins"] = json!(key.allowed_origins);
    }
    detail
}

impl Keydesk {
    /// Issues a key. The caller can give no right that it does not hold.
    pub async fn issue(&self, caller: &Caller, new: NewKey) -> Result<Issued, KeyError> {
        let installation = self.require_module(caller.installation)?;
        caller.require_change()?;
        let idempotency = new.idempotency.clone();
        let draft = Draft::of(caller, self.catalogue(), new)?;
        self.change_as(caller, move |this, caller, mut change| async move {
            if let Some(idempotency) = &idempotency
                && let Some(answer) = this.answered(&mut change, &caller, idempotency).await?
            {
                return Ok(answer);
            }
            let now = this.now();
            let (mut issued, records) =
                this.put_keys(&mut change, caller.actor, &installation, vec![draft], now).await?;
            let issued = issued.remove(0);
            if let Some(idempotency) = &idempotency {
                this.keep_answer(&mut change, &caller, idempotency, &issued).await?;
            }
            this.commit(change).await?;
            this.inner.verifier.apply(records);
            Ok(issued)
        })
        .await
    }

    /// Issues many keys in one change: all of them, or none. Without idempotency.
    pub async fn issue_many(&self, caller: &Caller, new: Vec<NewKey>) -> Result<Vec<Issued>, KeyError> {
        let installation = self.require_module(caller.installation)?;
        caller.require_change()?;
        let drafts =
            new.into_iter().map(|new| Draft::of(caller, self.catalogue(), new)).collect::<Result<Vec<_>, _>>()?;
        self.change_rows_as(caller, drafts.len(), move |this, caller, mut change| async move {
            let now = this.now();
            let (issued, records) = this.put_keys(&mut change, caller.actor, &installation, drafts, now).await?;
            this.commit(change).await?;
            this.inner.verifier.apply(records);
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
            environment: Environment::Live,
            settings: KeySettings {
                enabled: true,
                client_name: ClientName::parse("Default API Key")?,
                preset: Preset::Custom,
                scopes: Scope::parse("keys:verify").into_iter().collect(),
                expires_at: None,
                allowed_ips: NetworkSet::ANY,
                allowed_origins: OriginSet::ANY,
                metadata: Metadata::default(),
                owner_email: None,
                notes: None,
            },
        };
        self.put_keys(change, actor, installation, vec![draft], now).await.map(drop)
    }

    /// Writes new keys. Gives them, and what will be known of them.
    async fn put_keys(
        &self,
        change: &mut Change,
        actor: Actor,
        installation: &Installation,
        drafts: Vec<Draft>,
        now: Instant,
    ) -> Result<(Vec<Issued>, Vec<StoredRecord>), KeyError> {
        let mut rows = Vec::with_capacity(drafts.len());
        let (mut issued, mut deeds) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
        let mut counted = 0;
        for draft in drafts {
            require_future(draft.settings.expires_at, now)?;
            let (one, secret) = self.make(installation, draft, now)?;
            counted += i64::from(one.key.kind == KeyKind::Issued);
            deeds.push(Deed::on_key(Action::KeyIssue, one.key.id, detail(&one.key)));
            rows.push((StoredKey::new(installation.id, one.key.clone(), change.epoch()), secret));
            issued.push(one);
        }
        change.insert_keys(&rows).await.map_err(failure::public)?;
        change.count_keys(installation.id, counted).await.map_err(failure::public)?;
        self.write_audit(change, installation.id, actor, now, deeds).await?;
        let records = rows.iter().map(|(key, secret)| StoredRecord::of_new(key, secret)).collect();
        Ok((issued, records))
    }

    /// A key with a new secret, not written anywhere yet.
    fn make(&self, installation: &Installation, draft: Draft, now: Instant) -> Result<(Issued, NewSecret), KeyError> {
        let id = KeyId(self.new_id(now));
        let (secret, new_secret) = self.make_secret(installation, id, draft.environment, now)?;
        let settings = draft.settings;
        let key = Key {
            id,
            kind: draft.kind,
            client_name: settings.client_name,
            hint: secret.hint(),
            environment: draft.environment,
            preset: settings.preset,
            scopes: settings.scopes,
            status: if settings.enabled { KeyStatus::Active } else { KeyStatus::Disabled },
            allowed_ips: settings.allowed_ips,
            allowed_origins: settings.allowed_origins,
            rate_limit: None,
            quota: None,
            expires_at: settings.expires_at,
            last_used_at: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: 1,
            metadata: settings.metadata,
            owner_email: settings.owner_email,
            notes: settings.notes,
        };
        Ok((Issued { key, secret }, new_secret))
    }

    /// A new secret for a key, sealed where the installation keeps copies, and not written anywhere yet.
    pub(crate) fn make_secret(
        &self,
        installation: &Installation,
        key: KeyId,
        environment: Environment,
        now: Instant,
    ) -> Result<(PlainSecret, NewSecret), KeyError> {
        let (keyring, entropy) = (&self.inner.keyring, &*self.inner.entropy);
        let id = SecretId(self.new_id(now));
        let secret = self.inner.format.write(environment, &entropy::body(entropy));
        let sealed = if installation.recoverable {
            let row = Row { installation: installation.id, key, secret: id };
            Some(seal::seal(keyring, entropy, row, &secret).ok_or(KeyError::Unavailable)?)
        } else {
            None
        };
        let new_secret = NewSecret {
            id,
            digest: keyring.peppers().digest(secret.expose()),
            hint: secret.hint(),
            pepper_id: keyring.peppers().id().to_owned(),
            sealed,
        };
        Ok((secret, new_secret))
    }
}
