use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use model::{InstallationId, Search};
use tokio::sync::{Mutex, MutexGuard};

use super::{
    blocks::{Blocks, Builder, Part},
    counts::Counts,
    grams::{of_word, push_text},
};
use crate::witness::Moment;

/// A key's place in the order of names, and its texts.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) installation: InstallationId,
    pub(crate) order: Vec<u8>,
    /// Folded.
    pub(crate) texts: [String; 3],
}

impl Row {
    /// The grams of its texts, in order, each once.
    fn grams(&self) -> Vec<u32> {
        let mut grams = Vec::new();
        self.texts.iter().for_each(|text| push_text(text, &mut grams));
        grams.sort_unstable();
        grams.dedup();
        grams
    }
}

/// Where what is searched for can be.
#[derive(Debug)]
pub(crate) struct Found {
    /// In the order of the list.
    pub(crate) parts: Vec<Part>,
    /// How many keys the parts have, at most.
    pub(crate) keys: u64,
    /// How many keys can hold all that is searched for, and how many are likely to.
    pub(crate) at_most: u64,
    pub(crate) likely: u64,
}

/// What is known of all keys.
#[derive(Debug)]
pub(crate) struct Known {
    /// Up to where.
    seen: Moment,
    installations: HashMap<InstallationId, Blocks>,
    counts: Counts,
    /// While it is made: the installation whose keys come.
    builder: Option<(InstallationId, Builder)>,
}

impl Known {
    /// Nothing yet, as of this moment.
    pub(crate) fn new(seen: Moment) -> Self {
        Self { seen, installations: HashMap::new(), counts: Counts::default(), builder: None }
    }

    /// Adds a key while it is made. They come by installation, and in the order of names.
    pub(crate) fn append(&mut self, row: &Row) {
        let grams = row.grams();
        self.counts.add(&grams);
        if self.builder.as_ref().is_none_or(|(of, _)| *of != row.installation) {
            self.end_installation();
        }
        let (_, builder) = self.builder.get_or_insert_with(|| (row.installation, Builder::new(Vec::new())));
        builder.add(&row.order, &grams);
    }

    fn end_installation(&mut self) {
        if let Some((of, builder)) = self.builder.take() {
            self.installations.insert(of, builder.finish());
        }
    }

    fn learn(&mut self, row: &Row) {
        let grams = row.grams();
        self.counts.add(&grams);
        self.installations.entry(row.installation).or_default().add(&row.order, &grams);
    }
}

/// What searches skip by; nothing until it is made.
#[derive(Debug, Default)]
pub(crate) struct SearchMap {
    known: RwLock<Option<Known>>,
    /// Held by whoever reads what has changed.
    learning: Mutex<()>,
}

impl SearchMap {
    /// One at a time reads what has changed.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.learning.lock().await
    }

    /// Up to where it is known; `None`: it is not made.
    pub(crate) fn seen(&self) -> Option<Moment> {
        self.read(|known| known.seen)
    }

    /// It is made.
    pub(crate) fn put(&self, mut known: Known) {
        known.end_installation();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    pub(crate) fn forget(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Learns of keys that were changed up to a moment.
    pub(crate) fn learn(&self, rows: &[Row], now: Moment) {
        self.change(|known| {
            rows.iter().for_each(|row| known.learn(row));
            known.seen = now;
        });
    }

    /// Where each word of a search can be, from a place on.
    pub(crate) fn find(
        &self,
        installation: InstallationId,
        search: &Search,
        descending: bool,
        after: Option<&[u8]>,
    ) -> Option<Found> {
        let words: Vec<Vec<u32>> = search.words().iter().map(|word| of_word(word)).collect();
        self.read(|known| {
            let blocks = known.installations.get(&installation);
            let parts = blocks.map(|blocks| blocks.parts(&words, descending, after)).unwrap_or_default();
            let keys = parts.iter().map(|part| part.keys).sum();
            let at_most = words.iter().map(|word| known.counts.at_most(word)).min().unwrap_or(u64::MAX);
            Found { parts, keys, at_most, likely: known.counts.likely(&words) }
        })
    }

    /// A block that is to be divided.
    pub(crate) fn crowded(&self) -> Option<(InstallationId, Part)> {
        self.read(|known| known.installations.iter().find_map(|(of, blocks)| Some((*of, blocks.crowded()?)))).flatten()
    }

    /// Divides a block into blocks of these keys, which are those that it has, in their order. Nobody may learn meanwhile.
    pub(crate) fn divide(&self, of: InstallationId, block: &Part, rows: &[Row]) {
        let mut builder = Builder::new(block.from.clone());
        rows.iter().for_each(|row| builder.add(&row.order, &row.grams()));
        let divided = builder.finish();
        self.change(|known| {
            if let Some(blocks) = known.installations.get_mut(&of) {
                blocks.divide(block, divided);
            }
        });
    }

    fn read<T>(&self, read: impl FnOnce(&Known) -> T) -> Option<T> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(read)
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.known.write().unwrap_or_else(PoisonError::into_inner).as_mut() {
            change(known);
        }
    }
}
