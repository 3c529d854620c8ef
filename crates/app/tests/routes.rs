//! The pages and server functions through the real router, on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use app::{Assets, Settings, ssr};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use domain::{Keydesk, OpenOptions};
use http_body_util::BodyExt;
use leptos::server_fn::axum::server_fn_paths;
use model::{Actor, MODULE_UNAVAILABLE};
use tempfile::TempDir;
use tower::ServiceExt;

const HOST: (&str, &str) = ("host", "desk.example");
const OWN: (&str, &str) = ("origin", "https://desk.example");
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9");

struct Site {
    keydesk: Keydesk,
    router: Router,
    _folder: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}/keydesk.db", folder.path().display());
        let keydesk = Keydesk::open(OpenOptions::new(database, folder.path())).await.unwrap();
        let assets = Assets {
            js: "/pkg/keydesk.js".to_owned(),
            wasm: "/pkg/keydesk.wasm".to_owned(),
            css: "/pkg/keydesk.css".to_owned(),
            icon: "/favicon.svg".to_owned(),
        };
        Self { router: ssr::routes(keydesk.clone(), assets, Settings { https: true }), keydesk, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }
}

#[tokio::test]
async fn the_page_says_on_its_own_whether_the_module_is_available() {
    let site = Site::open().await;
    let page = site.ask("GET", "/", &[HOST, HTML]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("The API Keys module is available"), "{}", page.text);

    site.keydesk.set_module(Actor::System, "default", false).await.unwrap();
    let page = site.ask("GET", "/", &[HOST, HTML]).await;
    assert!(page.text.contains(MODULE_UNAVAILABLE), "{}", page.text);
}

#[tokio::test]
async fn every_script_of_a_page_carries_the_nonce_of_its_policy_and_no_style_is_inline() {
    let site = Site::open().await;
    let page = site.ask("GET", "/", &[HOST, HTML]).await;
    let policy = page.header("content-security-policy");
    let (_, rest) = policy.split_once("script-src 'nonce-").unwrap();
    let (nonce, rest) = rest.split_once('\'').unwrap();
    assert_eq!(rest.split(';').next(), Some(" 'wasm-unsafe-eval'"));
    assert!(!policy.contains("unsafe-inline") && policy.starts_with("default-src 'none'"), "{policy}");
    let scripts = page.text.matches("<script").count();
    assert!(scripts >= 2, "{}", page.text);
    // The module's preload carries it too.
    assert_eq!(page.text.matches(&format!("nonce=\"{nonce}\"")).count(), scripts + 1, "{}", page.text);
    assert!(!page.text.contains(" style="), "{}", page.text);

    let again = site.ask("GET", "/", &[HOST, HTML]).await;
    assert_ne!(again.header("content-security-policy"), policy, "a nonce is used once");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_it() {
    let site = Site::open().await;
    for (method, path) in [("GET", "/"), ("GET", "/none"), ("POST", "/api/_fn/module_state"), ("PUT", "/")] {
        let answer = site.ask(method, path, &[HOST, HTML]).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{method} {path}");
        }
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{method} {path}");
    }
}

#[tokio::test]
async fn no_server_function_answers_to_a_forged_call() {
    let site = Site::open().await;
    let functions: Vec<_> = server_fn_paths().collect();
    assert!(functions.iter().any(|(path, _)| *path == "/api/_fn/module_state"), "{functions:?}");
    for (path, method) in functions {
        assert_eq!(method, "POST", "{path}");
        assert!(path.starts_with("/api/_fn/"), "{path}");
        for forged in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://desk.example.evil.example")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[OWN, ("sec-fetch-site", "cross-site")],
            &[OWN, ("sec-fetch-site", "same-site")],
            &[OWN, ("origin", "https://evil.example")],
        ] {
            let answer = site.ask("POST", path, &[&[HOST], forged].concat()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {forged:?}");
            assert_eq!(answer.text, "\"foreign_origin\"", "{path} {forged:?}");
        }
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH"] {
            let answer = site.ask(method, path, &[HOST, OWN]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn our_own_page_is_answered() {
    let site = Site::open().await;
    let answer = site.ask("POST", "/api/_fn/module_state", &[HOST, OWN, ("sec-fetch-site", "same-origin")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.text.contains("\"available\":true"), "{}", answer.text);
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_the_callers_mistake() {
    let site = Site::open().await;
    let answer = site.ask("POST", "/api/_fn/choose_theme", &[HOST, OWN]).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::BAD_REQUEST, "\"malformed\""));
}

#[tokio::test]
async fn the_theme_of_the_cookie_is_in_the_first_byte_of_the_page() {
    let site = Site::open().await;
    for (cookie, theme) in [("a=1; theme=dark", "dark"), ("theme=light", "light"), ("theme=\"><script>", "system")] {
        let page = site.ask("GET", "/", &[HOST, HTML, ("cookie", cookie)]).await;
        assert!(page.text.contains(&format!("<html lang=\"en\" data-theme=\"{theme}\">")), "{cookie}: {}", page.text);
    }
}

#[tokio::test]
async fn an_address_without_a_page_is_a_page_for_people_and_empty_for_programs() {
    let site = Site::open().await;
    let page = site.ask("GET", "/none", &[HOST, HTML]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("There is no such page"), "{}", page.text);
    for (method, headers) in [("GET", &[HOST][..]), ("GET", &[HOST, ("accept", "*/*")]), ("POST", &[HOST, OWN, HTML])] {
        let answer = site.ask(method, "/none", headers).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NOT_FOUND, ""), "{method} {headers:?}");
    }
}

#[tokio::test]
async fn hostile_addresses_break_no_page() {
    let site = Site::open().await;
    for host in ["", "[", "a:99999", "xn--a", "a b", "evil.example/keys?", "user@evil.example", "%00"] {
        let page = site.ask("GET", "/", &[("host", host), HTML, ("x-forwarded-proto", "a b")]).await;
        assert_eq!(page.status, StatusCode::OK, "{host}");
        assert!(page.text.contains("<h1>Keydesk</h1>"), "{host}: {}", page.text);
    }
    for path in ["//", "/%ff", "/%00", "/..%2f", "/?a=%ff&__path=x&__err=%%%", "/%3Cscript%3E", "/:", "/a?%3Cscript%3E"]
    {
        let page = site.ask("GET", path, &[HOST, HTML]).await;
        assert!(page.status == StatusCode::OK || page.status == StatusCode::NOT_FOUND, "{path}: {}", page.status);
        assert!(!page.text.contains("<script>"), "{path}: {}", page.text);
    }
}
