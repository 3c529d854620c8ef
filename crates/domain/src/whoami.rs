use model::{Key, KeyError};
use verify::Record;

use crate::Keydesk;

impl Keydesk {
    /// The calling key as itself. Works while the module is off: a running program must not break because nobody may
    /// edit its key.
    pub async fn whoami(&self, record: &Record) -> Result<Key, KeyError> {
        let key = self.read(record.installation(), record.key_id()).await?;
        Ok(Key { settings: key.settings.for_client(), ..key })
    }
}
