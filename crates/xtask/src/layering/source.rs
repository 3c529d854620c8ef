//! What a Rust file says about modules: which it declares, which names it defines and imports, and which paths it takes.
//! It reads tokens and knows no grammar beyond that, which is enough for a layering check and needs no parser.

use super::tokens::tokens;
use std::collections::{BTreeMap, BTreeSet};

/// A path as written, from its first segment.
pub(super) type Path = Vec<String>;

/// What one file says, without its tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    /// Names that stand for something elsewhere, by import.
    pub(super) imports: BTreeMap<String, Path>,
    /// Modules that are imported whole.
    pub(super) globs: Vec<Path>,
    /// Names that are defined here.
    pub(super) defined: BTreeSet<String>,
    /// Every path that is imported, or taken in place from `crate`, `self` or `super`. An inline module's are as the file
    /// itself would write them.
    pub(super) paths: Vec<Path>,
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let tokens = without_tests(&tokens(text));
        let mut source = Self::default();
        // The depth of braces at which each open inline module began.
        let (mut modules, mut depth, mut at) = (Vec::new(), 0_usize, 0);
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1).map(String::as_str);
            match token.as_str() {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    if modules.last() == Some(&depth) {
                        modules.pop();
                    }
                }
                "mod" if tokens.get(at + 2).is_some_and(|token| token == "{") => modules.push(depth),
                "use" => {
                    let mut tree = Tree { tokens: &tokens, at: at + 1, inline: modules.len(), source: &mut source };
                    tree.read(&Vec::new());
                    at = tree.at;
                    continue;
                }
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" => {
                    source.defined.extend(next.filter(|next| is_name(next)).map(str::to_owned));
                }
                "crate" | "self" | "super" if next == Some("::") && !follows_path(&tokens, at) => {
                    let mut path = vec![token.clone()];
                    while tokens.get(at + 1).is_some_and(|token| token == "::")
                        && tokens.get(at + 2).is_some_and(|token| is_name(token))
                    {
                        path.push(tokens[at + 2].clone());
                        at += 2;
                    }
                    source.paths.extend(outside(path, modules.len()));
                }
                _ => {}
            }
            at += 1;
        }
        source
    }
}

fn follows_path(tokens: &[String], at: usize) -> bool {
    at > 0 && tokens[at - 1] == "::"
}

/// A path in a module that is `inline` deep in its file, as the file itself would write it; none when it stays inside.
fn outside(mut path: Path, inline: usize) -> Option<Path> {
    for _ in 0..inline {
        match path.first().map(String::as_str) {
            Some("super") => _ = path.remove(0),
            Some("crate") => break,
            _ => return None,
        }
    }
    if inline > 0 && path.first().is_some_and(|first| first != "super" && first != "crate") {
        path.insert(0, "self".to_owned());
    }
    Some(path).filter(|path| !path.is_empty())
}

/// Reads the tree behind `use`.
struct Tree<'a> {
    tokens: &'a [String],
    at: usize,
    inline: usize,
    source: &'a mut Source,
}

impl Tree<'_> {
    fn token(&self) -> &str {
        self.tokens.get(self.at).map_or(";", String::as_str)
    }

    fn read(&mut self, prefix: &Path) {
        let mut path = prefix.clone();
        loop {
            match self.token() {
                "{" => {
                    self.at += 1;
                    while !matches!(self.token(), "}" | ";") {
                        self.read(&path);
                        if self.token() == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    return self.found(path, None);
                }
                "::" => self.at += 1,
                "as" => {
                    let name = self.tokens.get(self.at + 1).cloned().unwrap_or_default();
                    self.at += 2;
                    return self.found(path, Some(name));
                }
                name if is_name(name) => {
                    path.push(name.to_owned());
                    self.at += 1;
                }
                _ => {
                    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
                        path.pop();
                    }
                    let name = path.last().cloned().unwrap_or_default();
                    return self.found(path, Some(name));
                }
            }
        }
    }

    fn found(&mut self, path: Path, name: Option<String>) {
        let Some(path) = outside(path, self.inline) else { return };
        match name {
            // What an inline module imports is no name of the file's.
            Some(name) if self.inline == 0 => _ = self.source.imports.insert(name, path.clone()),
            Some(_) => {}
            None => self.source.globs.push(path.clone()),
        }
        self.source.paths.push(path);
    }
}

