//! What the operator does with the keyring's peppers, master keys and keys that sign tokens: add one, use it, give an older one up.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use model::{Action, Actor, InstallationId, KeyError};
use serde_json::json;
use store::{RestingKey, StoreError};
use zeroize::Zeroizing;

use crate::{
    Keydesk, Keyring, KeyringError, OpenError,
    audit::AuditEvent,
    failure,
    keyring::{moved_first, rewrite, with_line, with_new, without},
    prove_keyring::{KINDS, counted, find},
    turn::ALONE,
};

/// What is rotated in a keyring by these verbs. Audit keys are rotated by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyringKind {
    /// The key of the digests by which secrets are looked up.
    Pepper,
    /// The key that wraps sealed copies.
    Master,
    /// The key that signs tokens.
    Token,
}

impl KeyringKind {
    /// As lines of the keyring begin.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pepper => "pepper",
            Self::Master => "master",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for KeyringKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key that is in the keyring, or on which something rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringKey {
    /// `pepper`, `master` or `token`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Whether this keyring has it.
    pub there: bool,
    /// Whether it is used for what is new.
    pub first: bool,
    /// What rests on it, in words: `3 secrets`.
    pub uses: Vec<String>,
}

/// A key of the keyring that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredKey {
    /// The API keys that end with a pepper, or whose secrets can't be shown any more without a master key.
    pub keys: Vec<RestingKey>,
    /// Whether its line is no longer in the keyring's file. If not, the operator removes it.
    pub line_removed: bool,
}

