//! Which parts of the list by name can hold what is searched for.
//!
//! Many texts are in many names that all stand late in the order: `nor` is in 50,000 of a million names, all of which begin with it.
//! No index of either database finds the first fifty of those soon: one knows the names that hold the text, and not their order; the
//! other knows the order, and not which names hold it. So this process keeps in memory, for each block of some hundreds of neighbours in
//! the order, which letters, pairs and triples of letters their texts hold: some 16 MB for a million keys. A search reads the blocks that
//! hold all of its words' letters, and no others.
//!
//! Invariants:
//! - **no key is missed**: a block holds the letters of each key that has its place there. It may hold more, of keys that were renamed or
//!   deleted since, or letters that stand in different names: what is found is always asked of the database;
//! - it is never older than the search: before each one, what has changed is read by its epoch, as memory of keys is caught up; in another
//!   history, and where much has changed, it is forgotten and made anew;
//! - it is made and used only where all rows have texts and orders of this release: earlier ones are folded anew without an epoch.

mod blocks;
mod counts;
mod grams;
mod known;

pub(crate) use self::{
    blocks::Part,
    known::{Found, Known, Row, SearchMap},
};
