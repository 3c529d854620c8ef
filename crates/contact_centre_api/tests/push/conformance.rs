//! Runs of conformance over real connections: programs that follow streams, and receivers of webhooks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use delivery::{
    sign,
    testing::{Received, Receiver, Reply},
};
use model::PlainSecret;
use serde_json::{Value, json};

use crate::{
    support::{Door, Event, Sse},
    webhooks::sending,
};

const STREAM: &str = "/v1/stream/calls";

async fn begin(door: &Door, uses: Value) -> Value {
    let (status, _, begun) = door.ask("POST /v1/sandbox/conformance", "", Some(&json!({ "uses": uses }))).await;
    assert_eq!(status, 201, "{begun}");
    begun
}

async fn score(door: &Door) -> Value {
    door.ask("GET /v1/sandbox/conformance", "", None).await.2
}

/// The checks without points, with their reasons.
fn missing(score: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = score["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["points"] == 0).map(|check| (text(&check["name"]), text(&check["reason"]))).collect()
}

/// That nothing but one check has no points, and why.
fn only(score: &Value, name: &str, reason: &str) {
    let missing = missing(score);
    assert!(missing.len() == 1 && missing[0].0 == name && missing[0].1.contains(reason), "{name}: {missing:?}");
    assert_eq!(score["of"].as_u64().unwrap() - score["points"].as_u64().unwrap(), 10);
}

/// A program that follows.
struct Program<'a> {
    door: &'a Door,
    stream: Sse,
    last: Option<String>,
}

impl<'a> Program<'a> {
    async fn opened(door: &'a Door, last: Option<&str>) -> Sse {
        let more = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        door.follow(STREAM, "calls:read", &more).await
    }

    async fn begin(door: &'a Door) -> Self {
        let mut program = Self { door, stream: Self::opened(door, None).await, last: None };
        program.until("stream.snapshot").await;
        program
    }

    fn takes(&mut self, event: &Event) {
        self.last = event.id.clone().or(self.last.take());
    }

    async fn until(&mut self, kind: &str) {
        for event in self.stream.until(kind).await {
            self.takes(&event);
        }
    }

    /// Follows for so long that the run cuts the stream, and reads what still comes.
    async fn cut(&mut self) {
        self.door.pass(120_000);
        score(self.door).await;
        while let Some(event) = self.stream.next().await {
            self.takes(&event);
        }
    }

    async fn back(&mut self, last: Option<&str>) {
        self.stream = Self::opened(self.door, last).await;
    }
}

#[tokio::test]
async fn whoever_resumes_and_accepts_a_reset_has_all_points_of_streams() {
    let door = Door::open(61).await;
    let begun = begin(&door, json!(["stream"])).await;
    assert_eq!((&begun["points"], &begun["of"], &begun["run"]["state"]), (&json!(0), &json!(20), &json!("running")));
    let mut program = Program::begin(&door).await;
    program.cut().await;
    program.back(program.last.clone().as_deref()).await;
    program.until("stream.caught_up").await;
    program.cut().await;
    program.back(program.last.clone().as_deref()).await;
    program.until("stream.reset").await;
    program.until("stream.snapshot").await;
    program.cut().await;
    program.back(program.last.clone().as_deref()).await;
    program.until("stream.caught_up").await;
    let score = score(&door).await;
    assert_eq!(missing(&score), []);
    assert_eq!((&score["score_ratio"], &score["run"]["state"]), (&json!(1.0), &json!("done")));
    let played: Vec<_> = score["run"]["played"].as_array().unwrap().iter().map(|one| &one["fault"]).collect();
    let faults = ["streams_cut", "streams_cut", "stream_reset", "streams_cut"];
    assert_eq!(played, faults);
}

#[tokio::test]
async fn whoever_forgets_the_last_id_loses_the_points_of_that_alone() {
    let door = Door::open(62).await;
    begin(&door, json!(["stream"])).await;
    let mut program = Program::begin(&door).await;
    for _ in 0..3 {
        program.cut().await;
        program.back(None).await;
        program.until("stream.snapshot").await;
    }
    only(&score(&door).await, "resumes_streams", "without Last-Event-ID");
}

