//! Limits of keys and ceilings, over REST and on the command line.

use axum::http::Method;
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{FULL, TestApp, init, keydesk};

on_both_databases!(
    limits_of_a_key_are_given_changed_and_taken_back,
    what_is_no_limit_is_refused_with_its_place_and_the_reason,
    a_ceiling_is_read_by_keys_and_set_by_none,
    the_operator_sets_ceilings_and_limits_on_the_command_line,
);

fn rate(name: &str, limit: u64) -> Value {
    json!({"name": name, "limit": limit, "window_seconds": 60, "burst": limit, "scopes": []})
}

async fn limits_of_a_key_are_given_changed_and_taken_back(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let preset =
        client.post("/api/v1/keys", json!({"client_name": "Acme", "preset": "live-widget", "scopes": []})).await;
    assert_eq!(preset.json()["rate_limits"], json!([rate("default", 1_200)]), "those of the preset");
    assert_eq!(preset.json()["quotas"], json!([]));
    let none = json!({"client_name": "Acme", "preset": "live-widget", "scopes": [], "rate_limits": []});
    assert_eq!(client.post("/api/v1/keys", none).await.json()["rate_limits"], json!([]));
    let quota =
        json!({"name": "daily", "limit": 0, "period": "day", "time_zone": "Europe/Berlin", "scopes": ["calls:make"]});
    let given = json!({"rate_limits": [{"name": "default", "limit": 10, "window_seconds": 60}], "quotas": [quota]});
    let path = preset.header("location").to_owned();
    let changed = client.patch(&path, given).await;
    assert_eq!(changed.json()["rate_limits"], json!([rate("default", 10)]));
    assert_eq!(changed.json()["quotas"], json!([quota]));
    assert_eq!(client.get(&path).await.json(), changed.json());
    // Another preset by itself leaves the limits of an existing key.
    let other = client.patch(&path, json!({"preset": "crm", "scopes": []})).await;
    assert_eq!(other.json()["rate_limits"], json!([rate("default", 10)]));
    let back = client.patch(&path, json!({"rate_limits": [], "quotas": []})).await.json();
    assert_eq!((&back["rate_limits"], &back["quotas"]), (&json!([]), &json!([])));
    let presets = client.get("/api/v1/presets").await.json();
    let crm = presets["items"].as_array().unwrap().iter().find(|entry| entry["preset"] == "crm").unwrap().clone();
    let making =
        json!({"name": "calls-make", "limit": 60, "window_seconds": 60, "burst": 60, "scopes": ["calls:make"]});
    assert_eq!(crm["rate_limits"], json!([rate("default", 600), making]));
}

