//! Refused and failed calls in the log: a few of each kind in a second, and how many more there were.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::{
    problem::{ErrorKind, KINDS},
    routes::Route,
};

/// Most lines of one code on one route in a second.
const LINES: u64 = 5;

/// How many lines each route and code have had in this second. Bounded: one entry for each pair, all made at the start.
#[derive(Debug)]
pub(crate) struct Refusals(Vec<Entry>);

#[derive(Debug, Default)]
struct Entry {
    /// The second, from 1 on, in the upper half; the lines that were written in it in the lower.
    written: AtomicU64,
    left_out: AtomicU64,
    /// Since the start.
    all: AtomicU64,
}

/// One for each code, and one for answers that are no problem documents.
fn codes() -> usize {
    KINDS.len() + 1
}

impl Refusals {
    pub(crate) fn new(routes: usize) -> Self {
        Self((0..routes * codes()).map(|_| Entry::default()).collect())
    }

    /// Whether one more line may be written, at this time `since` the start; if so, how many lines were left out before
    /// it.
    pub(crate) fn admit(&self, route: Route, kind: Option<&ErrorKind>, since: Duration) -> Option<u64> {
        let code = kind.and_then(|kind| KINDS.iter().position(|known| known.code == kind.code)).unwrap_or(KINDS.len());
        let entry = self.0.get(route.index() * codes() + code)?;
        entry.all.fetch_add(1, Relaxed);
        let second = since.as_secs() + 1;
        let admitted = entry.written.fetch_update(Relaxed, Relaxed, |written| match written >> 32 {
            at if at < second => Some(second << 32 | 1),
            _ if written & 0xffff_ffff < LINES => Some(written + 1),
            _ => None,
        });
        match admitted {
            Ok(_) => Some(entry.left_out.swap(0, Relaxed)),
            Err(_) => {
                entry.left_out.fetch_add(1, Relaxed);
                None
            }
        }
    }
}

impl Refusals {
    /// How many there were on a route since the start, by code; `other` stands for what is no problem document.
    pub(crate) fn counts(&self, route: Route) -> impl Iterator<Item = (&'static str, u64)> {
        let names = KINDS.iter().map(|kind| kind.code).chain(["other"]);
        let entries = self.0.iter().skip(route.index() * codes());
        names.zip(entries).map(|(code, entry)| (code, entry.all.load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Routes, Template, problem};

    #[test]
    fn a_few_lines_of_each_kind_are_written_and_the_rest_is_counted() {
        let routes = Routes::new([Template::path("/a")]);
        let refusals = Refusals::new(routes.iter().count());
        let (a, other) = (routes.find("/a"), routes.find("/b"));
        let at = |millis| Duration::from_millis(millis);
        let admit = |millis| refusals.admit(a, Some(&problem::INVALID_TOKEN), at(millis));
        for _ in 0..LINES {
            assert_eq!(admit(10), Some(0));
        }
        for _ in 0..3 {
            assert_eq!(admit(999), None);
        }
        assert_eq!(refusals.admit(a, Some(&problem::MISSING_KEY), at(999)), Some(0), "another code");
        assert_eq!(refusals.admit(a, None, at(999)), Some(0), "no code");
        assert_eq!(refusals.admit(other, Some(&problem::INVALID_TOKEN), at(999)), Some(0), "another route");
        assert_eq!(admit(1_000), Some(3), "the next second says how many were left out");
        assert_eq!(admit(1_001), Some(0));
    }
}
