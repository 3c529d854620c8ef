//! Counters, in the form that Prometheus reads. Counting a call is four additions without a lock, to numbers that threads on other
//! processors leave alone.

use std::{
    fmt::Display,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    thread,
    time::Duration,
};

use http::StatusCode;
use model::{Histogram, HistogramCounts};

use crate::{
    exposition::{head, histogram, line},
    places::Places,
    refusals::Refusals,
    routes::{Route, Routes},
};

/// Statuses that are counted one by one. The place behind them stands for all others.
const STATUSES: [u16; 46] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411,
    412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505,
];

/// The place of each status from 0 on.
const PLACES: [u8; 600] = {
    let mut places = [STATUSES.len() as u8; 600];
    let mut place = 0;
    while place < STATUSES.len() {
        places[STATUSES[place] as usize] = place as u8;
        place += 1;
    }
    places
};

/// Most sets of counters: beyond this many processors two threads share one.
const SHARDS_MOST: usize = 64;

/// Counts of answers. Each thread adds to one of several sets, which are added up when somebody reads them.
#[derive(Debug)]
pub(crate) struct Metrics {
    shards: Vec<Vec<RouteMetrics>>,
}

/// As long as a few lines of a processor's cache, so that no two routes share one.
#[derive(Debug)]
#[repr(align(128))]
struct RouteMetrics {
    statuses: [AtomicU64; STATUSES.len() + 1],
    spent: Histogram,
}

impl Default for RouteMetrics {
    fn default() -> Self {
        Self { statuses: [const { AtomicU64::new(0) }; STATUSES.len() + 1], spent: Histogram::default() }
    }
}

/// A number for each thread that counts.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Relaxed);
    }
    OWN.with(|own| *own)
}

impl Metrics {
    /// Counters for each of these routes. A processor has a thread that answers, and one that waits.
    pub(crate) fn new(routes: &Routes) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let shard = || routes.iter().map(|_| RouteMetrics::default()).collect();
        Self { shards: (0..(2 * processors).min(SHARDS_MOST)).map(|_| shard()).collect() }
    }

    /// Counts an answer.
    pub(crate) fn record(&self, route: Route, status: StatusCode, spent: Duration) {
        let shard = &self.shards[thread_number() % self.shards.len()];
        let Some(counters) = shard.get(route.index()) else { return };
        let place = PLACES.get(usize::from(status.as_u16())).map_or(STATUSES.len(), |place| usize::from(*place));
        counters.statuses[place].fetch_add(1, Relaxed);
        counters.spent.record(spent);
    }

    /// Writes all of them in the text format of Prometheus.
    pub(crate) fn render(&self, routes: &Routes, text: &mut String) {
        let name = "keydesk_http_requests_total";
        head(text, name, "counter", "Answers, by route and status.");
        for (route, template) in routes.iter() {
            for place in 0..=STATUSES.len() {
                let count = self.of(route).map(|counters| counters.statuses[place].load(Relaxed)).sum();
                if count > 0 {
                    let status: &dyn Display = STATUSES.get(place).map_or(&"other", |status| status);
                    line(text, format_args!("{name}{{route=\"{template}\",status=\"{status}\"}}"), count);
                }
            }
        }
        let name = "keydesk_http_request_duration_seconds";
        head(text, name, "histogram", "Time until the answer begins, by route.");
        for (route, template) in routes.iter() {
            let mut counts = HistogramCounts::default();
            self.of(route).for_each(|counters| counts.add(&counters.spent));
            if counts.count() > 0 {
                histogram(text, name, &format!("route=\"{template}\""), &counts);
            }
        }
    }

    fn of(&self, route: Route) -> impl Iterator<Item = &RouteMetrics> {
        self.shards.iter().filter_map(move |shard| shard.get(route.index()))
    }
}

/// Writes the refusals and failures.
pub(crate) fn write_refusals(refusals: &Refusals, routes: &Routes, text: &mut String) {
    let name = "keydesk_refusals_total";
    head(text, name, "counter", "Refusals and failures, by route and the code of their problem document.");
    for (route, template) in routes.iter() {
        for (code, count) in refusals.counts(route).filter(|(_, count)| *count > 0) {
            line(text, format_args!("{name}{{route=\"{template}\",code=\"{code}\"}}"), count);
        }
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
    let name = "keydesk_connections_bound";
    head(text, name, "gauge", "Most connections at once, by listener and whose they are.");
    for places in places {
        let (listener, bounds) = (places.listener(), places.bounds());
        for (of, bound) in [("strangers", bounds.strangers), ("proxies", bounds.proxies)] {
            line(text, format_args!("{name}{{listener=\"{listener}\",of=\"{of}\"}}"), bound as u64);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Template;

    #[test]
    fn answers_are_counted_by_status_and_time() {
        let routes = Routes::new([Template::path("/api/v1/keys/verify")]);
        let metrics = Metrics::new(&routes);
        let verify = routes.find("/api/v1/keys/verify");
        metrics.record(verify, StatusCode::OK, Duration::from_micros(256));
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
            r#"_bucket{route="/api/v1/keys/verify",le="0.000192"} 0"#,
            r#"_bucket{route="/api/v1/keys/verify",le="0.000256"} 1"#,
            r#"_bucket{route="/api/v1/keys/verify",le="16.777216"} 1"#,
            r#"_bucket{route="/api/v1/keys/verify",le="+Inf"} 2"#,
            r#"_sum{route="/api/v1/keys/verify"} 60.000256"#,
            r#"_count{route="/api/v1/keys/verify"} 2"#,
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }

    #[test]
    fn what_threads_count_is_added_up() {
        let routes = Routes::new([]);
        let metrics = Metrics::new(&routes);
        let threads = 3 * metrics.shards.len();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    (0..1_000).for_each(|_| metrics.record(routes.find("/"), StatusCode::OK, Duration::ZERO));
                });
            }
        });
        let mut text = String::new();
        metrics.render(&routes, &mut text);
        let total = threads * 1_000;
        for expected in [format!("status=\"200\"}} {total}\n"), format!("_count{{route=\"/\"}} {total}\n")] {
            assert!(text.contains(&expected), "{expected} is not in\n{text}");
        }
    }
}
