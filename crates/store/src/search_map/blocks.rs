//! Blocks of neighbours in the order of names, with the grams that their texts hold.

/// Keys of a block when it is made. Each block that is read in vain costs as many.
const KEYS: u32 = 256;
/// With so many it is divided; one of a single name, which can't be, once it has twice as many as when that was tried.
const CROWDED: u32 = 2 * KEYS;
/// Grams that are kept of a block. Long notes can hold more: it then counts as holding all.
const GRAMS_MOST: usize = 8_192;
/// Keys of neighbouring blocks that are read together.
const PART_KEYS: u64 = 4_096;

/// A part of the order of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its first place.
    pub(crate) from: Vec<u8>,
    /// The first place behind it; `None`: it is the last.
    pub(crate) to: Option<Vec<u8>>,
    /// How many keys it has, at most.
    pub(crate) keys: u64,
}

#[derive(Debug)]
struct Block {
    /// Its first place; the one before ends there.
    from: Vec<u8>,
    keys: u32,
    /// How many it had when it was made.
    made_of: u32,
    grams: Grams,
}

#[derive(Debug)]
enum Grams {
    /// In order, each once.
    These(Vec<u32>),
    All,
}

impl Grams {
    fn of(mut grams: Vec<u32>) -> Self {
        grams.sort_unstable();
        grams.dedup();
        grams.shrink_to_fit();
        if grams.len() > GRAMS_MOST { Self::All } else { Self::These(grams) }
    }

    /// Adds some, which are in order.
    fn add(&mut self, more: &[u32]) {
        let Self::These(held) = self else { return };
        let new: Vec<u32> = more.iter().copied().filter(|gram| held.binary_search(gram).is_err()).collect();
        if !new.is_empty() {
            let mut grams = std::mem::take(held);
            grams.extend(new);
            *self = Self::of(grams);
        }
    }

    fn hold(&self, wanted: &[u32]) -> bool {
        match self {
            Self::All => true,
            Self::These(held) => wanted.iter().all(|gram| held.binary_search(gram).is_ok()),
        }
    }
}

/// The blocks of an installation, in their order. The first begins before every name.
#[derive(Debug, Default)]
pub(super) struct Blocks(Vec<Block>);

impl Blocks {
    /// Adds a key that has this place: its grams are in order, each once.
    pub(super) fn add(&mut self, order: &[u8], grams: &[u32]) {
        if self.0.is_empty() {
            self.0.push(Block { from: Vec::new(), keys: 0, made_of: 0, grams: Grams::of(Vec::new()) });
        }
        let at = self.at(order);
        let block = &mut self.0[at];
        block.keys = block.keys.saturating_add(1);
        block.grams.add(grams);
    }

    /// The block of a place.
    fn at(&self, order: &[u8]) -> usize {
        self.0.partition_point(|block| block.from.as_slice() <= order).saturating_sub(1)
    }

    /// The parts that can hold each of these words, in the order of the list, from a place on.
    pub(super) fn parts(&self, words: &[Vec<u32>], descending: bool, after: Option<&[u8]>) -> Vec<Part> {
        let blocks = match (after, descending) {
            (None, _) => 0..self.0.len(),
            (Some(after), false) => self.at(after)..self.0.len(),
            (Some(after), true) => 0..self.0.len().min(self.at(after) + 1),
        };
        let holds = |at: &usize| self.0.get(*at).is_some_and(|block| words.iter().all(|word| block.grams.hold(word)));
        if descending {
            self.joined(blocks.rev().filter(holds), |one, next| next + 1 == one)
        } else {
            self.joined(blocks.filter(holds), |one, next| one + 1 == next)
        }
    }

    fn joined(&self, blocks: impl Iterator<Item = usize>, neighbours: impl Fn(usize, usize) -> bool) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut last = None;
        for at in blocks {
            let part = self.part(at);
            match parts.last_mut() {
                Some(before) if before.keys < PART_KEYS && last.is_some_and(|last| neighbours(last, at)) => {
                    before.keys += part.keys;
                    if last < Some(at) {
                        before.to = part.to;
                    } else {
                        before.from = part.from;
                    }
                }
                _ => parts.push(part),
            }
            last = Some(at);
        }
        parts
    }

    fn part(&self, at: usize) -> Part {
        let block = &self.0[at];
        let to = self.0.get(at + 1).map(|next| next.from.clone());
        Part { from: block.from.clone(), to, keys: u64::from(block.keys) }
    }

    /// A block that has too many keys to be read in vain.
    pub(super) fn crowded(&self) -> Option<Part> {
        let at = self.0.iter().position(|block| block.keys > CROWDED.max(block.made_of.saturating_mul(2)))?;
        Some(self.part(at))
    }

    /// Puts others into the place of a block.
    pub(super) fn divide(&mut self, block: &Part, into: Self) {
        if let Some(at) = self.0.iter().position(|known| known.from == block.from) {
            drop(self.0.splice(at..=at, into.0));
        }
    }
}

/// Makes blocks of keys that come in their order.
#[derive(Debug)]
pub(super) struct Builder {
    done: Vec<Block>,
    from: Vec<u8>,
    last: Vec<u8>,
    keys: u32,
    grams: Vec<u32>,
}

