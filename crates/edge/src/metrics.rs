//! Counters, and how Prometheus reads them. Plain atomics in fixed tables: counting a call costs a few nanoseconds.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use http::StatusCode;

use crate::exposition::{head, line};

/// Upper bounds of the latency buckets, in microseconds.
const BUCKETS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// Statuses that are counted one by one; the last stands for all others.
const STATUSES: [u16; 19] =
    [200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 500, 503, 0];

macro_rules! routes {
    ($($name:ident = $template:literal;)*) => {
        /// A route, as it is counted and logged.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Route { $(#[doc = $template] $name),* }

        impl Route {
            const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The route's pattern.
            pub const fn template(self) -> &'static str {
                match self { $(Self::$name => $template),* }
            }
        }
    };
}

routes! {
    Authz = "/authz";
    Verify = "/api/v1/keys/verify";
    VerifyBatch = "/api/v1/keys/verify-batch";
    Keys = "/api/v1/keys";
    BulkDelete = "/api/v1/keys/bulk-delete";
    Key = "/api/v1/keys/{id}";
    Restore = "/api/v1/keys/{id}/restore";
    Reveal = "/api/v1/keys/{id}/reveal";
    Whoami = "/api/v1/whoami";
    Scopes = "/api/v1/scopes";
    Presets = "/api/v1/presets";
    OpenApi = "/api/openapi.json";
    Docs = "/api/docs";
    ServerFunction = "/api/_fn";
    OtherApi = "/api";
    Health = "/healthz";
    Ready = "/readyz";
    Metrics = "/metrics";
    Asset = "/pkg";
    Page = "/";
}

impl Route {
    /// The route that a path belongs to, whether or not anything answers there.
    pub fn of(path: &str) -> Self {
        match path {
            "/authz" => Self::Authz,
            "/api/v1/keys/verify" => Self::Verify,
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/metrics" => Self::Metrics,
            _ if path.starts_with("/authz/") => Self::Authz,
            _ if path.starts_with("/pkg/") => Self::Asset,
            _ => match path.strip_prefix("/api/") {
                Some(rest) => Self::of_api(rest),
                None if path == "/api" => Self::OtherApi,
                None => Self::Page,
            },
        }
    }

    fn of_api(rest: &str) -> Self {
        match rest {
            "v1/keys" => Self::Keys,
            "v1/keys/verify-batch" => Self::VerifyBatch,
            "v1/keys/bulk-delete" => Self::BulkDelete,
            "v1/whoami" => Self::Whoami,
            "v1/scopes" => Self::Scopes,
            "v1/presets" => Self::Presets,
            "openapi.json" => Self::OpenApi,
            "docs" | "docs.css" => Self::Docs,
            _ if rest.starts_with("_fn/") => Self::ServerFunction,
            _ => match rest.strip_prefix("v1/keys/").map(|key| key.split_once('/').map_or("", |(_, verb)| verb)) {
                Some("") => Self::Key,
                Some("restore") => Self::Restore,
                Some("reveal") => Self::Reveal,
                _ => Self::OtherApi,
            },
        }
    }

    /// Whether programs read its errors. Server functions have typed errors of their own.
    pub const fn is_api(self) -> bool {
        !matches!(self, Self::ServerFunction | Self::Asset | Self::Page)
    }
}

/// What has been answered.
#[derive(Debug)]
pub struct Metrics {
    routes: Vec<RouteMetrics>,
}

#[derive(Debug, Default)]
struct RouteMetrics {
    statuses: [AtomicU64; STATUSES.len()],
    buckets: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { routes: Route::ALL.iter().map(|_| RouteMetrics::default()).collect() }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn record(&self, route: Route, status: StatusCode, spent: Duration) {
        let Some(counters) = self.routes.get(route as usize) else { return };
        let status = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        counters.statuses[status].fetch_add(1, Relaxed);
        let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS.iter().position(|bound| micros <= *bound) {
            counters.buckets[bucket].fetch_add(1, Relaxed);
        }
        counters.micros.fetch_add(micros, Relaxed);
    }

    /// Writes all of them in the text format of Prometheus.
    pub fn render(&self, text: &mut String) {
        self.requests(text);
        self.durations(text);
    }

