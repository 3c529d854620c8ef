//! Leaked keys, as whoever looks for them reports them: `POST /api/v1/leaks`.

use std::fs;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{InstallationPatch, OpenOptions, ReporterKeys};
use model::{Actor, LeakRule};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Answer, Connection, Program, TestApp, keydesk, request};

on_both_databases!(
    a_report_is_labelled_acted_upon_and_taken_once,
    a_stranger_is_refused_before_anything_is_read,
    a_report_has_bounds,
    the_example_of_githubs_documentation_is_taken,
    the_program_takes_reports_as_its_configuration_says,
);

const LEAKS: &str = "/api/v1/leaks";
const IDENTIFIER: &str = "Github-Public-Key-Identifier";
const SIGNATURE: &str = "Github-Public-Key-Signature";

/// Whoever looks for keys and signs what it finds.
struct Reporter(EcdsaKeyPair);

impl Reporter {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    /// Its public key, as a configuration holds it.
    fn pem(&self) -> String {
        // What stands before a point of this curve in a public key.
        let head = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let der = STANDARD.encode([&head[..], self.0.public_key().as_ref()].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
    }

    /// Another one each time.
    fn sign(&self, body: &str) -> String {
        STANDARD.encode(self.0.sign(&SystemRandom::new(), body.as_bytes()).unwrap())
    }
}

async fn open(database: &TestDatabase, id: &str, pem: String) -> TestApp {
    let reporters = ReporterKeys::new([(id.to_owned(), pem)]).unwrap();
    TestApp::with(OpenOptions { reporters, ..OpenOptions::founding(database.address(), database.dir()) }).await
}

async fn send(app: &TestApp, body: &str, headers: &[(&str, &str)]) -> Answer {
    app.anonymous().call(Method::POST, LEAKS, Some(body), headers).await
}

fn unsigned() -> (u16, String) {
    (401, "invalid_signature".to_owned())
}

async fn entries(app: &TestApp, action: &str) -> Vec<Value> {
    let auditor = app.client(&["audit:read"]).await;
    let page = auditor.get(&format!("/api/v1/audit?actor=system&action={action}")).await.json();
    page["items"].as_array().unwrap().clone()
}

async fn a_report_is_labelled_acted_upon_and_taken_once(database: TestDatabase) {
    let reporter = Reporter::new();
    let app = open(&database, "k1", reporter.pem()).await;
    let told = app.key_in("default", "Told", &["keys:read"]).await;
    app.installation("other").await;
    let revoking = InstallationPatch { leak_rule: Some(LeakRule::Revoke), ..InstallationPatch::default() };
    app.keydesk.set_installation(Actor::Operator, "other", revoking).await.unwrap();
    let revoked = app.key_in("other", "Revoked", &["keys:read"]).await;
    let url = "https://github.com/acme/shop/blob/main/.env#L3";
    let body = json!([
        { "token": told.secret, "type": "keydesk_api_key", "url": url, "source": "content" },
        { "token": "ccc_live_nobody", "type": "keydesk_api_key", "url": url, "source": "commit", "more": [1] },
        { "token": revoked.secret, "type": "other_type", "url": null },
    ])
    .to_string();
    let signature = reporter.sign(&body);
    let signed = [(IDENTIFIER, "k1"), (SIGNATURE, &*signature), ("user-agent", "scanner/1")];
    let answer = send(&app, &body, &signed).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"), "{}", answer.text());
    assert_eq!(
        answer.json(),
        json!([
            { "token_raw": told.secret, "token_type": "keydesk_api_key", "label": "true_positive" },
            { "token_raw": "ccc_live_nobody", "token_type": "keydesk_api_key", "label": "false_positive" },
            { "token_raw": revoked.secret, "token_type": "other_type", "label": "true_positive" },
        ])
    );
    let asks = async |secret: &str| app.with_key(secret).get("/api/v1/keys").await.status.as_u16();
    assert_eq!((asks(&told.secret).await, asks(&revoked.secret).await), (200, 401), "as each installation's rule says");

    let all = entries(&app, "key.leaked").await;
    let [entry] = &all[..] else { panic!("one entry of this installation: {all:?}") };
    assert_eq!((&entry["key_id"], &entry["user_agent"]), (&json!(told.id), &json!("scanner/1")));
    assert_eq!(entry["request_id"], answer.header("x-request-id"));
    for (name, expected) in
        [("url", url), ("source", "content"), ("reporter", "k1"), ("rule", "notify"), ("done", "told")]
    {
        assert_eq!(entry["detail"][name], expected, "{entry}");
    }

    // The same again, by whoever has seen it.
    assert_eq!(send(&app, &body, &signed).await.refusal(), (409, "report_repeated".to_owned()));
    assert_eq!(entries(&app, "key.leaked").await.len(), 1);
    // Signed anew, and somewhere else.
    let elsewhere = body.replace("/shop/", "/shop2/");
    let anew = reporter.sign(&elsewhere);
    assert_eq!(send(&app, &elsewhere, &[(IDENTIFIER, "k1"), (SIGNATURE, &*anew)]).await.status, 200);
    assert_eq!(entries(&app, "key.leaked").await.len(), 2);
    let none = send(&app, "[]", &[(IDENTIFIER, "k1"), (SIGNATURE, &reporter.sign("[]"))]).await;
    assert_eq!((none.status.as_u16(), none.json()), (200, json!([])));
}

async fn a_stranger_is_refused_before_anything_is_read(database: TestDatabase) {
    let (reporter, other) = (Reporter::new(), Reporter::new());
    let app = open(&database, "k1", reporter.pem()).await;
    let key = app.key_in("default", "Acme", &["keys:*"]).await;
    let body = json!([{ "token": key.secret, "type": "t", "url": "u" }]).to_string();
    let (good, wrong) = (reporter.sign(&body), other.sign(&body));
    let of_another = reporter.sign("[]");
    let padded = format!("{good}=");
    let authorization = format!("Bearer {}", key.secret);
    for headers in [
        &[][..],
        &[(IDENTIFIER, "k1")],
        &[(SIGNATURE, &*good)],
        &[(IDENTIFIER, "k2"), (SIGNATURE, &*good)],
        &[(IDENTIFIER, ""), (SIGNATURE, &*good)],
        &[(IDENTIFIER, "k1"), (SIGNATURE, "")],
        &[(IDENTIFIER, "k1"), (SIGNATURE, "no base64")],
        &[(IDENTIFIER, "k1"), (SIGNATURE, &*wrong)],
        &[(IDENTIFIER, "k1"), (SIGNATURE, &*of_another)],
        &[(IDENTIFIER, "k1"), (SIGNATURE, &*padded)],
        &[(IDENTIFIER, "k1"), (IDENTIFIER, "k1"), (SIGNATURE, &*good)],
        &[(IDENTIFIER, "k1"), (SIGNATURE, &*good), (SIGNATURE, &*good)],
        // A key of Keydesk is not what this call asks for.
        &[("authorization", &*authorization)],
    ] {
        let answer = send(&app, &body, headers).await;
        assert_eq!(answer.refusal(), unsigned(), "{headers:?}");
        assert_eq!(answer.header("www-authenticate"), "Github-Public-Key-Signature realm=\"keydesk\"");
        assert!(!answer.text().contains(&key.secret));
    }
    // What is not JSON, or too long, is not looked at.
    for body in ["no JSON", &"x".repeat(2 * 1024 * 1024)] {
        assert_eq!(send(&app, body, &[]).await.refusal(), unsigned());
    }
    assert!(entries(&app, "key.leaked").await.is_empty());

    let plain = TestApp::new(&database).await;
    let signed = [(IDENTIFIER, "k1"), (SIGNATURE, &*good)];
    assert_eq!(send(&plain, &body, &signed).await.refusal(), unsigned(), "nobody is configured");
    assert_eq!(send(&app, &body, &signed).await.status, 200);
}

async fn a_report_has_bounds(database: TestDatabase) {
    let reporter = Reporter::new();
    let app = open(&database, "k1", reporter.pem()).await;
    let report = async |body: &str, more: &[(&str, &str)]| {
        let signature = reporter.sign(body);
        let headers = [&[(IDENTIFIER, "k1"), (SIGNATURE, &*signature)][..], more].concat();
        send(&app, body, &headers).await
    };
    let of = |count: usize| {
        let one = json!({ "token": "ccc_live_nobody", "type": "t", "url": "u" });
        Value::from(vec![one; count]).to_string()
    };
    let most = report(&of(5_000), &[]).await;
    assert_eq!((most.status.as_u16(), most.json().as_array().unwrap().len()), (200, 5_000));
    let padded = |length: usize| format!("[]{}", " ".repeat(length - 2));
    assert_eq!(report(&padded(1024 * 1024), &[]).await.status, 200);
    for body in [of(5_001), padded(1024 * 1024 + 1)] {
        assert_eq!(report(&body, &[]).await.refusal(), (413, "payload_too_large".to_owned()));
    }
    let invalid = (400, "invalid_request".to_owned());
    for body in ["", "{}", "[1]", r#"[{"type":"t"}]"#, r#"[{"token":"ccc_live_7Qfx","type":1}]"#, "[] []"] {
        let answer = report(body, &[]).await;
        assert_eq!(answer.refusal(), invalid, "{body}");
        assert!(!answer.text().contains("7Qfx"), "{}", answer.text());
    }
    let signature = reporter.sign("[]");
    let signed = [(IDENTIFIER, "k1"), (SIGNATURE, &*signature)];
    let asked = app.anonymous().call(Method::POST, "/api/v1/leaks?a=1", Some("[]"), &signed).await;
    assert_eq!(asked.refusal(), invalid);
    let packed = report("[]", &[("content-encoding", "gzip")]).await;
    assert_eq!(packed.refusal(), (415, "unsupported_media_type".to_owned()));
    assert_eq!(app.anonymous().get(LEAKS).await.status, 405);
}

async fn the_example_of_githubs_documentation_is_taken(database: TestDatabase) {
    let id = "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c";
    let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n\
        AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n";
    let app = open(&database, id, pem.to_owned()).await;
    let body =
        r#"[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]"#;
    let signature = "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==";
    let answer = send(&app, body, &[(IDENTIFIER, id), (SIGNATURE, signature)]).await;
    let expected = json!([{ "token_raw": "some_token", "token_type": "some_type", "label": "false_positive" }]);
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
}

/// The real program, its configuration file and its log.
async fn the_program_takes_reports_as_its_configuration_says(database: TestDatabase) {
    let (reporter, data) = (Reporter::new(), database.dir());
    let config = data.join("keydesk.toml");
    let text = format!("database = {:?}\n[leaks.public_keys]\nk1 = '''\n{}'''\n", database.address(), reporter.pem());
    fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let run = async |args: &[&str]| {
        let output = keydesk(&data, &[args, &["--config", config]].concat()).await;
        assert!(output.status.success(), "{args:?} {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let json =
        async |args: &[&str]| -> Value { serde_json::from_str(&run(&[args, &["--json"]].concat()).await).unwrap() };
    run(&["init"]).await;
    run(&["installation", "set", "default", "--leak-rule", "disable"]).await;
    let issued = json(&["key", "create", "--client-name", "Acme"]).await;
    let secrets =
        [&issued, &json(&["key", "default", "--reveal"]).await].map(|key| key["key"].as_str().unwrap().to_owned());
    let program = Program::serve(&data, &["--config", config]).await;
    let reported = secrets
        .each_ref()
        .map(|secret| json!({ "token": secret, "type": "keydesk_api_key", "url": "https://paste.example/1" }));
    let body = Value::from(reported.to_vec()).to_string();
    let mut connection = Connection::open(&program.address).await.unwrap();
    let head = format!(
        "POST {LEAKS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{IDENTIFIER}: k1\r\n{SIGNATURE}: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        reporter.sign(&body),
        body.len()
    );
    connection.write(format!("{head}{body}").as_bytes()).await.unwrap();
    let answer = connection.read_to_end().await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.matches("true_positive").count() == 2, "{answer}");

    let asks = async |secret: &String| {
        request(&program.address, "GET", "/api/v1/whoami", Some(secret.as_str()), None).await.unwrap().0
    };
    assert_eq!(
        (asks(&secrets[0]).await, asks(&secrets[1]).await),
        (401, 200),
        "the Default API Key is never taken away"
    );
    let loud = program.line("the Default API Key has leaked").await;
    assert_eq!(loud["level"], "ERROR", "{loud}");
    let told = program.line("an API key has leaked").await;
    assert_eq!((&told["level"], &told["done"]), (&json!("WARN"), &json!("disabled")));
    let (_, metrics) = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap();
    for sample in ["{done=\"disabled\"} 1", "{done=\"default_key\"} 1", "{done=\"told\"} 0", "{done=\"revoked\"} 0"] {
        assert!(metrics.contains(&format!("keydesk_leaks_reported_total{sample}\n")), "{sample}\n{metrics}");
    }
    let log = run(&["audit", "export", "--action", "key.leaked"]).await;
    assert!(log.matches("https://paste.example/1").count() == 2, "{log}");
    for secret in &secrets {
        assert!(!program.printed().contains(secret.as_str()) && !log.contains(secret.as_str()));
    }
    program.kill().await;
}
