use std::{
    hint::black_box,
    net::IpAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use model::{CallFacts, Code, Instant, RefusalCode, SecretId, presented_key};
use store::{Digest, StoreError};

use crate::{
    Call, Peppers, Record, Unavailable, UsedSecret, Verdict, Verifier,
    candidate::{Candidate, digests},
    form::Form,
    limits::{Answers, Ask, Decision, Question},
};

impl Verifier {
    /// Decides and counts one call: whose key it is, whether it may do this, and whether it has done too much.
    pub async fn verify(&self, call: Call<'_>, now: Instant) -> Result<Verdict, Unavailable> {
        let call = trimmed(call);
        match self.verify_warm(call, now, None) {
            Warm::Decided(verdict) => Ok(verdict),
            Warm::Stale => Err(Unavailable),
            // Boxed, since a future that asks the database is large, and most calls would only move it about.
            waits => Box::pin(self.verify_waiting(call, waits, now)).await,
        }
    }

    /// Decides a call that needs something that is not in memory. Once that was asked for, the whole call is decided anew: its
    /// key may have changed meanwhile.
    async fn verify_waiting(&self, call: Call<'_>, mut warm: Warm<'_>, now: Instant) -> Result<Verdict, Unavailable> {
        let (limits, store) = (&self.inner.limits, &self.inner.store);
        let mut answers: Option<Answers> = None;
        let (mut tries, mut waits, mut settled) = (0, 0, None);
        let started = limits.nanos();
        while tries < TRIES && waits < WAITS && limits.nanos().saturating_sub(started) < WAITED {
            let decided = match warm {
                Warm::Decided(verdict) => Ok(verdict),
                Warm::Stale => return Err(Unavailable),
                Warm::Unread(peppers, digest) => self.verify_cold(call, peppers, digest, now, answers.as_ref()).await?,
                Warm::Pending(pending) => Err(pending),
            };
            // What was taken elsewhere is this call's if it passes, and is given back if not.
            if let Some(answers) = answers.take()
                && !matches!(&decided, Ok(verdict) if verdict.code == Code::Valid)
            {
                limits.give_rates_back(store, answers).await;
            }
            match decided {
                Ok(verdict) => return Ok(verdict),
                Err(Pending::Lease) => {
                    tries += 1;
                    self.lease().await?;
                }
                Err(Pending::Again) => tries += 1,
                Err(Pending::Held) => {
                    let _place = limits.leases.wait().ok_or(Unavailable)?;
                    // Decided once more after this is listened for, so that nothing is missed.
                    if let Some(settled) = settled.take()
                        && tokio::time::timeout(HELD, settled).await.is_err()
                    {
                        waits += 1;
                    }
                    settled = Some(limits.settled.notified());
                }
                Err(Pending::Elsewhere(question)) => {
                    if question.takes {
                        tries += 1;
                    }
                    let asked = limits.ask_elsewhere(store, question, call.cost).await;
                    answers = asked.map_err(|error| {
                        tracing::error!(%error, "a rate limit could not be asked for");
                        Unavailable
                    })?;
                }
            }
            warm = self.verify_warm(call, now, answers.as_ref());
        }
        Err(Unavailable)
    }

    /// Decides from memory alone, if memory knows: no I/O and no allocation.
    pub fn verify_from_memory(&self, call: Call<'_>, now: Instant) -> Option<Verdict> {
        match self.verify_warm(trimmed(call), now, None) {
            Warm::Decided(verdict) => Some(verdict),
            Warm::Stale | Warm::Unread(..) | Warm::Pending(_) => None,
        }
    }

    fn verify_warm(&self, call: Call<'_>, now: Instant, answers: Option<&Answers>) -> Warm<'_> {
        let inner = &self.inner;
        match self.form(call.key) {
            Form::Own | Form::Imported => {}
            Form::Token => return self.verify_token_warm(call, now, answers),
            Form::Nothing => {
                inner.verdicts[Code::NotFound.index()].fetch_add(1, Relaxed);
                return Warm::Decided(Verdict {
                    code: Code::NotFound,
                    record: None,
                    limits: Vec::new(),
                    refused_by: None,
                    slowed_for: self.failed(call.ip, call.installation, now),
                    busy_for: None,
                });
            }
        }
        let peppers = inner.peppers.get();
        let digest = peppers.digest(call.key);
        match inner.cache.get(&digest) {
            Some(_) if !self.is_fresh() => Warm::Stale,
            Some(record) => {
                let verdict = match self.decide(record, call, now, answers) {
                    Ok(verdict) => verdict,
                    Err(pending) => return Warm::Pending(pending),
                };
                if matches!(verdict.code, Code::NotFound | Code::Revoked | Code::Disabled | Code::Expired) {
                    // Callers are not told which of these it was, so it takes as long as an unknown key.
                    black_box(inner.cache.is_unknown(&digest));
                }
                Warm::Decided(verdict)
            }
            None if inner.cache.is_unknown(&digest) => Warm::Decided(self.unknown(call, now)),
            None => Warm::Unread(peppers, digest),
        }
    }

    /// The same of what may be a derived token.
    fn verify_token_warm(&self, call: Call<'_>, now: Instant, answers: Option<&Answers>) -> Warm<'_> {
        let peppers = self.inner.peppers.get();
        let digest = peppers.digest(call.key);
        match self.remembered_token(&digest) {
            Some(_) if !self.is_fresh() => Warm::Stale,
            Some(record) => match self.decide(record, call, now, answers) {
                Ok(verdict) => Warm::Decided(verdict),
                Err(pending) => Warm::Pending(pending),
            },
            None if self.inner.cache.is_unknown(&digest) => Warm::Decided(self.unknown(call, now)),
            None => Warm::Unread(peppers, digest),
        }
    }

    /// What memory knows of a text that was presented as a key.
    pub(crate) fn look(&self, key: &str) -> Looked<'_> {
        let inner = &self.inner;
        let form = self.form(key);
        if form == Form::Nothing {
            return Looked::Unknown;
        }
        let peppers = inner.peppers.get();
        let digest = peppers.digest(key);
        let known = if form == Form::Token { self.remembered_token(&digest) } else { inner.cache.get(&digest) };
        match known {
            Some(record) => Looked::Known(record),
            None if inner.cache.is_unknown(&digest) => Looked::Unknown,
            None => Looked::Unread(peppers, digest),
        }
    }

    async fn verify_cold(
        &self,
        call: Call<'_>,
        peppers: &Peppers,
        digest: Digest,
        now: Instant,
        answers: Option<&Answers>,
    ) -> Result<Result<Verdict, Pending>, Unavailable> {
        let form = self.form(call.key);
        if !matches!(form, Form::Own | Form::Imported) {
            return Ok(match self.read_token(call.key, digest).await? {
                Some(record) => self.decide(record, call, now, answers),
                None => Ok(self.unknown(call, now)),
            });
        }
        let cache = &self.inner.cache;
        let generation = cache.generation();
        let candidates = self.candidates(peppers, call.key, digest);
        let digests = digests(&candidates);
        if self.is_guess(form, &digests, call.ip) {
            return Ok(Ok(self.unknown(call, now)));
        }
        match self.find(&digests).await? {
            Some(record) => Ok(self.decide_found(record, peppers, &candidates, call, now, answers)),
            None if form == Form::Imported => self.verify_slow(call, peppers, &candidates, generation, now).await,
            None => {
                cache.remember_unknown(digest, generation);
                Ok(Ok(self.unknown(call, now)))
            }
        }
    }

    /// Whether the database is not to be asked: anybody can send texts with the form of imported keys without end, and an address that
    /// has sent too many that are nobody's gets no more read.
    pub(crate) fn is_guess(&self, form: Form, digests: &[Digest], address: Option<IpAddr>) -> bool {
        let is_known = || digests.iter().any(|digest| self.inner.cache.get(digest).is_some());
        form == Form::Imported && !is_known() && self.is_slowed(address)
    }

    /// The record of a text that was presented as a key and that memory does not know.
    pub(crate) async fn read_presented(
        &self,
        key: &str,
        peppers: &Peppers,
        digest: Digest,
    ) -> Result<Option<Arc<Record>>, Unavailable> {
        let digests = || digests(&self.candidates(peppers, key, digest));
        match self.form(key) {
            Form::Own => self.read(&digests()).await,
            // It may be known by a slow hash alone, so it is not remembered that there is none.
            Form::Imported => self.find(&digests()).await,
            Form::Token | Form::Nothing => self.read_token(key, digest).await,
        }
    }

    /// The record of a secret, by its id.
    pub(crate) async fn read_secret(&self, secret: SecretId) -> Result<Option<Arc<Record>>, Unavailable> {
        let (store, cache) = (&self.inner.store, &self.inner.cache);
        let _place = self.inner.lookups.enter().ok_or(Unavailable)?;
        self.inner.misses.fetch_add(1, Relaxed);
        let generation = cache.generation();
        let found = store.record_by_secret(secret).await.map_err(|error| {
            tracing::error!(%error, "the key of a token could not be looked up");
            Unavailable
        })?;
        Ok(found.map(|stored| cache.fill(stored, generation, store.seen())))
    }

    /// The record of a secret that memory does not have under its digest under the newest pepper. If there is none, that is remembered.
    pub(crate) async fn read(&self, digests: &[Digest]) -> Result<Option<Arc<Record>>, Unavailable> {
        let cache = &self.inner.cache;
        let generation = cache.generation();
        let found = self.find(digests).await?;
        if let (None, Some(newest)) = (&found, digests.first()) {
            cache.remember_unknown(*newest, generation);
        }
        Ok(found)
    }

    /// The same, without remembering.
    async fn find(&self, digests: &[Digest]) -> Result<Option<Arc<Record>>, Unavailable> {
        let cache = &self.inner.cache;
        if let Some(record) = digests.iter().skip(1).find_map(|older| cache.get(older)) {
            return if self.is_fresh() { Ok(Some(record)) } else { Err(Unavailable) };
        }
        let _place = self.inner.lookups.enter().ok_or(Unavailable)?;
        self.inner.misses.fetch_add(1, Relaxed);
        self.read_record(digests).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        })
    }

    async fn read_record(&self, digests: &[Digest]) -> Result<Option<Arc<Record>>, StoreError> {
        let (store, cache) = (&self.inner.store, &self.inner.cache);
        let generation = cache.generation();
        let found = store.record_by_digests(digests).await?;
        Ok(found.map(|stored| cache.fill(stored, generation, store.seen())))
    }

    /// Decides, and notes a secret that can get its digest under the newest pepper.
    pub(crate) fn decide_found(
        &self,
        record: Arc<Record>,
        peppers: &Peppers,
        candidates: &[Candidate],
        call: Call<'_>,
        now: Instant,
        answers: Option<&Answers>,
    ) -> Result<Verdict, Pending> {
        let (was, secret) = (record.digest, record.secret());
        let (installation, key) = (record.installation(), record.key_id());
        let former = record.is_former();
        let verdict = self.decide(record, call, now, answers)?;
        let newest = candidates.first().map(|candidate| candidate.digest);
        if verdict.code == Code::Valid && !former && Some(was) != newest {
            self.inner.used_secrets.note(secret, || {
                let Candidate { under, given, .. } = candidates.iter().find(|candidate| candidate.digest == was)?;
                let (was_under, given, under) = (under.clone(), *given, peppers.id().to_owned());
                let (digest, forms) = (newest?, peppers.forms(call.key));
                Some(UsedSecret { installation, key, secret, was, was_under, given, digest, under, forms })
            });
        }
        Ok(verdict)
    }

    pub(crate) fn decide(
        &self,
        record: Arc<Record>,
        call: Call<'_>,
        now: Instant,
        answers: Option<&Answers>,
    ) -> Result<Verdict, Pending> {
        let foreign = call.installation.is_some_and(|installation| installation != record.installation())
            || !call.sees.accepts(record.environment());
        // A key that is due to be purged counts as gone, even before the job removes it.
        if foreign || record.is_gone(now) {
            return Ok(self.unknown(call, now));
        }
        let mut verdict = self.judge(record, call, now);
        if verdict.code == Code::Valid {
            self.limit(&mut verdict, call, now, answers)?;
        }
        self.count(&verdict, call, now, true);
        Ok(verdict)
    }

    /// Refuses a key that is not found, in the time that a found one takes, by deciding on a decoy.
    pub(crate) fn unknown(&self, call: Call<'_>, now: Instant) -> Verdict {
        let mut verdict = self.judge(Arc::clone(&self.inner.decoy), call, now);
        verdict.code = Code::NotFound;
        self.count(&verdict, call, now, false);
        Verdict { record: None, slowed_for: self.failed(call.ip, call.installation, now), ..verdict }
    }

    /// Decides by all but the limits.
    fn judge(&self, record: Arc<Record>, call: Call<'_>, now: Instant) -> Verdict {
        let facts = CallFacts { wanted: call.scopes, environment: call.environment, ip: call.ip, origin: call.origin };
        let code = record.judge(facts, now);
        Verdict { code, record: Some(record), limits: Vec::new(), refused_by: None, slowed_for: None, busy_for: None }
    }

    /// Decides by the limits a call that nothing else refuses, and takes from them.
    fn limit(
        &self,
        verdict: &mut Verdict,
        call: Call<'_>,
        now: Instant,
        answers: Option<&Answers>,
    ) -> Result<(), Pending> {
        let Some(record) = &verdict.record else { return Ok(()) };
        let limits = &self.inner.limits;
        let Some(ceilings) = self.above(record) else { return Ok(()) };
        let meters = [record.meters(), ceilings.client.as_ref(), ceilings.installation.as_ref()];
        match limits.decide(meters, Ask { wanted: Some(call.scopes), cost: call.cost, now, answers }) {
            Decision::Passes(states) => verdict.limits = states,
            Decision::Refused(states, by, is_quota) => {
                verdict.code = if is_quota { Code::QuotaExceeded } else { Code::RateLimited };
                if let Some(state) = states.iter().find(|state| state.label == by.label) {
                    self.inner.reached.note(record, state, now);
                }
                (verdict.limits, verdict.refused_by) = (states, Some(by));
            }
            Decision::Asks => return Err(Pending::Lease),
            Decision::Again => return Err(Pending::Again),
            Decision::Elsewhere(question) => return Err(Pending::Elsewhere(question)),
            Decision::Held => return Err(Pending::Held),
        }
        Ok(())
    }

    fn count(&self, verdict: &Verdict, call: Call<'_>, now: Instant, found: bool) {
        // Whoever says later what a call takes counts it then; one that is refused goes no further.
        let counts = call.counted || verdict.code != Code::Valid;
        let Some(judged) = verdict.record.as_ref().filter(|_| counts) else { return };
        let record = judged.counted();
        self.inner.verdicts[verdict.code.index()].fetch_add(1, Relaxed);
        if !self.inner.usage.records(verdict.code) {
            return;
        }
        if let Some(minute) = record.turn(now)
            && found
        {
            self.inner.usage.turn(record, minute);
        }
        let facts = CallFacts { wanted: call.scopes, environment: call.environment, ip: call.ip, origin: call.origin };
        if record.count(verdict.code, &facts, found, now) {
            self.inner.usage.queue(record);
        }
        if !found {
            return;
        }
        if let Some(code) = RefusalCode::of(verdict.code) {
            self.inner.refusals.note(judged, code, &call, now, &self.inner.ticks, verdict.refused_by);
        } else if let Some(tried) = record.trial() {
            self.inner.trials.check(tried, record.environment(), facts, now);
        }
    }
}

