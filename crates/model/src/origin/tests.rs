//! A pattern is read, matched and compared by the same rules.

use proptest::prelude::*;

use super::*;

#[test]
fn written_in_one_way_only() {
    for (text, printed) in [
        ("https://app.example.com", "https://app.example.com"),
        ("HTTPS://App.Example.COM:443", "https://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("https://*.example.com", "https://*.example.com"),
        ("https://*.example.com:8443", "https://*.example.com:8443"),
        ("https://xn--mller-kva.example", "https://xn--mller-kva.example"),
        ("https://127.0.0.1", "https://127.0.0.1"),
        ("http://[0:0::1]:8080", "http://[::1]:8080"),
    ] {
        assert_eq!(OriginPattern::parse(text).unwrap().to_string(), printed, "{text}");
    }
}

#[test]
fn refused_with_the_reason() {
    use InvalidOrigin::{Host, NotAnOrigin, Port, Scheme, Wildcard};
    for (text, reason) in [
        ("", Scheme),
        ("null", Scheme),
        ("*", Scheme),
        ("example.com", Scheme),
        ("ftp://example.com", Scheme),
        ("https:/example.com", Scheme),
        ("*://example.com", Scheme),
        ("https://example.com/", NotAnOrigin),
        ("https://example.com/app", NotAnOrigin),
        ("https://example.com?x", NotAnOrigin),
        ("https://example.com#x", NotAnOrigin),
        ("https://user@example.com", NotAnOrigin),
        ("https://example.com\\x", NotAnOrigin),
        ("https://", Host),
        ("https://.example.com", Host),
        ("https://example.com.", Host),
        ("https://exa mple.com", Host),
        ("https://müller.example", Host),
        ("https://-a.example", Host),
        ("https://1.2.3", Host),
        ("https://1.2.3.256", Host),
        ("https://0x7f.0x1", Host),
        ("https://[::1", Host),
        ("https://[::1]x", Host),
        ("https://[fe80::1%25eth0]", Host),
        ("https://*", Wildcard),
        ("https://*.com", Wildcard),
        ("https://a.*.com", Wildcard),
        ("https://*.*.example.com", Wildcard),
        ("https://*example.com", Wildcard),
        ("https://*.127.0.0.1", Wildcard),
        ("https://example.com:", Port),
        ("https://example.com:0", Port),
        ("https://example.com:0443", Port),
        ("https://example.com:65536", Port),
        ("https://example.com:+443", Port),
        ("https://example.com:*", Port),
    ] {
        assert_eq!(OriginPattern::parse(text), Err(reason), "{text}");
    }
}

#[test]
fn which_origins_are_meant() {
    for (patterns, origin, expected) in [
        (&[][..], None, true),
        (&[], Some("anything"), true),
        (&["https://example.com"], None, false),
        (&["https://example.com"], Some(""), false),
        (&["https://example.com"], Some("null"), false),
        (&["https://example.com"], Some("https://example.com"), true),
        (&["https://example.com"], Some("https://EXAMPLE.com:443"), true),
        (&["https://example.com"], Some("http://example.com"), false),
        (&["https://example.com"], Some("https://example.com:8443"), false),
        (&["https://example.com"], Some("https://example.com."), false),
        (&["https://example.com"], Some("https://example.com/"), false),
        (&["https://example.com"], Some("https://example.com, https://a.example"), false),
        (&["https://example.com"], Some("https://app.example.com"), false),
        (&["https://example.com"], Some("https://evil-example.com"), false),
        (&["https://example.com"], Some("https://example.com.evil.com"), false),
        (&["https://*.example.com"], Some("https://app.example.com"), true),
        (&["https://*.example.com"], Some("https://a.b.Example.com"), true),
        (&["https://*.example.com"], Some("https://example.com"), false),
        (&["https://*.example.com"], Some("https://.example.com"), false),
        (&["https://*.example.com"], Some("https://a..example.com"), false),
        (&["https://*.example.com"], Some("https://evilexample.com"), false),
        (&["https://*.example.com"], Some("https://evil.com/.example.com"), false),
        (&["https://*.example.com"], Some("https://evil.com#.example.com"), false),
        (&["https://*.example.com"], Some("https://evil.com:443.example.com"), false),
        (&["https://*.example.com"], Some("https://evil@a.example.com"), false),
        (&["https://*.example.com"], Some("https://ä.example.com"), false),
        (&["http://[::1]:8080"], Some("http://[::1]:8080"), true),
        (&["http://[::1]:8080"], Some("http://[::1]"), false),
        (&["https://a.example", "https://*.b.example"], Some("https://x.b.example"), true),
    ] {
        let set = OriginSet::new(patterns.iter().map(|text| OriginPattern::parse(text).unwrap())).unwrap();
        assert_eq!(set.allows(origin), expected, "{patterns:?} {origin:?}");
        assert_eq!(
            origin.is_some_and(|origin| patterns.is_empty() || set.iter().any(|one| one.matches(origin))),
            expected && origin.is_some()
        );
    }
}

#[test]
fn a_page_of_the_host_that_is_asked_has_that_origin() {
    for (pattern, host, expected) in [
        ("https://desk.example", "desk.example", true),
        ("https://desk.example", "DESK.example:443", true),
        ("https://*.desk.example", "a.desk.example", true),
        ("https://desk.example:8443", "desk.example:8443", true),
        ("https://desk.example", "desk.example:8443", false),
        ("https://desk.example", "evil.example", false),
        ("https://desk.example", "", false),
        ("https://desk.example", "https://desk.example", false),
        ("https://desk.example", "desk.example/wall", false),
        ("https://desk.example", "evil@desk.example", false),
        ("https://desk.example", "desk.example, desk.example", false),
        // Of a page that came in the clear no browser says it, but on its own machine.
        ("http://desk.example", "desk.example", false),
        ("http://desk.example", "desk.example:80", false),
        ("http://localhost:5173", "localhost:5173", true),
        ("https://localhost:5173", "localhost:5173", true),
        ("http://wall.localhost", "wall.localhost", true),
        ("http://127.0.0.1:3000", "127.0.0.1:3000", true),
        ("http://[::1]:3000", "[::1]:3000", true),
        ("http://[::2]:3000", "[::2]:3000", false),
        ("http://localhost.example", "localhost.example", false),
    ] {
        let set = OriginSet::new([OriginPattern::parse(pattern).unwrap()]).unwrap();
        assert_eq!(set.allows(CallOrigin::SameAs(host)), expected, "{pattern} {host}");
    }
    assert!(OriginSet::ANY.allows(CallOrigin::SameAs("")) && OriginSet::ANY.allows(CallOrigin::Unknown));
}

#[test]
fn a_set_is_canonical_and_bounded() {
    let json = r#"["https://b.example","https://A.example:443","https://a.example"]"#;
    let set: OriginSet = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&set).unwrap(), r#"["https://a.example","https://b.example"]"#);
    let many =
        |count| OriginSet::new((0..count).map(|n| OriginPattern::parse(&format!("https://a{n}.example")).unwrap()));
    assert!(many(100).is_ok());
    assert_eq!(many(101), Err(TooManyOrigins));
}