impl Builder {
    /// The first block begins here.
    pub(super) fn new(from: Vec<u8>) -> Self {
        Self { done: Vec::new(), from, last: Vec::new(), keys: 0, grams: Vec::new() }
    }

    pub(super) fn add(&mut self, order: &[u8], grams: &[u32]) {
        // Those of one name stay together: a block begins with a name.
        if self.keys >= KEYS && order != self.last {
            self.close(order.to_vec());
        }
        self.grams.extend(grams);
        if self.grams.len() > 4 * GRAMS_MOST {
            self.grams.sort_unstable();
            self.grams.dedup();
        }
        self.keys = self.keys.saturating_add(1);
        order.clone_into(&mut self.last);
    }

    fn close(&mut self, next: Vec<u8>) {
        let from = std::mem::replace(&mut self.from, next);
        let grams = Grams::of(std::mem::take(&mut self.grams));
        let keys = std::mem::take(&mut self.keys);
        self.done.push(Block { from, keys, made_of: keys, grams });
    }

    pub(super) fn finish(mut self) -> Blocks {
        self.close(Vec::new());
        Blocks(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search_map::grams::{of_word, push_text};

    fn grams(text: &str) -> Vec<u32> {
        let mut grams = Vec::new();
        push_text(text, &mut grams);
        grams.sort_unstable();
        grams.dedup();
        grams
    }

    /// A thousand names of each of five first words, in their order.
    fn names() -> Vec<String> {
        let of = |word: &'static str| (0..1_000).map(move |number| format!("{word} {number:04}"));
        ["acme", "borealis", "evora", "northwind", "tamarind"].into_iter().flat_map(of).collect()
    }

    fn built(names: &[String]) -> Blocks {
        let mut builder = Builder::new(Vec::new());
        names.iter().for_each(|name| builder.add(name.as_bytes(), &grams(name)));
        builder.finish()
    }

    fn holds(part: &Part, name: &str) -> bool {
        part.from.as_slice() <= name.as_bytes() && part.to.as_deref().is_none_or(|to| name.as_bytes() < to)
    }

    #[test]
    fn what_holds_a_word_is_in_a_part_and_little_else_is() {
        let names = names();
        let blocks = built(&names);
        for word in ["nor", "tam", "e", "v", "ma", "042", "acme", "00"] {
            for descending in [false, true] {
                let parts = blocks.parts(&[of_word(word)], descending, None);
                for name in names.iter().filter(|name| name.contains(word)) {
                    assert!(parts.iter().any(|part| holds(part, name)), "{word}: {name}");
                }
                let sorted = parts.windows(2).all(|two| (two[0].from < two[1].from) != descending);
                assert!(sorted, "{word}: {parts:?}");
            }
        }
        let read = |word: &str| blocks.parts(&[of_word(word)], false, None).iter().map(|part| part.keys).sum::<u64>();
        assert!((1_000..=1_600).contains(&read("nor")), "{}", read("nor"));
        assert_eq!((read("zz"), read("00")), (0, 5_000));
        // Each word has to be there.
        assert_eq!(blocks.parts(&[of_word("nor"), of_word("acme")], false, None), []);
    }

    #[test]
    fn parts_go_on_from_a_place() {
        let blocks = built(&names());
        let all = blocks.parts(&[of_word("0")], false, None);
        for descending in [false, true] {
            let after = blocks.parts(&[of_word("0")], descending, Some(b"evora 0500"));
            assert!(after.first().is_some_and(|part| holds(part, "evora 0500")), "{descending}");
            let keys = |parts: &[Part]| parts.iter().map(|part| part.keys).sum::<u64>();
            assert!((2_200..=2_900).contains(&keys(&after)), "{descending}: {}", keys(&after));
            assert_eq!(keys(&all), 5_000);
        }
    }

    #[test]
    fn keys_that_come_later_are_found_and_crowded_blocks_are_divided() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.parts(&[of_word("a")], false, None), []);
        let names = names();
        names.iter().for_each(|name| blocks.add(name.as_bytes(), &grams(name)));
        let all = blocks.crowded().unwrap();
        assert_eq!((all.from.as_slice(), &all.to, all.keys), (&b""[..], &None, 5_000));
        blocks.divide(&all, built(&names));
        assert_eq!(blocks.crowded(), None);
        blocks.add(b"mamba", &grams("mamba zz"));
        let parts = blocks.parts(&[of_word("zz")], false, None);
        assert_eq!(parts.len(), 1);
        assert!(holds(&parts[0], "mamba") && parts[0].keys < 300, "{parts:?}");
    }

    #[test]
    fn many_keys_of_one_name_are_one_block_and_long_texts_hold_all() {
        let mut builder = Builder::new(Vec::new());
        (0..1_000).for_each(|_| builder.add(b"acme", &grams("acme")));
        builder.add(b"beta", &grams("beta"));
        let blocks = builder.finish();
        assert_eq!((blocks.0.len(), blocks.crowded()), (2, None));
        let mut builder = Builder::new(Vec::new());
        builder.add(b"acme", &(0..20_000).collect::<Vec<u32>>());
        let blocks = builder.finish();
        assert!(matches!(blocks.0[0].grams, Grams::All));
        assert_eq!(blocks.parts(&[of_word("xyz")], false, None).len(), 1);
    }
}
