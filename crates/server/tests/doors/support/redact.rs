use model::{BODY_LEN, CHECKSUM_LEN, Instant, checksum_matches};
use uuid::Uuid;

/// Replaces ids, instants, secrets and hints by their kind, each only where it has exactly the form of its kind: a version 7
/// UUID, an instant of this decade with milliseconds, a secret whose checksum is right.
pub(crate) fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kinds = [
            (uuid as fn(&str) -> Option<usize>, "[id]"),
            (instant, "[instant]"),
            (secret, "[secret]"),
            (hint, "[hint]"),
        ];
        match kinds.iter().find_map(|(length, kind)| Some((length(rest)?, kind))) {
            Some((length, kind)) => {
                redacted.push_str(kind);
                rest = &rest[length..];
            }
            None => {
                redacted.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    redacted
}

fn uuid(text: &str) -> Option<usize> {
    let id: Uuid = text.get(..36)?.parse().ok()?;
    (id.get_version_num() == 7).then_some(36)
}

fn instant(text: &str) -> Option<usize> {
    let instant = text.get(..24)?;
    (instant.starts_with("202") && instant.ends_with('Z') && instant.parse::<Instant>().is_ok()).then_some(24)
}

fn secret(text: &str) -> Option<usize> {
    let length = "ccc_live_".len() + BODY_LEN + CHECKSUM_LEN;
    let secret = text.get(..length)?;
    let prefixed = secret.starts_with("ccc_live_") || secret.starts_with("ccc_test_");
    (prefixed && checksum_matches(secret.as_bytes())).then_some(length)
}

fn hint(text: &str) -> Option<usize> {
    let shown = text.strip_prefix("ccc_live_").or_else(|| text.strip_prefix("ccc_test_"))?;
    let (head, tail) = shown.split_once('…')?;
    let tail = tail.get(..4)?;
    let plain = head.len() == 4 && head.chars().chain(tail.chars()).all(|c| c.is_ascii_alphanumeric());
    plain.then_some("ccc_live_".len() + 4 + '…'.len_utf8() + 4)
}

#[test]
fn only_values_of_the_exact_form_are_replaced() {
    for (text, expected) in [
        ("\"01981d2c-9e5b-7c3a-8b1d-0123456789ab\"", "\"[id]\""),
        ("\"01981d2c-9e5b-4c3a-8b1d-0123456789ab\"", "\"01981d2c-9e5b-4c3a-8b1d-0123456789ab\""),
        ("2026-11-22T21:20:00.000Z", "[instant]"),
        ("2026-11-22T21:20:00Z", "2026-11-22T21:20:00Z"),
        ("ccc_live_7Qfx…c2Xa", "[hint]"),
        ("ccc_live_7Qf…c2Xa", "ccc_live_7Qf…c2Xa"),
        ("ccc_live_000000000000000000000000000000000000", "ccc_live_000000000000000000000000000000000000"),
    ] {
        assert_eq!(redact(text), expected);
    }
}
