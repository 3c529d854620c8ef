//! Usage over REST where clocks change: whatever calls are told apart by, together they are all there are.

use std::{collections::BTreeMap, sync::Arc};

use domain::NewKey;
use model::{Environment, SettingsPatch};
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{StoppedClock, TestApp, TestKey};

store::on_both_databases!(days_and_hours_of_changing_clocks_have_their_calls_and_groups_sum_up_to_them);

/// Two days of Adelaide, on the second of which clocks change.
struct Days {
    range: &'static str,
    until: &'static str,
    /// When calls are made: before the second day, at its begin, before the change, after it, and at the end.
    calls: [&'static str; 5],
    hours: [&'static str; 5],
    days: [&'static str; 2],
}

const CHANGES: [Days; 2] = [
    // At 3:00 clocks go back: the second day has 25 hours, and from 2:00 to 3:00 there are two.
    Days {
        range: "from=2027-04-02T13:30:00Z&to=2027-04-04T14:30:00Z",
        until: "2027-04-04T14:30:00Z",
        calls: [
            "2027-04-03T13:29:00Z",
            "2027-04-03T13:30:00Z",
            "2027-04-03T16:15:00Z",
            "2027-04-03T16:45:00Z",
            "2027-04-04T14:15:00Z",
        ],
        hours: [
            "2027-04-03T12:30:00.000Z",
            "2027-04-03T13:30:00.000Z",
            "2027-04-03T15:30:00.000Z",
            "2027-04-03T16:30:00.000Z",
            "2027-04-04T13:30:00.000Z",
        ],
        days: ["2027-04-02T13:30:00.000Z", "2027-04-03T13:30:00.000Z"],
    },
    // At 2:00 they go on: the second day has 23 hours.
    Days {
        range: "from=2027-10-01T14:30:00Z&to=2027-10-03T13:30:00Z",
        until: "2027-10-03T13:30:00Z",
        calls: [
            "2027-10-02T14:29:00Z",
            "2027-10-02T14:30:00Z",
            "2027-10-02T16:15:00Z",
            "2027-10-02T16:45:00Z",
            "2027-10-03T13:15:00Z",
        ],
        hours: [
            "2027-10-02T13:30:00.000Z",
            "2027-10-02T14:30:00.000Z",
            "2027-10-02T15:30:00.000Z",
            "2027-10-02T16:30:00.000Z",
            "2027-10-03T12:30:00.000Z",
        ],
        days: ["2027-10-01T14:30:00.000Z", "2027-10-02T14:30:00.000Z"],
    },
];

struct Made {
    app: TestApp,
    clock: Arc<StoppedClock>,
    acme: TestKey,
    beta: TestKey,
    /// A test key.
    tester: TestKey,
}

impl Made {
    async fn of(database: &TestDatabase) -> Self {
        let clock = StoppedClock::at("2027-04-01T00:00:00Z");
        let app = TestApp::by_clock(database, &clock).await;
        let acme = app.key_in("default", "Acme", &["calls:read", "contacts:read"]).await;
        let beta = app.key_in("default", "Beta", &["calls:read"]).await;
        let new = NewKey { environment: Some(Environment::Test), ..NewKey::of(SettingsPatch::name("Tester")) };
        let issued = app.keydesk.issue(&app.operator("default").await, new).await.unwrap();
        let tester = TestKey { id: issued.key.id.to_string(), secret: issued.secret.expose().to_owned() };
        Self { app, clock, acme, beta, tester }
    }

    /// So many calls, each of which is answered so.
    async fn calls(&self, key: &TestKey, path: &str, (number, status): (usize, u16)) {
        for _ in 0..number {
            assert_eq!(self.app.with_key(&key.secret).get(path).await.status, status, "{path}");
        }
        self.app.keydesk.verifier().flush_usage().await;
    }

    /// The calls of these days: one more at each instant.
    async fn called(&self, calls: [&str; 5]) {
        let Self { clock, acme, beta, tester, .. } = self;
        for (number, (at, (key, path, status))) in calls
            .into_iter()
            .zip([
                (acme, "/authz?scope=calls:read", 200),
                // Once in all sums, and once for each scope.
                (acme, "/authz?scope=calls:read&scope=contacts:read", 200),
                (acme, "/authz?scope=calls:read", 200),
                (beta, "/authz?scope=data:read", 403),
                // It wants no scope.
                (tester, "/api/v1/whoami", 200),
            ])
            .enumerate()
        {
            clock.set(at);
            self.calls(key, path, (number + 1, status)).await;
        }
    }
}

/// Calls by when their step began and how they were decided.
type Calls = BTreeMap<(String, String), u64>;

fn add(calls: &mut Calls, points: &Value) {
    for point in points.as_array().unwrap() {
        let at = point["at"].as_str().unwrap();
        let denied = point["denied"].as_object().unwrap().iter().map(|(code, calls)| (code.as_str(), calls));
        for (code, number) in denied.chain([("VALID", &point["allowed"])]) {
            let number = number.as_u64().unwrap();
            if number > 0 {
                *calls.entry((at.to_owned(), code.to_owned())).or_default() += number;
            }
        }
    }
}

fn calls<const N: usize>(expected: [(&str, &str, u64); N]) -> Calls {
    expected.into_iter().map(|(at, code, calls)| ((at.to_owned(), code.to_owned()), calls)).collect()
}

async fn days_and_hours_of_changing_clocks_have_their_calls_and_groups_sum_up_to_them(database: TestDatabase) {
    let made = Made::of(&database).await;
    let reader = made.app.client(&["usage:read"]).await;
    for Days { range, until, calls: at, hours: [late, first, before, after, last], days: [day, changing] } in CHANGES {
        made.called(at).await;
        // Whoever reads calls too, and so after the range.
        made.clock.set(until);
        let read = async |more: &str| {
            let path = format!("/api/v1/usage?{range}&time_zone=Australia/Adelaide&{more}");
            let answer = reader.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            answer.json()
        };
        let refused = "INSUFFICIENT_SCOPE";
        for (step, expected) in [
            (
                "hour",
                calls([
                    (late, "VALID", 1),
                    (first, "VALID", 2),
                    (before, "VALID", 3),
                    (after, refused, 4),
                    (last, "VALID", 5),
                ]),
            ),
            ("day", calls([(day, "VALID", 1), (changing, "VALID", 10), (changing, refused, 4)])),
        ] {
            let mut all = Calls::new();
            add(&mut all, &read(&format!("step={step}")).await["points"]);
            assert_eq!(all, expected, "{range} {step}");
            // Of all sums that of scopes alone is another: some calls wanted two, and some none.
            for (group, members) in [("key", 3), ("client", 3), ("code", 2), ("environment", 2)] {
                let answer = read(&format!("step={step}&group_by={group}")).await;
                let groups = answer["groups"].as_array().unwrap();
                let mut sum = Calls::new();
                groups.iter().for_each(|group| add(&mut sum, &group["points"]));
                assert_eq!((groups.len(), &answer["next_cursor"]), (members, &Value::Null), "{group}: {answer}");
                assert_eq!(sum, expected, "{range} {step} by {group}");
            }
            let answer = read(&format!("step={step}&group_by=scope")).await;
            let scopes = answer["groups"].as_array().unwrap();
            let names: Vec<_> = scopes.iter().map(|group| &group["scope"]).collect();
            assert_eq!(names, [&json!("calls:read"), &json!("contacts:read"), &json!("data:read")]);
            for (of_scope, number) in scopes.iter().zip([6, 2, 4]) {
                let scope = of_scope["scope"].as_str().unwrap();
                let (mut grouped, mut alone) = (Calls::new(), Calls::new());
                add(&mut grouped, &of_scope["points"]);
                add(&mut alone, &read(&format!("step={step}&scope={scope}")).await["points"]);
                assert_eq!((grouped.values().sum::<u64>(), &grouped), (number, &alone), "{range} {step} {scope}");
            }
        }
    }
}
