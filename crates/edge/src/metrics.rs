//! Counters, in the form that Prometheus reads. Plain atomics in fixed tables: counting a call costs a few nanoseconds.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use http::StatusCode;

use crate::{
    exposition::{head, line},
    places::Places,
    routes::{Route, Routes},
};

/// Upper bounds of the latency buckets, in microseconds.
const BUCKETS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// Statuses that are counted one by one, from 100 on; the place behind them stands for all others.
const STATUSES: usize = 500;

/// Counts of answers.
#[derive(Debug)]
pub(crate) struct Metrics {
    routes: Vec<RouteMetrics>,
}

#[derive(Debug)]
struct RouteMetrics {
    statuses: [AtomicU64; STATUSES + 1],
    buckets: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

impl Metrics {
    /// Counters for each of these routes.
    pub(crate) fn new(routes: &Routes) -> Self {
        Self { routes: routes.iter().map(|_| RouteMetrics::default()).collect() }
    }

    /// Counts an answer.
    pub(crate) fn record(&self, route: Route, status: StatusCode, spent: Duration) {
        let Some(counters) = self.routes.get(route.index()) else { return };
        let status = usize::from(status.as_u16()).saturating_sub(100).min(STATUSES);
        counters.statuses[status].fetch_add(1, Relaxed);
        let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS.iter().position(|bound| micros <= *bound) {
            counters.buckets[bucket].fetch_add(1, Relaxed);
        }
        counters.micros.fetch_add(micros, Relaxed);
    }

    /// Writes all of them in the text format of Prometheus.
    pub(crate) fn render(&self, routes: &Routes, text: &mut String) {
        self.requests(routes, text);
        self.durations(routes, text);
    }

    fn requests(&self, routes: &Routes, text: &mut String) {
        head(text, "keydesk_http_requests_total", "counter", "Answers, by route and status.");
        for (route, counters) in self.seen(routes) {
            for (status, count) in counters.statuses.iter().enumerate() {
                let count = count.load(Relaxed);
                if count > 0 {
                    let status = if status == STATUSES { "other".to_owned() } else { (status + 100).to_string() };
                    let name = format_args!("keydesk_http_requests_total{{route=\"{route}\",status=\"{status}\"}}");
                    line(text, name, count);
                }
            }
        }
    }

    fn durations(&self, routes: &Routes, text: &mut String) {
        let name = "keydesk_http_request_duration_seconds";
        head(text, name, "histogram", "Time until the answer begins, by route.");
        for (route, counters) in self.seen(routes) {
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

    fn seen<'a>(&'a self, routes: &'a Routes) -> impl Iterator<Item = (&'a str, &'a RouteMetrics)> {
        routes.iter().map(|(_, template)| template).zip(&self.routes).filter(|(_, counters)| counters.total() > 0)
    }
}

/// Writes the connections of all listeners.
pub(crate) fn write_places(places: &[Places], text: &mut String) {
    head(text, "keydesk_connections", "gauge", "Open connections, by listener and whose they are.");
    for places in places {
        let (listener, (strangers, proxies, _)) = (places.listener(), places.counts());
        for (of, count) in [("strangers", strangers), ("proxies", proxies)] {
            line(text, format_args!("keydesk_connections{{listener=\"{listener}\",of=\"{of}\"}}"), count);
        }
    }
    let name = "keydesk_connections_refused_total";
    head(text, name, "counter", "Connections that were closed at once, since there was no place, by listener.");
    for places in places {
        line(text, format_args!("{name}{{listener=\"{}\"}}", places.listener()), places.counts().2);
    }
    let name = "keydesk_connections_displaced_total";
    head(text, name, "counter", "Connections that were closed so that others got their places, by listener.");
    for places in places {
        line(text, format_args!("{name}{{listener=\"{}\"}}", places.listener()), places.displaced());
    }
}

impl Default for RouteMetrics {
    fn default() -> Self {
        Self {
            statuses: [const { AtomicU64::new(0) }; STATUSES + 1],
            buckets: Default::default(),
            micros: AtomicU64::default(),
        }
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
    use crate::Template;

    #[test]
    fn answers_are_counted_by_status_and_time() {
        let routes = Routes::new([Template::path("/api/v1/keys/verify")]);
        let metrics = Metrics::new(&routes);
        let verify = routes.find("/api/v1/keys/verify");
        metrics.record(verify, StatusCode::OK, Duration::from_micros(250));
        metrics.record(verify, StatusCode::IM_A_TEAPOT, Duration::from_secs(60));
        metrics.record(routes.find("/"), StatusCode::from_u16(799).unwrap(), Duration::ZERO);
        metrics.record(routes.find("/"), StatusCode::SEE_OTHER, Duration::ZERO);
        let mut text = String::new();
        metrics.render(&routes, &mut text);
        for expected in [
            r#"keydesk_http_requests_total{route="/api/v1/keys/verify",status="200"} 1"#,
            r#"keydesk_http_requests_total{route="/api/v1/keys/verify",status="418"} 1"#,
            r#"keydesk_http_requests_total{route="/",status="other"} 1"#,
            r#"keydesk_http_requests_total{route="/",status="303"} 1"#,
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