/// The slow and obvious way: by pieces, each copied.
fn obvious(pattern: &(bool, bool, Vec<String>, u16), origin: &(bool, Vec<String>, u16)) -> bool {
    let (https, wild, labels, port) = pattern;
    let (origin_https, origin_labels, origin_port) = origin;
    let (mut own, mut theirs) = (labels.clone(), origin_labels.clone());
    own.reverse();
    theirs.reverse();
    let hosts = if *wild { theirs.len() > own.len() && theirs[..own.len()] == own[..] } else { own == theirs };
    https == origin_https && port == origin_port && hosts
}

fn written(https: bool, wild: bool, labels: &[String], port: u16) -> String {
    let scheme = if https { "https" } else { "http" };
    let own = if https { 443 } else { 80 };
    let port = if port == own { String::new() } else { format!(":{port}") };
    format!("{scheme}://{}{}{port}", if wild { "*." } else { "" }, labels.join("."))
}

fn labels() -> impl Strategy<Value = Vec<String>> {
    // Few letters, so that hosts are often each other's ends.
    prop::collection::vec("[ab]{1,2}", 2..5)
}

fn port() -> impl Strategy<Value = u16> {
    prop_oneof![Just(80), Just(443), Just(8443)]
}

#[test]
fn narrower_patterns_are_covered() {
    for (one, other, expected) in [
        ("https://a.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://*.a.example.com", true),
        ("https://*.example.com", "https://*.example.com", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.a.example.com", "https://*.example.com", false),
        ("https://a.example.com", "https://*.a.example.com", false),
        ("https://a.example.com", "https://*.example.com", false),
        ("https://*.example.com", "http://a.example.com", false),
        ("https://*.example.com", "https://a.example.com:8443", false),
        ("https://[::1]", "https://[::1]", true),
        ("https://[::1]", "https://[::2]", false),
    ] {
        let [one, other] = [one, other].map(|text| OriginPattern::parse(text).unwrap());
        assert_eq!(one.covers(&other), expected, "{one} {other}");
        let set = OriginSet::new([one.clone()]).unwrap();
        assert!(OriginSet::ANY.covers(&set) && !set.covers(&OriginSet::ANY));
        assert_eq!(set.covers(&OriginSet::new([one, other]).unwrap()), expected);
    }
}

proptest! {
    #[test]
    fn origins_match_as_label_by_label(pattern in (any::<bool>(), any::<bool>(), labels(), port()), origin in (any::<bool>(), labels(), port()), below in any::<bool>()) {
        let mut origin = origin;
        if below {
            origin.0 = pattern.0;
            origin.1.extend(pattern.2.iter().cloned());
            origin.2 = pattern.3;
        }
        let text = written(pattern.0, pattern.1, &pattern.2, pattern.3);
        let parsed = OriginPattern::parse(&text).unwrap();
        prop_assert_eq!(parsed.to_string(), text);
        prop_assert_eq!(parsed.matches(&written(origin.0, false, &origin.1, origin.2)), obvious(&pattern, &origin));
    }

    #[test]
    fn reading_never_panics(text in "(https?://)?[a-z0-9.*:/@\\[\\]%-]{0,40}|\\PC{0,40}") {
        if let Ok(pattern) = OriginPattern::parse(&text) {
            prop_assert_eq!(OriginPattern::parse(&pattern.to_string()), Ok(pattern.clone()));
        }
        let _ = OriginPattern::parse("https://*.example.com").unwrap().matches(&text);
    }
}
