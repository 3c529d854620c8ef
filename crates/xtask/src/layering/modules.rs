//! The modules of a crate, and which of them names which.

use super::source::{Path as Segments, Source};
use crate::digest;
use crate::process::{Failure, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A module's place: its names from the root of its crate.
pub(super) type Place = Vec<String>;

/// The files of a crate that are modules of it, by place.
#[derive(Debug, Default)]
pub(super) struct Modules(BTreeMap<Place, Source>);

/// How often an import may lead to another import.
const HOPS: usize = 8;

impl Modules {
    /// Reads the crate whose root is in `folder`, without binaries of its own beside a library.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let mut texts = Vec::new();
        for file in digest::files(folder)? {
            let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
            if name.ends_with(".rs") {
                texts.push((name, fs::read_to_string(&file).map_err(Failure::at(&file))?));
            }
        }
        Ok(Self::read(texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))))
    }

    /// Reads files by their names below the root of the crate.
    pub(super) fn read<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let files: Vec<_> = files.collect();
        let library = files.iter().any(|(name, _)| *name == "lib.rs");
        let is_program = |name: &str| (library && name == "main.rs") || name.starts_with("bin/");
        let modules = files.into_iter().filter(|(name, _)| !is_program(name));
        Self(modules.map(|(name, text)| (place(name), Source::read(text))).collect())
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.keys()
    }

    /// Every pair of modules of which the first names the second.
    pub(super) fn uses(&self) -> Vec<(&Place, Place)> {
        let mut uses = Vec::new();
        for (place, source) in &self.0 {
            for path in &source.paths {
                uses.extend(self.resolve(place, path, HOPS).filter(|to| to != place).map(|to| (place, to)));
            }
        }
        uses.sort();
        uses.dedup();
        uses
    }

    /// The module that a path leads into; none when that is outside of the crate.
    fn resolve(&self, from: &Place, path: &Segments, hops: usize) -> Option<Place> {
        let mut at = from.clone();
        for (index, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => _ = at.pop(),
                name => {
                    let child = [at.as_slice(), &[name.to_owned()]].concat();
                    if self.0.contains_key(&child) {
                        at = child;
                        continue;
                    }
                    return self.follow(&at, index, path, hops);
                }
            }
        }
        Some(at)
    }

    /// Where the segment of a path leads that is no module of `at`.
    fn follow(&self, at: &Place, index: usize, path: &Segments, hops: usize) -> Option<Place> {
        let (source, name) = (self.0.get(at)?, &path[index]);
        if source.defined.contains(name) {
            return Some(at.clone()).filter(|_| index > 0);
        }
        let hops = hops.checked_sub(1)?;
        if let Some(import) = source.imports.get(name).filter(|import| *import != path) {
            let further: Vec<_> = import.iter().chain(&path[index + 1..]).cloned().collect();
            return self.resolve(at, &further, hops);
        }
        if index == 0 {
            // The name of another crate.
            return None;
        }
        let whole = source.globs.iter().filter_map(|glob| self.resolve(at, glob, hops));
        let mut found = whole.filter(|module| module != at && self.offers(module, name));
        found.next().or_else(|| Some(at.clone()))
    }

    fn offers(&self, place: &Place, name: &str) -> bool {
        self.0.get(place).is_some_and(|source| source.defined.contains(name) || source.imports.contains_key(name))
    }
}

fn place(name: &str) -> Place {
    let name = name.trim_end_matches(".rs").trim_end_matches("/mod");
    if matches!(name, "lib" | "main") { Vec::new() } else { name.split('/').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(files: &[(&str, &str)]) -> Vec<String> {
        let modules = Modules::read(files.iter().copied());
        modules.uses().iter().map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::"))).collect()
    }

    #[test]
    fn names_lead_through_re_exports_to_where_they_are_defined() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::Deep; use b::{B as Bee};"),
            ("a.rs", "mod deep; pub(crate) use deep::Deep; pub(crate) use deep::*;"),
            ("a/deep.rs", "pub struct Deep; pub fn more() {}"),
            ("b.rs", "use crate::{Deep, a::more}; pub struct B;"),
            ("c/mod.rs", "fn f() -> crate::Bee { crate::a::unknown!() }"),
        ];
        assert_eq!(uses(&files), [" -> a::deep", " -> b", "a -> a::deep", "b -> a::deep", "c -> a", "c -> b"]);
    }

    #[test]
    fn names_of_other_crates_are_not_counted_as_uses() {
        let files = [("main.rs", "mod a; use std::fmt;"), ("a.rs", "use leptos::prelude::*; use crate::fmt;")];
        assert_eq!(uses(&files), Vec::<String>::new());
    }

    #[test]
    fn circular_re_exports_end() {
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", "pub use crate::b::X;"), ("b.rs", "pub use crate::a::X;")];
        assert_eq!(uses(&files), Vec::<String>::new());
    }
}
