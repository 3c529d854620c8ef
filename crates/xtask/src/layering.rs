//! Checks the rules about rooms that no compiler checks: which crate may depend on which, which words may stand in a
//! crate, that no files or folders in it name each other in a circle, that no feature of `app` reaches into another,
//! and how long a file is.

mod circles;
mod features;
mod modules;
mod source;
mod tokens;

use crate::digest;
use crate::paths;
use crate::process::{self, Failure, Result};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Rooms from the bottom up, and the rooms each may depend on.
const MAY_DEPEND_ON: [(&str, &[&str]); 20] = [
    ("model", &[]),
    ("store", &["model"]),
    ("verify", &["model", "store"]),
    ("delivery", &["model"]),
    ("mail", &[]),
    ("oidc", &[]),
    ("contact_centre", &["model", "delivery"]),
    ("contact_centre_api", &["model", "delivery", "contact_centre"]),
    ("domain", &["model", "store", "verify", "delivery", "mail", "oidc"]),
    ("edge", &["model", "verify"]),
    ("gate", &["model", "verify", "edge"]),
    ("api", &["model", "verify", "domain", "edge"]),
    ("app", &["model", "domain"]),
    ("client", &["model", "app"]),
    ("scan", &["model"]),
    // Where `keydesk scan` asks another Keydesk, it is one of other people's programs.
    ("cli", &["model", "scan", "store", "delivery", "mail", "domain", "gate", "api", "keydesk-client"]),
    (
        "server",
        &[
            "model",
            "store",
            "verify",
            "delivery",
            "contact_centre",
            "contact_centre_api",
            "domain",
            "edge",
            "gate",
            "api",
            "app",
            "cli",
        ],
    ),
    // It is for other people's programs, which have none of our crates.
    ("keydesk-client", &[]),
    ("site-tools", &[]),
    ("xtask", &[]),
];

/// Words that must not be in a room, and why.
const FORBIDDEN: [(&str, &[&str], &str); 12] = [
    (
        "model",
        &["tokio", "SystemTime", "Instant::now", "Timestamp::now", "rand"],
        "model has no I/O, no clock and no randomness",
    ),
    ("verify", &["SystemTime", "Instant::now", "Clock", "rand", "Entropy"], "whatever depends on time takes `now`"),
    (
        "verify",
        &["Caller", "Actor", "Administrator", "audit", "Change", "axum", "http"],
        "verify decides calls: it knows no verb, no person and no door",
    ),
    (
        "contact_centre",
        &["SystemTime", "Instant::now", "Timestamp::now", "rand"],
        "the same seed and clock give the same bytes: each verb is told the time",
    ),
    ("contact_centre", &["axum"], "only what answers HTTP names status codes"),
    (
        "contact_centre_api",
        &["SystemTime", "Instant::now", "Timestamp::now", "rand"],
        "time and randomness are handed in, so that what is answered can be asked again",
    ),
    ("domain", &["axum"], "only what answers HTTP names status codes"),
    ("client", &["tokio"], "the client runs in a browser"),
    (
        "scan",
        &["tokio", "store", "SystemTime"],
        "what is found is found by its form: nobody is asked, and it is the same at any time",
    ),
    ("cli", &["axum", "TcpListener"], "the command line listens nowhere: the binary hands in how to serve"),
    ("store", &["axum", "SystemTime"], "store takes instants as parameters and knows no HTTP"),
    ("app", &["SystemTime"], "what is rendered twice must not read a clock"),
];

/// Words that only one room says, and which. `xtask` says them here.
const ONLY_IN: [(&str, &str); 1] = [("sqlx", "store")];

const MAX_LINES: usize = 500;
const EXCUSE: &str = "long because";
/// Folders whose files must not be longer, and what those are called.
const MEASURED: [&str; 8] = [
    "crates",
    "end2end/lib",
    "end2end/measure",
    "end2end/screenshots",
    "end2end/tests",
    "end2end/unit",
    "public",
    "style",
];
const MEASURED_KINDS: [&str; 4] = [".rs", ".ts", ".js", ".css"];

