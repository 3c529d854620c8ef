use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use domain::Keydesk;
use edge::{
    exposition::{head, histogram, label, line},
    traces::{TraceCounters, Traces},
};
use http::header;
use model::{Code, Occupancy};

use crate::Dispatcher;

/// The document that Prometheus reads.
pub(crate) fn page(counted: &Dispatcher) -> Response {
    let mut text = String::with_capacity(64 * 1024);
    let keydesk = counted.keydesk();
    counted.edge().write_metrics(&mut text);
    decisions(keydesk, &mut text);
    let traces = counted.edge().traces();
    let own = keydesk.occupancy().into_iter().chain([app::streams()]).chain(counted.edge().occupancy());
    let rooms: Vec<_> = own.chain(traces.map(Traces::occupancy)).collect();
    occupancy(&rooms, &mut text);
    limits(keydesk, &mut text);
    spans(traces.map(Traces::counters).unwrap_or_default(), &mut text);
    database(keydesk, &mut text);
    single(keydesk, &mut text);
    of_keyring(keydesk, &mut text);
    imported(keydesk, &mut text);
    let name = "keydesk_build_info";
    head(&mut text, name, "gauge", "The version that runs.");
    line(&mut text, format_args!("{name}{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn decisions(keydesk: &Keydesk, text: &mut String) {
    let counters = keydesk.verifier().counters();
    let values = Code::ALL.map(|code| (code, counters.verifications[code.index()]));
    labelled(text, "keydesk_verifications_total", "counter", "Verdicts, by code.", "code", values);
}

fn occupancy(all: &[Occupancy], text: &mut String) {
    let used = all.iter().map(|room| (room.of, room.used));
    labelled(text, "keydesk_occupancy", "gauge", "How many are in each queue and memory that has a bound.", "of", used);
    let bounds = all.iter().map(|room| (room.of, room.bound));
    labelled(text, "keydesk_capacity", "gauge", "How many each queue and memory takes.", "of", bounds);
}

fn limits(keydesk: &Keydesk, text: &mut String) {
    let counters = keydesk.verifier().counters();
    let redis = counters.redis.unwrap_or_default();
    for (name, kind, help, value) in [
        ("keydesk_limit_keys", "gauge", "Keys whose limits have a state in memory.", counters.metered_keys),
        ("keydesk_limit_nodes", "gauge", "Nodes that share rate limits, as this one knows.", counters.nodes),
        (
            "keydesk_limit_leases_total",
            "counter",
            "Transactions in which parts of quotas were leased or given back.",
            counters.quota_leases,
        ),
        (
            "keydesk_limit_waits_refused_total",
            "counter",
            "Calls that were not decided, since too many waited for a part of a quota or the database gave none.",
            counters.quota_waits_refused,
        ),
        (
            "keydesk_limit_redis_up",
            "gauge",
            "1 while rate limits are decided in Redis or Valkey; 0 also where none is configured.",
            redis.answers.into(),
        ),
        (
            "keydesk_limit_redis_decisions_total",
            "counter",
            "Decisions on rate limits by Redis or Valkey.",
            redis.decided,
        ),
        (
            "keydesk_limit_redis_failures_total",
            "counter",
            "Questions that Redis or Valkey did not answer in time: those calls were decided by this node's share.",
            redis.failed,
        ),
    ] {
        head(text, name, kind, help);
        line(text, format_args!("{name}"), value);
    }
}

fn database(keydesk: &Keydesk, text: &mut String) {
    let database = keydesk.database_metrics();
    let name = "keydesk_database_duration_seconds";
    head(text, name, "histogram", "How long the database took, and how long changes waited for their turn.");
    for (of, counts) in &database.times {
        histogram(text, name, &format!("of=\"{of}\""), counts);
    }
    let name = "keydesk_database_connections";
    head(text, name, "gauge", "Open connections to the database, by use and state.");
    for pool in &database.pools {
        for (state, count) in [("busy", pool.busy), ("idle", pool.idle)] {
            line(text, format_args!("{name}{{of=\"{}\",state=\"{state}\"}}", pool.of), count);
        }
    }
    let bounds = database.pools.iter().map(|pool| (pool.of, pool.bound));
    labelled(text, "keydesk_database_connections_bound", "gauge", "Most connections, by use.", "of", bounds);
    head(text, "keydesk_changes_committed_total", "counter", "Changes that were committed; some share a commit.");
    line(text, format_args!("keydesk_changes_committed_total"), database.changes);
}

fn spans(counters: TraceCounters, text: &mut String) {
    let TraceCounters { sent, rejected, dropped, left_out } = counters;
    let results = [("sent", sent), ("rejected", rejected), ("dropped", dropped)];
    labelled(text, "keydesk_otlp_spans_total", "counter", "Spans, by what became of them.", "result", results);
    let name = "keydesk_otlp_requests_left_out_total";
    head(text, name, "counter", "Requests that were not sampled, since there were too many in their second.");
    line(text, format_args!("{name}"), left_out);
}

/// Those that have no labels, or one of few values.
fn single(keydesk: &Keydesk, text: &mut String) {
    let counters = keydesk.verifier().counters();
    let throttle = keydesk.throttle_counters();
    let bounds = keydesk.bound_counters();
    let lost = cli::lost_lines();
    let webhooks = keydesk.webhook_counters();
    let letters = keydesk.letter_counters();
    let refusals = keydesk.verifier().refusal_counters();
    let tokens = keydesk.verifier().token_counters();
    for (name, kind, help, value) in [
        ("keydesk_cache_misses_total", "counter", "Verifications that asked the database.", counters.cache_misses),
        ("keydesk_usage_deferred_total", "counter", "How often the queue of usage was full.", counters.usage_deferred),
        ("keydesk_usage_lost_total", "counter", "Calls whose counts were given up.", counters.usage_lost),
        (
            "keydesk_usage_detail_lost_total",
            "counter",
            "Counted calls whose scope or address was given up.",
            counters.usage_detail_lost,
        ),
        (
            "keydesk_trial_reasons_lost_total",
            "counter",
            "Calls that a trial would have refused and of which only the number is kept.",
            counters.trial_reasons_lost,
        ),
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
            u64::from(keydesk.not_writable().is_some()),
        ),
        (
            "keydesk_lookups_refused_total",
            "counter",
            "Verifications that were refused, since too many others read the database.",
            counters.lookups_refused,
        ),
        (
            "keydesk_changes_refused_total",
            "counter",
            "Changes that were refused, since too many waited or they had waited too long.",
            bounds.changes_refused,
        ),
        (
            "keydesk_links_refused_total",
            "counter",
            "Look-ups of links that were refused, since their network had missed too often.",
            bounds.links_refused,
        ),
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
            "keydesk_webhook_deliveries_pending",
            "gauge",
            "Deliveries of events that are still tried.",
            webhooks.pending_now,
        ),
        (
            "keydesk_webhook_deliveries_parked",
            "gauge",
            "Deliveries of events that were given up after 3 days and wait for somebody.",
            webhooks.parked_now,
        ),
        (
            "keydesk_webhook_deliveries_given_up_total",
            "counter",
            "Deliveries of events that were removed after 30 days without having been accepted.",
            webhooks.given_up,
        ),
        (
            "keydesk_webhook_looks_crowded_total",
            "counter",
            "How often more receivers were due than are delivered to at once.",
            webhooks.crowded,
        ),
        (
            "keydesk_letters_waiting",
            "gauge",
            "Letters that wait to be sent, as they were counted last.",
            letters.waiting_now,
        ),
        ("keydesk_letters_sent_total", "counter", "Letters that the mail server has taken.", letters.sent),
        (
            "keydesk_letters_failed_total",
            "counter",
            "Tries to send a letter that failed, after which it is tried again.",
            letters.failed,
        ),
        ("keydesk_letters_given_up_total", "counter", "Letters that were given up.", letters.given_up),
        ("keydesk_refusals_kept_total", "counter", "Refusals that were kept to be explained.", refusals.kept),
        (
            "keydesk_refusals_left_out_total",
            "counter",
            "Refusals that were counted and not kept, since their key had too many.",
            refusals.left_out,
        ),
        (
            "keydesk_refusals_lost_total",
            "counter",
            "Refusals that were given up, since the database took none for too long.",
            refusals.lost,
        ),
        ("keydesk_refusals_waiting", "gauge", "Refusals to be written.", refusals.waiting),
        ("keydesk_tokens_made_total", "counter", "Derived tokens that were signed.", tokens.made),
        (
            "keydesk_tokens_checked_total",
            "counter",
            "Derived tokens whose signature was checked, and was right; a token is checked once.",
            tokens.checked,
        ),
        (
            "keydesk_tokens_forged_total",
            "counter",
            "Texts with the form of a derived token that none of our keys has signed.",
            tokens.forged,
        ),
        (
            "keydesk_guesses_slowed_total",
            "counter",
            "Calls with keys that are not found which were slowed down.",
            counters.guesses_slowed,
        ),
        (
            "keydesk_guessing_addresses",
            "gauge",
            "Addresses that send many keys that are not found, at most 1,024.",
            counters.guessing_sources,
        ),
        (
            "keydesk_audit_logs_broken",
            "gauge",
            "Audit logs that are not as they were written, as far as this node has looked.",
            keydesk.broken_audit_logs(),
        ),
        ("keydesk_epoch", "gauge", "The change that this node has seen last.", counters.epoch.max(0).unsigned_abs()),
    ] {
        head(text, name, kind, help);
        line(text, format_args!("{name}"), value);
    }
    let name = "keydesk_webhook_attempts_total";
    let attempts = [("delivered", webhooks.delivered), ("failed", webhooks.failed), ("parked", webhooks.parked)];
    labelled(text, name, "counter", "Tries to deliver an event, by how they ended.", "outcome", attempts);
    let name = "keydesk_leaks_reported_total";
    let leaks = keydesk.leaks_reported().map(|(done, count)| (done.as_str(), count));
    labelled(text, name, "counter", "Keys that were reported as leaked, by what became of them.", "done", leaks);
}

