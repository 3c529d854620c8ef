use axum::http::StatusCode;

use crate::site::{HOST, HTML, OWN, Site};

#[tokio::test]
async fn every_script_of_a_page_carries_the_nonce_of_its_policy_and_no_style_is_inline() {
    let site = Site::open().await;
    let page = site.ask("GET", "/login", &[HOST, HTML]).await;
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

    let again = site.ask("GET", "/login", &[HOST, HTML]).await;
    assert_ne!(again.header("content-security-policy"), policy, "a nonce is used once");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_it() {
    let site = Site::open().await;
    for (method, path) in [("GET", "/"), ("GET", "/none"), ("GET", "/login"), ("POST", "/api/_fn/who"), ("PUT", "/")] {
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
async fn our_own_page_is_answered() {
    let site = Site::open().await;
    let answer = site.ask("POST", "/api/_fn/who", &[HOST, OWN, ("sec-fetch-site", "same-origin")]).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "null"));
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
        let page = site.ask("GET", "/login", &[HOST, HTML, ("cookie", cookie)]).await;
        assert!(
            page.text.contains(&format!("<html lang=\"en\" data-theme=\"{theme}\" data-for=\"\"")),
            "{cookie}: {}",
            page.text
        );
    }
}

#[tokio::test]
async fn an_unknown_address_answers_people_with_a_page_and_programs_with_nothing() {
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
        for (path, words) in [("/", "Keydesk is not set up yet"), ("/login", "name=\"password\"")] {
            let page = site.ask("GET", path, &[("host", host), HTML, ("x-forwarded-proto", "a b")]).await;
            assert_eq!(page.status, StatusCode::OK, "{host}");
            assert!(page.text.contains(words), "{host}: {}", page.text);
        }
    }
    for path in ["//", "/%ff", "/%00", "/..%2f", "/?a=%ff&__path=x&__err=%%%", "/%3Cscript%3E", "/:", "/a?%3Cscript%3E"]
    {
        let page = site.ask("GET", path, &[HOST, HTML]).await;
        assert!(page.status == StatusCode::OK || page.status == StatusCode::NOT_FOUND, "{path}: {}", page.status);
        assert!(!page.text.contains("<script>"), "{path}: {}", page.text);
    }
}
