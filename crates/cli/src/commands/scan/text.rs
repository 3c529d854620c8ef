use scan::Report;

use super::told::{Spot, Told};
use crate::{
    commands::{Failed, output::Output},
    given::printable,
};

/// Places of one secret that are printed. All that are known are in the other formats.
const SHOWN: usize = 10;
/// Characters of a commit's name that tell it from others.
const COMMIT: usize = 12;

/// The findings, for people.
pub(super) fn findings(told: &[Told], output: &mut Output) -> Result<(), Failed> {
    for one in told {
        output.line(&format!("{}  {}", one.hint, printable(&one.whose())))?;
        output.line(&format!("  {}", one.state.words()))?;
        if let Some(advice) = one.advice() {
            output.line(&format!("  {advice}"))?;
        }
        for spot in one.places.iter().take(SHOWN) {
            output.line(&format!("    {}", place(spot)))?;
        }
        let more = one.place_count.saturating_sub(SHOWN as u64);
        if more > 0 {
            output.line(&format!("    and {more} more"))?;
        }
    }
    Ok(())
}

/// How much was gone through, and what was not.
pub(super) fn summary(told: &[Told], report: &Report, output: &mut Output) -> Result<(), Failed> {
    let working = told.iter().filter(|one| one.state.is_living()).count();
    let read = format!("{} of {}", counted(report.files, "file", "files"), size(report.bytes));
    output.line(&match told.len() as u64 {
        0 => format!("Nothing found in {read}."),
        found => format!("{} in {read}; {working} of them may be used.", counted(found, "secret", "secrets")),
    })?;
    for (count, what) in [
        (report.links, "not followed: symbolic links"),
        (report.special, "not opened: sockets, pipes and devices"),
        (report.packed, "read as they are: compressed files; unpack them to look inside"),
        (
            report.hidden,
            "not in the history: files that git took for no text; `git log -p --all --text` writes them, too",
        ),
    ] {
        if count > 0 {
            output.line(&format!("{count} {what}."))?;
        }
    }
    Ok(())
}

/// `src/a.env:3:5`, and in which commit.
pub(super) fn place(spot: &Spot) -> String {
    let path = match (&spot.path, &spot.commit) {
        (Some(path), _) => printable(path).replace('\n', "\\u{a}"),
        (None, Some(_)) => "text of the commit".to_owned(),
        (None, None) => "standard input".to_owned(),
    };
    let short = |commit: &String| commit.chars().take(COMMIT).collect::<String>();
    let verb = if spot.removed { "removed by" } else { "in" };
    let commit = spot.commit.as_ref().map(|commit| format!(" {verb} {}", short(commit))).unwrap_or_default();
    format!("{path}:{}:{}{commit}", spot.line, spot.column)
}

fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_line() {
        let spot = Spot { path: Some("a/b.env".to_owned()), line: 3, column: 5, commit: None, removed: false };
        assert_eq!(place(&spot), "a/b.env:3:5");
        let commit = Some("1234567890abcdef1234567890abcdef12345678".to_owned());
        assert_eq!(place(&Spot { commit: commit.clone(), ..spot.clone() }), "a/b.env:3:5 in 1234567890ab");
        assert_eq!(
            place(&Spot { path: None, commit, removed: true, ..spot.clone() }),
            "text of the commit:3:5 removed by 1234567890ab"
        );
        let steering = Spot { path: Some("a\n\u{1b}[2Jb".to_owned()), ..spot };
        assert_eq!(place(&steering), "a\\u{a}\\u{1b}[2Jb:3:5");
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, words) in
            [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2_000_000, "2.0 MB"), (3_500_000_000, "3.5 GB")]
        {
            assert_eq!(size(bytes), words);
        }
    }
}
