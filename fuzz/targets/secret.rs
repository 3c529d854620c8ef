//! Any text is read as a secret without panic, and one that is accepted has the right checksum.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{PlainSecret, SecretFormat, checksum_matches};

fuzz_target!(|text: &str| {
    let format = SecretFormat::new("ccc").expect("a prefix");
    if format.read(text).is_some() {
        assert!(checksum_matches(text.as_bytes()));
        assert!(text.is_ascii());
    }
    let secret = PlainSecret::new(text.to_owned());
    assert!(secret.hint().0.chars().count() <= text.chars().count().max(32));
    let _ = SecretFormat::new(text);
});
