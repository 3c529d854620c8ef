//! Runs of conformance: a program that does everything well, and one for each thing that can be done badly.

use contact_centre::objects::RecordingStatus;
use serde_json::{Value, json};

use crate::support::{ALL, Ask, Door, OTHER_KEY, Told};

/// What a program does badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    Nothing,
    /// Asks again at once after 429.
    Haste,
    /// Gives a call another name when it is sent again.
    OtherName,
    /// Gives calls no names.
    NoName,
    /// Reads a list whole though it knows it.
    Whole,
    /// Goes on with its cursor after 410.
    OnAfter410,
    /// Reads first pages alone.
    FirstPage,
    /// Reads all figures when some were revised.
    AllFigures,
    /// Asks again at once for a recording that is not ready.
    HastyDownload,
}

/// A program under a run.
struct Program<'a> {
    door: &'a Door,
    bad: Bad,
}

impl Program<'_> {
    /// Sends a request as often as it is told to come back.
    async fn send(&self, ask: impl Fn() -> Ask) -> Told {
        loop {
            let told = ask().send().await;
            let Some(seconds) = told.header("retry-after") else { return told };
            let seconds: i64 = seconds.parse().unwrap();
            let hastes = match told.status.as_u16() {
                429 => self.bad == Bad::Haste,
                _ => self.bad == Bad::HastyDownload,
            };
            self.door.pass(if hastes { 10 } else { seconds * 1_000 });
        }
    }

    async fn get(&self, path: &str) -> Told {
        self.send(|| self.door.ask(ALL, "GET", path)).await
    }

    /// A list from its beginning to its end, and the cursor of what changes.
    async fn whole(&self, list: &str) -> String {
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{list}?limit=400{cursor}")).await.json();
            let changes = page["changes_cursor"].as_str().unwrap().to_owned();
            match page["next_cursor"].as_str() {
                Some(next) if self.bad != Bad::FirstPage => cursor = format!("&cursor={next}"),
                _ => return changes,
            }
        }
    }

    async fn since(&self, list: &str, cursor: &str) -> Told {
        self.get(&format!("{list}?changed_since={cursor}")).await
    }

    async fn changes(&self) -> String {
        let mut cursor = self.whole("/wraps").await;
        if self.bad == Bad::Whole {
            self.whole("/wraps").await;
        }
        assert_eq!(self.since("/wraps", &cursor).await.status, 200);
        assert_eq!(self.since("/wraps", &cursor).await.code(410), "changes_lost");
        if self.bad != Bad::OnAfter410 {
            cursor = self.whole("/wraps").await;
        }
        assert_eq!(self.since("/wraps", &cursor).await.status, 200);
        cursor
    }

    async fn call(&self) {
        let body = json!({"to": "0491570156", "agent_id": self.door.free_agent()});
        let dial = |name: Option<&str>| {
            let ask = self.door.ask(ALL, "POST", "/calls").json(&body);
            match name {
                Some(name) => ask.header("idempotency-key", name),
                None => ask,
            }
        };
        match self.bad {
            Bad::NoName => assert_eq!(self.send(|| dial(None)).await.status, 202),
            Bad::OtherName => {
                assert_eq!(dial(Some("a")).send().await.code(429), "rate_limited");
                self.door.pass(2_000);
                assert_eq!(dial(Some("b")).send().await.status, 202);
                self.door.pass(60_000);
            }
            _ => assert_eq!(self.send(|| dial(Some("a"))).await.status, 202),
        }
    }

    async fn figures(&self, cursor: &str) {
        let whole = "/metrics/queues?from=2026-03-03T00:00:00Z&to=2026-03-04T02:00:00Z&length=60m&limit=500";
        assert_eq!(self.get(whole).await.status, 200);
        // A wrap is written late now.
        score(self.door).await;
        if self.bad == Bad::AllFigures {
            assert_eq!(self.get(whole).await.status, 200);
        }
        let revised = self.get(&format!("/metrics/queues?length=60m&changed_since={cursor}")).await;
        assert_eq!(revised.status, 200, "{}", revised.text());
    }

    async fn recording(&self) {
        let id = self.door.world(|world| {
            let mut all = world.state().recordings();
            all.find(|one| one.status == RecordingStatus::Available).unwrap().id
        });
        assert_eq!(self.get(&format!("/recordings/{id}/content")).await.status, 200);
    }
}

