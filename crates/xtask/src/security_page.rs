//! What docs/security.md names must be there: a claim whose test was renamed or removed is a claim without a test.

use crate::process::{Failure, Result};
use crate::{digest, paths};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Folders in which a test may stand.
const TESTS: [&str; 4] = ["crates", "end2end/tests", "end2end/unit", "fuzz"];

/// Checks every name that stands in back quotes: a file by its path from the root, a test as `file::name`, the file by its
/// last folder and name without ending.
pub(crate) fn check() -> Result<()> {
    let root = paths::root();
    let page = root.join("docs/security.md");
    let text = fs::read_to_string(&page).map_err(Failure::at(&page))?;
    let mut sources = Vec::new();
    for folder in TESTS {
        for file in digest::files(&root.join(folder))? {
            if [".rs", ".ts", ".js"].iter().any(|ending| file.to_string_lossy().ends_with(ending)) {
                sources.push((file.clone(), fs::read_to_string(&file).map_err(Failure::at(&file))?));
            }
        }
    }
    let missing: Vec<_> = names(&text).into_iter().filter(|name| !is_there(&root, name, &sources)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("docs/security.md names what is not there: {}", missing.join(", "))))
}

/// What stands in back quotes and is meant to be found.
fn names(text: &str) -> BTreeSet<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| is_test(name) || is_path(name)).collect()
}

fn is_test(name: &str) -> bool {
    name.split_once("::").is_some_and(|(file, test)| {
        let word = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        };
        file.split('/').all(word) && word(test) && test.contains('_')
    })
}

fn is_path(name: &str) -> bool {
    let endings = [".rs", ".md", ".toml", ".sql", ".ts", ".js", ".txt", ".yaml", ".conf", ".cfg"];
    !name.contains([' ', '*', '<']) && name.contains('/') && endings.iter().any(|ending| name.ends_with(ending))
}

fn is_there(root: &Path, name: &str, sources: &[(std::path::PathBuf, String)]) -> bool {
    match name.split_once("::") {
        None => root.join(name).is_file(),
        Some((file, test)) => {
            let ends = ["", "/mod", "/tests"].map(|more| format!("/{file}{more}.rs"));
            let function = format!("fn {test}(");
            sources.iter().any(|(path, text)| {
                let path = path.to_string_lossy();
                ends.iter().any(|end| path.ends_with(end.as_str())) && text.contains(&function)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_files_are_told_from_other_words() {
        let text =
            "See `serve::a_slow_client_is_cut` and `docs/a.md`, not `keydesk audit`, `a::B`, `*.rs` or `sslmode`.";
        assert_eq!(names(text).into_iter().collect::<Vec<_>>(), ["docs/a.md", "serve::a_slow_client_is_cut"]);
    }

    #[test]
    fn a_test_is_looked_for_in_its_file() {
        let sources = [("/w/crates/a/tests/doors/serve.rs".into(), "async fn it_holds() {".to_owned())];
        let there = |name| is_there(Path::new("/w"), name, &sources);
        assert!(there("serve::it_holds") && there("doors/serve::it_holds"));
        assert!(!there("serve::it_hold") && !there("other::it_holds"));
    }
}
