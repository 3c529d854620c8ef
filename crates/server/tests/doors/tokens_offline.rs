//! Derived tokens are checked by whoever has the published keys alone, with the usual libraries. That for JavaScript is tried in
//! `end2end/tests/tokens.spec.ts`.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};
use store::testing::TestDatabase;
use tokio::io::AsyncWriteExt as _;

use crate::support::TestApp;

/// Where a Keydesk that nobody gave a public address says that it makes tokens.
const ISSUER: &str = "http://127.0.0.1:3000";

/// A token with everything that one can have, the published keys, and the id of its key.
async fn token(app: &TestApp) -> (String, Value, String) {
    let key = app.key_in("default", "Müller & Söhne", &["live:read", "queues:read"]).await;
    let body = json!({
        "scopes": ["live:read"],
        "origin": "https://shop.example",
        "expires_in": 60,
        "resources": { "queue": ["q1", "q2"] },
    });
    let made = app.with_key(&key.secret).post("/api/v1/tokens", body).await.json();
    let keys = app.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(keys.header("cache-control"), "public, max-age=300");
    (made["token"].as_str().unwrap().to_owned(), keys.json(), key.id)
}

/// The same token with other claims.
fn altered(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let at = parts[1].len() / 2;
    let other = if parts[1].as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}.{}{other}{}.{}", parts[0], &parts[1][..at], &parts[1][at + 1..], parts[2])
}

#[tokio::test]
async fn the_library_for_rust_checks_a_token_and_refuses_an_altered_one() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let (token, keys, id) = token(&app).await;
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let header = decode_header(&token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("keydesk+jwt")));
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["keydesk"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    let claims = decode::<Value>(&token, &key, &validation).unwrap().claims;
    assert_eq!(claims["sub"], id);
    assert_eq!((&claims["scope"], &claims["env"]), (&json!("live:read"), &json!("live")));
    assert_eq!((&claims["origin"], &claims["inst"]), (&json!("https://shop.example"), &json!("default")));
    assert_eq!(claims["resources"], json!({ "queue": ["q1", "q2"] }));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert!(decode::<Value>(&altered(&token), &key, &validation).is_err());
    validation.set_audience(&["another"]);
    assert!(decode::<Value>(&token, &key, &validation).is_err());
}

/// What the library for Python is asked.
const CHECK: &str = "
import json, sys
import jwt
sent = json.load(sys.stdin)
keys = {key['kid']: jwt.PyJWK(key) for key in sent['keys']['keys']}
def check(token, audience='keydesk'):
    header = jwt.get_unverified_header(token)
    assert header['typ'] == 'keydesk+jwt'
    require = ['aud', 'exp', 'iat', 'iss', 'jti', 'sub']
    return jwt.decode(token, keys[header['kid']].key, algorithms=['EdDSA'], audience=audience, issuer=sent['issuer'],
                      options={'require': require})
claims = check(sent['token'])
for token, audience in [(sent['altered'], 'keydesk'), (sent['token'], 'another')]:
    try:
        check(token, audience)
    except jwt.InvalidTokenError:
        continue
    raise SystemExit('an altered token was taken')
print(json.dumps(claims))
";

#[tokio::test]
async fn the_library_for_python_checks_a_token_and_refuses_an_altered_one() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let (token, keys, id) = token(&app).await;
    let sent = json!({ "token": token, "altered": altered(&token), "keys": keys, "issuer": ISSUER }).to_string();
    let python = std::env::var_os("TEST_PYTHON")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python"), PathBuf::from);
    let mut child = tokio::process::Command::new(&python)
        .args(["-c", CHECK])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} with `pyjwt`, as `cargo xtask test` has it: {error}", python.display()));
    child.stdin.take().unwrap().write_all(sent.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let claims: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!(id), &json!("keydesk")));
    assert_eq!(claims["scope"], "live:read");
}
