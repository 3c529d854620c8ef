//! What is refused before anybody asks whose key it is: requests that two programs could read differently, or that no gateway
//! forwards.

use edge::{Problem, head_refusal, problem};
use http::{HeaderMap, HeaderValue, Method, Request, Version, header};
use hyper::body::Body;

/// Why a request is not forwarded, whoever sends it.
pub(crate) fn refusal<B: Body>(request: &Request<B>, body_max: u64) -> Option<Problem> {
    head_refusal(request).or_else(|| screened(request, body_max).err())
}

fn screened<B: Body>(request: &Request<B>, body_max: u64) -> Result<(), Problem> {
    let headers = request.headers();
    authority(request)?;
    if [Method::CONNECT, Method::TRACE].contains(request.method()) {
        return Err(Problem::invalid("Neither CONNECT nor TRACE is forwarded."));
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(Problem::invalid("The only transfer coding of a request is chunked, named once."));
    }
    let mut expected = headers.get_all(header::EXPECT).iter();
    if expected.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Problem::new(&problem::EXPECTATION_FAILED).detail("A request expects 100-continue, or nothing."));
    }
    if request.body().is_end_stream() {
        return Ok(());
    }
    if [Method::GET, Method::HEAD].contains(request.method()) {
        // A server that does not read it would take it for the next request.
        return Err(Problem::invalid("A request with the method GET or HEAD has no body."));
    }
    if request.body().size_hint().lower() > body_max {
        return Err(too_large(body_max));
    }
    Ok(())
}

/// More than the gateway forwards.
pub(super) fn too_large(body_max: u64) -> Problem {
    Problem::new(&problem::BODY_TOO_LARGE).detail(format!("The gateway forwards bodies of at most {body_max} bytes."))
}

/// The host is named once, and alike wherever it is named: whoever is in front may have gone by another one.
fn authority<B>(request: &Request<B>) -> Result<(), Problem> {
    let (uri, headers) = (request.uri(), request.headers());
    let wrong = || Problem::invalid("A request names one host, and the same one in its target and in Host.");
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() || host.is_some_and(|host| !is_host(host.as_bytes())) {
        return Err(wrong());
    }
    match (uri.authority(), host) {
        (None, None) if request.version() > Version::HTTP_11 => Err(wrong()),
        (None, _) => Ok(()),
        (Some(authority), _) if !is_host(authority.as_str().as_bytes()) => Err(wrong()),
        (Some(authority), Some(host)) if !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()) => {
            Err(wrong())
        }
        (Some(_), _) => Ok(()),
    }
}

/// A name or an address, perhaps with a port: nothing that ends or begins something else in a header.
fn is_host(host: &[u8]) -> bool {
    host.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_~:[]%!$&'()*+=".contains(byte))
}

/// The host that a request names, as the client wrote it.
pub(super) fn host(headers: &HeaderMap, uri: &http::Uri) -> Option<HeaderValue> {
    let named = || HeaderValue::try_from(uri.authority()?.as_str()).ok();
    headers.get(header::HOST).cloned().or_else(named).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use http_body_util::{Empty, Full};

    use super::*;

    fn refused(
        version: Version,
        method: &str,
        uri: &str,
        lines: &[(&str, &str)],
        body: &'static str,
    ) -> Option<&'static str> {
        let mut request = Request::builder().version(version).method(method).uri(uri);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let refused = if body.is_empty() {
            refusal(&request.body(Empty::<&[u8]>::new()).unwrap(), 8)
        } else {
            refusal(&request.body(Full::new(body.as_bytes())).unwrap(), 8)
        };
        refused.map(|problem| problem.kind().code)
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        const HOST: (&str, &str) = ("host", "a.example");
        const BAD: Option<&str> = Some("invalid_request");
        for (method, uri, lines, body, expected) in [
            ("GET", "/a", &[HOST][..], "", None),
            ("GET", "/a", &[], "", BAD),
            ("GET", "/a", &[HOST, HOST], "", BAD),
            ("GET", "http://a.example/a", &[HOST], "", None),
            ("GET", "http://A.example/a", &[HOST], "", None),
            ("GET", "http://b.example/a", &[HOST], "", BAD),
            ("GET", "http://u@a.example/a", &[HOST], "", BAD),
            ("GET", "/a", &[("host", "a.example, b.example")], "", BAD),
            ("GET", "/a", &[("host", "a.example/b")], "", BAD),
            ("GET", "/a", &[("host", "a.example@b")], "", BAD),
            ("TRACE", "/a", &[HOST], "", BAD),
            ("CONNECT", "a.example:443", &[("host", "a.example:443")], "", BAD),
            ("POST", "/a", &[HOST, ("transfer-encoding", "chunked")], "x", None),
            ("POST", "/a", &[HOST, ("transfer-encoding", "Chunked")], "x", None),
            ("POST", "/a", &[HOST, ("transfer-encoding", "gzip, chunked")], "x", BAD),
            ("POST", "/a", &[HOST, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], "x", BAD),
            ("GET", "/a", &[HOST, ("expect", "100-Continue")], "", None),
            ("GET", "/a", &[HOST, ("expect", "200-ok")], "", Some("expectation_failed")),
            ("GET", "/a", &[HOST], "x", BAD),
            ("HEAD", "/a", &[HOST], "x", BAD),
            ("DELETE", "/a", &[HOST], "x", None),
            ("POST", "/a", &[HOST], "12345678", None),
            ("POST", "/a", &[HOST], "123456789", Some("body_too_large")),
        ] {
            assert_eq!(refused(Version::HTTP_11, method, uri, lines, body), expected, "{method} {uri} {lines:?}");
        }
    }

    #[test]
    fn http_2_names_its_host_in_the_target() {
        let refused = |uri: &str, lines: &[(&str, &str)]| refused(Version::HTTP_2, "GET", uri, lines, "");
        assert_eq!(refused("https://a.example/a", &[]), None);
        assert_eq!(refused("https://a.example/a", &[("host", "a.example")]), None);
        assert_eq!(refused("https://a.example/a", &[("host", "b.example")]), Some("invalid_request"));
        assert_eq!(refused("/a", &[]), Some("invalid_request"));
    }
}
