//! The web page that a call came from.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use model::CallOrigin;

use crate::ClientAddress;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Finds it in the headers of a request that came from `client`.
///
/// Browsers send no `Origin` with a GET to the page's own host, and say `Sec-Fetch-Site: same-origin` instead. No page can
/// set or change either, nor `Host`; whatever is no browser can write all three, and so could have written `Origin`. So this
/// binds browsers as much as `Origin` does, and nobody else, as little as `Origin` does.
///
/// A page can set `X-Forwarded-Host`, however. It counts where a trusted proxy sent the request, which has to set it itself.
pub(crate) fn find(headers: &HeaderMap, client: ClientAddress) -> CallOrigin<'_> {
    match header(headers, &header::ORIGIN) {
        // What is there twice, or is no text, is no origin that could be allowed.
        Header::One(origin) => return CallOrigin::Named(origin.to_str().unwrap_or_default()),
        Header::Several => return CallOrigin::Named(""),
        Header::Absent => {}
    }
    if !matches!(header(headers, &SEC_FETCH_SITE), Header::One(site) if site == "same-origin") {
        return CallOrigin::Unknown;
    }
    let forwarded = if client.by_proxy { header(headers, &X_FORWARDED_HOST) } else { Header::Absent };
    let host = match forwarded {
        Header::Absent => header(headers, &header::HOST),
        said => said,
    };
    match host {
        Header::One(host) => host.to_str().map_or(CallOrigin::Unknown, CallOrigin::SameAs),
        _ => CallOrigin::Unknown,
    }
}

enum Header<'a> {
    Absent,
    One(&'a HeaderValue),
    Several,
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Header<'a> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Header::Absent,
        (Some(line), None) => Header::One(line),
        _ => Header::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_named_by_the_browser_alone() {
        const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");
        const HOST: (&str, &str) = ("host", "desk.example");
        const FORWARDED: (&str, &str) = ("x-forwarded-host", "front.example");
        const ORIGIN: (&str, &str) = ("origin", "https://page.example");
        for (lines, direct, by_proxy) in [
            (&[HOST][..], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[HOST, FORWARDED], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[SAME], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[SAME, HOST], CallOrigin::SameAs("desk.example"), CallOrigin::SameAs("desk.example")),
            (&[SAME, HOST, FORWARDED], CallOrigin::SameAs("desk.example"), CallOrigin::SameAs("front.example")),
            (&[SAME, HOST, FORWARDED, FORWARDED], CallOrigin::SameAs("desk.example"), CallOrigin::Unknown),
            (&[SAME, HOST, HOST], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[SAME, SAME, HOST], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[SAME, ("sec-fetch-site", "cross-site"), HOST], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[("sec-fetch-site", "same-site"), HOST], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[("sec-fetch-site", "none"), HOST], CallOrigin::Unknown, CallOrigin::Unknown),
            (&[ORIGIN], CallOrigin::Named(ORIGIN.1), CallOrigin::Named(ORIGIN.1)),
            (&[ORIGIN, SAME, HOST], CallOrigin::Named(ORIGIN.1), CallOrigin::Named(ORIGIN.1)),
            (&[ORIGIN, ORIGIN, SAME, HOST], CallOrigin::Named(""), CallOrigin::Named("")),
            (&[("origin", "https://j\u{fc}rgen.example"), SAME, HOST], CallOrigin::Named(""), CallOrigin::Named("")),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let of = |by_proxy| find(&headers, ClientAddress { ip: None, by_proxy });
            assert_eq!((of(false), of(true)), (direct, by_proxy), "{lines:?}");
        }
    }
}
