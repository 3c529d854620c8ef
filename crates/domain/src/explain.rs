use model::{Explanation, KeyError, REFUSAL_LIFE_MS};
use uuid::Uuid;
use verify::Record;

use crate::{Keydesk, failure};

/// What a caller is told of a call that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// The key, or the secret, works no more for good: it is told that and no more.
    Revoked,
    /// Why each of the calls of the request was refused, in their order.
    Refused {
        /// The first; requests of one call have no other.
        first: Box<Explanation>,
        /// The others with this key, in a batch.
        others: Vec<Explanation>,
    },
}

impl Keydesk {
    /// Why a call with this key was refused. The key is only recognised, so this works whatever became of it, and while the module
    /// is off. A request that was not refused, is older than a day or belongs to another key is not found.
    pub async fn explain(&self, record: &Record, request: Uuid) -> Result<Explained, KeyError> {
        let now = self.now();
        let since = now.plus_millis(-REFUSAL_LIFE_MS);
        let found = self.verifier().refusals_of(request, record.key_id(), since).await.map_err(failure::public)?;
        let mut told = found.iter().map(model::Refusal::explanation);
        let first = told.next().ok_or(KeyError::NotFound)?;
        if record.is_revoked(now) {
            return Ok(Explained::Revoked);
        }
        Ok(Explained::Refused { first: Box::new(first), others: told.collect() })
    }
}
