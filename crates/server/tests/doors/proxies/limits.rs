//! The promises about limits, which hold behind every proxy.

use super::gate::{Gate, Got, get};

/// A page of this origin may read answers: it stands in the documented files.
const PAGE: &str = "Origin: https://app.example.com";
const DAY_S: u64 = 24 * 60 * 60;

pub(super) async fn all(gate: &Gate, address: &str) {
    a_key_that_is_over_its_rate_is_told_when_to_come_again(gate, address).await;
    a_key_whose_quota_is_used_up_is_told_when_it_begins_anew(gate, address).await;
    a_key_that_no_waiting_helps_is_not_told_to_wait(gate, address).await;
}

/// Status, code, and the limit that refused.
fn refusal(got: &Got) -> (u16, String, String) {
    assert_eq!(got.header("content-type"), ["application/problem+json"], "{}", got.head);
    let document: serde_json::Value = serde_json::from_str(&got.body).expect("a document");
    assert_eq!(document["status"], got.status, "{}", got.body);
    assert_eq!(got.header("x-request-id"), [document["request_id"].as_str().expect("an id")], "{}", got.head);
    assert!(got.header("www-authenticate").is_empty(), "the key is known: {}", got.head);
    let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
    (got.status, text("code"), text("refused_by"))
}

/// The seconds of `Retry-After`.
fn wait(got: &Got) -> u64 {
    let [seconds] = got.header("retry-after")[..] else { panic!("{}", got.head) };
    seconds.parse().expect("whole seconds")
}

/// Calls until the key is refused, which the API must not see. The key allows one call.
async fn second_call(gate: &Gate, address: &str, limit: &[&str]) -> Got {
    let key = gate.key_within(limit).await;
    let first = get(address, "/api/contacts/42", &key.secret, &[PAGE]).await;
    assert_eq!(first.status, 200, "{}\n{}", first.head, first.body);
    let before = gate.upstream.calls();
    let second = get(address, "/api/contacts/42", &key.secret, &[PAGE]).await;
    assert_eq!(gate.upstream.calls(), before, "a refused request arrived");
    second
}

async fn a_key_that_is_over_its_rate_is_told_when_to_come_again(gate: &Gate, address: &str) {
    let over = second_call(gate, address, &["--rate", "default=1/86400s"]).await;
    assert_eq!(refusal(&over), (429, "rate_limited".to_owned(), "default".to_owned()));
    let wait = wait(&over);
    assert!((DAY_S - 120..=DAY_S).contains(&wait), "one call a day, and the last was just now: {wait}");
    // Of one call it is the same whether one comes back or all of them.
    assert_eq!(over.header("ratelimit"), [format!("\"default\";r=0;t={wait}")], "{}", over.head);
    assert_eq!(over.header("ratelimit-policy"), ["\"default\";q=1;w=86400"], "{}", over.head);
    let exposed = over.header("access-control-expose-headers").join(",");
    for name in ["Retry-After", "RateLimit", "RateLimit-Policy"] {
        assert!(exposed.split(',').any(|exposed| exposed.trim() == name), "{name}: {}", over.head);
    }
}

async fn a_key_whose_quota_is_used_up_is_told_when_it_begins_anew(gate: &Gate, address: &str) {
    let over = second_call(gate, address, &["--quota", "monthly=1/month,zone=UTC"]).await;
    assert_eq!(refusal(&over), (429, "quota_exceeded".to_owned(), "monthly".to_owned()));
    let wait = wait(&over);
    assert_eq!(over.header("ratelimit"), [format!("\"monthly\";r=0;t={wait}")], "{}", over.head);
    // A quota's window is this month's length.
    let months = [28, 29, 30, 31].map(|days| (days * DAY_S, format!("\"monthly\";q=1;w={}", days * DAY_S)));
    let policy = over.header("ratelimit-policy");
    let month = months.iter().find(|(_, written)| policy == [written.as_str()]);
    assert!(month.is_some_and(|(seconds, _)| (1..=*seconds).contains(&wait)), "{}", over.head);
}

/// Such a call is refused for what it is, as one without the scope is.
async fn a_key_that_no_waiting_helps_is_not_told_to_wait(gate: &Gate, address: &str) {
    let key = gate.key_within(&["--quota", "none=0/month,zone=UTC"]).await;
    let before = gate.upstream.calls();
    let never = get(address, "/api/contacts/42", &key.secret, &[PAGE]).await;
    assert_eq!(refusal(&never), (403, "cost_exceeds_limit".to_owned(), "none".to_owned()));
    assert!(never.header("retry-after").is_empty(), "{}", never.head);
    let [states] = never.header("ratelimit")[..] else { panic!("{}", never.head) };
    assert!(states.starts_with("\"none\";r=0;t="), "{states}");
    assert_eq!(gate.upstream.calls(), before, "a refused request arrived");
}
