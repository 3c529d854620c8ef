//! Paths, and how they arrive behind a proxy.

/// What a proxy does with a path before it asks about it. In either case it forwards the path that it asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paths {
    /// Nothing.
    Kept,
    /// It writes the path in its normal form.
    Tidied,
}

/// Targets that a reader of contacts may ask for, and that arrive byte for byte.
pub(crate) const KEPT: [&str; 14] = [
    "/api/contacts/a%20b",
    "/api/contacts/b%C3%BCro",
    "/api/contacts/b%c3%bcro",
    "/api/contacts/a%40b.example",
    "/api/contacts/a@b.example",
    "/api/contacts/a:b!$&'()*+,=~",
    "/api/contacts/%7Ea",
    "/api/contacts/a%2Bb",
    "/api/contacts/C%23",
    "/api/contacts/what%3F",
    "/api/contacts/%21%2a%28%29",
    "/api/contacts/...",
    "/api/contacts/42?a=%2e%2e/..//;%00&b=%zz&c",
    "/api/contacts/42?",
];

/// The normal form of those of `KEPT` that are not in it.
const TIDIED: [(&str, &str); 4] = [
    ("/api/contacts/b%c3%bcro", "/api/contacts/b%C3%BCro"),
    ("/api/contacts/%7Ea", "/api/contacts/~a"),
    ("/api/contacts/%21%2a%28%29", "/api/contacts/%21%2A%28%29"),
    ("/api/contacts/42?a=%2e%2e/..//;%00&b=%zz&c", "/api/contacts/42?a=%2e%2e/..//&%00&b=%zz&c"),
];

/// Targets that are not forwarded as they are.
pub(crate) const HOSTILE: [&[u8]; 34] = [
    b"/api/contacts/../calls",
    b"/api/contacts/..",
    b"/api/contacts/.",
    b"/api/./contacts/42",
    b"/api/contacts/%2e%2e",
    b"/api/contacts/%2E%2e/calls",
    b"/api/contacts/.%2e",
    b"/api/contacts/a%2fb",
    b"/api/contacts/..%2f..%2fcalls",
    b"/api/contacts/a%5Cb",
    b"/api/contacts/a\\b",
    b"/api/contacts/..\\..\\calls",
    b"/api/contacts/%252e%252e",
    b"/api/contacts/a%252fb",
    b"/api//contacts/42",
    b"//api/contacts/42",
    b"/api/contacts//42",
    b"/api/contacts/42;a=b",
    b"/api/contacts/..;",
    b"/api/contacts/%3b",
    b"/api/contacts/%61",
    b"/api/contacts/a%00b",
    b"/api/contacts/a%0d%0aX-Keydesk-Key-Id:%20forged",
    b"/api/contacts/a%7f",
    b"/api/contacts/%",
    b"/api/contacts/%4",
    b"/api/contacts/%zz",
    b"/api/contacts/%ff",
    b"/api/contacts/%c0%af",
    b"/api/contacts/%c0%ae%c0%ae",
    b"/api/contacts/\xff",
    b"/api/contacts/a\x01b",
    b"*",
    b"api/contacts/42",
];

/// Those of them whose normal form is a path that a reader of contacts may ask for. The others have no normal form, or
/// one that a reader of contacts may not ask for.
const HARMLESS_WHEN_TIDIED: [(&[u8], &str); 5] = [
    (b"/api/./contacts/42", "/api/contacts/42"),
    (b"/api//contacts/42", "/api/contacts/42"),
    (b"//api/contacts/42", "/api/contacts/42"),
    (b"/api/contacts//42", "/api/contacts/42"),
    (b"/api/contacts/%61", "/api/contacts/a"),
];

impl Paths {
    /// How a target of `KEPT` arrives.
    pub(crate) fn of_kept(self, target: &str) -> &str {
        let tidied = TIDIED.into_iter().find(|(sent, _)| self == Self::Tidied && *sent == target);
        tidied.map_or(target, |(_, tidied)| tidied)
    }

    /// How a target of `HOSTILE` arrives, if it does.
    pub(crate) fn of_hostile(self, target: &[u8]) -> Option<&'static str> {
        let tidied = HARMLESS_WHEN_TIDIED.into_iter().find(|(sent, _)| self == Self::Tidied && *sent == target);
        tidied.map(|(_, tidied)| tidied)
    }
}
