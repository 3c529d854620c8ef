//! No secret is in anything but the answers that are meant to carry it.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Connection, Program, keydesk, request};

/// The texts that must not be found: each secret, and its random part alone.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn keep(&mut self, secret: &str) {
        self.0.push(secret.to_owned());
        self.0.extend(secret.get("ccc_live_".len()..).map(str::to_owned));
        self.0.extend(secret.get("ccc_live_".len()..secret.len().saturating_sub(6)).map(str::to_owned));
    }

    fn assert_absent(&self, what: &str, text: &str) {
        for secret in &self.0 {
            assert!(!text.contains(secret.as_str()), "a secret is in {what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_logged_counted_or_repeated_in_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let program = Program::serve(data, &["--log-level", "trace"]).await;
    let mut secrets = Secrets::default();
    let args = ["key", "create", "--client-name", "Caller", "--scope", "keys:*", "--scope", "contacts:read", "--json"];
    let caller: Value = serde_json::from_slice(&keydesk(data, &args).await.stdout).unwrap();
    let key = caller["key"].as_str().unwrap().to_owned();
    secrets.keep(&key);
    let revealed: Value =
        serde_json::from_slice(&keydesk(data, &["key", "default", "--reveal", "--json"]).await.stdout).unwrap();
    secrets.keep(revealed["key"].as_str().unwrap());
    let keyring = std::fs::read_to_string(data.join("master.key")).unwrap();
    for word in
        keyring.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=_-".contains(c)).filter(|word| word.len() > 30)
    {
        secrets.0.push(word.to_owned());
    }
    assert!(secrets.0.len() > 6, "the keyring's secrets are known");

    let call = async |method: Method, path: &str, key: Option<&str>, body: Value| {
        let body = body.to_string();
        let body = if body == "null" { None } else { Some(body.as_str()) };
        let (status, answer) = request(&program.address, method.as_str(), path, key, body).await.unwrap();
        (StatusCode::from_u16(status).unwrap(), answer)
    };
    let body = |answer: &str| -> Value { serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap() };

    let (_, created) = call(Method::POST, "/api/v1/keys", Some(&key), json!({"client_name": "Acme"})).await;
    let created = body(&created);
    let (id, new) = (created["id"].as_str().unwrap(), created["key"].as_str().unwrap());
    secrets.keep(new);
    let path = format!("/api/v1/keys/{id}");
    let (_, shown) = call(Method::POST, &format!("{path}/reveal"), Some(&key), Value::Null).await;
    assert_eq!(body(&shown)["key"], new);
    let sent = json!({"overlap_seconds": 600});
    let (_, rotated) = call(Method::POST, &format!("{path}/rotate"), Some(&key), sent).await;
    secrets.keep(body(&rotated)["key"].as_str().unwrap());
    let (_, made) = call(Method::POST, &format!("{path}/handover"), Some(&key), Value::Null).await;
    let token = body(&made)["token"].as_str().unwrap().to_owned();
    secrets.0.push(token.clone());
    let (_, made) = call(Method::POST, "/api/v1/tokens", Some(&key), json!({})).await;
    let derived = body(&made)["token"].as_str().unwrap().to_owned();
    secrets.0.extend([derived.clone(), derived.rsplit('.').next().unwrap().to_owned()]);

    // Keys that another system issued, taken and refused; and calls with them.
    let [foreign, hashed, no_row] = ["1", "2", "3"].map(|number| format!("acme_{}", number.repeat(32)));
    let hash: String = domain::fingerprint(hashed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    secrets.0.extend([foreign.clone(), hashed.clone(), hash.clone(), no_row.clone()]);
    let rows = [
        json!({"client_name": "Foreign", "key": foreign}),
        json!({"client_name": "Hashed", "hash": hash}),
        json!({"client_name": no_row, "key": no_row, no_row.clone(): no_row, "scopes": [no_row]}),
        json!({"client_name": "Hash", "hash": format!("{no_row}$")}),
        json!({"client_name": "Settings", "key": no_row, "expires_at": no_row, "allowed_ips": [no_row]}),
    ];
    let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let mut connection = Connection::open(&program.address).await.unwrap();
    let head = format!(
        "POST /api/v1/keys/import?partial=true HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        program.address,
        rows.len()
    );
    connection.write(format!("{head}{rows}").as_bytes()).await.unwrap();
    let imported = connection.read_to_end().await.unwrap();
    assert!(imported.contains("\"imported\":2") && imported.contains("\"refused\":3"), "{imported}");
    secrets.assert_absent("the answer to an import", &imported);
    for caller in [&foreign, &hashed, &no_row] {
        let (_, answer) = call(Method::GET, "/api/v1/whoami", Some(caller), Value::Null).await;
        secrets.assert_absent("the answer to an imported key", &answer);
    }

    // Answers that are not meant to carry a secret: to correct calls, and to careless ones with a secret in the wrong
    // place.
    for (method, path, caller, sent) in [
        (Method::GET, "/api/v1/keys".to_owned(), Some(key.as_str()), Value::Null),
        (Method::GET, path.clone(), Some(&key), Value::Null),
        (Method::PATCH, path.clone(), Some(&key), json!({"client_name": "Acme 2"})),
        (Method::POST, "/api/v1/keys/verify".to_owned(), Some(&key), json!({"key": new})),
        (Method::POST, "/api/v1/keys/verify".to_owned(), Some(&key), json!({"key": new, "scopes": [new]})),
        (Method::POST, "/api/v1/keys/verify".to_owned(), Some(&key), json!({"key": new, "cost": new, "ip": new})),
        (Method::POST, "/api/v1/keys/verify".to_owned(), Some(&key), json!({new: 1})),
        (Method::POST, "/api/v1/keys/verify-batch".to_owned(), Some(&key), json!({"calls": [{"key": new}, {new: 1}]})),
        (Method::GET, "/api/v1/whoami".to_owned(), Some(&derived), Value::Null),
        (Method::GET, "/api/v1/keys".to_owned(), Some(&derived), Value::Null),
        (Method::POST, "/api/v1/tokens".to_owned(), Some(&derived), json!({})),
        (Method::POST, "/api/v1/tokens".to_owned(), Some(&key), json!({"origin": derived, "scopes": [derived]})),
        (Method::POST, "/api/v1/keys/verify".to_owned(), Some(&key), json!({"key": derived, "scopes": [derived]})),
        (Method::POST, "/api/v1/keys/verify".to_owned(), Some(&key), json!({"key": derived})),
        (Method::POST, "/api/v1/keys/lookup".to_owned(), Some(&key), json!({"key": derived})),
        (Method::GET, format!("/api/v1/keys?search={derived}"), Some(&key), Value::Null),
        (Method::GET, format!("/{derived}?token={derived}"), Some(&key), Value::Null),
        (Method::GET, "/.well-known/jwks.json".to_owned(), None, Value::Null),
        (Method::POST, "/api/v1/keys/bulk-delete".to_owned(), Some(&key), json!({"ids": [new]})),
        (Method::POST, "/api/v1/keys/lookup".to_owned(), Some(&key), json!({"key": new})),
        (Method::POST, "/api/v1/keys/lookup".to_owned(), Some(&key), json!({"key": [new], "hint": new, new: 1})),
        (Method::GET, format!("/api/v1/keys?search={new}"), Some(&key), Value::Null),
        (Method::POST, "/api/v1/keys".to_owned(), Some(&key), json!({"client_name": "a", "scopes": [new]})),
        (Method::POST, "/api/v1/keys".to_owned(), Some(&key), json!({"client_name": "a", "preset": new})),
        (Method::GET, format!("/api/v1/keys?search=x&{new}=1"), Some(&key), Value::Null),
        (Method::GET, format!("/api/v1/keys?cursor={new}&sort={new}"), Some(&key), Value::Null),
        (Method::GET, format!("/api/v1/keys/{new}"), Some(&key), Value::Null),
        (Method::GET, format!("/api/v1/{new}"), Some(&key), Value::Null),
        (Method::GET, format!("/{new}"), Some(&key), Value::Null),
        (Method::GET, format!("/?key={new}"), None, Value::Null),
        (Method::GET, "/api/v1/whoami".to_owned(), Some(&format!("{new}x")), Value::Null),
        (Method::GET, "/api/v1/whoami".to_owned(), Some(new), Value::Null),
        (
            Method::PATCH,
            path.clone(),
            Some(&key),
            json!({"allowed_ips": [new], "allowed_origins": [new], "expires_at": new}),
        ),
        (Method::PATCH, path.clone(), Some(&key), json!({"owner_email": new, "metadata": [new], "preset": new})),
        (Method::GET, format!("{path}/secrets"), Some(&key), Value::Null),
        (Method::GET, format!("{path}/handover"), Some(&key), Value::Null),
        (Method::GET, "/api/v1/keys.csv".to_owned(), Some(&key), Value::Null),
        (Method::GET, format!("/handover/{token}"), None, Value::Null),
        (Method::GET, format!("/handover?code={token}"), None, Value::Null),
        (Method::POST, format!("{path}/rotate"), Some(&key), json!({"overlap_seconds": new})),
        (Method::POST, format!("{path}/end-overlap"), Some(&key), Value::Null),
        (Method::DELETE, path.clone(), Some(&key), Value::Null),
        (Method::GET, "/api/v1/whoami".to_owned(), Some(new), Value::Null),
        (Method::POST, format!("{path}/restore"), Some(&key), Value::Null),
    ] {
        let (status, answer) = call(method.clone(), &path, caller, sent).await;
        assert!(!status.is_server_error(), "{answer}");
        secrets.assert_absent(&format!("the answer to {method}: {status}"), &answer);
    }
    let (_, metrics) = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap();
    secrets.assert_absent("the metrics", &metrics);
    for args in
        [&["key", "list"][..], &["key", "list", "--json"], &["key", "default"], &["doctor"], &["key", "delete", new]]
    {
        let output = keydesk(data, args).await;
        secrets.assert_absent("the command line's output", &String::from_utf8_lossy(&output.stdout));
        if !args.contains(&new) {
            secrets.assert_absent("the command line's errors", &String::from_utf8_lossy(&output.stderr));
        }
    }
    let mut program = program;
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));
    program.line("stopped").await;
    let printed = program.printed();
    assert!(printed.lines().count() > 25, "at this level every call is logged:\n{printed}");
    secrets.assert_absent("the logs", &printed);
}