fn of_keyring(keydesk: &Keydesk, text: &mut String) {
    let name = "keydesk_keyring_uses";
    head(text, name, "gauge", "What rests on each key of the keyring, as it was counted last.");
    for of in keydesk.keyring_uses() {
        let (kind, id, what) = (&of.kind, label(&of.id), &of.what);
        line(text, format_args!("{name}{{kind=\"{kind}\",id=\"{id}\",what=\"{what}\"}}"), of.count);
    }
}

fn imported(keydesk: &Keydesk, text: &mut String) {
    let counters = keydesk.verifier().imported_counters();
    let left = counters.left.iter().map(|(by, count)| (by.as_str(), *count));
    let help =
        "Imported secrets that are known by a hash alone, since they have not been used, as they were counted last.";
    labelled(text, "keydesk_imported_secrets", "gauge", help, "known_by", left);
    let slow = counters.slow;
    let checks = [("right", slow.right), ("wrong", slow.wrong), ("busy", slow.busy)];
    let help = "Checks of slow hashes, by what was found; busy: none was made.";
    labelled(text, "keydesk_slow_key_checks_total", "counter", help, "outcome", checks);
}

/// A metric with one label. Its values are Keydesk's own words.
fn labelled<L: Display>(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    by: &str,
    values: impl IntoIterator<Item = (L, u64)>,
) {
    head(text, name, kind, help);
    for (value, count) in values {
        line(text, format_args!("{name}{{{by}=\"{value}\"}}"), count);
    }
}