#[tokio::test]
async fn whoever_keeps_a_place_that_was_lost_loses_the_points_of_that_alone() {
    let door = Door::open(63).await;
    begin(&door, json!(["stream"])).await;
    let mut program = Program::begin(&door).await;
    program.cut().await;
    program.back(program.last.clone().as_deref()).await;
    program.until("stream.caught_up").await;
    program.cut().await;
    let lost = program.last.clone();
    program.back(lost.as_deref()).await;
    program.until("stream.snapshot").await;
    program.cut().await;
    program.back(lost.as_deref()).await;
    only(&score(&door).await, "accepts_resets", "before the reset");
}

/// Whether a delivery is signed with a secret.
fn is_signed(received: &Received, secret: &str) -> bool {
    let (id, timestamp) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let secret = PlainSecret::new(secret.to_owned());
    let expected = sign(&[secret], id.parse().unwrap(), timestamp.parse().unwrap(), &received.body).unwrap();
    received.header("webhook-signature").split(' ').any(|one| one == expected)
}

/// What a receiver answers: whether the signature is right, and whether it has had this before.
type Answers = fn(bool, bool) -> Reply;

fn good(is_right: bool, _: bool) -> Reply {
    Reply::status(if is_right { 204 } else { 401 })
}

/// A run of a receiver that answers so.
async fn received(seed: u64, answers: Answers) -> Value {
    let (door, _keys, _stopping) = sending(seed).await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url(), "types": ["call.corrected"] });
    let (status, _, made) = door.ask("POST /v1/call-webhooks", "calls:read", Some(&form)).await;
    assert_eq!(status, 201, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let known = Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
    receiver.answer(move |received| {
        let is_right = is_signed(received, &secret);
        let again = !known.lock().unwrap().insert(received.header("webhook-id").to_owned());
        answers(is_right, again)
    });
    begin(&door, json!(["webhook"])).await;
    // All come 2 seconds later.
    door.pass(2_000);
    let done = async {
        loop {
            let score = score(&door).await;
            let waits = score["checks"].as_array().unwrap().iter().any(|check| check["state"] == "not_seen");
            if !waits {
                return score;
            }
            // What failed is tried again after a while.
            door.pass(1_000);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), done).await.expect("it should have ended")
}

#[tokio::test]
async fn a_receiver_that_verifies_and_accepts_has_all_points() {
    let score = received(64, good).await;
    assert_eq!(missing(&score), []);
    assert_eq!((&score["points"], &score["of"], &score["run"]["state"]), (&json!(40), &json!(40), &json!("done")));
}

#[tokio::test]
async fn a_receiver_that_takes_everything_loses_the_points_of_signatures_alone() {
    let score = received(65, |_, _| Reply::status(200)).await;
    only(&score, "verifies_signatures", "answered 200");
}

#[tokio::test]
async fn a_receiver_that_refuses_what_it_had_loses_the_points_of_duplicates_alone() {
    let score =
        received(66, |is_right, again| if is_right && again { Reply::status(409) } else { good(is_right, again) });
    only(&score.await, "accepts_duplicates", "answered 409");
}

#[tokio::test]
async fn a_receiver_that_fails_once_loses_the_points_of_that_alone() {
    static FAILED: AtomicBool = AtomicBool::new(false);
    let score =
        received(
            67,
            |is_right, again| {
                if is_right && !FAILED.swap(true, SeqCst) { Reply::status(500) } else { good(is_right, again) }
            },
        );
    only(&score.await, "accepts_webhooks", "answered 500");
}

#[tokio::test]
async fn a_receiver_that_works_before_it_answers_loses_the_points_of_that_alone() {
    static WORKED: AtomicBool = AtomicBool::new(false);
    let score = received(68, |is_right, again| {
        let reply = good(is_right, again);
        if is_right && !WORKED.swap(true, SeqCst) { reply.after(Duration::from_millis(3_100)) } else { reply }
    });
    only(&score.await, "answers_quickly", "ms.");
}
