//! Whatever head a request has, the gateway refuses it, or it has one reading, and neither the key nor what only the gateway says goes on.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use libfuzzer_sys::fuzz_target;

static NAMES: [HeaderName; 6] = [
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::UPGRADE,
    header::CONTENT_LENGTH,
];
static METHODS: [Method; 5] = [Method::GET, Method::HEAD, Method::POST, Method::CONNECT, Method::TRACE];
/// What goes no further, in whatever writing, by itself and with more behind it.
const OURS: [&str; 4] = ["x-keydesk", "x-forwarded-for", "x-api-key", "x-real-ip"];
static OF_THE_HOP: [HeaderName; 7] = [
    header::AUTHORIZATION,
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::FORWARDED,
];

/// The first byte chooses the method and whether there is a body, and what is left of the first line is the target. Each other line is a header:
/// a name, a colon and a value, or a byte that chooses a name, and the value.
fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let Some((choice, target)) = lines.next().and_then(<[u8]>::split_first) else { return };
    let Ok(target) = Uri::try_from(target) else { return };
    let (method, has_body) = (&METHODS[usize::from(choice >> 1) % METHODS.len()], choice & 1 == 1);
    let mut request = Request::new(if has_body { &b"x"[..] } else { &b""[..] });
    *request.method_mut() = method.clone();
    *request.uri_mut() = target.clone();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(at) => (HeaderName::from_bytes(&line[..at]).ok(), &line[at + 1..]),
            None => (Some(NAMES[usize::from(line[0]) % NAMES.len()].clone()), &line[1..]),
        };
        let (Some(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) else { continue };
        request.headers_mut().append(name, value);
    }
    let sent: HeaderMap = request.headers().clone();
    let Some(left) = gate::parsers::forwarded(request) else { return };
    assert!(!has_body || ![Method::GET, Method::HEAD].contains(method), "another server takes the body for a request");
    assert!(![Method::CONNECT, Method::TRACE].contains(method));
    let all = |name: &HeaderName| sent.get_all(name).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
    let [host] = all(&header::HOST)[..] else { panic!("a request of HTTP/1.1 without one host was read") };
    if let Some(authority) = target.authority() {
        assert!(authority.as_str().as_bytes().eq_ignore_ascii_case(host), "two hosts");
    }
    let codings = all(&header::TRANSFER_ENCODING);
    assert!(codings.is_empty() || codings.len() == 1 && codings[0].eq_ignore_ascii_case(b"chunked"), "{codings:?}");
    for name in left.keys() {
        assert!(!OF_THE_HOP.contains(name), "{name} goes on");
        let read: String = name.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let is_ours = OURS
            .iter()
            .any(|ours| read.strip_prefix(ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')));
        assert!(!is_ours, "{name} reads as ours");
    }
    assert_eq!(left.contains_key(header::CONTENT_LENGTH), sent.contains_key(header::CONTENT_LENGTH));
});
