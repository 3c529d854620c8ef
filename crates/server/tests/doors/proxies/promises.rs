//! The promises that hold behind every proxy.

use model::RawPath;

use super::{
    browsers,
    gate::{CLIENT, Gate, get, send},
    limits,
    paths::{HOSTILE, KEPT, Paths},
};

/// What a proxy does with a client's `X-Forwarded-For` before it forwards it to the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwarded {
    /// It names the client only.
    Replaced,
    /// The client comes last.
    Appended,
}

/// Checks all promises through the proxy at `address`.
pub(crate) async fn all(gate: &Gate, address: &str, forwarded: Forwarded, paths: Paths) {
    an_allowed_call_reaches_the_api_with_a_name(gate, address).await;
    a_call_that_is_not_allowed_is_refused(gate, address).await;
    a_test_key_and_a_key_of_another_installation_are_refused(gate, address).await;
    nobody_gives_himself_a_name(gate, address).await;
    nobody_removes_the_identity_headers(gate, address).await;
    nobody_forges_an_address(gate, address, forwarded).await;
    nobody_asks_for_one_thing_and_gets_another(gate, address).await;
    nobody_changes_the_request_that_was_decided(gate, address).await;
    the_path_that_was_decided_on_is_the_path_that_arrives(gate, address, paths).await;
    hostile_paths_do_not_arrive(gate, address, paths).await;
    a_hostile_path_is_refused_before_the_key_is_looked_at(address).await;
    untidy_paths_arrive_tidied_or_not_at_all(gate, address).await;
    a_path_that_an_api_may_read_as_a_stricter_one_does_not_arrive(gate, address).await;
    browsers::all(gate, address).await;
    limits::all(gate, address).await;
}

async fn an_allowed_call_reaches_the_api_with_a_name(gate: &Gate, address: &str) {
    let in_either_header =
        [format!("authorization: bearer {}", gate.reader.secret), format!("x-api-key: {}", gate.reader.secret)];
    for line in &in_either_header {
        let got = send(address, "GET", b"/api/contacts/42?with=calls", &[line], "").await;
        assert_eq!(got.status, 200, "{}\n{}", got.head, got.body);
        assert_eq!(got.request_line(), "GET /api/contacts/42?with=calls HTTP/1.1");
        assert_eq!(got.sent("x-keydesk-key-id"), [gate.reader.id.as_str()], "{}", got.body);
        assert_eq!(got.sent("x-keydesk-client-name"), ["M%C3%BCller%20%26%20S%C3%B6hne"]);
        assert_eq!(got.sent("x-keydesk-environment"), ["live"]);
        assert_eq!(got.sent("x-keydesk-scopes"), ["contacts:read"]);
        assert_eq!(got.sent("x-keydesk-installation"), ["default"]);
        assert_eq!(got.sent("x-request-id").len(), 1, "{}", got.body);
        assert!(!got.body.contains(&gate.reader.secret), "the API was sent the key");
    }
    let writer =
        send(address, "PUT", b"/api/contacts/42", &in_either_header.each_ref().map(String::as_str), "{}").await;
    assert_eq!(writer.status, 403, "the same path, another method");
    let post = format!("X-API-Key: {}", gate.reader.secret);
    let read = send(address, "HEAD", b"/api/contacts/42", &[&post], "").await;
    assert_eq!(read.status, 200, "{}", read.head);
}

