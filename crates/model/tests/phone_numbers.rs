//! Phone numbers as the reference reads them: another library, which follows the same metadata.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use model::phone::{PhoneKind, Reading, Region, Withheld, read};
use serde::Deserialize;

/// A number of the reference.
#[derive(Debug, PartialEq, Deserialize)]
struct Expected {
    e164: String,
    extension: Option<String>,
    region: Option<Region>,
    kind: PhoneKind,
    national: bool,
}

/// What `read` gives beyond the reference, by design: `00` from where another prefix leads abroad, and Mexican numbers as they
/// were dialled until 2019.
fn meant(text: &str, e164: &str) -> bool {
    text.trim_start().starts_with("00") || e164.starts_with("+52")
}

#[test]
fn examples_of_every_region_read_as_the_reference_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python =
        std::env::var_os("TEST_PYTHON").map_or_else(|| folder.join("../../target/venv/bin/python"), PathBuf::from);
    let output = Command::new(&python).arg(folder.join("tests/phone_numbers.py")).output().unwrap_or_else(|error| {
        panic!("{} with `phonenumbers`, as `cargo xtask test` has it: {error}", python.display())
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let withheld = Withheld::default();
    let (mut valid, mut others) = (0, 0);
    let mut wrong = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (region, text, expected): (Region, String, Option<Expected>) = serde_json::from_str(line).unwrap();
        let found = match read(&text, region, &withheld) {
            Reading::Number(number) => Some(Expected {
                e164: number.e164.to_string(),
                extension: number.extension,
                region: number.region,
                kind: number.kind,
                national: number.national,
            }),
            Reading::Withheld | Reading::NoNumber => None,
        };
        match &expected {
            Some(_) => valid += 1,
            None => others += 1,
        }
        let more = expected.is_none() && found.as_ref().is_some_and(|found| meant(&text, &found.e164));
        if found != expected && !more {
            wrong.push(format!("{region} {text:?}: {found:?}, the reference {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), valid + others, wrong.join("\n"));
    // Neither side may be content with nothing.
    assert!(valid > 20_000 && others > 5_000, "{valid} valid numbers and {others} others were compared");
}
