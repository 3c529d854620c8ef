use edge::{Problem, problem};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use model::RawPath;

use super::identity::{is_disguised, is_forged};

/// Headers in which a proxy names the method and the target of the request that it asks about.
pub(super) struct Source {
    pub(super) method: HeaderName,
    pub(super) target: HeaderName,
}

/// nginx, as the documented configuration has it; Traefik and Caddy.
pub(super) static SOURCES: [Source; 2] =
    [Source::new("x-original-method", "x-original-uri"), Source::new("x-forwarded-method", "x-forwarded-uri")];

/// The request that a proxy asks about.
#[derive(Debug, Default)]
pub(crate) struct Original<'a> {
    pub(crate) method: Option<&'a str>,
    pub(crate) path: Option<RawPath<'a>>,
    /// The query, as it came.
    pub(crate) query: Option<&'a [u8]>,
}

impl<'a> Original<'a> {
    /// As the proxy names it: in one pair of headers, or else, `below` `/authz`, by the question itself. Several names
    /// are refused: which of them the proxy will go by can only be guessed.
    pub(crate) fn of(below: Option<&'a str>, method: &'a Method, headers: &'a HeaderMap) -> Result<Self, Problem> {
        let [original, forwarded] = named(headers)?;
        let (original, forwarded) = (read(original)?, read(forwarded)?);
        let itself = below.map(|path| (Some(method.as_str()), Some(path.as_bytes())));
        let mut sources = [original, forwarded, itself].into_iter().flatten();
        let Some((method, target)) = sources.next() else { return Ok(Self::default()) };
        if sources.next().is_some() {
            return Err(Problem::invalid(
                "The request names its original in more than one way: in X-Original-Method and X-Original-URI, in \
                 X-Forwarded-Method and X-Forwarded-Uri, or by a path below /authz. Send one.",
            ));
        }
        let path = target.map(RawPath::of_target).transpose().map_err(invalid_path)?;
        let query = target.and_then(|target| target.splitn(2, |byte| *byte == b'?').nth(1));
        Ok(Self { method, path, query })
    }
}

/// A path with more than one reading, or none.
pub(crate) fn invalid_path(why: model::InvalidPath) -> Problem {
    Problem::new(&problem::INVALID_PATH).detail(format!("The path is refused: {why}."))
}

/// A method and a target.
type Named<'a> = (Option<&'a HeaderValue>, Option<&'a HeaderValue>);

impl Source {
    const fn new(method: &'static str, target: &'static str) -> Self {
        Self { method: HeaderName::from_static(method), target: HeaderName::from_static(target) }
    }
}

/// What each of [`SOURCES`] names; `None` when neither of its headers is there. In one pass: most requests have few
/// headers and none of these, and looking each up would take longer.
///
/// A request with a forged header in Keydesk's own name is refused on the way.
fn named(headers: &HeaderMap) -> Result<[Option<Named<'_>>; 2], Problem> {
    let mut found = [None; 2];
    for (name, value) in headers {
        if is_forged(name) {
            return Err(Problem::invalid(format!("The header {name} is for Keydesk alone to send.")));
        }
        if is_disguised(name) {
            return Err(Problem::invalid(format!(
                "Write the header {name} with hyphens alone: programs read it as another."
            )));
        }
        for (source, named) in SOURCES.iter().zip(&mut found) {
            let is_method = *name == source.method;
            if !is_method && *name != source.target {
                continue;
            }
            let (method, target) = named.get_or_insert((None, None));
            let slot = if is_method { method } else { target };
            // Proxies that take the first of two lines and proxies that take the last would disagree.
            if slot.replace(value).is_some() {
                return Err(Problem::invalid(format!("The header {name} is there twice. Send one.")));
            }
        }
    }
    Ok(found)
}

type Read<'a> = (Option<&'a str>, Option<&'a [u8]>);

