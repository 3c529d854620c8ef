//! What an import remembers of its own rows: of each key some 60 bytes, and nothing of what it is.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
};

use model::KeyId;

use super::draft::Draft;

/// Keys with a slow hash that may have one prefix: each call tries all of them.
pub(super) const OF_PREFIX: u64 = 5;

#[derive(Default)]
pub(super) struct Seen {
    /// The rows by what they are known by.
    rows: HashMap<u64, u32>,
    keys: Vec<SeenKey>,
    /// Keys with a slow hash of each prefix, those that were here before, too.
    prefixes: HashMap<u64, u64>,
    hasher: RandomState,
}

/// A row of this import that brings a new key.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenKey {
    pub(super) id: Option<KeyId>,
    pub(super) print: u64,
}

impl Seen {
    /// The row before that brings the same key.
    pub(super) fn find(&self, draft: &Draft) -> Option<SeenKey> {
        let row = draft.forms.common().find_map(|form| self.rows.get(&form))?;
        self.keys.get(*row as usize).copied()
    }

    /// This row brings a new key.
    pub(super) fn add(&mut self, draft: &Draft, id: Option<KeyId>) {
        let row = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.push(SeenKey { id, print: draft.print });
        for form in draft.forms.common() {
            self.rows.entry(form).or_insert(row);
        }
        if let Some(prefix) = draft.slow_prefix() {
            *self.prefixes.entry(self.hasher.hash_one(prefix)).or_default() += 1;
        }
    }

    /// Whether it is known how many keys have this prefix.
    pub(super) fn knows_prefix(&self, prefix: &str) -> bool {
        self.prefixes.contains_key(&self.hasher.hash_one(prefix))
    }

    /// So many have it that were here before.
    pub(super) fn set_prefix(&mut self, prefix: &str, keys: u64) {
        self.prefixes.insert(self.hasher.hash_one(prefix), keys);
    }

    /// Whether no other key may have this prefix.
    pub(super) fn is_crowded(&self, prefix: &str) -> bool {
        self.prefixes.get(&self.hasher.hash_one(prefix)).is_some_and(|keys| *keys >= OF_PREFIX)
    }
}
