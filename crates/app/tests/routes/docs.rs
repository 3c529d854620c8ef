//! The Integration Documentation.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use app::{BrowserAccess, Documentation, OnePage};
use axum::{body::Bytes, http::StatusCode};

use crate::site::Site;

fn described(public: bool) -> Documentation {
    let document = r##"{"paths": {"/v1/queues": {"get": {"operationId": "get_queues", "summary": "List queues", "tags": ["queues"],
        "x-scope": "queues:read", "responses": {"200": {"description": "Queues."}}}}}}"##;
    Documentation {
        public,
        gateway: Some("https://gateway.example".to_owned()),
        test_keys: true,
        workspace: "https://desk.example".to_owned(),
        openapi: || Box::pin(std::future::ready(Some(Bytes::from_static(DOCUMENT)))),
        asyncapi: || Bytes::from_static(b"{}"),
        management: Bytes::from(document.replace("get_queues", "list_things")),
        one_page: OnePage {
            html: "<section id=\"tag-keys\"><h2>Keys</h2></section><section id=\"errors\"></section>".to_owned(),
            headings: vec![
                (2, "tag-keys".to_owned(), "Keys".to_owned()),
                (2, "errors".to_owned(), "Errors".to_owned()),
            ],
        },
        ..Documentation::default()
    }
}

const DOCUMENT: &[u8] =
    br##"{"paths": {"/v1/queues": {"get": {"operationId": "get_queues", "summary": "List queues", "tags": ["queues"],
    "x-scope": "queues:read", "responses": {"200": {"description": "Queues."}}}}}}"##;

#[tokio::test]
async fn everybody_reads_what_is_public_and_nobody_else_the_rest() {
    let paths = [
        "/docs",
        "/docs/crm",
        "/docs/crm.md",
        "/docs/search?search=wrap",
        "/docs/try-it",
        "/docs/reference",
        "/docs/reference/get_queues",
        "/docs/openapi.json",
        "/docs/asyncapi.json",
        "/llms.txt",
    ];
    let public = Site::documented(BrowserAccess::at("https://desk.example"), described(true)).await;
    for path in paths {
        let answer = public.ask("GET", path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert!(!answer.text.contains("http://127.0.0.1:8080"), "{path}");
    }
    let closed = Site::documented(BrowserAccess::at("https://desk.example"), described(false)).await;
    for path in paths {
        let answer = closed.ask("GET", path, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header("location").starts_with("/login?next="), "{path}: {}", answer.header("location"));
    }
    let cookie = closed.sign_in().await;
    for path in paths {
        assert_eq!(closed.ask("GET", path, &[("cookie", cookie.as_str())]).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/docs/nothing", "/docs/nothing.md", "/docs/reference/nothing"] {
        assert_eq!(public.ask("GET", path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// The page goes on without it, and says so; the reason is told once, for the log.
#[tokio::test]
async fn a_description_that_can_not_be_read_is_missed_aloud() {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    let broken = Documentation {
        openapi: || Box::pin(std::future::ready(Some(Bytes::from_static(b"{\"paths\":")))),
        unreadable: |api, error| {
            assert!(api == "Contact centre API" && error.is_eof(), "{api}: {error}");
            TOLD.fetch_add(1, SeqCst);
        },
        ..described(true)
    };
    let site = Site::documented(BrowserAccess::at("https://desk.example"), broken).await;
    for _ in 0..2 {
        let answer = site.ask("GET", "/docs/reference", &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(answer.text.contains("the log of the server says why"), "{}", answer.text);
        assert!(answer.text.contains("/docs/reference/list_things"), "the other is there");
    }
    assert_eq!(TOLD.load(SeqCst), 1);
}

#[tokio::test]
async fn everybody_reads_the_page_that_problems_lead_to_in_the_frame_of_the_others() {
    for public in [true, false] {
        let site = Site::documented(BrowserAccess::at("https://desk.example"), described(public)).await;
        let page = site.ask("GET", "/api/docs", &[]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        for part in ["id=\"tag-keys\"", "href=\"#tag-keys\"", "id=\"docs-pages\"", "name=\"theme\"", "href=\"/\""] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn only_the_console_may_call_the_gateway() {
    let site = Site::documented(BrowserAccess::at("https://desk.example"), described(true)).await;
    for (path, expected) in [("/docs/try-it", true), ("/docs/crm", false), ("/docs", false)] {
        let answer = site.ask("GET", path, &[]).await;
        let policy = answer.header("content-security-policy");
        assert_eq!(policy.contains("connect-src 'self' https://gateway.example;"), expected, "{path}: {policy}");
    }
}

#[tokio::test]
async fn a_test_key_is_made_for_who_may_make_keys() {
    let site = Site::documented(BrowserAccess::at("https://desk.example"), described(true)).await;
    let host = [("host", "desk.example"), ("origin", "https://desk.example")];
    let refused = site.post("/docs/test-key", &host, "access=crm").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    let cookie = site.sign_in().await;
    let signed = [host[0], host[1], ("cookie", cookie.as_str())];
    let made = site.post("/docs/test-key", &signed, "access=crm").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.text.contains("ccc_test_") && made.text.contains("contacts:read"), "{}", made.text);
    let made = site.post("/docs/test-key", &signed, "access=all").await;
    assert!(made.text.contains("[\"queues:read\"]"), "{}", made.text);
    for (path, form) in [("/docs/test-key", "access=root"), ("/docs/test-key", "")] {
        assert_eq!(site.post(path, &signed, form).await.status, StatusCode::BAD_REQUEST, "{form}");
    }
    let foreign = [("host", "desk.example"), ("origin", "https://evil.example"), ("cookie", cookie.as_str())];
    assert_eq!(site.post("/docs/test-key", &foreign, "access=crm").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_test_key_is_offered_only_where_it_opens_something() {
    let with = described(true);
    let live_alone = Documentation { test_keys: false, ..described(true) };
    let no_gateway = Documentation { gateway: None, test_keys: false, ..described(true) };
    for (documentation, missing) in
        [(with, None), (live_alone, Some("[upstreams.test]")), (no_gateway, Some("--gateway-listen 127.0.0.1:8080"))]
    {
        let site = Site::documented(BrowserAccess::at("https://desk.example"), documentation).await;
        let cookie = site.sign_in().await;
        for path in ["/docs", "/docs/crm", "/docs/try-it"] {
            let page = site.ask("GET", path, &[("cookie", cookie.as_str())]).await.text;
            assert_eq!(page.contains("data-make-key"), missing.is_none(), "{path} {missing:?}");
            assert_eq!(page.contains("has no contact centre for test keys"), missing.is_some(), "{path} {missing:?}");
            assert!(missing.is_none_or(|words| page.contains(words)), "{path} {missing:?}");
        }
        let console = site.ask("GET", "/docs/try-it", &[("cookie", cookie.as_str())]).await;
        let calls = console.header("content-security-policy").contains("gateway.example");
        assert_eq!(
            (console.text.contains("data-gateway"), calls),
            (missing.is_none(), missing.is_none()),
            "{missing:?}"
        );
    }
}
