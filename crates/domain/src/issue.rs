use model::{
    Actor, Catalogue, ClientName, Environment, Instant, Key, KeyError, KeyId, KeyKind, KeyLife, KeySettings, KeyStatus,
    PlainSecret, Scope, SecretId, SettingsPatch,
};
use store::{Change, NewSecret, StoredKey, StoredRecord};

use crate::{
    Answered, Caller, Idempotency, Installation, Issued, Keydesk,
    audit::By,
    entropy, failure,
    idempotency::Kept,
    seal::{self, Row},
    settings_audit,
    settings_rules::{require_future, require_limits_of, require_reachable_world, require_within_life},
    turn::turn,
};

/// A key to be issued.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// Which data it reaches; `None`: those that the calling key reaches, live data for a person.
    pub environment: Option<Environment>,
    /// The settings that are given; the rest is as in [`SettingsPatch::build`].
    pub settings: SettingsPatch,
}

impl NewKey {
    /// A key with these settings.
    pub fn of(settings: SettingsPatch) -> Self {
        Self { settings, ..Self::default() }
    }
}

/// A key to be built, after all checks.
pub(crate) struct Draft {
    kind: KeyKind,
    pub(crate) environment: Environment,
    pub(crate) settings: KeySettings,
}

impl Draft {
    /// A key that is given no end ends as late as the installation allows: within `longest`.
    pub(crate) fn of(
        caller: &Caller,
        catalogue: &Catalogue,
        longest: Option<KeyLife>,
        new: NewKey,
        now: Instant,
    ) -> Result<Self, KeyError> {
        let given = new.settings.expires_at;
        let expires_at = given.or_else(|| longest.map(|longest| Some(longest.end(now))));
        let settings = SettingsPatch { expires_at, ..new.settings }.build()?;
        require_within_life(longest, None, settings.expires_at, now)?;
        caller.require_to_give(catalogue, &settings.scopes)?;
        require_limits_of(catalogue, &settings, None)?;
        let environment = caller.environment_of_new(new.environment)?;
        require_reachable_world(environment, &settings)?;
        Ok(Self { kind: KeyKind::Issued, environment, settings })
    }
}

impl Keydesk {
    /// Issues a key. The caller can't grant a scope that it does not hold, and a calling key issues none beyond its bounds.
    pub async fn issue(&self, caller: &Caller, new: NewKey) -> Result<Issued, KeyError> {
        self.issue_once(caller, new, None).await?.issued()
    }

    /// The same, with idempotency: a request that is sent again issues no second key.
    pub async fn issue_once(
        &self,
        caller: &Caller,
        new: NewKey,
        idempotency: Option<Idempotency>,
    ) -> Result<Answered, KeyError> {
        let installation = self.require_to_change(caller)?;
        let draft = Draft::of(caller, self.catalogue(), installation.longest_life, new, self.now())?;
        self.change_as(&caller.for_request(idempotency), move |this, caller, mut change| async move {
            if let Some(answer) = this.answered(&mut change, &caller, &installation).await? {
                return Ok(answer);
            }
            caller.require_to_issue(&draft.settings)?;
            let now = this.now();
            let (mut issued, records) = this.insert(&mut change, &caller, &installation, vec![draft], now).await?;
            let issued = issued.remove(0);
            if let Some(record) = records.first() {
                let kept = Kept { installation: &installation, issued: &issued, secret: record.secret };
                this.keep_answer(&mut change, &caller, kept).await?;
            }
            this.commit(change).await?;
            this.inner.verifier.apply(records);
            Ok(issued.into())
        })
        .await
    }

    /// Issues many keys in one change: all of them, or none.
    pub async fn issue_many(&self, caller: &Caller, new: Vec<NewKey>) -> Result<Vec<Issued>, KeyError> {
        let installation = self.require_to_change(caller)?;
        let now = self.now();
        let draft = |new| Draft::of(caller, self.catalogue(), installation.longest_life, new, now);
        let drafts = new.into_iter().map(draft).collect::<Result<Vec<_>, _>>()?;
        self.change_in_turn_as(caller, turn(drafts.len(), false), move |this, caller, mut change| async move {
            drafts.iter().try_for_each(|draft| caller.require_to_issue(&draft.settings))?;
            let now = this.now();
            let (issued, records) = this.insert(&mut change, &caller, &installation, drafts, now).await?;
            this.commit(change).await?;
            this.inner.verifier.apply(records);
            Ok(issued)
        })
        .await
    }

