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
    let bounds = counted.keydesk().bound_counters();
    let lost = cli::lost_lines();
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
        ("keydesk_unknown_keys", "gauge", "Unknown keys that are remembered as such.", counters.unknown_keys),
        ("keydesk_shared_scopes", "gauge", "Sets of scopes that records share.", counters.shared_scopes),
        ("keydesk_usage_waiting", "gauge", "Keys and rows whose usage is to be written.", counters.usage_waiting),
        ("keydesk_usage_lost_total", "counter", "Calls whose counts were given up.", counters.usage_lost),
        (
            "keydesk_usage_detail_lost_total",
            "counter",
            "Counted calls whose scope or address was given up.",
            counters.usage_detail_lost,
        ),
        ("keydesk_passwords_waiting", "gauge", "Passwords that are hashed or wait for it.", bounds.passwords),
        ("keydesk_throttle_entries", "gauge", "Counts of failed sign-ins in memory.", throttle.remembered),
        (
            "keydesk_throttle_pushed_out_total",
            "counter",
            "Counts of failed sign-ins that had to make room for others.",
            throttle.pushed_out,
        ),
        ("keydesk_throttle_refused_total", "counter", "Sign-ins that were told to wait.", throttle.refused),
        ("keydesk_log_lines_dropped_total", "counter", "Log lines that could not be written.", lost.dropped),
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
        ("keydesk_lookups_waiting", "gauge", "Verifications that read the database now.", counters.lookups),
        (
            "keydesk_lookups_refused_total",
            "counter",
            "Verifications that were refused, since too many others read the database.",
            counters.lookups_refused,
        ),
        ("keydesk_changes_waiting", "gauge", "Changes that wait for their turn.", bounds.changes_waiting),
        (
            "keydesk_changes_refused_total",
            "counter",
            "Changes that were refused, since too many waited or they had waited too long.",
            bounds.changes_refused,
        ),
        ("keydesk_link_misses", "gauge", "Networks that asked for links that are not there.", bounds.link_misses),
        (
            "keydesk_links_refused_total",
            "counter",
            "Look-ups of links that were refused, since their network had missed too often.",
            bounds.links_refused,
        ),
        ("keydesk_session_uses_waiting", "gauge", "Last uses of sessions to be written.", bounds.session_uses),
        (
            "keydesk_turns_refused_total",
            "counter",
            "Requests of people that were refused, since their session had too many at once.",
            app::refused_turns(),
        ),
        (
            "keydesk_log_lines_left_out_total",
            "counter",
            "Lines of the log that were left out, since there were too many of their kind in a second.",
            lost.left_out,
        ),
        (
            "keydesk_used_secrets_waiting",
            "gauge",
            "Secrets that were used and get their digest under the newest pepper.",
            counters.used_secrets,
        ),
        ("keydesk_epoch", "gauge", "The change that this node has seen last.", counters.epoch.max(0).unsigned_abs()),
    ] {
        head(&mut text, name, kind, help);
        line(&mut text, format_args!("{name}"), value);
    }
    head(&mut text, "keydesk_keyring_uses", "gauge", "What rests on each key of the keyring, as it was counted last.");
    for of in counted.keydesk().keyring_uses() {
        let (kind, id, what) = (&of.kind, label(&of.id), &of.what);
        line(&mut text, format_args!("keydesk_keyring_uses{{kind=\"{kind}\",id=\"{id}\",what=\"{what}\"}}"), of.count);
    }
    head(&mut text, "keydesk_build_info", "gauge", "The version that runs.");
    line(&mut text, format_args!("keydesk_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// A text as the value of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
