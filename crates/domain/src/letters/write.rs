use model::{InstallationId, Instant, PlainSecret};
use store::{Change, LetterKind, SealedCopy, StoreError, StoredLetter};
use uuid::Uuid;

use super::says::Says;
use crate::{Keydesk, LetterCounters, seal};

impl Keydesk {
    /// Whether letters are sent. Else whoever makes a link passes it on.
    pub fn sends_mail(&self) -> bool {
        self.inner.letters.mailer.is_some()
    }

    /// Says under which address people open Keydesk, for the links in letters. Only the first time counts.
    pub fn set_address(&self, address: &str) {
        self.inner.letters.set_address(address);
    }

    /// What became of letters.
    pub fn letter_counters(&self) -> LetterCounters {
        self.inner.letters.counters()
    }

    /// Writes a letter, as part of the change that it tells of. False: none are sent. Tell the sender once the change is committed
    /// ([`Keydesk::letter_written`]).
    pub(crate) async fn write_letter(
        &self,
        change: &mut Change,
        (installation, kind, about): (InstallationId, LetterKind, Uuid),
        says: &Says,
        expires_at: Instant,
    ) -> Result<bool, StoreError> {
        if !self.sends_mail() {
            return Ok(false);
        }
        let now = self.now();
        let id = self.new_id(now);
        let copy = self
            .sealed(installation, id, says)
            .ok_or_else(|| StoreError::Database("a letter could not be sealed".to_owned()))?;
        let new = StoredLetter { id, installation, kind, about, copy, created_at: now, expires_at, attempts: 0 };
        change.insert_letter(&new).await?;
        Ok(true)
    }

    /// A change is committed that has written a letter.
    pub(crate) fn letter_written(&self) {
        self.inner.letters.written.notify_one();
    }

    fn sealed(&self, installation: InstallationId, id: Uuid, says: &Says) -> Option<SealedCopy> {
        let text = PlainSecret::new(serde_json::to_string(says).ok()?);
        let data = |master_id: &str| associated(installation, id, master_id);
        seal::seal_for(&self.keyring(), &*self.inner.entropy, data, &text)
    }

    /// What a letter says; `None`: it does not open.
    pub(super) fn opened(&self, letter: &StoredLetter) -> Option<Says> {
        let data = |master_id: &str| associated(letter.installation, letter.id, master_id);
        let text = seal::open_for(&self.keyring(), data, &letter.copy)?;
        serde_json::from_str(text.expose()).ok()
    }
}

/// Binds a letter to its row.
fn associated(installation: InstallationId, id: Uuid, master_id: &str) -> Vec<u8> {
    let mut data = b"keydesk/letter/1\0".to_vec();
    data.extend_from_slice(installation.0.as_bytes());
    data.extend_from_slice(id.as_bytes());
    data.extend_from_slice(master_id.as_bytes());
    data
}
