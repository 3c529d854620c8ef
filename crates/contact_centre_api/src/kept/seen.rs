use contact_centre::conformance::{Asks, Reading, Request, Table};
use http::{HeaderMap, Method, Uri, header};
use model::Instant;
use percent_encoding::percent_decode_str;

/// Characters of a path, a query, an id or a name that matter.
const CHARS_MAX: usize = 200;
/// A range of figures that a program may read again because they were not final.
const NARROW_MS: i64 = 3 * 3_600_000;
/// Lists that have pages and changes.
const LISTS: [&str; 5] = ["/v1/contacts", "/v1/leads", "/v1/calls", "/v1/wraps", "/v1/recordings"];
/// Parameters that don't make a reading another one.
const SAME: [&str; 5] = ["limit", "cursor", "to", "changed_since", "as_of_seq"];

/// What matters of a request to a run that looks at its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    what: Box<str>,
    asks: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Stream { place: Option<Box<str>>, is_state: bool },
    Call(Option<Box<str>>),
    Read(Read),
    Content,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    of: Table,
    query: Box<str>,
    is_since: bool,
    cursor: Option<Box<str>>,
    is_whole: bool,
    is_place: bool,
    is_narrow: bool,
}

impl Seen {
    /// None of what a run has nothing to do with: itself, what describes the API, and how webhooks are set up.
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let path = uri.path();
        let is_about_it = path.starts_with("/v1/sandbox") || path.ends_with("api.json") || path == "/v1/changes";
        let is_about_it = is_about_it || path.contains("webhooks");
        if is_about_it || *method == Method::HEAD {
            return None;
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(|text| cut(text.trim()));
        let asks = if *method == Method::POST && path == "/v1/calls" {
            Kind::Call(text("idempotency-key"))
        } else if *method != Method::GET {
            Kind::Other
        } else if path.starts_with("/v1/stream/") {
            // A client of a WebSocket says within it where it goes on.
            let place = text("last-event-id");
            if headers.contains_key(header::UPGRADE) && place.is_none() {
                Kind::Other
            } else {
                Kind::Stream { place, is_state: is_state(path) }
            }
        } else if path.starts_with("/v1/recordings/") && path.ends_with("/content") {
            Kind::Content
        } else {
            reading(path, uri.query().unwrap_or_default()).map_or(Kind::Other, Kind::Read)
        };
        Some(Self { what: cut(&format!("{method} {path}")), asks })
    }

    /// As a run is told of it.
    pub(crate) fn request(&self) -> Request<'_> {
        let asks = match &self.asks {
            Kind::Stream { place, is_state } => Asks::Stream { place: place.as_deref(), is_state: *is_state },
            Kind::Call(name) => Asks::Call(name.as_deref()),
            Kind::Content => Asks::Content,
            Kind::Other => Asks::Other,
            Kind::Read(read) => Asks::Read(Reading {
                of: read.of,
                query: &read.query,
                is_since: read.is_since,
                cursor: read.cursor.as_deref(),
                is_whole: read.is_whole,
                is_place: read.is_place,
                is_narrow: read.is_narrow,
            }),
        };
        Request { what: &self.what, asks }
    }

    /// Whether its answer can be a page of a list.
    pub(crate) fn may_page(&self) -> bool {
        matches!(&self.asks, Kind::Read(read) if read.of == Table::List && !read.is_since)
    }
}

/// Whether a stream tells what holds, and not what happened: then there is nothing to go on from.
pub(crate) fn is_state(path: &str) -> bool {
    path == "/v1/stream/queues"
}

fn reading(path: &str, query: &str) -> Option<Read> {
    let pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let value = |name: &str| pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
    let of = if LISTS.contains(&path) {
        Table::List
    } else if path.starts_with("/v1/data/") {
        Table::Whole
    } else if matches!(path, "/v1/metrics/queues" | "/v1/metrics/agents") {
        Table::Figures
    } else {
        return None;
    };
    let mut same: Vec<String> =
        pairs.iter().filter(|(name, _)| !SAME.contains(name)).map(|(name, value)| format!("{name}={value}")).collect();
    same.sort_unstable();
    let (is_since, cursor) = (value("changed_since").is_some(), value("cursor").map(|cursor| cut(&decoded(cursor))));
    let is_place = of == Table::List && value("limit") == Some("1");
    // What is narrowed to something is no reading of a list.
    let is_all = of != Table::List || same.is_empty();
    Some(Read {
        of,
        // What is asked for as it was then is compared, and not read again.
        is_whole: !is_since && cursor.is_none() && is_all && !is_place && value("as_of_seq").is_none(),
        query: cut(&same.join("&")),
        is_since,
        cursor,
        is_place,
        is_narrow: of == Table::Figures && is_narrow(value("from"), value("to")),
    })
}

