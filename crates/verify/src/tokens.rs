//! Derived tokens: signed stand-ins of keys. One is looked at whole once, and then remembered by its digest until it ends, so that a call
//! with it costs little more than one with its key. What its key may do is asked anew with every call.

mod jwt;
mod keys;

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use model::{Instant, OriginPattern, PlainSecret, TokenClaims};
use store::Digest;

pub use self::keys::{PublicTokenKey, TokenKey, TokenKeys};
use crate::{CheckedToken, Record, cache::DigestHasher};

/// Tokens that are remembered. One that is pushed out is looked at again.
pub(crate) const REMEMBERED: usize = 20_000;

/// Origins of which it is known that all nodes were told. Beyond, they are told once more.
const TOLD: usize = 10_000;

/// The keys that sign tokens, and the tokens that are remembered.
pub(crate) struct Tokens {
    /// `None`: this process neither makes nor knows any.
    keys: RwLock<Option<TokenKeys>>,
    /// Empty: nobody has said it.
    issuer: RwLock<Arc<str>>,
    remembered:
        quick_cache::sync::Cache<Digest, Arc<Record>, quick_cache::UnitWeighter, BuildHasherDefault<DigestHasher>>,
    /// The origins of which all nodes were told, and until when they know them.
    told: Mutex<HashMap<OriginPattern, Instant>>,
    /// Moves with each token that is remembered.
    generation: AtomicU64,
    made: AtomicU64,
    checked: AtomicU64,
    forged: AtomicU64,
}

/// Counts of tokens since the start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCounters {
    /// Tokens that were signed here.
    pub made: u64,
    /// Tokens whose signature was checked here, and was right.
    pub checked: u64,
    /// Texts with the form of a token whose signature was not.
    pub forged: u64,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        Self {
            keys: RwLock::default(),
            issuer: RwLock::new("".into()),
            remembered: quick_cache::sync::Cache::with(
                REMEMBERED,
                REMEMBERED as u64,
                quick_cache::UnitWeighter,
                BuildHasherDefault::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            told: Mutex::default(),
            generation: AtomicU64::new(0),
            made: AtomicU64::new(0),
            checked: AtomicU64::new(0),
            forged: AtomicU64::new(0),
        }
    }

    pub(crate) fn keys(&self) -> Option<TokenKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// By these keys from now on. What was signed with others is forgotten.
    pub(crate) fn set_keys(&self, keys: TokenKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
        self.remembered.clear();
    }

    pub(crate) fn issuer(&self) -> Arc<str> {
        Arc::clone(&self.issuer.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_issuer(&self, issuer: &str) {
        *self.issuer.write().unwrap_or_else(PoisonError::into_inner) = issuer.into();
    }

    /// Signs a token; `None`: there is no key.
    pub(crate) fn write(&self, claims: &TokenClaims) -> Option<PlainSecret> {
        let token = jwt::write(self.keys()?.first()?, claims);
        self.made.fetch_add(1, Relaxed);
        Some(token)
    }

    /// What a token says, and the keys by which it was looked at; `None`: none of them has signed it.
    pub(crate) fn read(&self, text: &str) -> Option<(TokenClaims, TokenKeys)> {
        let read = self.keys().and_then(|keys| Some((jwt::read(&keys, text)?, keys)));
        let counter = if read.is_some() { &self.checked } else { &self.forged };
        counter.fetch_add(1, Relaxed);
        read
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Record>> {
        self.remembered.get(digest)
    }

    /// Puts the record of a token that is remembered in place of the one of before.
    pub(crate) fn renew(&self, digest: Digest, record: Arc<Record>) {
        // If the keys were exchanged meanwhile, it was just forgotten, and stays so.
        let _ = self.remembered.replace(digest, record, false);
    }

    /// Remembers a token that was signed with one of `keys`, unless others are used by now: it may have ended with its own.
    pub(crate) fn remember(&self, digest: Digest, record: Arc<Record>, keys: &TokenKeys) {
        let bound = record.token().is_some_and(CheckedToken::is_for_pages);
        self.remembered.insert(digest, record);
        if !self.keys().is_some_and(|now| now.is_same(keys)) {
            self.remembered.remove(&digest);
        } else if bound {
            self.generation.fetch_add(1, Relaxed);
        }
    }

    /// Whether all nodes know an origin until then.
    pub(crate) fn is_told(&self, origin: &OriginPattern, until: Instant) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(origin).is_some_and(|known| *known >= until)
    }

    pub(crate) fn note_told(&self, origin: &OriginPattern, until: Instant) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD {
            told.clear();
        }
        told.insert(origin.clone(), until);
    }

    /// Moves when a token of other pages may be used.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    pub(crate) fn len(&self) -> usize {
        self.remembered.len()
    }

    /// Sees each token that is remembered.
    pub(crate) fn each(&self, mut see: impl FnMut(&Record)) {
        for (_, record) in self.remembered.iter() {
            see(&record);
        }
    }

    /// Forgets tokens that ended before `now`.
    pub(crate) fn forget_ended(&self, now: Instant) {
        self.remembered.retain(|_, record| record.token().is_some_and(|token| token.expires_at() > now));
    }

    pub(crate) fn counters(&self) -> TokenCounters {
        let Self { made, checked, forged, .. } = self;
        TokenCounters { made: made.load(Relaxed), checked: checked.load(Relaxed), forged: forged.load(Relaxed) }
    }
}
