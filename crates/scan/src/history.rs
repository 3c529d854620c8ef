//! The history of a repository, as `git log -p` writes it: which commit, which file and which line a place in it is.

use memchr::memchr_iter;

use crate::{found::Place, lines::characters};

/// Of a line longer than this only the beginning is looked at; headers are shorter.
const HEAD_MAX: usize = 4 * 1024;

/// Where in a history somebody is who has passed some of it.
#[derive(Debug, Default)]
pub(crate) struct History {
    commit: Option<String>,
    /// Lines since the one that names the commit, which is 1.
    line_of_commit: u64,
    path: Option<String>,
    /// The name before, for a file that is removed.
    old_path: Option<String>,
    hunk: Hunk,
    /// The beginning of the line that is being passed, and how many characters of it were.
    head: Vec<u8>,
    passed: u64,
    hidden: u64,
}

/// Lines of a file beside each other, and how many of them are still to come.
#[derive(Debug, Default)]
struct Hunk {
    /// Columns in front of each line: one for each parent of the commit.
    marks: usize,
    old_line: u64,
    old_left: u64,
    new_line: u64,
    new_left: u64,
}

impl Hunk {
    fn is_open(&self) -> bool {
        self.old_left > 0 || self.new_left > 0
    }

    /// `@@ -1,2 +3,4 @@`, or with more parents `@@@ -1,2 -1,2 +3,4 @@@`.
    fn read(line: &[u8]) -> Option<Self> {
        let ats = line.iter().take_while(|byte| **byte == b'@').count();
        let text = std::str::from_utf8(line.get(ats..)?.split(|byte| *byte == b'@').next()?).ok()?;
        let mut sides = text.split_ascii_whitespace();
        let (old_line, old_left) = range(sides.next()?.strip_prefix('-')?)?;
        let (new_line, new_left) = sides.find_map(|side| range(side.strip_prefix('+')?))?;
        let marks = ats.checked_sub(1).filter(|marks| *marks > 0)?;
        // With several parents it is not said on which side a line is missing: the new side alone is counted.
        let old_left = if marks == 1 { old_left } else { 0 };
        Some(Self { marks, old_line, old_left, new_line, new_left })
    }

    /// Goes on by a line. False: it is none of the hunk's.
    fn pass(&mut self, line: &[u8]) -> bool {
        let marks = line.get(..self.marks.min(line.len())).unwrap_or_default();
        if !marks.iter().all(|mark| matches!(mark, b' ' | b'+' | b'-')) {
            // `\ No newline at end of file`
            return line.starts_with(b"\\");
        }
        let (is_old, is_new) = match self.marks {
            1 => (marks != b"+", marks != b"-"),
            _ => (false, !marks.contains(&b'-')),
        };
        self.old_line = self.old_line.saturating_add(u64::from(is_old));
        self.old_left = self.old_left.saturating_sub(u64::from(is_old));
        self.new_line = self.new_line.saturating_add(u64::from(is_new));
        self.new_left = self.new_left.saturating_sub(u64::from(is_new));
        true
    }
}