/// Whether a range is of three hours at most. One that is not given is the last quarter of an hour and this one.
fn is_narrow(from: Option<&str>, to: Option<&str>) -> bool {
    let at = |text: &str| decoded(text).parse::<Instant>().ok();
    match (from, to) {
        (None, None) => true,
        (Some(from), Some(to)) => at(from)
            .zip(at(to))
            .is_some_and(|(from, to)| (0..=NARROW_MS).contains(&(to.as_millis() - from.as_millis()))),
        _ => false,
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn cut(text: &str) -> Box<str> {
    text.chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(line: &str, headers: &[(&'static str, &str)]) -> Option<Seen> {
        let (method, uri) = line.split_once(' ').unwrap();
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Seen::of(&method.parse().unwrap(), &uri.parse().unwrap(), &headers)
    }

    fn read(line: &str) -> Read {
        match seen(line, &[]).unwrap().asks {
            Kind::Read(read) => read,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_is_asked_for_is_told_apart() {
        for line in [
            "POST /v1/sandbox/faults",
            "GET /v1/call-webhooks",
            "GET /v1/openapi.json",
            "GET /v1/changes",
            "HEAD /v1/calls",
        ] {
            assert_eq!(seen(line, &[]), None, "{line}");
        }
        let of = |line: &str, headers: &[(&'static str, &str)]| seen(line, headers).unwrap().asks;
        assert_eq!(of("POST /v1/calls", &[("idempotency-key", "a")]), Kind::Call(Some("a".into())));
        assert_eq!(of("POST /v1/calls", &[]), Kind::Call(None));
        assert_eq!(of("GET /v1/recordings/1/content", &[]), Kind::Content);
        assert_eq!(of("GET /v1/calls/1", &[]), Kind::Other);
        assert_eq!(of("GET /v1/stream/calls", &[("upgrade", "websocket")]), Kind::Other);
        let place = Some("k-1".into());
        assert_eq!(of("GET /v1/stream/calls", &[("last-event-id", "k-1")]), Kind::Stream { place, is_state: false });
        assert_eq!(of("GET /v1/stream/queues", &[]), Kind::Stream { place: None, is_state: true });
    }

    #[test]
    fn what_narrows_a_list_is_no_reading_of_it() {
        for (line, is_whole, is_place) in [
            ("GET /v1/calls", true, false),
            ("GET /v1/calls?limit=500", true, false),
            ("GET /v1/calls?limit=1", false, true),
            ("GET /v1/calls?phone=1", false, false),
            ("GET /v1/calls?cursor=x", false, false),
            ("GET /v1/calls?changed_since=x", false, false),
            ("GET /v1/data/calls?from=1&format=csv", true, false),
            ("GET /v1/metrics/queues?from=1", true, false),
        ] {
            let read = read(line);
            assert_eq!((read.is_whole, read.is_place), (is_whole, is_place), "{line}");
        }
        assert_eq!(read("GET /v1/calls?cursor=a%2Eb").cursor.as_deref(), Some("a.b"));
    }

    #[test]
    fn figures_of_a_day_stay_the_same_reading_while_the_day_goes_on() {
        let (early, late) = (
            read("GET /v1/metrics/queues?from=2026-03-04T00:00:00Z&to=2026-03-04T10:00:00Z&length=15m"),
            read("GET /v1/metrics/queues?length=15m&from=2026-03-04T00:00:00Z&to=2026-03-04T11:00:00Z"),
        );
        assert_eq!(early, late);
        assert!(!early.is_narrow && read("GET /v1/metrics/queues?queue=Sales").is_narrow);
        assert!(read("GET /v1/metrics/agents?from=2026-03-04T00:00:00Z&to=2026-03-04T03:00:00Z").is_narrow);
        assert!(!read("GET /v1/metrics/queues?from=2026-03-04T00:00:00Z&as_of_seq=7").is_whole);
    }
}
