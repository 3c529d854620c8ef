/// The page that people get when they asked for no other.
pub(crate) const START: &str = "/keys";

/// `next`, if it is a path of this Keydesk: a link that begins with our address must not lead to another site.
pub(crate) fn own_path(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/login") && plain;
    if ours { next } else { START }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_to_another_site() {
        for own in ["/", "/keys", "/keys?search=a%20b&sort=-name", "/a/b#c"] {
            assert_eq!(own_path(own), own);
        }
        for foreign in [
            "",
            "keys",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /keys",
            "javascript:alert(1)",
            "/kéys",
            "/login?next=/keys",
        ] {
            assert_eq!(own_path(foreign), START, "{foreign:?}");
        }
    }
}
