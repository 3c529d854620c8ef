//! Any bytes are gone through, as a file or as a history, and what is found is a key of the deployment in a place that there is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{SecretFormat, said_claims};
use scan::{Finder, Form, stream};

fuzz_target!(|bytes: &[u8]| {
    let format = SecretFormat::new("ccc").expect("a prefix");
    let report = stream(&Finder::new(format.clone()), bytes);
    assert_eq!((report.files, report.bytes, report.unread_count), (1, bytes.len() as u64, 0));
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    for found in report.findings {
        let text = found.secret.expose();
        match found.form {
            Form::Key(environment) => assert!(format.read(text).is_some_and(|parts| parts.environment == environment)),
            Form::Token => assert!(said_claims(text).is_some()),
            Form::SigningSecret => assert_eq!(text.len(), 50),
        }
        // A history says of itself which lines it has.
        let is_text = found.places.iter().all(|place| place.commit.is_none() && place.path.is_none());
        assert!(!is_text || found.places.iter().all(|place| place.line <= lines && place.column >= 1));
    }
});
