use store::{Store, Tables};

use crate::{Keydesk, OpenError};

impl Keydesk {
    /// How the tables of a database stand to this release. Changes nothing.
    pub async fn tables(database: &str) -> Result<Tables, OpenError> {
        Ok(Store::tables(database).await?)
    }

    /// Brings the tables of a database up to date, and says how they stood before. Makes no deployment: neither keyring nor
    /// rows, so it needs only permission to change tables.
    pub async fn migrate(database: &str) -> Result<Tables, OpenError> {
        Ok(Store::migrate(database).await?)
    }

    /// Why what passes between this process and its database can be read or changed on the way, as a sentence without its
    /// full stop; `None`: it can't.
    pub fn database_exposure(&self) -> Option<String> {
        self.inner.store.exposure()
    }
}
