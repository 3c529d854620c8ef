use axum::response::{IntoResponse, Response};
use edge::exposition::{head, line};
use http::header;
use model::Code;

use crate::Dispatcher;

/// The document that Prometheus reads.
pub(crate) fn page(counted: &Dispatcher) -> Response {
    let mut text = String::with_capacity(8 * 1024);
    counted.edge().write_metrics(&mut text);
    let counters = counted.keydesk().verifier().counters();
    let throttle = counted.keydesk().throttle_counters();
    head(&mut text, "keydesk_verifications_total", "counter", "Verdicts, by code.");
    for code in Code::ALL {
        line(
            &mut text,
            format_args!("keydesk_verifications_total{{code=\"{code}\"}}"),
            counters.verifications[code.index()],
        );
    }
    for (name, kind, help, value) in [
        ("keydesk_cached_keys", "gauge", "Keys in memory.", counters.cached_keys),
        ("keydesk_cache_misses_total", "counter", "Verifications that asked the database.", counters.cache_misses),
        ("keydesk_usage_deferred_total", "counter", "How often the queue of usage was full.", counters.usage_deferred),
        ("keydesk_throttle_entries", "gauge", "Counts of failed sign-ins in memory.", throttle.remembered),
        (
            "keydesk_throttle_pushed_out_total",
            "counter",
            "Counts of failed sign-ins that had to make room for others.",
            throttle.pushed_out,
        ),
        ("keydesk_throttle_refused_total", "counter", "Sign-ins that were told to wait.", throttle.refused),
        ("keydesk_log_lines_dropped_total", "counter", "Log lines that could not be written.", cli::log_lines_dropped()),
        (
            "keydesk_histories_total",
            "counter",
            "How often memory was forgotten, since the database was set back or replaced.",
            counters.histories,
        ),
        (
            "keydesk_writes_failing",
            "gauge",
            "1 while nothing can be written to the database.",
            u64::from(counted.keydesk().not_writable().is_some()),
        ),
        ("keydesk_epoch", "gauge", "The change that this node has seen last.", counters.epoch.max(0).unsigned_abs()),
    ] {
        head(&mut text, name, kind, help);
        line(&mut text, format_args!("{name}"), value);
    }
    head(&mut text, "keydesk_build_info", "gauge", "The version that runs.");
    line(&mut text, format_args!("keydesk_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
