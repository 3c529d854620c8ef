use model::{Given, GivenHash, Hint, Instant, Key, KeyError, KeyId, KeyKind, KeyStatus, SecretId};
use store::{KnownBy, NewImported, NewSecret};

use super::draft::Draft;
use crate::{
    Installation, Keydesk, Keyring,
    seal::{self, Row},
};

/// A key that is about to be written.
pub(super) struct New {
    pub(super) key: Key,
    pub(super) secret: NewSecret,
    pub(super) imported: NewImported,
}

impl Keydesk {
    /// The key of a row, not written anywhere yet. Of a hash there is nothing to seal.
    pub(super) fn build_imported(
        &self,
        keyring: &Keyring,
        installation: &Installation,
        draft: Draft,
        id: KeyId,
        now: Instant,
    ) -> Result<New, KeyError> {
        let secret_id = SecretId(self.new_id(now));
        let hint = hint(&draft);
        let Draft { given, prefix, environment, settings, forms, .. } = draft;
        let sealed = match &given {
            Given::Key(key) if installation.recoverable => {
                let row = Row { installation: installation.id, key: id, secret: secret_id };
                Some(seal::seal(keyring, &*self.inner.entropy, row, key).ok_or(KeyError::Unavailable)?)
            }
            _ => None,
        };
        let (known_by, slow) = match given {
            Given::Key(_) => (None, None),
            Given::Hash(GivenHash::Sha256(_)) => (Some(KnownBy::Sha256), None),
            Given::Hash(GivenHash::Sha512(_)) => (Some(KnownBy::Sha512), None),
            Given::Hash(GivenHash::Slow(hash)) => {
                let prefix = prefix.map(|prefix| (hash.as_str().to_owned(), prefix.as_str().to_owned()));
                (Some(KnownBy::Slow), prefix)
            }
        };
        let imported = NewImported {
            known_by,
            slow,
            sha256: forms.sha256.first().copied(),
            sha512: forms.sha512.first().copied(),
            slow_digest: forms.slow,
        };
        let secret = NewSecret {
            id: secret_id,
            digest: forms.digest,
            hint: hint.clone(),
            pepper_id: keyring.peppers().id().to_owned(),
            sealed,
        };
        let key = Key {
            id,
            kind: KeyKind::Issued,
            hint,
            environment,
            status: if settings.enabled { KeyStatus::Active } else { KeyStatus::Disabled },
            settings,
            imported: true,
            last_used_at: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: 1,
        };
        Ok(New { key, secret, imported })
    }
}

/// What is shown of the key: of one of which only a hash is known, how it begins.
fn hint(draft: &Draft) -> Hint {
    match (&draft.given, &draft.prefix) {
        (Given::Key(key), _) if draft.is_own => key.hint(),
        (Given::Key(key), _) => key.imported_hint(),
        (Given::Hash(_), Some(prefix)) => prefix.hint(),
        (Given::Hash(_), None) => Hint("…".to_owned()),
    }
}
