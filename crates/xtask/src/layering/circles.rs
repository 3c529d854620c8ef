//! Neither files nor folders of a crate may name each other in a circle.
//!
//! A folder is one thing to its neighbours: it names whatever any file in it names. A parent and its own parts may name
//! each other, since the parent's file is what the parts have in common and how others see them.

use super::modules::{Modules, Place};
use std::collections::{BTreeMap, BTreeSet};

/// The neighbours that a module or folder names, with the file that does and the one that it names.
type Neighbours = BTreeMap<String, BTreeMap<String, (String, String)>>;

/// Every circle of neighbours in a crate, in words.
pub(super) fn circles(modules: &Modules) -> Vec<String> {
    let mut folders: BTreeMap<Place, Neighbours> = BTreeMap::new();
    for (from, to) in modules.uses() {
        let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        if let (Some(one), Some(other)) = (from.get(common), to.get(common)) {
            let named = folders.entry(from[..common].to_vec()).or_default().entry(one.clone()).or_default();
            named.entry(other.clone()).or_insert_with(|| (from.join("::"), to.join("::")));
        }
    }
    folders.values().flat_map(circles_among).collect()
}

fn circles_among(neighbours: &Neighbours) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for start in neighbours.keys() {
        if told.contains(start) {
            continue;
        }
        if let Some(circle) = shortest(neighbours, start) {
            told.extend(circle.iter().cloned());
            let steps = circle.iter().zip(circle.iter().cycle().skip(1)).map(|(from, to)| {
                let (file, named) = &neighbours[from][to];
                format!("{file} names {named}")
            });
            circles.push(steps.collect::<Vec<_>>().join(", "));
        }
    }
    circles
}

/// The shortest way from a neighbour back to itself, if there is any.
fn shortest(neighbours: &Neighbours, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut further = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| neighbours.get(last)).into_iter().flat_map(BTreeMap::keys) {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    further.push([way.as_slice(), std::slice::from_ref(next)].concat());
                }
            }
        }
        ways = further;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        circles(&Modules::read(files.iter().copied()))
    }

    #[test]
    fn files_that_import_each_other_are_found() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "fn f() { crate::c::c() } pub struct B;"),
            ("c.rs", "use super::a::A; pub fn c() {}"),
            ("d.rs", "use crate::{a::A, b::B};"),
        ];
        assert_eq!(found(&files), ["a names b, b names c, c names a"]);
    }

    #[test]
    fn a_folder_is_one_thing_to_its_neighbours() {
        let files = [
            ("lib.rs", "mod pages; mod parts;"),
            ("pages.rs", "mod home; mod list;"),
            ("pages/home.rs", "use crate::parts::Button;"),
            ("pages/list.rs", "pub struct List;"),
            ("parts.rs", "use crate::pages::list::List; pub struct Button;"),
        ];
        assert_eq!(found(&files), ["pages::home names parts, parts names pages::list"]);
    }

    #[test]
    fn a_parent_and_its_parts_may_name_each_other() {
        let files = [
            ("lib.rs", "mod a;"),
            ("a.rs", "mod one; mod two; pub struct A; fn f() { one::f(); self::two::f() }"),
            ("a/one.rs", "use super::{A, two}; pub fn f() {}"),
            ("a/two.rs", "use super::A; pub fn f() {}"),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
        let both = files.map(|(name, text)| (name, if name == "a/two.rs" { "use super::one::f as g;" } else { text }));
        assert_eq!(found(&both), ["a::one names a::two, a::two names a::one"]);
    }
}