async fn a_call_that_is_not_allowed_is_refused(gate: &Gate, address: &str) {
    let before = gate.upstream.calls();
    let missing = send(address, "GET", b"/api/contacts/42", &[], "").await;
    assert_eq!(missing.status, 401);
    assert_eq!(missing.header("www-authenticate"), ["Bearer realm=\"keydesk\""]);
    let preflight = ["Origin: https://app.example", "Access-Control-Request-Method: GET"];
    let preflight = send(address, "OPTIONS", b"/api/contacts/42", &preflight, "").await;
    // Traefik answers it, and allows nothing.
    let unanswered = preflight.status == 401 || preflight.header("access-control-allow-origin").is_empty();
    assert!(unanswered, "a browser's question before a call is one without a key: {}", preflight.head);
    let typo = gate.reader.secret.replace("ccc_", "ccd_");
    for key in [typo.as_str(), "nonsense", ""] {
        let bad = get(address, "/api/contacts/42", key, &[]).await;
        assert_eq!(bad.status, 401, "{key}");
        assert_eq!(bad.header("www-authenticate"), ["Bearer realm=\"keydesk\", error=\"invalid_token\""], "{key}");
    }
    let poor = get(address, "/api/contacts/42", &gate.poor.secret, &[]).await;
    assert_eq!(poor.status, 403);
    let challenge = "Bearer realm=\"keydesk\", error=\"insufficient_scope\", scope=\"contacts:read\"";
    assert_eq!(poor.header("www-authenticate"), [challenge]);
    let both = get(address, "/api/contacts/export", &gate.reader.secret, &[]).await;
    assert_eq!(both.status, 403, "the more specific route wants more");
    for (method, target) in [("GET", "/"), ("GET", "/api/contacts"), ("DELETE", "/api/contacts/42"), ("GET", "/authz")]
    {
        let line = format!("Authorization: Bearer {}", gate.reader.secret);
        let lost = send(address, method, target.as_bytes(), &[&line], "").await;
        assert_eq!(lost.status, 403, "{method} {target}");
    }
    let two = format!("X-API-Key: {}", gate.poor.secret);
    assert_eq!(get(address, "/api/contacts/42", &gate.reader.secret, &[&two]).await.status, 400);
    assert_eq!(gate.upstream.calls(), before, "a refused request arrived");
}

/// Unless the configuration says otherwise.
async fn a_test_key_and_a_key_of_another_installation_are_refused(gate: &Gate, address: &str) {
    let before = gate.upstream.calls();
    let tester = get(address, "/api/contacts/42", &gate.tester.secret, &[]).await;
    assert_eq!(tester.status, 403, "{}\n{}", tester.head, tester.body);
    let foreigner = get(address, "/api/contacts/42", &gate.foreigner.secret, &[]).await;
    let unknown = get(address, "/api/contacts/42", "ccc_live_0000000000000000000000000000000yHFA6", &[]).await;
    assert_eq!((foreigner.status, unknown.status), (401, 401), "{}", foreigner.head);
    assert_eq!(foreigner.header("www-authenticate"), unknown.header("www-authenticate"));
    assert_eq!(gate.upstream.calls(), before, "a refused request arrived");
}

async fn nobody_gives_himself_a_name(gate: &Gate, address: &str) {
    for line in [
        "X-Keydesk-Key-Id: forged",
        "x-keydesk-client-name: forged",
        "X-KEYDESK-ENVIRONMENT: forged",
        "X-Keydesk-Scopes: forged",
        "X-Keydesk-Installation: forged",
        "X-Keydesk-Status: forged",
        "X_Keydesk_Key_Id: forged",
        "X-Keydesk_Key-Id: forged",
        "x_keydesk-scopes: forged",
        "X.Keydesk.Scopes: forged",
        "X.Keydesk.Key.Id: forged",
        "X.Keydesk-Installation: forged",
        "x~keydesk!key-id: forged",
    ] {
        let got = get(address, "/api/contacts/42", &gate.reader.secret, &[line, line]).await;
        // Refusing the request is as good as removing the header.
        assert!(got.status == 200 || got.status == 400, "{line}: {}", got.head);
        assert!(!got.body.contains("forged"), "{line}\n{}", got.body);
        if got.status == 200 {
            assert_eq!(got.sent("x-keydesk-key-id"), [gate.reader.id.as_str()], "{line}");
        }
        let before = gate.upstream.calls();
        assert!(get(address, "/api/contacts/42", &gate.poor.secret, &[line]).await.status >= 400, "{line}");
        assert_eq!(gate.upstream.calls(), before, "{line}");
    }
}

/// A header that is named in `Connection` is for the next hop alone, and proxies take it away.
async fn nobody_removes_the_identity_headers(gate: &Gate, address: &str) {
    for line in ["Connection: close, X-Keydesk-Key-Id, X-Keydesk-Scopes", "Connection: x-keydesk-key-id"] {
        let got = get(address, "/api/contacts/42", &gate.reader.secret, &[line]).await;
        assert!(got.status == 200 || got.status == 400, "{line}: {}", got.head);
        if got.status == 200 {
            assert_eq!(got.sent("x-keydesk-key-id"), [gate.reader.id.as_str()], "{line}\n{}", got.body);
            assert_eq!(got.sent("x-keydesk-scopes"), ["contacts:read"], "{line}\n{}", got.body);
        }
    }
}

