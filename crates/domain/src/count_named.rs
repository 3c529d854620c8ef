use model::{ClientName, KeyError, KeyId};
use uuid::Uuid;

use crate::{Caller, Keydesk, failure};

impl Keydesk {
    /// How many issued keys have this Client Name already, `except` one.
    pub async fn count_named(
        &self,
        caller: &Caller,
        client_name: &str,
        except: Option<KeyId>,
    ) -> Result<u64, KeyError> {
        self.require_open(caller)?;
        let Ok(name) = ClientName::parse(client_name) else { return Ok(0) };
        let except = except.unwrap_or(KeyId(Uuid::nil()));
        self.inner.store.count_named(caller.installation, &name, except).await.map_err(failure::public)
    }
}
