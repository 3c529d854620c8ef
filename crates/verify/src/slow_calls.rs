//! Calls with keys that are known by a slow hash alone.

use model::{Code, Instant};

use crate::{Call, Peppers, Unavailable, Verdict, Verifier, candidate::Candidate, slow_keys::Checked, verify::Pending};

impl Verifier {
    /// Decides a call with a key that has the form of an imported one, and that is under none of its digests. `generation`: of memory,
    /// before it was looked for.
    pub(crate) async fn verify_slow(
        &self,
        call: Call<'_>,
        peppers: &Peppers,
        candidates: &[Candidate],
        generation: u64,
        now: Instant,
    ) -> Result<Result<Verdict, Pending>, Unavailable> {
        let inner = &self.inner;
        let Some(newest) = candidates.first().map(|candidate| candidate.digest) else {
            return Ok(Ok(self.unknown(call, now)));
        };
        let nobodys = || {
            inner.cache.remember_unknown(newest, generation);
            Ok(Ok(self.unknown(call, now)))
        };
        let prefixes = inner.imported.prefixes(call.key);
        if prefixes.is_empty() {
            return nobodys();
        }
        let found = {
            let _place = inner.lookups.enter().ok_or(Unavailable)?;
            inner.store.slow_candidates(&prefixes).await.map_err(|error| {
                tracing::error!(%error, "slow hashes could not be looked up");
                Unavailable
            })?
        };
        if found.is_empty() {
            return nobodys();
        }
        let right = match inner.slow_keys.check(call.key, call.ip, found, self.elapsed()).await {
            Checked::Busy(seconds) => return Ok(Ok(busy(seconds))),
            Checked::Wrong => return nobodys(),
            Checked::Right(right) => right,
        };
        inner.imported.prove(newest, right.digest, right.pepper_id.clone());
        // Its key may have been changed, or have got a digest of its own, meanwhile.
        match self.read_secret(right.secret).await? {
            Some(record) if record.digest == right.digest => {
                let own = Candidate { digest: right.digest, under: right.pepper_id, given: true };
                let proven = [Candidate { digest: newest, under: peppers.id().to_owned(), given: false }, own];
                Ok(self.decide_found(record, peppers, &proven, call, now, None))
            }
            Some(record) if record.digest == newest => Ok(self.decide(record, call, now, None)),
            _ => Ok(Ok(self.unknown(call, now))),
        }
    }
}

/// Nothing was found out about the key.
fn busy(seconds: u32) -> Verdict {
    Verdict {
        code: Code::NotFound,
        record: None,
        limits: Vec::new(),
        refused_by: None,
        slowed_for: None,
        busy_for: Some(seconds),
    }
}
