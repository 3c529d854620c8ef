//! The record of a derived token: its key's, narrowed. It is never written down: calls are counted in the record of the key.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
};

use model::{CallFacts, Code, ContactCentreLimits, Instant, LifeCycle, TokenOf};

use super::{
    Hot, Record,
    centre::Centre,
    extra::{Derived, Extra},
};
use crate::{CheckedToken, ends::Ends};

impl Record {
    /// What calls with a token of this key may do: no more than both.
    pub(crate) fn of_token(key: &Arc<Self>, token: &Arc<CheckedToken>) -> Self {
        // A token makes no token; if it ever did, that would still be one of its key.
        let key = key.counted();
        let (networks, origins) = key.bounds();
        let origins = if token.origins.is_empty() { origins } else { &token.origins };
        let derived = Derived { key: Arc::clone(key), token: Arc::clone(token) };
        let life = key.ends.life();
        let expires_at = life.expires_at.map_or(token.expires_at(), |end| end.min(token.expires_at()));
        let (centre, is_narrower) = key.centre_of(token);
        // A key that was narrowed since to less than its token may leaves it nothing: neither's limits are those of both.
        let expires_at = if is_narrower { expires_at } else { Instant::from_millis(0) };
        let mut record = Self {
            hot: Hot {
                lives_until: Instant::from_millis(i64::MIN),
                scopes: Arc::new(token.scopes.common(&key.hot.scopes)),
                extra: Some(Extra::of_token(key.meters().cloned(), networks.clone(), origins.clone(), centre, derived)),
                last_used_at: AtomicI64::new(0),
                minute: AtomicU32::new(0),
                allowed: AtomicU32::new(0),
                queued: AtomicBool::new(true),
                environment: key.hot.environment,
                kind: key.hot.kind,
                former: AtomicU8::new(0),
            },
            digest: key.digest,
            key: key.key,
            installation: key.installation,
            client_name: key.client_name.clone(),
            client: AtomicU64::new(key.client.load(Relaxed)),
            written_at: AtomicI64::new(0),
            ends: Ends::new(LifeCycle { expires_at: Some(expires_at), ..life }, key.ends.secret_expires_at()),
            secret: key.secret,
            epoch: key.epoch,
            detail: OnceLock::new(),
        };
        record.hot.lives_until = record.facts().lives_until();
        record
    }

    /// What a token of this key may do in units of the contact centre, and whether that is no more than the key may.
    fn centre_of(&self, token: &CheckedToken) -> (Option<Arc<Centre>>, bool) {
        let Some(own) = token.limits() else { return (self.centre().cloned(), true) };
        let unlimited = ContactCentreLimits::default();
        let of_key = self.centre_limits().unwrap_or(&unlimited);
        let both = own.over(of_key);
        let is_narrower = of_key.covers(&both);
        (Centre::new(&both, self.sandbox_world().cloned(), self.recordings().cloned()), is_narrower)
    }

    fn derived(&self) -> Option<&Derived> {
        self.hot.extra.as_ref()?.derived.as_ref()
    }

    /// The derived token that was sent in place of the key; `None`: the key itself was.
    pub fn token(&self) -> Option<&CheckedToken> {
        self.derived().map(|derived| &*derived.token)
    }

    pub(crate) fn checked_token(&self) -> Option<&Arc<CheckedToken>> {
        self.derived().map(|derived| &derived.token)
    }

    /// Whether it is that of a token, made of this very record of its key.
    pub(crate) fn is_of(&self, key: &Arc<Self>) -> bool {
        self.derived().is_some_and(|derived| Arc::ptr_eq(&derived.key, key))
    }

    /// Where calls are counted: with the key.
    pub(crate) fn counted(self: &Arc<Self>) -> &Arc<Self> {
        self.derived().map_or(self, |derived| &derived.key)
    }

    /// Decides a call by what the key may do and, with a token, by what that may do, too: by whichever refuses for the earlier reason.
    pub(crate) fn judge(&self, call: CallFacts<'_>, now: Instant) -> Code {
        let own = self.decide(call, now);
        self.derived().map_or(own, |derived| derived.key.decide(call, now).min(own))
    }

    /// Whether the token that was sent has ended at `now`, and its key has not.
    pub(crate) fn has_token_ended(&self, now: Instant) -> bool {
        self.derived().is_some_and(|derived| {
            derived.token.expires_at() <= now && derived.key.expires_at().is_none_or(|end| end > now)
        })
    }

    /// What a token of this key is made of.
    pub(crate) fn for_token(&self) -> TokenOf<'_> {
        TokenOf {
            key: self.key,
            secret: self.secret,
            environment: self.hot.environment,
            scopes: &self.hot.scopes,
            origins: self.bounds().1,
            limits: self.centre_limits(),
            ends_at: [self.ends.life().expires_at, self.ends.secret_expires_at()].into_iter().flatten().min(),
        }
    }
}
