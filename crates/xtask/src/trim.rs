//! Takes from the bound client what only tools read: long names, and what nothing calls.
//!
//! Each function that the wasm and its script share has a name with a digest in it, once in either file, and digests do not
//! compress. Crates export classes to the script that this client never makes; their exports keep their code alive.

use crate::process::{Failure, Result};
use std::collections::{BTreeMap, BTreeSet};

const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;
const FUNCTION: u8 = 0;

/// The script and the module that belong together, both smaller.
pub(crate) fn trim(script: &str, module: &[u8]) -> Result<(String, Vec<u8>)> {
    let script = without_unused_classes(script);
    let used: BTreeSet<&str> = identifiers(&script).collect();
    let mut names = Names::default();
    let mut small = module.get(..8).ok_or_else(unreadable)?.to_vec();
    let mut rest = Reader(&module[8..]);
    while !rest.0.is_empty() {
        let kind = rest.byte()?;
        let body = rest.bytes()?;
        let body = match kind {
            IMPORTS => imports(body, &mut names)?,
            EXPORTS => exports(body, &used, &mut names)?,
            _ => body.to_vec(),
        };
        small.push(kind);
        push_bytes(&mut small, &body);
    }
    Ok((names.rename(&script), small))
}

fn imports(body: &[u8], names: &mut Names) -> Result<Vec<u8>> {
    let mut rest = Reader(body);
    let count = rest.number()?;
    let mut small = Vec::with_capacity(body.len());
    push_number(&mut small, count);
    for _ in 0..count {
        let (module, name) = (rest.bytes()?, rest.text()?);
        push_bytes(&mut small, module);
        push_bytes(&mut small, names.short(name).as_bytes());
        if rest.byte()? != FUNCTION {
            return Err(Failure::new("the client imports something other than functions"));
        }
        small.push(FUNCTION);
        push_number(&mut small, rest.number()?);
    }
    Ok(small)
}

fn exports(body: &[u8], used: &BTreeSet<&str>, names: &mut Names) -> Result<Vec<u8>> {
    let mut rest = Reader(body);
    let (mut kept, mut small) = (0, Vec::with_capacity(body.len()));
    for _ in 0..rest.number()? {
        let (name, kind, index) = (rest.text()?, rest.byte()?, rest.number()?);
        if used.contains(name) {
            kept += 1;
            push_bytes(&mut small, names.short(name).as_bytes());
            small.push(kind);
            push_number(&mut small, index);
        }
    }
    let mut counted = Vec::new();
    push_number(&mut counted, kept);
    counted.extend(small);
    Ok(counted)
}

/// Leaves out the classes that nothing but themselves and their finalization names.
fn without_unused_classes(script: &str) -> String {
    let classes = script.lines().filter_map(|line| line.strip_prefix("class ")?.strip_suffix(" {"));
    let mut small = script.to_owned();
    for class in classes {
        let finalization = format!("{class}Finalization");
        let parts = [
            (format!("class {class} {{\n"), "\n}\n"),
            (format!("if (Symbol.dispose) {class}."), "\n"),
            (format!("const {finalization} = "), "1));\n"),
        ];
        let without = parts.iter().try_fold(small.clone(), |script, (from, to)| cut(&script, from, to));
        if let Some(without) = without
            && !identifiers(&without).any(|name| name == class || name == finalization)
        {
            small = without;
        }
    }
    small
}

/// The text without what stands from `from` to the next `to`.
fn cut(text: &str, from: &str, to: &str) -> Option<String> {
    let (before, rest) = text.split_once(from)?;
    Some(format!("{before}{}", rest.split_once(to)?.1))
}

fn identifiers(script: &str) -> impl Iterator<Item = &str> {
    script.split(|letter: char| !in_name(letter)).filter(|name| !name.is_empty())
}

fn in_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Short names for those that wasm-bindgen made up. It makes none with a dollar.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn short(&mut self, name: &str) -> String {
        if !name.starts_with("__wb") && !name.starts_with("wasm_bindgen_") {
            return name.to_owned();
        }
        let next = format!("${:x}", self.0.len());
        self.0.entry(name.to_owned()).or_insert(next).clone()
    }

    fn rename(&self, script: &str) -> String {
        let mut small = String::with_capacity(script.len());
        for piece in script.split_inclusive(|letter| !in_name(letter)) {
            let name = piece.trim_end_matches(|letter| !in_name(letter));
            small.push_str(self.0.get(name).map_or(name, String::as_str));
            small.push_str(&piece[name.len()..]);
        }
        small
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.0.split_first().ok_or_else(unreadable)?;
        self.0 = rest;
        Ok(*first)
    }

    /// LEB128.
    fn number(&mut self) -> Result<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            if shift > 28 {
                return Err(unreadable());
            }
        }
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(unreadable)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| unreadable())
    }
}

fn push_number(into: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        into.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

fn push_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    push_number(into, bytes.len());
    into.extend_from_slice(bytes);
}

fn unreadable() -> Failure {
    Failure::new("wasm-bindgen made a module that can't be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
class Unused {
    free() {
        wasm.__wbg_unused_free(1);
    }
}
if (Symbol.dispose) Unused.prototype[Symbol.dispose] = Unused.prototype.free;
class Used {
    free() {
    }
}
if (Symbol.dispose) Used.prototype[Symbol.dispose] = Used.prototype.free;
export function hydrate() {
    wasm.hydrate();
    return new Used();
}
const imports = {
    __wbg_log_0123456789abcdef: function() { wasm.__wbindgen_malloc(); },
};
const UnusedFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_unused_free(ptr, 1));
";

    fn module(imported: &str, exported: &[&str]) -> Vec<u8> {
        let mut imports = vec![1];
        push_bytes(&mut imports, b"./keydesk_bg.js");
        push_bytes(&mut imports, imported.as_bytes());
        imports.extend([FUNCTION, 0]);
        let mut exports = vec![exported.len() as u8];
        for name in exported {
            push_bytes(&mut exports, name.as_bytes());
            exports.extend([FUNCTION, 0]);
        }
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for (kind, body) in [(IMPORTS, imports), (EXPORTS, exports), (10, vec![0; 200])] {
            module.push(kind);
            push_bytes(&mut module, &body);
        }
        module
    }

    #[test]
    fn names_become_short_on_both_sides_and_what_nothing_calls_goes() {
        let before = module("__wbg_log_0123456789abcdef", &["hydrate", "__wbindgen_malloc", "__wbg_unused_free"]);
        let (script, small) = trim(SCRIPT, &before).unwrap();
        assert_eq!(small, module("$0", &["hydrate", "$1"]));
        assert!(script.contains("$0: function() { wasm.$1(); }"), "{script}");
        assert!(script.contains("wasm.hydrate()") && script.contains("class Used"), "{script}");
        assert!(!script.contains("Unused") && !script.contains("__wb"), "{script}");
        assert_eq!(script.matches('{').count(), script.matches('}').count(), "{script}");
    }

    #[test]
    fn a_module_that_is_cut_off_is_an_error() {
        let whole = module("__wbg_log", &["hydrate"]);
        assert!(trim(SCRIPT, &whole[..whole.len() - 1]).is_err());
        assert!(trim(SCRIPT, b"\0asm").is_err());
    }
}
