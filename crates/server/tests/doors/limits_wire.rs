//! Limits on the wire: what callers are told of them, at every door, line by line as CONTRACT has it.

use axum::http::Method;
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Answer, Client, FULL, StoppedClock, TestApp, TestKey};

on_both_databases!(
    what_is_left_is_told_with_every_answer,
    whoever_waits_as_long_as_told_is_let_in_and_not_before,
    a_rate_and_a_quota_are_never_taken_for_each_other,
    a_cost_that_no_waiting_can_pay_is_no_question_of_waiting,
    verifying_takes_the_cost_from_the_key_and_one_from_the_caller,
    a_batch_takes_its_length_from_the_caller_and_each_cost_from_its_key,
    managing_takes_one_and_looking_at_oneself_nothing,
    a_limit_that_is_changed_while_it_is_used_counts_on,
    a_key_that_is_rotated_and_renamed_has_what_it_had,
    ceilings_nest_and_the_nearest_is_named,
    a_day_on_which_clocks_change_is_as_long_as_it_is,
    the_largest_limit_is_told_as_far_as_a_header_can
);

/// 9,600 seconds before midnight.
const START: &str = "2026-11-22T21:20:00Z";
const SECOND: i64 = 1_000;

/// A new key with these limits.
pub(crate) async fn limited(manager: &Client<'_>, name: &str, rate_limits: Value, quotas: Value) -> TestKey {
    let body =
        json!({"client_name": name, "scopes": ["calls:read", "keys:*"], "rate_limits": rate_limits, "quotas": quotas});
    let made = manager.post("/api/v1/keys", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let of = |field: &str| made.json()[field].as_str().unwrap().to_owned();
    TestKey { id: of("id"), secret: of("key") }
}

fn rate(name: &str, limit: u64, window_seconds: u64) -> Value {
    json!({"name": name, "limit": limit, "window_seconds": window_seconds})
}

fn quota(name: &str, limit: u64, period: &str) -> Value {
    json!({"name": name, "limit": limit, "period": period, "time_zone": "UTC"})
}

async fn authz(app: &TestApp, key: &str) -> Answer {
    app.with_key(key).get("/authz?scope=calls:read").await
}

/// The headers of limits: what is left, of what, and when to come again.
fn told(answer: &Answer) -> [&str; 3] {
    ["ratelimit", "ratelimit-policy", "retry-after"].map(|name| answer.header(name))
}

/// How a call was refused: the status, the code, the limit, and after how many seconds to come again.
fn refused(answer: &Answer) -> (u16, String, String, String) {
    let (status, code) = answer.refusal();
    let by = answer.json()["refused_by"].as_str().unwrap_or_default().to_owned();
    (status, code, by, answer.header("retry-after").to_owned())
}

fn refusal(status: u16, code: &str, by: &str, wait: &str) -> (u16, String, String, String) {
    (status, code.to_owned(), by.to_owned(), wait.to_owned())
}

async fn what_is_left_is_told_with_every_answer(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    let none = authz(&app, manager.key()).await;
    assert_eq!((none.status.as_u16(), told(&none)), (200, ["", "", ""]), "a key without limits is told of none");
    let key = limited(&manager, "Acme", json!([rate("default", 3, 60)]), json!([quota("daily", 10, "day")])).await;
    // The smallest remaining share first; a quota's window is this period's length.
    let policy = r#""default";q=3;w=60, "daily";q=10;w=86400"#;
    for (left, reset) in [(2, 20), (1, 40), (0, 60)] {
        let allowed = authz(&app, &key.secret).await;
        let daily = 7 + left;
        let states = format!(r#""default";r={left};t={reset}, "daily";r={daily};t=9600"#);
        assert_eq!((allowed.status.as_u16(), told(&allowed)), (200, [&states[..], policy, ""]));
        assert!(allowed.body.is_empty());
    }
    let over = authz(&app, &key.secret).await;
    assert_eq!(refused(&over), refusal(429, "rate_limited", "default", "20"));
    assert_eq!(told(&over), [r#""default";r=0;t=60, "daily";r=7;t=9600"#, policy, "20"], "nothing is taken");
    // As nginx is told: it passes on no 429.
    let for_nginx = app.with_key(&key.secret).get("/authz?mode=nginx&scope=calls:read").await;
    assert_eq!((for_nginx.status.as_u16(), for_nginx.header("x-keydesk-status")), (403, "429"));
    assert_eq!(told(&for_nginx), told(&over));
    // A refusal for another reason has asked no limit, and says nothing of any.
    let other = app.with_key(&key.secret).get("/authz?scope=data:read").await;
    assert_eq!((other.refusal(), told(&other)), ((403, "insufficient_scope".to_owned()), ["", "", ""]));
    clock.advance(40 * SECOND);
    let states = r#""default";r=1;t=40, "daily";r=6;t=9560"#;
    assert_eq!(told(&authz(&app, &key.secret).await), [states, policy, ""], "two came back, and one was taken");
}

async fn whoever_waits_as_long_as_told_is_let_in_and_not_before(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    for (limit, window, burst) in [(1, 1, 1), (3, 10, 1), (7, 60, 2), (7, 3_600, 7), (1_000, 7, 3), (2, 86_400, 2)] {
        let mut with_burst = rate("a", limit, window);
        with_burst["burst"] = burst.into();
        let key = limited(&manager, "Acme", json!([with_burst]), json!([])).await;
        for _ in 0..burst {
            assert_eq!(authz(&app, &key.secret).await.status, 200);
        }
        for round in 0..3 {
            let over = authz(&app, &key.secret).await;
            let wait: i64 = over.header("retry-after").parse().unwrap();
            assert_eq!(over.status, 429, "{limit} in {window} s");
            if window > limit {
                clock.advance((wait - 1) * SECOND);
                assert_eq!(authz(&app, &key.secret).await.status, 429, "{limit} in {window} s, {round}: {wait}");
                clock.advance(SECOND);
            } else {
                clock.advance(wait * SECOND);
            }
            assert_eq!(authz(&app, &key.secret).await.status, 200, "{limit} in {window} s, {round}: {wait}");
            // So that nothing that came back besides is left.
            while authz(&app, &key.secret).await.status == 200 {}
        }
    }
}

async fn a_rate_and_a_quota_are_never_taken_for_each_other(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let (manager, verifier) = (app.client(FULL).await, app.client(&["keys:verify"]).await);
    // Both are used up, and the longer wait decides: here the quota's, whose hour ends in 40 minutes.
    let both = limited(&manager, "Both", json!([rate("rate", 1, 60)]), json!([quota("hourly", 1, "hour")])).await;
    assert_eq!(authz(&app, &both.secret).await.status, 200);
    let by_quota = refusal(429, "quota_exceeded", "hourly", "2400");
    assert_eq!(refused(&authz(&app, &both.secret).await), by_quota);
    let verified = async |key: &str| {
        let answer = verifier.post("/api/v1/keys/verify", json!({"key": key})).await.json();
        json!([answer["valid"], answer["code"], answer["refused_by"], answer["retry_after_seconds"]])
    };
    assert_eq!(verified(&both.secret).await, json!([false, "QUOTA_EXCEEDED", "hourly", 2_400]));
    // A minute before the hour the quota waits for as long as the rate, and a rate comes first.
    clock.set("2026-11-22T21:59:00Z");
    let equal = limited(&manager, "Equal", json!([rate("rate", 1, 60)]), json!([quota("hourly", 1, "hour")])).await;
    assert_eq!(authz(&app, &equal.secret).await.status, 200);
    assert_eq!(refused(&authz(&app, &equal.secret).await), refusal(429, "rate_limited", "rate", "60"));
    assert_eq!(verified(&equal.secret).await, json!([false, "RATE_LIMITED", "rate", 60]));
    // Another check that fails is said before any limit.
    let off = json!({"enabled": false});
    assert_eq!(manager.patch(&format!("/api/v1/keys/{}", equal.id), off).await.status, 200);
    assert_eq!(verified(&equal.secret).await, json!([false, "DISABLED", null, null]));
    // A managing call is refused as any other.
    let managing = app.with_key(&both.secret).get("/api/v1/keys").await;
    assert_eq!(refused(&managing), refusal(429, "quota_exceeded", "hourly", "60"));
    clock.set("2026-11-22T22:00:00Z");
    assert_eq!(authz(&app, &both.secret).await.status, 200, "a new hour");
    assert_eq!(refused(&authz(&app, &both.secret).await).1, "quota_exceeded");
}

async fn a_cost_that_no_waiting_can_pay_is_no_question_of_waiting(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let (manager, verifier) = (app.client(FULL).await, app.client(&["keys:verify"]).await);
    let never = limited(&manager, "Never", json!([rate("rate", 5, 60)]), json!([quota("none", 0, "month")])).await;
    let refusal = refusal(403, "cost_exceeds_limit", "none", "");
    assert_eq!(refused(&authz(&app, &never.secret).await), refusal);
    assert_eq!(refused(&app.with_key(&never.secret).get("/api/v1/keys").await), refusal);
    let states = told(&authz(&app, &never.secret).await).map(str::to_owned);
    assert_eq!(states[0], r#""none";r=0;t=700800, "rate";r=5;t=0"#, "what was refused took nothing");
    let costing =
        async |key: &str, cost: Value| verifier.post("/api/v1/keys/verify", json!({"key": key, "cost": cost})).await;
    let verdict = async |key: &str, cost: u64| {
        let answer = costing(key, cost.into()).await.json();
        assert!(answer.as_object().unwrap().contains_key("retry_after_seconds") != (answer["valid"] == true));
        json!([answer["code"], answer["refused_by"], answer["retry_after_seconds"]])
    };
    assert_eq!(verdict(&never.secret, 1).await, json!(["QUOTA_EXCEEDED", "none", null]));
    assert_eq!(verdict(&never.secret, 0).await, json!(["VALID", null, null]), "looking is always allowed");
    let key = limited(&manager, "Some", json!([rate("rate", 5, 60)]), json!([quota("daily", 9, "day")])).await;
    assert_eq!(verdict(&key.secret, 6).await, json!(["RATE_LIMITED", "rate", null]));
    assert_eq!(verdict(&key.secret, 10).await, json!(["RATE_LIMITED", "rate", null]), "a rate comes before a quota");
    assert_eq!(verdict(&key.secret, 5).await, json!(["VALID", null, null]), "what can never pass took nothing");
    assert_eq!(verdict(&key.secret, 5).await, json!(["QUOTA_EXCEEDED", "daily", 9_600]));
    assert_eq!(verdict(&key.secret, 4).await, json!(["RATE_LIMITED", "rate", 48]));
    clock.advance(48 * SECOND);
    assert_eq!(verdict(&key.secret, 4).await, json!(["VALID", null, null]));
    for wrong in [json!(1_000_001), json!(-1), json!(1.5), json!("1"), json!([])] {
        let answer = costing(&key.secret, wrong.clone()).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{wrong}");
        assert_eq!(answer.json()["errors"][0]["field"], "cost", "{wrong}");
    }
}

async fn verifying_takes_the_cost_from_the_key_and_one_from_the_caller(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(&["keys:*", "calls:*"]).await;
    let caller = limited(&manager, "Caller", json!([rate("asking", 4, 60)]), json!([])).await;
    let key = limited(&manager, "Acme", json!([rate("default", 100, 60)]), json!([quota("daily", 50, "day")])).await;
    let verify = async |body: Value| app.with_key(&caller.secret).post("/api/v1/keys/verify", body).await;
    let first = verify(json!({"key": key.secret, "scopes": ["calls:read"], "cost": 7})).await;
    // The headers speak of the caller, the body of the key.
    assert_eq!(told(&first), [r#""asking";r=3;t=15"#, r#""asking";q=4;w=60"#, ""]);
    let states = |rate: u64, reset: u64, quota: u64| {
        json!([
            [{"name": "default", "limit": 100, "remaining": rate, "reset_seconds": reset}],
            [{"name": "daily", "limit": 50, "remaining": quota, "resets_at": "2026-11-23T00:00:00.000Z"}]
        ])
    };
    let of = |answer: &Answer| json!([answer.json()["rate_limits"], answer.json()["quotas"]]);
    assert_eq!((&first.json()["code"], of(&first)), (&json!("VALID"), states(93, 5, 43)));
    let looked = verify(json!({"key": key.secret, "cost": 0})).await;
    assert_eq!((told(&looked)[0], of(&looked)), (r#""asking";r=2;t=30"#, states(93, 5, 43)));
    // What something else refuses was not asked.
    let insufficient = verify(json!({"key": key.secret, "scopes": ["data:read"], "cost": 7})).await.json();
    assert_eq!(insufficient["code"], "INSUFFICIENT_SCOPE");
    assert!(insufficient.get("rate_limits").is_none() && insufficient.get("refused_by").is_none(), "{insufficient}");
    let exceeding = verify(json!({"key": key.secret, "cost": 44})).await;
    assert_eq!((&exceeding.json()["code"], of(&exceeding)), (&json!("QUOTA_EXCEEDED"), states(93, 5, 43)));
    // The caller has done too much: the key loses nothing.
    let over = verify(json!({"key": key.secret})).await;
    assert_eq!(refused(&over), refusal(429, "rate_limited", "asking", "15"));
    clock.advance(15 * SECOND);
    assert_eq!(of(&verify(json!({"key": key.secret, "cost": 0})).await), states(100, 0, 43));
}

async fn a_batch_takes_its_length_from_the_caller_and_each_cost_from_its_key(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    let caller = limited(&manager, "Caller", json!([rate("asking", 6, 60)]), json!([])).await;
    let key = limited(&manager, "Acme", json!([rate("default", 10, 60)]), json!([])).await;
    let batch = async |costs: &[u64]| {
        let calls: Vec<_> = costs.iter().map(|cost| json!({"key": key.secret, "cost": cost})).collect();
        app.with_key(&caller.secret).post("/api/v1/keys/verify-batch", json!({ "calls": calls })).await
    };
    let answer = batch(&[4, 11, 7, 6]).await;
    assert_eq!(told(&answer), [r#""asking";r=2;t=40"#, r#""asking";q=6;w=60"#, ""]);
    let json = answer.json();
    let codes: Vec<_> = json["answers"].as_array().unwrap().iter().map(|of| &of["code"]).collect();
    assert_eq!(
        codes,
        ["VALID", "RATE_LIMITED", "RATE_LIMITED", "VALID"],
        "in their order, and those refused take nothing"
    );
    let waits: Vec<_> = json["answers"].as_array().unwrap().iter().map(|of| &of["retry_after_seconds"]).collect();
    assert_eq!(waits, [&Value::Null, &Value::Null, &json!(6), &Value::Null]);
    clock.advance(18 * SECOND);
    // Three may be asked of now. Four are refused as a whole, and nothing of them is decided.
    assert_eq!(refused(&batch(&[1, 1, 1, 1]).await), refusal(429, "rate_limited", "asking", "2"));
    assert_eq!(refused(&batch(&[0; 7]).await), refusal(403, "cost_exceeds_limit", "asking", ""));
    let left = batch(&[0, 3, 0]).await.json();
    let left: Vec<_> =
        left["answers"].as_array().unwrap().iter().map(|of| &of["rate_limits"][0]["remaining"]).collect();
    assert_eq!(left, [3, 0, 0]);
    assert_eq!(refused(&batch(&[1]).await), refusal(429, "rate_limited", "asking", "2"), "its length was taken");
}

async fn managing_takes_one_and_looking_at_oneself_nothing(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    let rates =
        json!([rate("default", 6, 60), {"name": "calls", "limit": 2, "window_seconds": 60, "scopes": ["calls:*"]}]);
    let own = limited(&manager, "Acme", rates, json!([quota("daily", 9, "day")])).await;
    let client = app.with_key(&own.secret);
    let path = format!("/api/v1/keys/{}", own.id);
    let policy = r#""default";q=6;w=60, "daily";q=9;w=86400"#;
    let listed = client.get("/api/v1/keys").await;
    assert_eq!(
        told(&listed),
        [r#""default";r=5;t=10, "daily";r=8;t=9600"#, policy, ""],
        "the one of calls did not apply"
    );
    let read = client.get(&path).await;
    assert_eq!(told(&read)[0], r#""default";r=4;t=20, "daily";r=7;t=9600"#);
    for path in ["/api/v1/scopes", "/api/v1/presets", "/api/v1/whoami"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (200, ""), "{path}");
    }
    let whoami = client.get("/api/v1/whoami").await.json();
    let left = |list: &Value| -> Vec<(String, u64)> {
        let of = |limit: &Value| (limit["name"].as_str().unwrap().to_owned(), limit["remaining"].as_u64().unwrap());
        list.as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(left(&whoami["limits"]["rate_limits"]), [("default".to_owned(), 4), ("calls".to_owned(), 2)]);
    assert_eq!(left(&whoami["limits"]["quotas"]), [("daily".to_owned(), 7)]);
    // A change, and one that is refused for what it asks, are calls like any other.
    assert_eq!(client.patch(&path, json!({"notes": "Called"})).await.status, 200);
    assert_eq!(client.post("/api/v1/keys", json!({"client_name": " "})).await.status, 422);
    for _ in 0..2 {
        assert_eq!(client.get(&path).await.status, 200);
    }
    let over = client.get(&path).await;
    assert_eq!(refused(&over), refusal(429, "rate_limited", "default", "10"));
    let posted = client.call(Method::POST, "/api/v1/keys", Some("{\"client_name\":\"Late\"}"), &[]).await;
    assert_eq!(refused(&posted), refusal(429, "rate_limited", "default", "10"), "and nothing is made");
    assert_eq!(manager.get("/api/v1/keys?search=Late").await.json()["total"], 0);
    // Who has used up everything still learns who they are, what they may do, and why they were refused.
    let explained = client.get(&format!("/api/v1/explain/{}", over.header("x-request-id"))).await;
    assert_eq!((explained.status.as_u16(), &explained.json()["code"]), (200, &json!("rate_limited")));
    assert_eq!(client.get("/api/v1/whoami").await.status, 200);
}

async fn a_limit_that_is_changed_while_it_is_used_counts_on(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    let key = limited(&manager, "Acme", json!([rate("a", 10, 3_600)]), json!([quota("q", 8, "day")])).await;
    let set = async |rates: Value, quotas: Value| {
        let path = format!("/api/v1/keys/{}", key.id);
        let changed = manager.patch(&path, json!({"rate_limits": rates, "quotas": quotas})).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
    };
    let passing = async |calls: usize| {
        let mut passed = 0;
        for _ in 0..calls {
            passed += usize::from(authz(&app, &key.secret).await.status == 200);
        }
        passed
    };
    assert_eq!(passing(5).await, 5);
    // Up: what was taken counts.
    set(json!([rate("a", 20, 3_600)]), json!([quota("q", 12, "day")])).await;
    assert_eq!(passing(20).await, 7);
    assert_eq!(refused(&authz(&app, &key.secret).await), refusal(429, "quota_exceeded", "q", "9600"));
    // Down, below what was taken.
    set(json!([rate("a", 4, 3_600)]), json!([quota("q", 3, "day")])).await;
    assert_eq!(refused(&authz(&app, &key.secret).await), refusal(429, "quota_exceeded", "q", "9600"));
    // Taken away, and given again: it goes on from where it was.
    set(json!([]), json!([])).await;
    assert_eq!((passing(30).await, told(&authz(&app, &key.secret).await)), (30, ["", "", ""]));
    set(json!([]), json!([quota("q", 15, "day")])).await;
    assert_eq!(passing(30).await, 3);
    set(json!([]), json!([quota("q", 0, "day")])).await;
    assert_eq!(refused(&authz(&app, &key.secret).await), refusal(403, "cost_exceeds_limit", "q", ""));
    // Under another name it is another limit.
    set(json!([]), json!([quota("other", 2, "day")])).await;
    assert_eq!(passing(5).await, 2);
}

async fn a_key_that_is_rotated_and_renamed_has_what_it_had(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    let key = limited(&manager, "Acme", json!([rate("a", 9, 3_600)]), json!([quota("q", 9, "day")])).await;
    let path = format!("/api/v1/keys/{}", key.id);
    for _ in 0..2 {
        assert_eq!(authz(&app, &key.secret).await.status, 200);
    }
    let rotated = manager.post(&format!("{path}/rotate"), json!({"overlap_seconds": 3_600})).await.json();
    let second = rotated["key"].as_str().unwrap();
    assert_eq!(manager.patch(&path, json!({"client_name": "Beta"})).await.status, 200);
    let left = |answer: &Answer| (answer.status.as_u16(), answer.header("ratelimit").to_owned());
    let turn = async |verb: &str| manager.call(Method::POST, &format!("{path}/{verb}"), None, &[]).await.status;
    let [fifth, quota] = ["\"a\";r=5;t=1600", "\"q\";r=5;t=9600"];
    assert_eq!(authz(&app, second).await.status, 200);
    assert_eq!(left(&authz(&app, &key.secret).await), (200, format!("{fifth}, {quota}")));
    assert_eq!(turn("disable").await, 200);
    assert_eq!(authz(&app, second).await.status, 401);
    assert_eq!(turn("enable").await, 200);
    assert_eq!(manager.delete(&path).await.status, 204);
    assert_eq!(turn("restore").await, 200);
    assert_eq!(
        left(&authz(&app, second).await).1,
        r#""a";r=4;t=2000, "q";r=4;t=9600"#,
        "what was refused took nothing"
    );
    let mut passed = 0;
    for number in 0..20 {
        passed += u32::from(authz(&app, if number % 2 == 0 { second } else { &key.secret }).await.status == 200);
    }
    assert_eq!(passed, 4, "both secrets have one state");
}

async fn ceilings_nest_and_the_nearest_is_named(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let (manager, operator) = (app.client(FULL).await, app.operator("default").await);
    let client = domain::CeilingOf::Client(model::ClientName::parse("Acme").unwrap(), model::Environment::Live);
    let set = async |of: domain::CeilingOf, rates: Value, quotas: Value| {
        let ceiling = serde_json::from_value(json!({"rate_limits": rates, "quotas": quotas})).unwrap();
        app.keydesk.set_ceiling(&operator, of, ceiling, None).await.unwrap();
    };
    let first = limited(&manager, "Acme", json!([rate("a", 2, 60)]), json!([])).await;
    let second = limited(&manager, "  ÁCME ", json!([]), json!([])).await;
    let other = limited(&manager, "Other", json!([]), json!([])).await;
    set(client.clone(), json!([rate("a", 4, 120)]), json!([])).await;
    set(domain::CeilingOf::Installation, json!([rate("a", 6, 180)]), json!([quota("m", 100, "month")])).await;
    let policy = r#""a";q=2;w=60, "client:a";q=4;w=120, "installation:a";q=6;w=180, "installation:m";q=100;w=2592000"#;
    let one = authz(&app, &first.secret).await;
    assert_eq!(told(&one)[1], policy);
    assert!(told(&one)[0].starts_with(r#""a";r=1;t=30, "client:a";r=3;t=30, "installation:a";r=5;t=30, "#), "{one:?}");
    assert_eq!(authz(&app, &first.secret).await.status, 200);
    assert_eq!(refused(&authz(&app, &first.secret).await), refusal(429, "rate_limited", "a", "30"), "its own");
    for _ in 0..2 {
        assert_eq!(authz(&app, &second.secret).await.status, 200);
    }
    assert_eq!(refused(&authz(&app, &second.secret).await), refusal(429, "rate_limited", "client:a", "30"));
    // Its own waits for as long as its client's: the nearest is named.
    assert_eq!(refused(&authz(&app, &first.secret).await), refusal(429, "rate_limited", "a", "30"));
    for _ in 0..2 {
        assert_eq!(authz(&app, &other.secret).await.status, 200);
    }
    assert_eq!(refused(&authz(&app, &other.secret).await), refusal(429, "rate_limited", "installation:a", "30"));
    assert_eq!(refused(&authz(&app, &second.secret).await).2, "client:a", "the client's before the installation's");
    // A managing call of a key counts towards its ceilings, and is shown them.
    let whoami = app.with_key(&first.secret).get("/api/v1/whoami").await.json();
    let names: Vec<_> = whoami["limits"]["rate_limits"].as_array().unwrap().iter().map(|of| &of["name"]).collect();
    assert_eq!(names, ["a", "client:a", "installation:a"]);
    assert_eq!(refused(&app.with_key(&second.secret).get("/api/v1/keys").await).2, "client:a");
    // The Default API Key counts towards none, and a renamed key towards its new client's.
    let default = app.keydesk.default_key(&operator).await.unwrap().id;
    let default = app.keydesk.reveal(&operator, default).await.unwrap();
    for _ in 0..10 {
        let called = app.with_key(default.expose()).get("/authz?scope=keys:verify").await;
        assert_eq!((called.status.as_u16(), told(&called)), (200, ["", "", ""]));
    }
    set(domain::CeilingOf::Installation, json!([]), json!([])).await;
    assert_eq!(manager.patch(&format!("/api/v1/keys/{}", second.id), json!({"client_name": "New"})).await.status, 200);
    let free = authz(&app, &second.secret).await;
    assert_eq!((free.status.as_u16(), told(&free)), (200, ["", "", ""]));
}

async fn a_day_on_which_clocks_change_is_as_long_as_it_is(database: TestDatabase) {
    let clock = StoppedClock::at("2027-03-27T12:00:00Z");
    let app = TestApp::by_clock(&database, &clock).await;
    let manager = app.client(FULL).await;
    let zone: model::TimeZone = "Europe/Zurich".parse().unwrap();
    let patch = domain::InstallationPatch { time_zone: Some(zone), ..domain::InstallationPatch::default() };
    app.keydesk.set_installation(model::Actor::Operator, "default", patch).await.unwrap();
    // Without a zone of its own, a quota goes by the installation's.
    let daily = json!([{"name": "d", "limit": 1, "period": "day"}]);
    let key = limited(&manager, "Acme", json!([]), daily).await;
    for (now, passes, left, window) in [
        // 23 hours, and 25.
        ("2027-03-27T22:59:59Z", true, 1, 86_400),
        ("2027-03-27T23:00:00Z", true, 82_800, 82_800),
        ("2027-03-28T21:59:59.001Z", false, 1, 82_800),
        ("2027-03-28T22:00:00Z", true, 86_400, 86_400),
        ("2027-10-30T22:00:00Z", true, 90_000, 90_000),
        ("2027-10-31T00:30:00Z", false, 81_000, 90_000),
        ("2027-10-31T22:59:59Z", false, 1, 90_000),
        ("2027-10-31T23:00:00Z", true, 86_400, 86_400),
    ] {
        clock.set(now);
        let answer = authz(&app, &key.secret).await;
        let headers = [format!("\"d\";r=0;t={left}"), format!("\"d\";q=1;w={window}")];
        assert_eq!(
            (answer.status == 200, told(&answer)[0], told(&answer)[1]),
            (passes, &*headers[0], &*headers[1]),
            "{now}"
        );
        let over = authz(&app, &key.secret).await;
        assert_eq!(refused(&over), refusal(429, "quota_exceeded", "d", &left.to_string()), "{now}");
    }
    // An hour of 90 minutes, and one of 30, where clocks change by half an hour.
    let hourly = json!([{"name": "h", "limit": 1, "period": "hour", "time_zone": "Australia/Lord_Howe"}]);
    let key = limited(&manager, "Beta", json!([]), hourly).await;
    for (now, window) in [("2027-04-03T14:00:00Z", 5_400), ("2027-10-02T15:30:00Z", 1_800)] {
        clock.set(now);
        let answer = authz(&app, &key.secret).await;
        assert_eq!((answer.status.as_u16(), told(&answer)[1]), (200, &*format!("\"h\";q=1;w={window}")), "{now}");
    }
}

async fn the_largest_limit_is_told_as_far_as_a_header_can(database: TestDatabase) {
    let clock = StoppedClock::at(START);
    let app = TestApp::by_clock(&database, &clock).await;
    let (manager, verifier) = (app.client(FULL).await, app.client(&["keys:verify"]).await);
    let most = 9_007_199_254_740_991_u64;
    let key = limited(&manager, "Most", json!([rate("a", most, 1)]), json!([quota("q", most, "month")])).await;
    // An integer of structured fields has 15 digits (RFC 9651).
    let answer = authz(&app, &key.secret).await;
    assert_eq!(told(&answer)[0], r#""a";r=999999999999999;t=1, "q";r=999999999999999;t=700800"#);
    let body = json!({"key": key.secret, "cost": 1_000_000});
    let verified = verifier.post("/api/v1/keys/verify", body).await.json();
    assert_eq!(verified["quotas"][0]["remaining"], most - 1_000_001, "JSON tells it whole");
    assert_eq!((&verified["quotas"][0]["limit"], &verified["rate_limits"][0]["limit"]), (&json!(most), &json!(most)));
    for (field, beyond) in [("rate_limits", rate("a", most + 1, 1)), ("quotas", quota("q", most + 1, "day"))] {
        let refused = manager.patch(&format!("/api/v1/keys/{}", key.id), json!({ field: [beyond] })).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{field}");
    }
}
