use super::gate::{Gate, send};

/// A route that takes all the rest, and three below it that ask for more.
const ROUTES: &str = r#"
[[routes]]
method = "*"
path = "/v1/{*rest}"
scope = "contacts:read"

[[routes]]
method = "GET"
path = "/v1/export"
scope = "data:read"

[[routes]]
method = "GET"
path = "/v1/folded"
scope = "data:read"
aliases = "fold"

[[routes]]
method = "GET"
path = "/v1/apart"
scope = "data:read"
aliases = "distinct"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_a_laxer_catch_all_a_route_says_what_happens_to_its_aliases() {
    let gate = Gate::open_configured(ROUTES, &[]).await;
    let key = format!("X-API-Key: {}", gate.reader.secret);
    let ask = async |target: &str| {
        let target = format!("X-Original-URI: {target}");
        let lines = [key.as_str(), "X-Original-Method: GET", &target];
        send(&gate.program.address, "GET", b"/authz", &lines, "").await
    };
    for (target, status, code) in [
        ("/v1/anything", 200, ""),
        ("/v1/export", 403, "insufficient_scope"),
        ("/v1/EXPORT", 400, "invalid_path"),
        ("/v1/export/", 400, "invalid_path"),
        ("/v1/export%20", 400, "invalid_path"),
        ("/v1/export%3F", 400, "invalid_path"),
        ("/v1/export%23x", 400, "invalid_path"),
        ("/v1/export.json", 400, "invalid_path"),
        ("/v1/FOLDED", 403, "insufficient_scope"),
        ("/v1/folded%3Fa/b", 403, "insufficient_scope"),
        ("/v1/APART", 200, ""),
    ] {
        let got = ask(target).await;
        assert_eq!(got.status, status, "{target}: {}", got.body);
        assert!(got.body.contains(code), "{target}: {}", got.body);
    }
    for (below, happens) in
        [("export", "are refused"), ("folded", "taken for calls of that"), ("apart", "get by with less")]
    {
        let words = format!("the route * /v1/{{*rest}} asks for less than GET /v1/{below}");
        let warning = gate.program.line(&words).await.to_string();
        assert!(warning.contains(happens) && warning.contains("WARN"), "{warning}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_proxy_names_the_scope_no_client_names_another() {
    let gate = Gate::open().await;
    let key = format!("X-API-Key: {}", gate.reader.secret);
    for (query, status) in [
        ("", 200),
        ("?a=b", 200),
        // A parameter of the API's own.
        ("?scope=openid", 200),
        ("?telescope=contacts%3Aread", 200),
        ("?scope=contacts:read", 400),
        ("?scope=contacts%3Aread", 400),
        ("?%73cope=live:read", 400),
        ("?%2573cope=live:read", 400),
        ("?SCOPE=live:read", 400),
        ("?+scope=live:read", 400),
        ("?scope%20=live:read", 400),
        ("?scope=live:read&scope=data:read", 400),
    ] {
        let target = format!("X-Original-URI: /api/contacts/42{query}");
        let lines = [key.as_str(), "X-Original-Method: GET", &target];
        let got = send(&gate.program.address, "GET", b"/authz?scope=contacts:read", &lines, "").await;
        assert_eq!(got.status, status, "{query}: {}", got.body);
    }
}