/// For a key that is bound to addresses the address that is connected to the proxy counts, and the API is told that
/// one.
async fn nobody_forges_an_address(gate: &Gate, address: &str, forwarded: Forwarded) {
    const FORGED: &str = "203.0.113.9";
    let (here, elsewhere) = (gate.key_for(&CLIENT.to_string()).await, gate.key_for(FORGED).await);
    for lines in [
        &[][..],
        &["X-Forwarded-For: 203.0.113.9"],
        &["x-forwarded-for: 203.0.113.9, 127.0.0.1"],
        &["X-Forwarded-For: 127.0.0.1, 203.0.113.9"],
        &["X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.9"],
        &["X-Forwarded-For: unknown"],
        &["X_Forwarded_For: 203.0.113.9"],
        &["Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9", "X-Envoy-External-Address: 203.0.113.9"],
        &["Connection: X-Forwarded-For", "X-Forwarded-For: 203.0.113.9"],
    ] {
        let before = gate.upstream.calls();
        let got = get(address, "/api/contacts/42", &elsewhere.secret, lines).await;
        assert!(got.status == 403 || got.status == 400, "{lines:?}: {}", got.head);
        assert_eq!(gate.upstream.calls(), before, "{lines:?}");
        let got = get(address, "/api/contacts/42", &here.secret, lines).await;
        // Envoy refuses a request that would have it remove this header.
        let refused = lines
            .iter()
            .any(|line| line.starts_with("X_") || (forwarded == Forwarded::Appended && line.starts_with("Connection")));
        assert!(got.status == 200 || (got.status == 400 && refused), "{lines:?}: {}", got.head);
        if got.status == 200 {
            let told = got.sent("x-forwarded-for").join(",");
            let (chain, last) = told.rsplit_once(',').unwrap_or(("", &told));
            assert_eq!(last.trim(), CLIENT.to_string(), "{lines:?}: {told}");
            assert!(chain.is_empty() || forwarded == Forwarded::Appended, "{lines:?}: {told}");
        }
    }
}

/// Many programs take the method, or even the path, from a header: then they would do something else than what was
/// decided on.
async fn nobody_changes_the_request_that_was_decided(gate: &Gate, address: &str) {
    for name in [
        "X-HTTP-Method-Override",
        "x-http-method-override",
        "X-HTTP-Method",
        "X-METHOD-OVERRIDE",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X_HTTP_Method_Override",
        "X-HTTP_Method-Override",
        "x_http_method",
        "X_Method-Override",
        "X-Original_URL",
        "x_rewrite_url",
        "X.HTTP.Method.Override",
        "X-HTTP.Method-Override",
        "x.method.override",
        "X.Original.URL",
        "X.Rewrite-URL",
    ] {
        let line = format!("{name}: forged");
        let got = get(address, "/api/contacts/42", &gate.reader.secret, &[&line, &line]).await;
        let odd = name.contains(['_', '.']);
        assert!(got.status == 200 || (got.status == 400 && odd), "{name}: {}", got.head);
        assert!(!got.body.contains("forged"), "{name}\n{}", got.body);
    }
}

async fn nobody_asks_for_one_thing_and_gets_another(gate: &Gate, address: &str) {
    let before = gate.upstream.calls();
    for lines in [
        &["X-Original-Method: GET", "X-Original-URI: /api/contacts/42"][..],
        &["X-Forwarded-Method: GET", "X-Forwarded-Uri: /api/contacts/42"],
        &["X_Original_Method: GET", "X_Original_URI: /api/contacts/42"],
        &["X-Original-URI: /api/contacts/42", "X-Original-URI: /api/contacts/42"],
        &["X-Original-URL: /api/contacts/42", "X-Rewrite-URL: /api/contacts/42"],
        &["X-HTTP-Method-Override: GET"],
    ] {
        let got = get(address, "/api/calls/7", &gate.reader.secret, lines).await;
        assert!(got.status == 403 || got.status == 400, "{lines:?}: {}", got.head);
        let query = get(address, "/api/calls/7?scope=contacts:read&mode=nginx", &gate.reader.secret, lines).await;
        assert!(query.status == 403 || query.status == 400, "{lines:?}: {}", query.head);
    }
    assert_eq!(gate.upstream.calls(), before);
}