fn read(named: Option<Named<'_>>) -> Result<Option<Read<'_>>, Problem> {
    let Some((name, target)) = named else { return Ok(None) };
    Ok(Some((name.map(method).transpose()?, target.map(HeaderValue::as_bytes))))
}

fn method(value: &HeaderValue) -> Result<&str, Problem> {
    let method = value.to_str().ok().filter(|text| Method::from_bytes(text.as_bytes()).is_ok());
    method.ok_or_else(|| Problem::invalid("The original method is not an HTTP method."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(below: Option<&str>, lines: &[(&'static str, &[u8])]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        match Original::of(below, &Method::PATCH, &headers) {
            Err(problem) => problem.to_string(),
            Ok(original) => {
                let path = original.path.map_or("-", RawPath::as_str);
                format!("{} {path}", original.method.unwrap_or("-"))
            }
        }
    }

    #[test]
    fn one_way_of_naming_the_original_is_read() {
        let target = ("x-original-uri", &b"/a?b=c"[..]);
        let forwarded = ("x-forwarded-uri", &b"/a?b=c"[..]);
        for (below, lines, expected) in [
            (None, &[][..], "- -"),
            (None, &[("x-original-method", &b"GET"[..]), target][..], "GET /a"),
            (None, &[target], "- /a"),
            (None, &[("x-original-method", b"GET")], "GET -"),
            (None, &[("x-forwarded-method", b"PUT"), forwarded], "PUT /a"),
            (None, &[("x-forwarded-method", b"x!y"), forwarded], "x!y /a"),
            (Some("/b"), &[], "PATCH /b"),
            (Some("/"), &[("x-forwarded-for", b"10.0.0.1")], "PATCH /"),
        ] {
            assert_eq!(read(below, lines), expected, "{below:?} {lines:?}");
        }
    }

    #[test]
    fn two_ways_are_refused_even_if_they_agree() {
        let original = [("x-original-method", &b"GET"[..]), ("x-original-uri", b"/a")];
        let forwarded = [("x-forwarded-method", &b"GET"[..]), ("x-forwarded-uri", b"/a")];
        for (below, lines) in [
            (None, [original, forwarded].concat()),
            (None, [original, original].concat()),
            (None, [forwarded, forwarded].concat()),
            (None, vec![original[0], forwarded[1]]),
            (None, vec![original[1], forwarded[0]]),
            (None, vec![original[1], original[1], original[0]]),
            (Some("/a"), original.to_vec()),
            (Some("/a"), vec![original[0]]),
            (Some("/a"), vec![forwarded[1]]),
            (Some("/a"), vec![forwarded[0]]),
            (None, vec![("x-original-method", &b""[..]), original[1]]),
            (None, vec![("x-original-method", &b"GET, PUT"[..]), original[1]]),
            (None, vec![("x-original-method", &b"G\xffT"[..]), original[1]]),
        ] {
            assert_eq!(read(below, &lines), "invalid_request", "{below:?} {lines:?}");
        }
    }

    #[test]
    fn forged_headers_in_our_name_are_refused() {
        for (name, expected) in [
            ("x-keydesk-owner", "invalid_request"),
            ("x_keydesk_key_id", "invalid_request"),
            ("x-keydesk_key-id", "invalid_request"),
            ("x.keydesk.scopes", "invalid_request"),
            ("x-keydesk", "invalid_request"),
            ("x.http.method.override", "invalid_request"),
            ("x_forwarded_for", "invalid_request"),
            // These are overwritten, whatever the proxy.
            ("x-keydesk-key-id", "- -"),
            ("x-keydesk-status", "- -"),
            ("x-keydesks-id", "- -"),
            ("keydesk-id", "- -"),
            ("x", "- -"),
        ] {
            assert_eq!(read(None, &[(name, b"forged")]), expected, "{name}");
        }
    }

    #[test]
    fn a_hostile_path_is_refused_wherever_it_is_named() {
        for path in ["/a/../b", "/a//b", "/a%2fb", "/a;b", "", "*", "http://a/b"] {
            assert_eq!(read(None, &[("x-original-uri", path.as_bytes())]), "invalid_path", "{path}");
            assert_eq!(read(None, &[("x-forwarded-uri", path.as_bytes())]), "invalid_path", "{path}");
            assert_eq!(read(Some(path), &[]), "invalid_path", "{path}");
        }
    }
}