/// Leaves out every item below `#[cfg(test)]`, or `#[cfg(all(test, ..))]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let end = attribute_end(tokens, at);
        if end > at && is_test(&tokens[at..end]) {
            at = item_end(tokens, end);
        } else {
            let end = end.max(at + 1);
            kept.extend_from_slice(&tokens[at..end]);
            at = end;
        }
    }
    kept
}

/// Where an attribute that begins here ends; here, when none does.
fn attribute_end(tokens: &[String], at: usize) -> usize {
    if tokens[at] != "#" || tokens.get(at + 1).is_none_or(|token| token != "[") {
        return at;
    }
    closing(tokens, at + 1, "[", "]")
}

fn is_test(attribute: &[String]) -> bool {
    let says = |word: &str| attribute.iter().any(|token| token == word);
    says("cfg") && says("test") && !says("not") && !says("any")
}

/// Where the item ends that begins here, perhaps with more attributes.
fn item_end(tokens: &[String], mut at: usize) -> usize {
    while at < tokens.len() {
        match tokens[at].as_str() {
            "#" => at = attribute_end(tokens, at).max(at + 1),
            ";" => return at + 1,
            "{" => return closing(tokens, at, "{", "}"),
            _ => at += 1,
        }
    }
    at
}

/// The place after the bracket that closes the one here.
fn closing(tokens: &[String], from: usize, open: &str, close: &str) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        if token == open {
            depth += 1;
        } else if token == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && token != "as"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::read(text).paths.into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn imports_are_read_branch_by_branch() {
        let text = "pub(crate) use crate::{a::{self, B as C}, d::*};\nuse super::super::e::F;\nuse std::fmt;";
        assert_eq!(paths(text), ["crate::a", "crate::a::B", "crate::d", "super::super::e::F", "std::fmt"]);
        let source = Source::read(text);
        assert_eq!(source.imports["C"], ["crate", "a", "B"]);
        assert_eq!(source.imports["a"], ["crate", "a"]);
        assert_eq!(source.globs, [["crate", "d"]]);
    }

    #[test]
    fn paths_are_found_in_place() {
        let text = "fn f(x: &crate::a::B<u8>) -> super::c::D { self::e::g(x); h::i(); other::crate_::x() }";
        assert_eq!(paths(text), ["crate::a::B", "super::c::D", "self::e::g"]);
        assert!(Source::read(text).defined.contains("f"));
    }

    #[test]
    fn paths_in_comments_strings_and_tests_are_ignored() {
        let text = "/* crate::a /* crate::b */ crate::c */ // crate::d\n\
                    const X: &str = \"crate::e \\\" crate::f\"; const Y: &[u8] = br#\"crate::g \" crate::h\"#;\n\
                    fn f<'a>(x: &'a str) { ('\"', '\\'', b'\"'); crate::i::j() }\n\
                    #[cfg(test)]\nmod tests { use crate::k; fn f() { super::l() } }\n\
                    #[cfg(all(test, feature = \"m\"))]\n#[path = \"n\"]\nmod o;\n\
                    #[cfg(feature = \"p\")]\nuse crate::q;";
        assert_eq!(paths(text), ["crate::i::j", "crate::q"]);
    }

    #[test]
    fn imports_of_an_inline_module_count_as_those_of_its_file() {
        let text = "mod a { use super::b::C; use crate::d; use self::e; use f::G; fn h() { super::super::i() } }\nuse super::j;";
        assert_eq!(paths(text), ["self::b::C", "crate::d", "super::i", "super::j"]);
        assert!(!Source::read(text).imports.contains_key("C"));
    }
}