async fn the_path_that_was_decided_on_is_the_path_that_arrives(gate: &Gate, address: &str, paths: Paths) {
    for target in KEPT {
        let got = get(address, target, &gate.reader.secret, &[]).await;
        assert_eq!(got.status, 200, "{target}: {}", got.head);
        assert_eq!(got.request_line(), format!("GET {} HTTP/1.1", paths.of_kept(target)));
    }
}

async fn hostile_paths_do_not_arrive(gate: &Gate, address: &str, paths: Paths) {
    let line = format!("Authorization: Bearer {}", gate.reader.secret);
    for target in HOSTILE {
        let shown = String::from_utf8_lossy(target);
        let before = gate.upstream.calls();
        let got = send(address, "GET", target, &[&line], "").await;
        if let Some(tidied) = paths.of_hostile(target) {
            assert_eq!(got.status, 200, "{shown}: {}", got.head);
            assert_eq!(got.request_line(), format!("GET {tidied} HTTP/1.1"), "{shown}");
        } else {
            assert!((400..500).contains(&got.status), "{shown}: {}\n{}", got.head, got.body);
            assert_eq!(gate.upstream.calls(), before, "{shown} arrived");
        }
    }
}

/// A caller without a key, or with a bad one, is told about the path, and not about the key.
async fn a_hostile_path_is_refused_before_the_key_is_looked_at(address: &str) {
    for target in [&b"/api/contacts/a%2fb"[..], b"/api/contacts/%252e%252e", b"/api/contacts/42;a=b"] {
        for lines in [&[][..], &["Authorization: Bearer nonsense"], &["X-API-Key: "]] {
            let got = send(address, "GET", target, lines, "").await;
            let shown = String::from_utf8_lossy(target);
            assert_eq!(got.status, 400, "{shown} {lines:?}: {}", got.head);
            assert!(got.header("www-authenticate").is_empty(), "{shown} {lines:?}: {}", got.head);
        }
    }
}

/// Some proxies encode characters that should have been encoded, and then ask about, and forward, the result.
async fn untidy_paths_arrive_tidied_or_not_at_all(gate: &Gate, address: &str) {
    let line = format!("Authorization: Bearer {}", gate.reader.secret);
    for target in [
        &b"/api/contacts/b\xc3\xbcro"[..],
        b"/api/contacts/a|b",
        b"/api/contacts/a\"b",
        b"/api/contacts/<a>",
        b"/api/contacts/{a}",
        b"/api/contacts/[a]",
        b"/api/contacts/a^`b",
        b"/api/contacts/a#b",
        b"/api/contacts/a#/../b",
    ] {
        let shown = String::from_utf8_lossy(target);
        let before = gate.upstream.calls();
        let got = send(address, "GET", target, &[&line], "").await;
        if got.status == 200 {
            let arrived = got.request_line().split(' ').nth(1).expect("a target");
            assert!(RawPath::of_target(arrived.as_bytes()).is_ok(), "{shown} arrived as {arrived}");
        } else {
            assert!((400..500).contains(&got.status), "{shown}: {}", got.head);
            assert_eq!(gate.upstream.calls(), before, "{shown} arrived");
        }
    }
}

/// The path is that of a laxer route, and many programs read it as `/api/contacts/export`.
async fn a_path_that_an_api_may_read_as_a_stricter_one_does_not_arrive(gate: &Gate, address: &str) {
    let before = gate.upstream.calls();
    for alias in [
        "EXPORT",
        "Export",
        "export/",
        "export%20",
        "export+",
        "export.",
        "export.json",
        "export%3F",
        "export%3Fa",
        "export%23a",
    ] {
        let got = get(address, &format!("/api/contacts/{alias}"), &gate.reader.secret, &[]).await;
        // With a slash at its end it is the path of no route at all.
        assert!(
            got.status == 400 || (got.status == 403 && alias.ends_with('/')),
            "{alias}: {}\n{}",
            got.head,
            got.body
        );
    }
    assert_eq!(gate.upstream.calls(), before, "an alias arrived");
}
