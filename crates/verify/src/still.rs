use std::sync::Arc;

use model::{CallFacts, Code, Instant, OriginUnion};

use crate::{Record, Verifier};

impl Verifier {
    /// Moves with every change that may end what a key may do, and when pages may use another token. What is open is looked at again
    /// when it has moved.
    pub fn generation(&self) -> u64 {
        self.inner.cache.generation().wrapping_add(self.inner.tokens.generation())
    }

    /// The record by which a call with this one's secret would be allowed now; `None`: it would not. Its limits are not asked, and
    /// nothing is taken or counted. As with every call, memory that is too old is not trusted: then nothing is allowed.
    pub async fn still_allows(&self, record: &Arc<Record>, facts: CallFacts<'_>, now: Instant) -> Option<Arc<Record>> {
        if !self.is_fresh() {
            return None;
        }
        let found = match self.inner.cache.get(&record.digest) {
            Some(found) => Some(found),
            // Memory was forgotten, or has no room. Whoever can't ask now is asked again soon, or no longer trusted.
            None => match self.read(&[record.digest]).await {
                Ok(found) => found,
                Err(_) => return Some(Arc::clone(record)),
            },
        };
        let found = found.filter(|found| found.decide(facts, now) == Code::Valid)?;
        // What a token takes away from its key never changes.
        (record.token().is_none() || record.decide(facts, now) == Code::Valid).then_some(found)
    }

    /// The web origins from which keys and tokens that live at `now` may be used, as far as memory knows them.
    pub fn living_origins(&self, now: Instant) -> OriginUnion {
        let mut union = OriginUnion::default();
        self.inner.cache.each(|record| record.add_origins(now, &mut union));
        self.inner.tokens.each(|record| record.add_origins(now, &mut union));
        union
    }
}
