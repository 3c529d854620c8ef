//! The lines of a keyring's text: one is added, moved or removed, and all others stay as they are.

use zeroize::Zeroizing;

use super::file::new_line;
use crate::Entropy;

/// The text with a new key of a kind, behind the others of its kind.
pub(crate) fn with_new(text: &str, kind: &str, id: &str, entropy: &dyn Entropy) -> Zeroizing<String> {
    let line = new_line(kind, id, entropy, false);
    let mut lines = lines(text);
    let after = lines.iter().rposition(|line| is(line, kind, None)).map_or(lines.len(), |last| last + 1);
    lines.insert(after, &line);
    joined(&lines)
}

/// The text with one more line at its end.
pub(crate) fn with_line(text: &str, line: &str) -> Zeroizing<String> {
    let mut lines = lines(text);
    lines.push(line);
    joined(&lines)
}

/// The text with a key before all others of its kind. `None`: it is there already, or not at all.
pub(crate) fn moved_first(text: &str, kind: &str, id: &str) -> Option<Zeroizing<String>> {
    let mut lines = lines(text);
    let first = lines.iter().position(|line| is(line, kind, None))?;
    let own = lines.iter().position(|line| is(line, kind, Some(id)))?;
    if own == first {
        return None;
    }
    let line = lines.remove(own);
    lines.insert(first, line);
    Some(joined(&lines))
}

/// The text without a key. `None`: it does not have it.
pub(crate) fn without(text: &str, kind: &str, id: &str) -> Option<Zeroizing<String>> {
    let mut lines = lines(text);
    let own = lines.iter().position(|line| is(line, kind, Some(id)))?;
    lines.remove(own);
    Some(joined(&lines))
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

fn joined(lines: &[&str]) -> Zeroizing<String> {
    // In one piece, so that no other of its length is left in memory.
    let mut text = Zeroizing::new(String::with_capacity(lines.iter().map(|line| line.len() + 1).sum()));
    for line in lines {
        text.push_str(line.trim_end_matches('\n'));
        text.push('\n');
    }
    text
}

/// Whether a line is a key of this kind, and of this id.
fn is(line: &str, kind: &str, id: Option<&str>) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some(kind) && id.is_none_or(|id| words.next() == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    const TEXT: &str = "# ours\r\npepper p1 AA\n  pepper p2 BB\nmaster m1 CC\n# pepper p9 DD\naudit a1 EE adopts";

    #[test]
    fn a_new_line_comes_behind_those_of_its_kind() {
        let text = with_new(TEXT, "pepper", "p3", &SystemEntropy);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[3].starts_with("pepper p3 ") && lines.len() == 7, "{lines:?}");
        assert!(text.ends_with("audit a1 EE adopts\n"));
        let alone = with_new("master m1 CC", "pepper", "p1", &SystemEntropy);
        assert!(alone.starts_with("master m1 CC\npepper p1 "));
    }

    #[test]
    fn a_line_moves_before_those_of_its_kind() {
        let text = moved_first(TEXT, "pepper", "p2").unwrap();
        assert_eq!(
            text.as_str(),
            "# ours\n  pepper p2 BB\npepper p1 AA\nmaster m1 CC\n# pepper p9 DD\naudit a1 EE adopts\n"
        );
        assert!(moved_first(TEXT, "pepper", "p1").is_none() && moved_first(TEXT, "pepper", "p9").is_none());
    }

    #[test]
    fn a_line_is_removed() {
        let text = without(TEXT, "pepper", "p1").unwrap();
        assert_eq!(text.as_str(), "# ours\n  pepper p2 BB\nmaster m1 CC\n# pepper p9 DD\naudit a1 EE adopts\n");
        assert!(without(TEXT, "master", "p2").is_none());
    }
}
