//! How a route says that it will go: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and the same in the description.

use axum::{middleware, response::Response, routing::MethodRouter};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use model::Instant;

use crate::places::PAGE;

static DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
static SUNSET: HeaderName = HeaderName::from_static("sunset");

const SECOND_MS: i64 = 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;
/// A route is told to go at least so many days before: twelve months.
const NOTICE_DAYS: i64 = 365;

/// That a route is deprecated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deprecation {
    since: Instant,
    sunset: Instant,
    /// What to call in its place, as a sentence.
    instead: &'static str,
}

impl Deprecation {
    /// Deprecated from the beginning of a day in UTC on, and not gone before that of another, twelve months later or more.
    ///
    /// # Panics
    ///
    /// When either is no day, or the other comes sooner: the list of routes is wrong.
    pub(crate) fn new(since: &str, sunset: &str, instead: &'static str) -> Self {
        let day = |text: &str| -> Instant { format!("{text}T00:00:00Z").parse().expect("a day, such as 2026-12-01") };
        let (since, sunset) = (day(since), day(sunset));
        let notice = sunset.as_millis() - since.as_millis();
        assert!(notice >= NOTICE_DAYS * DAY_MS, "a route is told to go twelve months before");
        Self { since, sunset, instead }
    }

    /// What the description says of it.
    pub(crate) fn words(&self) -> String {
        let day = |at: Instant| at.to_string().chars().take(10).collect::<String>();
        format!(
            "Deprecated since {}, and gone on {} at the earliest. {}",
            day(self.since),
            day(self.sunset),
            self.instead
        )
    }

    /// The headers that it adds to each answer.
    fn write(&self, headers: &mut HeaderMap) {
        let since = format!("@{}", self.since.as_millis() / SECOND_MS);
        let link = format!("<{PAGE}>; rel=\"deprecation\"; type=\"text/html\"");
        for (name, text) in [(&DEPRECATION, since), (&SUNSET, http_date(self.sunset)), (&header::LINK, link)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.append(name.clone(), value);
            }
        }
    }

    /// A handler whose answers, refusals included, say it.
    pub(crate) fn told_by<S: Clone + Send + Sync + 'static>(self, handler: MethodRouter<S>) -> MethodRouter<S> {
        handler.layer(middleware::map_response(move |mut response: Response| async move {
            self.write(response.headers_mut());
            response
        }))
    }
}

/// An instant as HTTP writes it (RFC 9110, IMF-fixdate).
fn http_date(at: Instant) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // 1970-01-01 was a Thursday.
    let day = usize::try_from(at.as_millis().div_euclid(DAY_MS).rem_euclid(7)).unwrap_or_default();
    // 2026-11-22T21:20:00.000Z
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().unwrap_or(1).saturating_sub(1) % 12;
    format!("{}, {} {} {} {} GMT", DAYS[day], part(8, 10), MONTHS[month], part(0, 4), part(11, 19))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use http::{Request, StatusCode};
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::{Endpoint, reference};

    fn tomorrow() -> Deprecation {
        Deprecation::new("2026-12-01", "2027-12-01", "Call GET /new.")
    }

    /// A route of these tests alone.
    #[utoipa::path(get, path = "/old", tag = "Operations", responses((status = 200, description = "Old."), (status = 404, description = "Not there.")))]
    async fn old() -> &'static str {
        "old"
    }

    fn endpoint() -> Endpoint {
        #[derive(utoipa::OpenApi)]
        #[openapi(paths(old))]
        struct Described;
        Endpoint::open(<Described as utoipa::OpenApi>::openapi(), old)
    }

    #[tokio::test]
    async fn every_answer_of_a_deprecated_route_says_when_it_goes() {
        for refuses in [false, true] {
            let answer = move || async move { if refuses { StatusCode::NOT_FOUND } else { StatusCode::OK } };
            let router = tomorrow().told_by(get(answer));
            let request = Request::builder().uri("/old").body(Body::empty()).unwrap();
            let answer = router.oneshot(request).await.unwrap();
            let header = |name: &str| answer.headers()[name].to_str().unwrap();
            assert_eq!(answer.status().is_success(), !refuses);
            assert_eq!(header("deprecation"), "@1796083200");
            assert_eq!(header("sunset"), "Wed, 01 Dec 2027 00:00:00 GMT");
            assert_eq!(header("link"), "</api/docs>; rel=\"deprecation\"; type=\"text/html\"");
        }
    }

    #[test]
    fn the_description_says_it_too() {
        let described = |endpoint: Endpoint| reference::json(&[endpoint])["paths"]["/old"]["get"].clone();
        let plain = described(endpoint());
        assert_eq!(
            (&plain["deprecated"], &plain["responses"]["200"]["headers"]["Sunset"]),
            (&Value::Null, &Value::Null)
        );
        let told = described(endpoint().deprecated("2026-12-01", "2027-12-01", "Call GET /new."));
        assert_eq!(told["deprecated"], json!(true));
        let words = told["description"].as_str().unwrap();
        assert!(words.contains("Deprecated since 2026-12-01, and gone on 2027-12-01 at the earliest. Call GET /new."));
        for status in ["200", "404"] {
            for header in ["Deprecation", "Sunset", "Link"] {
                assert!(told["responses"][status]["headers"][header].is_object(), "{status} {header}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "twelve months")]
    fn no_route_goes_sooner() {
        Deprecation::new("2026-12-01", "2027-11-30", "Call GET /new.");
    }

    #[test]
    fn instants_are_written_as_http_writes_them() {
        for (at, written) in [
            ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("2028-02-29T23:59:59Z", "Tue, 29 Feb 2028 23:59:59 GMT"),
        ] {
            assert_eq!(http_date(at.parse().unwrap()), written);
        }
    }
}