    /// Creates the Default API Key of a new installation.
    pub(crate) async fn insert_default_key(
        &self,
        change: &mut Change,
        actor: Actor,
        installation: &Installation,
        now: Instant,
    ) -> Result<(), KeyError> {
        let settings = KeySettings {
            scopes: Scope::parse("keys:verify").into_iter().collect(),
            ..KeySettings::new(ClientName::parse("Default API Key")?)
        };
        let draft = Draft { kind: KeyKind::Default, environment: Environment::Live, settings };
        self.insert(change, actor, installation, vec![draft], now).await.map(drop)
    }

    /// Writes new keys with their audit entries. Returns them, with their records for verification.
    async fn insert(
        &self,
        change: &mut Change,
        by: impl Into<By> + Send,
        installation: &Installation,
        drafts: Vec<Draft>,
        now: Instant,
    ) -> Result<(Vec<Issued>, Vec<StoredRecord>), KeyError> {
        let mut built = Vec::with_capacity(drafts.len());
        for draft in drafts {
            require_future(draft.settings.expires_at, now)?;
            built.push(self.build(installation, draft, now)?);
        }
        self.insert_built(change, by, installation, built, now).await
    }

    /// The same for keys that were built before.
    pub(crate) async fn insert_built(
        &self,
        change: &mut Change,
        by: impl Into<By> + Send,
        installation: &Installation,
        built: Vec<(Issued, NewSecret)>,
        now: Instant,
    ) -> Result<(Vec<Issued>, Vec<StoredRecord>), KeyError> {
        let mut rows = Vec::with_capacity(built.len());
        let (mut issued, mut events) = (Vec::with_capacity(built.len()), Vec::with_capacity(built.len()));
        let mut counted = 0;
        for (one, secret) in built {
            counted += i64::from(one.key.kind == KeyKind::Issued);
            events.push(settings_audit::issued(&one.key));
            rows.push((StoredKey::new(installation.id, one.key.clone(), change.epoch()), secret));
            issued.push(one);
        }
        // An issued key was checked whole. Whether there is a Default API Key already only the database knows.
        if rows.iter().all(|(key, _)| key.kind() == KeyKind::Issued) {
            change.insert_keys_later(&rows);
        } else {
            change.insert_keys(&rows).await.map_err(failure::public)?;
        }
        change.count_keys(installation.id, counted).await.map_err(failure::public)?;
        self.write_audit(change, installation.id, by, now, events).await?;
        let records = rows.iter().map(|(key, secret)| StoredRecord::of_new(key, secret)).collect();
        Ok((issued, records))
    }

    /// A key with a new secret, not written anywhere yet.
    pub(crate) fn build(
        &self,
        installation: &Installation,
        draft: Draft,
        now: Instant,
    ) -> Result<(Issued, NewSecret), KeyError> {
        let id = KeyId(self.new_id(now));
        let (secret, new_secret) = self.build_secret(installation, id, draft.environment, now)?;
        let key = Key {
            id,
            kind: draft.kind,
            hint: secret.hint(),
            environment: draft.environment,
            status: if draft.settings.enabled { KeyStatus::Active } else { KeyStatus::Disabled },
            settings: draft.settings,
            imported: false,
            last_used_at: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: 1,
        };
        Ok((Issued { key, secret }, new_secret))
    }

    /// A new secret for a key, sealed where the installation keeps copies, and not written anywhere yet.
    pub(crate) fn build_secret(
        &self,
        installation: &Installation,
        key: KeyId,
        environment: Environment,
        now: Instant,
    ) -> Result<(PlainSecret, NewSecret), KeyError> {
        let (keyring, entropy) = (self.keyring(), &*self.inner.entropy);
        let id = SecretId(self.new_id(now));
        let secret = self.inner.format.write(environment, &entropy::body(entropy));
        let sealed = if installation.recoverable {
            let row = Row { installation: installation.id, key, secret: id };
            Some(seal::seal(&keyring, entropy, row, &secret).ok_or(KeyError::Unavailable)?)
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