    fn requests(&self, text: &mut String) {
        head(text, "keydesk_http_requests_total", "counter", "Answers, by route and status.");
        for (route, counters) in self.seen() {
            for (status, count) in STATUSES.iter().zip(&counters.statuses) {
                let (template, count) = (route.template(), count.load(Relaxed));
                let status = if *status == 0 { "other".to_owned() } else { status.to_string() };
                if count > 0 {
                    let name = format_args!("keydesk_http_requests_total{{route=\"{template}\",status=\"{status}\"}}");
                    line(text, name, count);
                }
            }
        }
    }

    fn durations(&self, text: &mut String) {
        let name = "keydesk_http_request_duration_seconds";
        head(text, name, "histogram", "Time until the answer begins, by route.");
        for (route, counters) in self.seen() {
            let route = route.template();
            let mut below = 0;
            for (bound, count) in BUCKETS.iter().zip(&counters.buckets) {
                below += count.load(Relaxed);
                let bound = seconds(*bound);
                line(text, format_args!("{name}_bucket{{route=\"{route}\",le=\"{bound}\"}}"), below);
            }
            let total = counters.total();
            line(text, format_args!("{name}_bucket{{route=\"{route}\",le=\"+Inf\"}}"), total);
            let sum = seconds(counters.micros.load(Relaxed));
            // Writing to a String can't fail.
            let _ = writeln!(text, "{name}_sum{{route=\"{route}\"}} {sum}");
            line(text, format_args!("{name}_count{{route=\"{route}\"}}"), total);
        }
    }

    fn seen(&self) -> impl Iterator<Item = (Route, &RouteMetrics)> {
        Route::ALL.iter().copied().zip(&self.routes).filter(|(_, counters)| counters.total() > 0)
    }
}

impl RouteMetrics {
    fn total(&self) -> u64 {
        self.statuses.iter().map(|count| count.load(Relaxed)).sum()
    }
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted_under_their_pattern() {
        for (path, expected) in [
            ("/api/v1/keys", "/api/v1/keys"),
            ("/api/v1/keys/", "/api/v1/keys/{id}"),
            ("/api/v1/keys/0198", "/api/v1/keys/{id}"),
            ("/api/v1/keys/0198/reveal", "/api/v1/keys/{id}/reveal"),
            ("/api/v1/keys/0198/nothing", "/api"),
            ("/api/v2", "/api"),
            ("/api", "/api"),
            ("/apiary", "/"),
            ("/authz", "/authz"),
            ("/authz/api/v1/keys", "/authz"),
            ("/authzs", "/"),
            ("/api/_fn/sign_in", "/api/_fn"),
            ("/", "/"),
            ("", "/"),
            ("/pkg/keydesk.css", "/pkg"),
        ] {
            assert_eq!(Route::of(path).template(), expected, "{path}");
        }
        for route in Route::ALL {
            assert_eq!(
                Route::of(&route.template().replace("{id}", "x")).template(),
                match route.template() {
                    "/api/_fn" => "/api",
                    "/pkg" => "/",
                    same => same,
                }
            );
        }
    }

    #[test]
    fn answers_are_counted_by_status_and_time() {
        let metrics = Metrics::default();
        metrics.record(Route::Verify, StatusCode::OK, Duration::from_micros(250));
        metrics.record(Route::Verify, StatusCode::IM_A_TEAPOT, Duration::from_secs(60));
        let mut text = String::new();
        metrics.requests(&mut text);
        metrics.durations(&mut text);
        for expected in [
            r#"keydesk_http_requests_total{route="/api/v1/keys/verify",status="200"} 1"#,
            r#"keydesk_http_requests_total{route="/api/v1/keys/verify",status="other"} 1"#,
            r#"_bucket{route="/api/v1/keys/verify",le="0.0001"} 0"#,
            r#"_bucket{route="/api/v1/keys/verify",le="0.00025"} 1"#,
            r#"_bucket{route="/api/v1/keys/verify",le="10"} 1"#,
            r#"_bucket{route="/api/v1/keys/verify",le="+Inf"} 2"#,
            r#"_sum{route="/api/v1/keys/verify"} 60.00025"#,
            r#"_count{route="/api/v1/keys/verify"} 2"#,
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }
}