async fn what_is_no_limit_is_refused_with_its_place_and_the_reason(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let path = format!("/api/v1/keys/{}", app.key_in("default", "Acme", &[]).await.id);
    for (body, field, words) in [
        (
            json!({"quotas": [{"name": "a", "limit": 1, "period": "day", "time_zone": "Mars/Base"}]}),
            "quotas[0].time_zone",
            "time zone",
        ),
        (
            json!({"rate_limits": [{"name": "a", "limit": 1, "window_seconds": 1, "scopes": ["calls:fly"]}]}),
            "rate_limits[0].scopes",
            "calls:fly",
        ),
        (
            json!({"rate_limits": [{"name": "a", "limit": 1, "window_seconds": 1}], "quotas": [{"name": "a", "limit": 1, "period": "day"}]}),
            "quotas",
            "a name of its own",
        ),
    ] {
        let named = json!({"client_name": "Beta", "rate_limits": body["rate_limits"], "quotas": body["quotas"]});
        for answer in [client.patch(&path, body.clone()).await, client.post("/api/v1/keys", named).await] {
            assert_eq!(answer.refusal(), (422, "invalid_setting".to_owned()), "{body}");
            let error = &answer.json()["errors"][0];
            assert_eq!(error["field"], field, "{error}");
            assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        }
    }
    for (field, wrong) in [
        ("rate_limits", json!([{"name": "a", "limit": 0, "window_seconds": 1}])),
        ("rate_limits", json!([{"name": "a", "limit": 1, "window_seconds": 1, "burst": 2}])),
        ("rate_limits", json!(60)),
        ("quotas", json!([{"name": "a", "limit": 1, "period": "week"}])),
    ] {
        let answer = client.patch(&path, json!({ field: wrong })).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{field}");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    assert_eq!(client.get(&path).await.json()["version"], 1);
}

async fn a_ceiling_is_read_by_keys_and_set_by_none(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let operator = app.operator("default").await;
    for path in
        ["/api/v1/limits", "/api/v1/clients/Acme%20CRM/limits", "/api/v1/clients/Acme%20CRM/limits?environment=test"]
    {
        let read = client.get(path).await;
        assert_eq!((read.status.as_u16(), read.header("etag")), (200, "\"0\""), "{path}");
        assert_eq!((&read.json()["rate_limits"], &read.json()["updated_at"]), (&json!([]), &Value::Null));
        let body = json!({"rate_limits": [], "quotas": []}).to_string();
        let set = client.call(Method::PUT, path, Some(&body), &[]).await;
        assert_eq!(set.refusal(), (403, "forbidden".to_owned()), "{path}");
        assert!(set.json()["detail"].as_str().unwrap().contains("keydesk limits set"), "{path}");
    }
    let of = domain::CeilingOf::Client(model::ClientName::parse("Acme CRM").unwrap(), model::Environment::Live);
    let ceiling = serde_json::from_value(json!({"rate_limits": [rate("default", 6)], "quotas": []})).unwrap();
    app.keydesk.set_ceiling(&operator, of, ceiling, None).await.unwrap();
    let read = client.get("/api/v1/clients/%C3%81CME%20%20crm/limits?environment=live").await;
    assert_eq!((read.header("etag"), &read.json()["rate_limits"]), ("\"1\"", &json!([rate("default", 6)])));
    assert_eq!((&read.json()["environment"], &read.json()["version"]), (&json!("live"), &json!(1)));
    for (path, refusal) in [
        ("/api/v1/clients/%20/limits", (422, "invalid_client_name".to_owned())),
        ("/api/v1/clients/%FF/limits", (400, "invalid_request".to_owned())),
        ("/api/v1/clients/Acme/limits?environment=staging", (400, "invalid_request".to_owned())),
        ("/api/v1/limits?environment=live", (400, "invalid_request".to_owned())),
    ] {
        assert_eq!(client.get(path).await.refusal(), refusal, "{path}");
    }
    // For a test key, live keys and what bounds them don't exist.
    let test = domain::NewKey {
        environment: Some(model::Environment::Test),
        settings: model::SettingsPatch {
            scopes: Some(["keys:read".parse().unwrap()].into_iter().collect()),
            ..model::SettingsPatch::name("Tester")
        },
    };
    let secret = app.keydesk.issue(&operator, test).await.unwrap().secret;
    let tester = app.with_key(secret.expose());
    assert_eq!(tester.get("/api/v1/clients/Acme%20CRM/limits?environment=live").await.refusal().0, 404);
    assert_eq!(tester.get("/api/v1/clients/Acme%20CRM/limits").await.json()["environment"], "test");
}

async fn the_operator_sets_ceilings_and_limits_on_the_command_line(database: TestDatabase) {
    let (dir, address) = (database.dir(), database.address().to_owned());
    init(&dir, &["--database", &address]).await;
    let run = async |args: &[&str]| {
        let output = keydesk(&dir, &[args, &["--database", &address]].concat()).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let json = async |args: &[&str]| -> Value {
        let (code, out, err) = run(&[args, &["--json"]].concat()).await;
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}");
        serde_json::from_str(&out).unwrap()
    };
    let of = ["--client", "Acme CRM", "--environment", "live"];
    let rates =
        ["--rate", "default=600/60s,burst=100,scopes=calls:make", "--quota", "daily=10000/day,zone=Europe/Berlin"];
    let set = json(&[&["limits", "set"], &of[..], &rates[..]].concat()).await;
    assert_eq!((&set["version"], &set["client_name"]), (&json!(1), &json!("Acme CRM")));
    assert_eq!(
        set["rate_limits"],
        json!([{"name": "default", "limit": 600, "window_seconds": 60, "burst": 100, "scopes": ["calls:make"]}])
    );
    // What is not given stays.
    let changed = json(&[&["limits", "set"], &of[..], &["--no-rate"]].concat()).await;
    assert_eq!((&changed["rate_limits"], &changed["quotas"]), (&json!([]), &set["quotas"]));
    assert_eq!(json(&[&["limits", "show"], &of[..]].concat()).await, changed);
    let (code, out, _) = run(&["limits", "show", "--client", "acme crm"]).await;
    assert_eq!(code, Some(0));
    assert!(out.contains("daily: 10,000 calls a day in Europe/Berlin"), "{out}");
    let own = json(&["limits", "set", "--rate", "all=6000/1m"]).await;
    assert_eq!((&own["client_name"], &own["rate_limits"][0]["window_seconds"]), (&Value::Null, &json!(60)));
    let (code, _, err) = run(&[&["limits", "clear"], &of[..], &["--if-version", "1"]].concat()).await;
    assert_eq!(code, Some(1), "{err}");
    let cleared = json(&[&["limits", "clear"], &of[..], &["--if-version", "2"]].concat()).await;
    assert_eq!((&cleared["quotas"], &cleared["version"]), (&json!([]), &json!(3)));
    for (args, status, words) in [
        (&["limits", "set"][..], 2, "required"),
        (&["limits", "set", "--rate", "default"], 2, "NAME=CALLS/WINDOW"),
        (&["limits", "set", "--rate", "a=1/1s", "--rate", "a=2/1s"], 1, "a name of its own"),
        (&["limits", "set", "--quota", "a=1/day,zone=Mars/Base"], 1, "is not a time zone"),
        (&["limits", "set", "--rate", "a=1/1s,scopes=calls:fly"], 1, "no such scope"),
        (&["limits", "show", "--client", " "], 1, ""),
    ] {
        let (code, _, err) = run(args).await;
        assert_eq!(code, Some(status), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
    let created = json(&["key", "create", "--client-name", "Acme", "--preset", "crm"]).await;
    assert_eq!(created["rate_limits"].as_array().map(Vec::len), Some(2));
    let created =
        json(&["key", "create", "--client-name", "Acme", "--preset", "crm", "--no-rate", "--quota", "m=9/month"]).await;
    assert_eq!((&created["rate_limits"], &created["quotas"][0]["limit"]), (&json!([]), &json!(9)));
    let id = created["id"].as_str().unwrap();
    let updated = json(&["key", "update", id, "--rate", "default=5/1s", "--no-quota"]).await;
    assert_eq!((&updated["rate_limits"][0]["limit"], &updated["quotas"]), (&json!(5), &json!([])));
    let (_, out, _) = run(&["key", "update", id, "--rate", "default=7/1s"]).await;
    assert!(out.contains("Rate limit") && out.contains("default: 7 calls a second"), "{out}");
}