/// Whatever the door, white space around a key is no part of it.
fn trimmed(call: Call<'_>) -> Call<'_> {
    Call { key: presented_key(call.key), ..call }
}

/// What memory knows of a key.
pub(crate) enum Looked<'a> {
    Known(Arc<Record>),
    /// It has the form of none, or nobody has it.
    Unknown,
    /// The database must be asked.
    Unread(&'a Peppers, Digest),
}

enum Warm<'a> {
    Decided(Verdict),
    /// Memory knows the key, but is too old to be trusted.
    Stale,
    /// The database must be asked.
    Unread(&'a Peppers, Digest),
    /// Its limits must be asked for first.
    Pending(Pending),
}

/// What must be asked for before a call can be decided by its limits.
pub(crate) enum Pending {
    /// A part of a quota.
    Lease,
    /// Nothing: it is decided once more, since its limits changed meanwhile.
    Again,
    /// Rate limits that are not decided here.
    Elsewhere(Question),
    /// Whether other calls need what they hold of a quota.
    Held,
}

/// How often a call is decided anew after quotas were leased. Whoever comes after others may find that they have taken what was
/// leased, and waits for more.
const TRIES: usize = 16;
/// How long it waits until it is known whether calls need what they hold of a quota: a little longer than Redis is given.
const HELD: Duration = Duration::from_millis(150);
/// How often it waits so long in vain.
const WAITS: usize = 16;
/// How long it waits in all, however often other calls turned out not to need what they held, in nanoseconds.
const WAITED: u64 = 5_000_000_000;