async fn score(door: &Door) -> Value {
    door.get("", "/sandbox/conformance").await
}

/// What a run of a program comes to.
async fn ran(bad: Bad) -> Value {
    let door = Door::open(12);
    let begun = door
        .ask("", "POST", "/sandbox/conformance")
        .json(&json!({"uses": ["calls", "changes", "recordings", "metrics"]}))
        .send()
        .await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    assert_eq!((&begun.json()["points"], &begun.json()["of"]), (&json!(0), &json!(70)));
    let program = Program { door: &door, bad };
    let cursor = program.changes().await;
    program.call().await;
    program.figures(&cursor).await;
    program.recording().await;
    score(&door).await
}

#[tokio::test]
async fn a_program_that_does_everything_well_has_all_points() {
    let score = ran(Bad::Nothing).await;
    assert_eq!((&score["points"], &score["score_ratio"]), (&json!(70), &json!(1.0)), "{score:#}");
    assert_eq!(score["run"]["state"], "done");
    assert!(score["checks"].as_array().unwrap().iter().all(|check| check["reason"].is_null()));
}

#[tokio::test]
async fn a_program_that_does_one_thing_badly_loses_the_points_of_that_alone_and_is_told_why() {
    for (bad, name, reason) in [
        (Bad::Haste, "waits_after_429", "before Retry-After had passed"),
        (Bad::OtherName, "repeats_calls_by_name", "under its Idempotency-Key"),
        (Bad::NoName, "repeats_calls_by_name", "without Idempotency-Key"),
        (Bad::Whole, "reads_changes", "was read from its beginning again"),
        (Bad::OnAfter410, "reads_anew_after_410", "without being read anew"),
        (Bad::FirstPage, "follows_pages", "had a next_cursor"),
        (Bad::AllFigures, "rereads_revised_only", "whole again after a late wrap"),
        (Bad::HastyDownload, "waits_for_recordings", "before Retry-After had passed"),
    ] {
        let score = ran(bad).await;
        let checks = score["checks"].as_array().unwrap();
        let missing: Vec<_> = checks.iter().filter(|check| check["points"] != check["of"]).collect();
        assert!(missing.len() == 1 && missing[0]["name"] == name, "{bad:?}: {missing:#?}");
        assert!(missing[0]["reason"].as_str().unwrap().contains(reason), "{bad:?}: {missing:#?}");
        assert_eq!(score["points"], 60, "{bad:?}");
    }
}

#[tokio::test]
async fn a_run_is_of_one_key_and_of_what_it_uses() {
    let door = Door::open(12);
    let none = score(&door).await;
    let empty = json!({"run": null, "checks": [], "points": 0, "of": 0, "score_ratio": null});
    assert_eq!(none, empty);
    let begin = |body: Value| door.ask("", "POST", "/sandbox/conformance").json(&body).send();
    assert_eq!(begin(json!({"uses": []})).await.code(422), "invalid_field");
    assert_eq!(begin(json!({"uses": ["telex"]})).await.code(400), "invalid_request");
    assert_eq!(begin(json!({})).await.code(400), "invalid_request");
    assert_eq!(begin(json!({"uses": ["recordings"]})).await.json()["of"], 20);
    let other = || door.ask(ALL, "GET", "/queues").key(Some(OTHER_KEY)).send();
    assert_eq!(other().await.status, 200, "others are not disturbed");
    assert_eq!(door.ask(ALL, "GET", "/queues").send().await.code(429), "rate_limited");
    let told = door.ask("", "GET", "/sandbox/conformance").key(Some(OTHER_KEY)).send().await.json();
    assert_eq!(told, empty);
    // Another begins in its place, and nothing goes wrong any more once the last is over.
    begin(json!({"uses": ["stream"]})).await;
    door.pass(600_000);
    let over = score(&door).await;
    assert_eq!((&over["run"]["state"], &over["points"], &over["of"]), (&json!("done"), &json!(0), &json!(20)));
    assert!(over["checks"].as_array().unwrap().iter().all(|check| check["reason"].is_string()));
    assert_eq!(door.ask(ALL, "GET", "/queues").send().await.status, 200);
}
