//! A text that is a place of the log is printed as it was written, and a filter of types reads whatever comes.
#![no_main]

use contact_centre::{log::Cursor, push::Kinds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string(), text);
    }
    if let Ok(kinds) = Kinds::parse(text.split(',')) {
        assert!(kinds.iter().count() > 0);
        let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
        let again = Kinds::parse(names.iter().copied());
        assert!(again.is_ok_and(|again| again == kinds));
    }
});
