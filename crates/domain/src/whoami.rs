use model::{Key, KeyError};
use verify::Record;

use crate::Keydesk;

impl Keydesk {
    /// The calling key as itself. Works while the module is off: a running program must not break because nobody may
    /// edit its key.
    pub async fn whoami(&self, record: &Record) -> Result<Key, KeyError> {
        // Notes are for those who manage keys.
        let mut key = self.read(record.installation(), record.key_id()).await?;
        key.settings.notes = None;
        Ok(key)
    }
}
