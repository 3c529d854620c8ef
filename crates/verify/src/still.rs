use std::sync::Arc;

use model::{CallFacts, Instant, OriginUnion};

use crate::{Record, Verifier};

impl Verifier {
    /// Moves with every change that may end what a key may do, and when pages may use another token. What is open is looked at again
    /// when it has moved.
    pub fn generation(&self) -> u64 {
        self.inner.cache.generation().wrapping_add(self.inner.tokens.generation())
    }

    /// The record of its key by which a call that began with this one may go on; `None`: it may not, since it would be refused now, or
    /// its API would be told less than it was. Limits of calls are not asked, and nothing is taken or counted. As with every call,
    /// memory that is too old is not trusted: then nothing goes on.
    pub async fn still_allows(&self, record: &Arc<Record>, facts: CallFacts<'_>, now: Instant) -> Option<Arc<Record>> {
        if !self.is_fresh() {
            return None;
        }
        let key = match self.inner.cache.get(&record.digest) {
            Some(key) => key,
            // Memory was forgotten, or has no room. Whoever can't ask now is asked again soon, or no longer trusted.
            None => match self.read(&[record.digest]).await {
                Ok(key) => key?,
                Err(_) => Arc::clone(record.counted()),
            },
        };
        record.goes_on(&key, facts, now).then_some(key)
    }

    /// The web origins from which keys and tokens that live at `now` may be used, as far as memory knows them.
    pub fn living_origins(&self, now: Instant) -> OriginUnion {
        let mut union = OriginUnion::default();
        self.inner.cache.each(|record| record.add_origins(now, &mut union));
        self.inner.tokens.each(|record| record.add_origins(now, &mut union));
        union
    }
}