/// Why the keyring was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeKeyringError {
    /// The operator writes it.
    #[error("the keyring is not Keydesk's to write ({0}); change it yourself, as docs/operations.md says")]
    NotOurs(String),
    /// There is no such key.
    #[error("the keyring has no {kind} key {id}")]
    Unknown {
        /// `pepper`, `master` or `token`.
        kind: KeyringKind,
        /// Its id.
        id: String,
    },
    /// It was given up.
    #[error("the {kind} key {id} was retired and can't be used again; add another one")]
    Retired {
        /// `pepper`, `master` or `token`.
        kind: KeyringKind,
        /// Its id.
        id: String,
    },
    /// It is used for what is new.
    #[error("the {kind} key {id} is the one in use; add another one and use that first")]
    InUse {
        /// `pepper`, `master` or `token`.
        kind: KeyringKind,
        /// Its id.
        id: String,
    },
    /// Something rests on it.
    #[error("the {kind} key {id} is still needed by {uses}; --force gives it up all the same, and what needs it ends")]
    Needed {
        /// `pepper`, `master` or `token`.
        kind: KeyringKind,
        /// Its id.
        id: String,
        /// What, in words.
        uses: String,
        /// The API keys that would end.
        keys: Vec<RestingKey>,
    },
    /// An audit log is signed under a key that follows from it.
    #[error(
        "an audit log has entries that are signed under a key from the master key {0}; its line stays for as long as the log, also \
         with --force"
    )]
    SignsAudit(String),
    /// The keyring, as it was changed, can't be used.
    #[error(transparent)]
    Keyring(#[from] OpenError),
    /// The database can't be used.
    #[error("the database can't be used: {0}")]
    Store(#[from] StoreError),
    /// The change was not made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Keydesk {
    /// The peppers, master keys and keys that sign tokens, each kind in its order, and after them those that are missing though something
    /// rests on them.
    pub async fn keyring_keys(&self) -> Result<Vec<KeyringKey>, StoreError> {
        let (keyring, uses) = (self.keyring(), self.inner.store.keyring_uses(self.now()).await?);
        let mut keys = Vec::new();
        for kind in KINDS.into_iter().chain([KeyringKind::Token.as_str()]) {
            let uses = |id: &str| -> Vec<String> {
                if kind == KeyringKind::Token.as_str() && keyring.newest(kind) == id {
                    // What older ones have signed is in no database, and ends within an hour.
                    return vec!["new tokens".to_owned()];
                }
                uses.iter().filter(|of| of.kind == kind && of.id == id).map(counted).collect()
            };
            let key = |id: &str, there| KeyringKey {
                kind: kind.to_owned(),
                id: id.to_owned(),
                there,
                first: keyring.newest(kind) == id,
                uses: uses(id),
            };
            keys.extend(keyring.ids(kind).into_iter().map(|id| key(id, true)));
        }
        for of in uses.iter().filter(|of| !keyring.has(&of.kind, &of.id)) {
            match keys.iter_mut().find(|key| key.kind == of.kind && key.id == of.id) {
                Some(key) => key.uses.push(counted(of)),
                None => keys.push(KeyringKey {
                    kind: of.kind.clone(),
                    id: of.id.clone(),
                    there: false,
                    first: false,
                    uses: vec![counted(of)],
                }),
            }
        }
        Ok(keys)
    }

    /// Adds a key behind the others of its kind, where it finds and opens what other nodes make with it, and nothing is made with it
    /// here. Returns its id.
    pub async fn add_keyring_key(&self, kind: KeyringKind) -> Result<String, ChangeKeyringError> {
        let known = self.inner.store.known_keys().await?;
        let keyring = self.keyring();
        let letter = &kind.as_str()[..1];
        let taken = |id: &String| keyring.has(kind.as_str(), id) || find(&known, kind.as_str(), id).is_some();
        let mut number = 1_u64;
        let id = loop {
            let id = format!("{letter}{number}");
            if !taken(&id) {
                break id;
            }
            number += 1;
        };
        let new = id.clone();
        // The one that signs tokens goes on until the new one is used, also where it is derived.
        let signs = if kind == KeyringKind::Token { keyring.derived_token_line() } else { None };
        self.write_keyring(|this, text| {
            let text = signs.map_or_else(|| Zeroizing::new(text.to_owned()), |line| with_line(text, &line));
            Some(with_new(&text, kind.as_str(), &new, &*this.inner.entropy))
        })
        .await?;
        Ok(id)
    }

    /// Puts a key before the others of its kind: it is used for what is new from now on. False: it was there already.
    pub async fn use_keyring_key(&self, kind: KeyringKind, id: &str) -> Result<bool, ChangeKeyringError> {
        let keyring = self.keyring();
        let is_derived = kind == KeyringKind::Token && !keyring.names_token_key(id);
        if is_derived || !keyring.has(kind.as_str(), id) {
            return Err(ChangeKeyringError::Unknown { kind, id: id.to_owned() });
        }
        let known = self.inner.store.known_keys().await?;
        if find(&known, kind.as_str(), id).is_some_and(|known| known.retired_at.is_some()) {
            return Err(ChangeKeyringError::Retired { kind, id: id.to_owned() });
        }
        if keyring.newest(kind.as_str()) == id {
            return Ok(false);
        }
        self.write_keyring(|_, text| moved_first(text, kind.as_str(), id)).await?;
        if kind == KeyringKind::Token {
            self.note_token_key(Action::KeyringKeyAdded, id).await?;
        }
        Ok(true)
    }

    /// Gives a key up that is not in use any more, and removes its line. Unless `force` says so, nothing may rest on it. It is told in
    /// each audit log, with the keys that end.
    pub async fn retire_keyring_key(
        &self,
        kind: KeyringKind,
        id: &str,
        force: bool,
    ) -> Result<RetiredKey, ChangeKeyringError> {
        let (store, keyring, now) = (&self.inner.store, self.keyring(), self.now());
        let known = store.known_keys().await?;
        let known = find(&known, kind.as_str(), id);
        let there = match kind {
            KeyringKind::Token => keyring.names_token_key(id),
            KeyringKind::Pepper | KeyringKind::Master => keyring.has(kind.as_str(), id),
        };
        if known.is_none() && !there {
            return Err(ChangeKeyringError::Unknown { kind, id: id.to_owned() });
        }
        if keyring.newest(kind.as_str()) == id {
            return Err(ChangeKeyringError::InUse { kind, id: id.to_owned() });
        }
        if kind == KeyringKind::Master
            && store.audit_keys().await?.iter().any(|(audit, _)| *audit == format!("master:{id}"))
        {
            return Err(ChangeKeyringError::SignsAudit(id.to_owned()));
        }
        if kind == KeyringKind::Token {
            // What it has signed ends within an hour, whatever happens, and rests on nothing in the database.
            self.write_keyring(|_, text| without(text, kind.as_str(), id)).await?;
            self.note_token_key(Action::KeyringKeyRetired, id).await?;
            return Ok(RetiredKey { keys: Vec::new(), line_removed: true });
        }
        let mut keys = Vec::new();
        if known.is_none_or(|known| known.retired_at.is_none()) {
            let uses = store.keyring_uses(now).await?;
            let uses: Vec<_> = uses.iter().filter(|of| of.kind == kind.as_str() && of.id == id).map(counted).collect();
            keys = store.keys_resting_on(kind.as_str(), id, now).await?;
            if !uses.is_empty() && !force {
                let uses = uses.join(" and ");
                return Err(ChangeKeyringError::Needed { kind, id: id.to_owned(), uses, keys });
            }
            self.note_retired(kind, id, force, &keys).await?;
        }
        let line_removed = match self.write_keyring(|_, text| without(text, kind.as_str(), id)).await {
            Ok(()) => true,
            Err(ChangeKeyringError::NotOurs(_)) => !there,
            Err(error) => return Err(error),
        };
        Ok(RetiredKey { keys, line_removed })
    }

    /// Tells of a key that signs tokens in each audit log.
    async fn note_token_key(&self, action: Action, id: &str) -> Result<(), ChangeKeyringError> {
        let installations = self.inner.store.installations().await?;
        let id = id.to_owned();
        let noted = self.change(ALONE, move |this, mut change| async move {
            let now = this.now();
            for installation in installations {
                let event = AuditEvent::of(action, json!({ "kind": "token", "id": id }));
                this.write_audit(&mut change, installation.id, Actor::Operator, now, vec![event]).await?;
            }
            this.commit(change).await
        });
        Ok(noted.await?)
    }

    async fn note_retired(
        &self,
        kind: KeyringKind,
        id: &str,
        force: bool,
        keys: &[RestingKey],
    ) -> Result<(), ChangeKeyringError> {
        let mut ending = BTreeMap::<InstallationId, usize>::new();
        keys.iter().for_each(|key| *ending.entry(key.installation.0).or_default() += 1);
        let installations = self.inner.store.installations().await?;
        let id = id.to_owned();
        let noted = self.change(ALONE, move |this, mut change| async move {
            let now = this.now();
            if !change.retire_keyring_key(kind.as_str(), &id, now).await.map_err(failure::public)? {
                // Another process was first, and has told it.
                return Ok(());
            }
            for installation in installations {
                let ending = ending.get(&installation.id).copied().unwrap_or_default();
                let detail = json!({ "kind": kind.as_str(), "id": id, "forced": force, "keys": ending });
                let event = AuditEvent::of(Action::KeyringKeyRetired, detail);
                this.write_audit(&mut change, installation.id, Actor::Operator, now, vec![event]).await?;
            }
            this.commit(change).await
        });
        Ok(noted.await?)
    }

    /// Writes the keyring's file, where it is Keydesk's to write, and reads it again.
    async fn write_keyring(
        &self,
        change: impl FnOnce(&Self, &str) -> Option<Zeroizing<String>>,
    ) -> Result<(), ChangeKeyringError> {
        let Some(file) = &self.inner.keyring_file else {
            return Err(ChangeKeyringError::NotOurs("KEYDESK_KEYRING".to_owned()));
        };
        let path = || file.path().display().to_string();
        let mut spoilt = None;
        let written = rewrite(file, &*self.inner.entropy, |text| {
            let text = change(self, text)?;
            spoilt = Keyring::parse(&text).err();
            spoilt.is_none().then_some(text)
        });
        if let Some(error) = spoilt {
            return Err(OpenError::from(error).into());
        }
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem => {
                return Err(ChangeKeyringError::NotOurs(path()));
            }
            Err(source) => return Err(OpenError::from(KeyringError::Io { path: PathBuf::from(path()), source }).into()),
        }
        self.reload_keyring(Actor::Operator).await?;
        Ok(())
    }
}
