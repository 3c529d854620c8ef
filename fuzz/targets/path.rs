//! A path that is let through is the same to every program that tidies paths, and to the route table.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::{RawPath, Route, RouteTable};

static ROUTES: LazyLock<RouteTable> = LazyLock::new(|| {
    let routes = [
        ("GET", "/"),
        ("GET", "/a"),
        ("GET", "/a/"),
        ("GET", "/a/{x}"),
        ("*", "/a/{x}"),
        ("GET", "/a/b@c"),
        ("GET", "/{x}/b/{*rest}"),
        ("*", "/{*rest}"),
    ];
    let routes = routes.map(|(method, template)| Route::new(method, template, Vec::new()).expect("a route"));
    RouteTable::new(routes.to_vec()).expect("a table")
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Route::new("GET", text, Vec::new()).map(|route| RouteTable::new(vec![route.clone(), route]).is_err());
    }
    let Ok(path) = RawPath::of_target(bytes) else { return };
    let path = path.as_str();
    assert!(bytes.starts_with(path.as_bytes()));
    let decoded = decode(path);
    assert_eq!(decoded, tidied(&decoded), "{path:?} reads differently after decoding and tidying");
    assert_eq!(path, tidied(path), "{path:?} reads differently after tidying");
    assert_eq!(decode(&decoded), decoded, "{path:?} reads differently after decoding twice");
    assert!(!decoded.contains(['\\', ';', '\0']), "{path:?}");
    // Every path has a route there, and GET is a method of each template.
    assert!(ROUTES.find("GET", RawPath::parse(path.as_bytes()).expect("the same path")).is_some());
});

fn decode(path: &str) -> String {
    let mut decoded = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                decoded.push(byte);
                rest = &others[2..];
            }
            None => {
                decoded.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8(decoded).expect("UTF-8")
}

/// Without empty segments, and with `.` and `..` resolved.
fn tidied(path: &str) -> String {
    let slash = path.len() > 1 && path.ends_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    format!("/{}{}", kept.join("/"), if slash { "/" } else { "" })
}