/// `3,4`, or `3` for one line.
fn range(text: &str) -> Option<(u64, u64)> {
    let (line, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((line.parse().ok()?, count.parse().ok()?))
}

impl History {
    /// Whether a text begins as a history or a difference does.
    pub(crate) fn begins(text: &[u8]) -> bool {
        let line = text.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
        commit(line).is_some() || line.starts_with(b"diff --git ") || line.starts_with(b"diff --cc ")
    }

    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        let mut from = 0;
        for end in memchr_iter(b'\n', bytes) {
            let rest = &bytes[from..end];
            if self.head.is_empty() {
                self.end_line(&rest[..rest.len().min(HEAD_MAX)]);
            } else {
                self.keep(rest);
                let head = std::mem::take(&mut self.head);
                self.end_line(&head);
                self.head = head;
                self.head.clear();
            }
            self.passed = 0;
            from = end + 1;
        }
        let rest = &bytes[from..];
        self.keep(rest);
        self.passed += characters(rest);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = HEAD_MAX - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Where what comes next stands.
    pub(crate) fn here(&self) -> Place {
        let (commit, column) = (self.commit.clone(), self.passed + 1);
        let marks = self.head.get(..self.hunk.marks.min(self.head.len())).unwrap_or_default();
        if self.hunk.is_open() && !marks.starts_with(b"\\") {
            let removed = marks.contains(&b'-');
            let line = if removed && self.hunk.marks == 1 { self.hunk.old_line } else { self.hunk.new_line };
            let column = column.saturating_sub(self.hunk.marks as u64).max(1);
            let path = if removed { self.old_path.as_ref().or(self.path.as_ref()) } else { self.path.as_ref() };
            return Place { path: path.cloned(), commit, line, column, removed };
        }
        // The text of the commit, or a name.
        Place { path: None, commit, line: self.line_of_commit + 1, column, removed: false }
    }

    pub(crate) fn hidden(&self) -> u64 {
        self.hidden
    }

    fn end_line(&mut self, line: &[u8]) {
        self.line_of_commit += 1;
        if self.hunk.is_open() && self.hunk.pass(line) {
            return;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(name) = commit(line) {
            *self = Self {
                commit: Some(name.to_owned()),
                line_of_commit: 1,
                hidden: self.hidden,
                head: std::mem::take(&mut self.head),
                ..Self::default()
            };
        } else if let Some(rest) = line.strip_prefix(b"diff --") {
            self.hunk = Hunk::default();
            self.old_path = None;
            self.path = changed_file(rest);
        } else if let Some(name) = line.strip_prefix(b"--- ") {
            self.old_path = file_name(name);
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            self.path = file_name(name).or_else(|| self.old_path.clone());
        } else if line.starts_with(b"@@") {
            self.hunk = Hunk::read(line).unwrap_or_default();
        } else if line.starts_with(b"Binary files ") || line == b"GIT binary patch" {
            self.hidden += 1;
        }
    }
}

/// The name of a commit in the line that begins it: `commit NAME`, or `From NAME` of a mail.
fn commit(line: &[u8]) -> Option<&str> {
    let rest = line.strip_prefix(b"commit ").or_else(|| line.strip_prefix(b"From "))?;
    let name =
        rest.split(|byte| *byte == b' ').next().and_then(|name| std::str::from_utf8(name.trim_ascii_end()).ok())?;
    let shaped = (7..=64).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    shaped.then_some(name)
}

/// The file of `git a/x b/x` or `cc x`, where a file has one name.
fn changed_file(rest: &[u8]) -> Option<String> {
    if let Some(name) = rest.strip_prefix(b"cc ").or_else(|| rest.strip_prefix(b"combined ")) {
        return unquoted(name);
    }
    let both = rest.strip_prefix(b"git ")?;
    let half = both.len() / 2;
    let (one, other) = (both.get(..half)?, both.get(half + 1..)?);
    let (one, other) = (file_name(one)?, file_name(other)?);
    (one == other).then_some(one)
}

/// The name behind `--- ` or `+++ `. `None`: the file is not there on that side.
fn file_name(text: &[u8]) -> Option<String> {
    // Behind a name with blanks git writes a tab.
    let name = unquoted(text.strip_suffix(b"\t").unwrap_or(text))?;
    if name == "/dev/null" {
        return None;
    }
    let own = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).map(str::to_owned);
    Some(own.unwrap_or(name))
}

/// A name as it is: git writes those with unusual characters in quotation marks, as C does.
fn unquoted(text: &[u8]) -> Option<String> {
    let Some(quoted) = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return Some(String::from_utf8_lossy(text).into_owned());
    };
    let mut name = Vec::with_capacity(quoted.len());
    let mut rest = quoted.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            name.push(byte);
            continue;
        }
        name.push(match rest.next()? {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            first @ b'0'..=b'3' => {
                let digits = [first, rest.next()?, rest.next()?];
                let octal = digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
                octal.then(|| digits.iter().fold(0, |value, digit| value * 8 + (digit - b'0')))?
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&name).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    /// Marks are where somebody asks where they are.
    fn log() -> String {
        format!(
            "commit {ONE}\nAuthor: Ada <ada@example.com>\nDate:   Sat Nov 28 11:23:09 2026 +0000\n\n    Remove the key §0\n\n\
             diff --git a/src/a.env b/src/a.env\nindex 111..222 100644\n--- a/src/a.env\n+++ b/src/a.env\n@@ -3,3 +3,2 @@ fn f()\n \
             A=1\n-KEY=§1\n B=2§2\n@@ -20 +19,2 @@\n-old\n+new\n+-- §3\n\\ No newline at end of file\n\
             diff --git \"a/\\303\\244 b.txt\" \"b/\\303\\244 b.txt\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\303\\244 b.txt\"\t\n\
             @@ -0,0 +1 @@\n+ü§4\ndiff --git a/x.png b/x.png\nnew file mode 100644\nBinary files /dev/null and b/x.png differ\n\
             commit {TWO} (HEAD)\nMerge: 1 2\n\n    §5\n\ndiff --cc m.txt\nindex 1,2..3\n--- a/m.txt\n+++ b/m.txt\n@@@ -1,2 -1,2 +1,2 @@@\n  \
             same\n++both§6\n- one\n -other\ndiff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1,2 +0,0 @@\n\
             -first\n--- §7\n"
        )
    }

    /// The place of each mark, of a text that is passed in these pieces.
    fn places(text: &str, mut piece: impl FnMut() -> usize) -> Vec<(String, Place)> {
        let mut history = History::default();
        let mut found = Vec::new();
        let mut parts = text.split('§');
        let mut pass = |history: &mut History, text: &str| {
            let mut rest = text.as_bytes();
            while !rest.is_empty() {
                let (now, then) = rest.split_at(piece().clamp(1, rest.len()));
                history.pass(now);
                rest = then;
            }
        };
        pass(&mut history, parts.next().unwrap_or_default());
        for part in parts {
            found.push((part[..1].to_owned(), history.here()));
            pass(&mut history, part);
        }
        assert_eq!(history.hidden(), 1);
        found
    }

    fn expected() -> Vec<(String, Place)> {
        let place = |commit: &str, path: Option<&str>, line, column, removed| Place {
            path: path.map(str::to_owned),
            commit: Some(commit.to_owned()),
            line,
            column,
            removed,
        };
        let all = [
            place(ONE, None, 5, 20, false),
            place(ONE, Some("src/a.env"), 4, 5, true),
            place(ONE, Some("src/a.env"), 4, 4, false),
            place(ONE, Some("src/a.env"), 20, 4, false),
            place(ONE, Some("ä b.txt"), 1, 2, false),
            place(TWO, None, 4, 5, false),
            place(TWO, Some("m.txt"), 2, 5, false),
            place(TWO, Some("gone"), 2, 4, true),
        ];
        all.into_iter().enumerate().map(|(number, place)| (number.to_string(), place)).collect()
    }

    #[test]
    fn each_place_has_its_commit_its_file_and_its_line() {
        assert_eq!(places(&log(), || usize::MAX), expected());
        assert_eq!(places(&log(), || 1), expected());
    }

    #[test]
    fn a_history_is_told_from_other_text() {
        for text in [
            format!("commit {ONE}\n"),
            format!("\ncommit {ONE} (HEAD -> main)\n"),
            "diff --git a/x b/x\n".to_owned(),
            format!("From {TWO} Mon Sep 17\n"),
        ] {
            assert!(History::begins(text.as_bytes()), "{text}");
        }
        for text in ["", "commit to it\n", "commit message", "From Ada\n", "--- a/x\n", "KEY=1\ncommit 1111111\n"] {
            assert!(!History::begins(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_line_without_end_is_kept_in_part() {
        let mut history = History::default();
        history.pass(
            format!("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1,2 @@\n+{}", "ab".repeat(1_000_000)).as_bytes(),
        );
        assert_eq!((history.head.len(), history.here().column), (HEAD_MAX, 2_000_001));
        history.pass(b"\n+c");
        assert_eq!((history.here().line, history.here().column), (2, 2));
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_places_are_the_same(sizes in prop::collection::vec(1usize..90, 1..40)) {
            let mut sizes = sizes.into_iter().cycle();
            prop_assert_eq!(places(&log(), || sizes.next().unwrap_or(1)), expected());
        }

        #[test]
        fn whatever_it_is_nothing_panics(text in "[-+@ a\\\\0-9,\n\"]{0,200}", head in prop::sample::select(vec!["", "commit 1234567\n", "diff --git a b\n@@ -1,9 +1,9 @@\n"])) {
            let mut history = History::default();
            history.pass(head.as_bytes());
            history.pass(text.as_bytes());
            let place = history.here();
            prop_assert!(place.column >= 1);
        }
    }
}
