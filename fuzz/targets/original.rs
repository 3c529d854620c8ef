//! Whatever is in the headers of a question, one original request is read or none, and its path has one reading.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 6] =
    ["x-original-method", "x-original-uri", "x-forwarded-method", "x-forwarded-uri", "x-keydesk-owner", "x-request-id"];

/// Each line is a header: its first byte chooses the name, the rest is the value.
fuzz_target!(|bytes: &[u8]| {
    let mut headers = HeaderMap::new();
    let mut names = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let name = NAMES[usize::from(line[0]) % NAMES.len()];
        let Ok(value) = HeaderValue::from_bytes(&line[1..]) else { continue };
        headers.append(HeaderName::from_static(name), value);
        names.push(name);
    }
    let Some((method, path)) = gate::parsers::original(&headers) else { return };
    let times = |name: &str| names.iter().filter(|named| **named == name).count();
    assert_eq!(times("x-keydesk-owner"), 0, "somebody spoke in Keydesk's name");
    assert!(NAMES[..4].iter().all(|name| times(name) <= 1), "a header that is there twice was read");
    let ways = |names: [&str; 2]| names.iter().any(|name| times(name) > 0);
    assert!(!(ways(["x-original-method", "x-original-uri"]) && ways(["x-forwarded-method", "x-forwarded-uri"])));
    assert_eq!(method.is_some() || path.is_some(), ways([NAMES[0], NAMES[1]]) || ways([NAMES[2], NAMES[3]]));
    if let Some(path) = path {
        assert!(path.starts_with('/') && !path.contains("//") && !path.contains("/../"), "{path:?}");
    }
});