/// Everything that is wrong, in one failure.
pub(crate) fn check() -> Result<()> {
    let mut wrong = dependencies(&metadata()?);
    let crates = paths::root().join("crates");
    for (room, words, reason) in FORBIDDEN {
        forbid(&crates.join(room), words, reason, &mut wrong)?;
    }
    for (word, owner) in ONLY_IN {
        let reason = format!("only {owner} names it");
        for (room, _) in MAY_DEPEND_ON.iter().filter(|(room, _)| ![owner, "xtask"].contains(room)) {
            forbid(&crates.join(room), &[word], &reason, &mut wrong)?;
        }
    }
    for folder in MEASURED {
        for file in digest::files(&paths::root().join(folder))? {
            let name = shown(&file);
            if MEASURED_KINDS.iter().any(|kind| name.ends_with(kind)) {
                let text = fs::read_to_string(&file).map_err(Failure::at(&file))?;
                wrong.extend(too_long(&text).map(|lines| {
                    format!(
                        "{name} has {lines} lines: split it, or begin it with a comment that says it is {EXCUSE} ..."
                    )
                }));
            }
        }
    }
    for (room, _) in MAY_DEPEND_ON {
        let modules = modules::Modules::of(&crates.join(room).join("src"))?;
        let circles = circles::circles(&modules).into_iter();
        wrong.extend(circles.map(|circle| format!("`{room}` has a circle of files: {circle}")));
        if room == "app" {
            wrong.extend(features::reaches(&modules).into_iter().map(|reach| format!("{room}: {reach}")));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n  "))) }
}

/// Tells each line of a room's sources that says one of these words.
fn forbid(room: &Path, words: &[&str], reason: &str, wrong: &mut Vec<String>) -> Result<()> {
    for file in digest::files(room)? {
        let name = shown(&file);
        if !is_source(&name) {
            continue;
        }
        let text = fs::read_to_string(&file).map_err(Failure::at(&file))?;
        let comment = if name.ends_with(".toml") { "#" } else { "//" };
        wrong.extend(said(&text, comment, words).map(|(line, word)| format!("{name}:{line} says `{word}`: {reason}")));
    }
    Ok(())
}

fn metadata() -> Result<Value> {
    let text =
        process::capture(process::cargo().args(["metadata", "--format-version", "1", "--no-deps", "--offline"]))?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("`cargo metadata` is not understood: {error}")))
}

fn dependencies(metadata: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let below =
        |name: &str| MAY_DEPEND_ON.iter().find(|(room, _)| *room == name).map_or(&[][..], |(_, allowed)| *allowed);
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(room, _)| *room == name) else {
            wrong.push(format!("the crate `{name}` has no place in the order of rooms"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let is_room = MAY_DEPEND_ON.iter().any(|(room, _)| *room == on);
            // Tests may also use what the rooms below are made of.
            let is_of_tests = dependency["kind"] == "dev" && allowed.iter().any(|room| below(room).contains(&on));
            // A crate names itself to switch on a feature in its own tests.
            if is_room && on != name && !is_of_tests && !allowed.contains(&on) {
                wrong.push(format!("`{name}` must not depend on `{on}`"));
            }
        }
    }
    wrong
}

fn is_source(name: &str) -> bool {
    name.ends_with(".rs") || name.ends_with("Cargo.toml")
}

/// Lines, from 1, on which one of `words` is a whole word outside of a comment.
fn said<'a>(text: &'a str, comment: &'a str, words: &'a [&'a str]) -> impl Iterator<Item = (usize, &'a str)> + 'a {
    text.lines().enumerate().flat_map(move |(at, line)| {
        let code = line.split(comment).next().unwrap_or_default();
        words.iter().filter(move |word| has_word(code, word)).map(move |word| (at + 1, *word))
    })
}

fn has_word(code: &str, word: &str) -> bool {
    let of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(of_a_name) && !code[at + word.len()..].starts_with(of_a_name))
}

/// How long a file is, if that is too long and nothing at its beginning says why.
fn too_long(text: &str) -> Option<usize> {
    let lines = text.lines().count();
    let explained = text.lines().take(10).any(|line| {
        let line = line.trim_start();
        (line.starts_with("//") || line.starts_with("/*") || line.starts_with('*'))
            && line.to_lowercase().contains(EXCUSE)
    });
    (lines > MAX_LINES && !explained).then_some(lines)
}

fn shown(file: &Path) -> String {
    file.strip_prefix(paths::root()).unwrap_or(file).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dependency_that_points_back_is_found() {
        let package = |name: &str, on: &[&str]| json!({ "name": name, "dependencies": on.iter().map(|on| json!({ "name": on })).collect::<Vec<_>>() });
        let wrong = dependencies(&json!({ "packages": [
            package("model", &["serde", "store"]),
            package("server", &["app", "domain"]),
            package("client", &["domain"]),
            package("attic", &[]),
        ]}));
        assert_eq!(
            wrong,
            [
                "`model` must not depend on `store`",
                "`client` must not depend on `domain`",
                "the crate `attic` has no place in the order of rooms"
            ]
        );
    }

    #[test]
    fn tests_may_use_what_the_rooms_below_are_made_of() {
        let on = [json!({ "name": "store", "kind": "dev" }), json!({ "name": "domain", "kind": "dev" })];
        let wrong = dependencies(&json!({ "packages": [{ "name": "gate", "dependencies": on }] }));
        assert_eq!(wrong, ["`gate` must not depend on `domain`"]);
    }

    #[test]
    fn words_count_only_whole_and_outside_of_comments() {
        let text =
            "use sqlx::Pool; // tokio\nlet sqlx_like = my_sqlx;\n/// sqlx\nlet x = Instant::now();\nlet i: Instant;\n";
        let words = ["sqlx", "tokio", "Instant::now"];
        assert_eq!(said(text, "//", &words).collect::<Vec<_>>(), [(1, "sqlx"), (4, "Instant::now")]);
    }

    #[test]
    fn long_files_must_say_why() {
        let body = "x\n".repeat(MAX_LINES);
        assert_eq!(too_long(&body), None);
        assert_eq!(too_long(&format!("{body}x\n")), Some(MAX_LINES + 1));
        assert_eq!(too_long(&format!("//! Long because one table is easier to read whole.\n{body}")), None);
    }
}
