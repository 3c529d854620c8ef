//! The rules of `docs/leaks`, by which other scanners find our keys: their expressions, and gitleaks itself with its rule.

#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use model::{BODY_LEN, Environment, SecretFormat};
use regex::RegexBuilder;
use scan::{Finder, stream};

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/leaks").join(name)
}

fn key(prefix: &str, environment: Environment, number: u8) -> String {
    SecretFormat::new(prefix).unwrap().write(environment, &[number; BODY_LEN]).expose().to_owned()
}

/// The expression and the words before it of each rule.
fn rules() -> Vec<(&'static str, String, Vec<String>)> {
    let gitleaks: toml::Table = fs::read_to_string(docs("gitleaks.toml")).unwrap().parse().unwrap();
    let rule = &gitleaks["rules"][0];
    assert_eq!(rule["secretGroup"].as_integer(), Some(1));
    let words = rule["keywords"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    let of_gitleaks = ("gitleaks", rule["regex"].as_str().unwrap().to_owned(), words);

    let trufflehog = fs::read_to_string(docs("trufflehog.yaml")).unwrap();
    let quoted = trufflehog.lines().find_map(|line| line.trim().strip_prefix("key: '")?.strip_suffix('\''));
    let words = trufflehog.lines().filter_map(|line| line.strip_prefix("      - ")).map(str::to_owned).collect();
    vec![of_gitleaks, ("trufflehog", quoted.unwrap().to_owned(), words)]
}

/// What an expression finds, as a scanner that is written in Go does: its words are those of ASCII.
fn found(expression: &str, text: &str) -> Vec<String> {
    let expression = RegexBuilder::new(expression).unicode(false).build().unwrap();
    expression.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn each_rule_finds_keys_wherever_they_stand() {
    let (one, two) = (key("ccc", Environment::Live, 1), key("ccc", Environment::Test, 2));
    for (scanner, expression, words) in rules() {
        assert!(
            words.iter().any(|word| one.contains(word)) && words.iter().any(|word| two.contains(word)),
            "{scanner}"
        );
        for text in [
            format!("{one}\n{two}"),
            format!("{one},{two}"),
            format!("KEY={one} {two}"),
            format!(r#"{{"a":"{one}","b":"{two}\n"}}"#),
            format!("Authorization: Bearer {one}\r\nX-API-Key: {two}\r\n"),
            format!("https://example.com/?key={one}&other={two}#x"),
            format!("_{one}_ _{two}_"),
        ] {
            assert_eq!(found(&expression, &text), [one.as_str(), &two], "{scanner} {text}");
        }
    }
}

#[test]
fn no_rule_takes_something_else_for_a_key() {
    let own = key("ccc", Environment::Live, 1);
    for (scanner, expression, _) in rules() {
        for text in [
            own[..own.len() - 1].to_owned(),
            format!("{own}0"),
            key("abc", Environment::Live, 1),
            format!("x{own}"),
            own.replacen("_live_", "_prod_", 1),
            own.replacen("_live_", "-live-", 1),
            own.to_uppercase(),
            "ccc_live_7Qfx…c2Xa".to_owned(),
            "ccc_live_...".to_owned(),
        ] {
            assert!(found(&expression, &text).is_empty(), "{scanner} {text}");
        }
    }
}

/// A typing error is a find of the rules, which know no checksum, and none of ours.
#[test]
fn the_checksum_is_ours_to_check() {
    let mut typo = key("ccc", Environment::Live, 1);
    typo.replace_range(20..21, "2");
    assert!(rules().iter().all(|(_, expression, _)| found(expression, &typo) == [typo.as_str()]));
    let finder = Finder::new(SecretFormat::new("ccc").unwrap());
    assert!(stream(&finder, typo.as_bytes()).findings.is_empty());
}

/// Where there is a gitleaks that is pinned by its digest (`xtask/src/python.rs`).
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod gitleaks {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
        process::Command,
    };

    use model::{Environment, SecretFormat};
    use scan::Finder;
    use serde_json::Value;

    use super::{docs, key};

    #[test]
    fn gitleaks_finds_with_our_rule_what_we_find() {
        let python = std::env::var_os("TEST_PYTHON")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python"), PathBuf::from);
        let gitleaks = python.with_file_name("gitleaks");
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<String> = (1..=4).map(|number| key("ccc", Environment::Live, number)).collect();
        let texts = [
            ("a.env", format!("KEY={}\n", keys[0])),
            ("b.json", format!(r#"{{"keys":["{}","{}"]}}"#, keys[1], keys[2])),
            ("c.sh", format!("curl -H 'Authorization: Bearer {}' https://example.com\n", keys[3])),
            ("d.txt", format!("{}0\n{}\nccc_live_...\n", keys[0], key("abc", Environment::Live, 9))),
        ];
        for (name, text) in &texts {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let output = Command::new(&gitleaks)
            .arg("dir")
            .arg(folder.path())
            .args([
                "--no-banner",
                "--log-level=error",
                "--exit-code=3",
                "--report-format=json",
                "--report-path=-",
                "--config",
            ])
            .arg(docs("gitleaks.toml"))
            .output()
            .unwrap_or_else(|error| panic!("{}, as `cargo xtask test` installs it: {error}", gitleaks.display()));
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found: BTreeSet<_> = report.as_array().unwrap().iter().map(|one| one["Secret"].as_str().unwrap()).collect();
        assert_eq!(found, keys.iter().map(String::as_str).collect());
        let finder = Finder::new(SecretFormat::new("ccc").unwrap());
        let ours = scan::files(&finder, &[folder.path().to_owned()], std::num::NonZeroUsize::MIN);
        // With the one that goes on without an end: its checksum says that it is a key.
        assert_eq!(ours.findings.iter().map(|one| one.secret.expose()).collect::<BTreeSet<_>>(), found);
        assert_eq!(ours.findings.iter().map(|one| one.count).sum::<u64>(), 5);
    }
}
