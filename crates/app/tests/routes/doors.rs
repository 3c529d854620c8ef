//! How people sign in: by links whose code stands behind `#`, by https, and from a browser that is known.

use app::BrowserAccess;
use axum::http::StatusCode;
use domain::{Caller, NewInvitation, NewKey, SET_UP_LIFE_MS};
use model::{Role, SettingsPatch};

use crate::site::{HOST, HTML, OWN, Site};

const CREDENTIALS: &str = "email=ada@example.com&password=correct+horse+battery";
/// The cookie of a browser that is known, over https.
const DEVICE: &str = "__Host-keydesk-device-";

/// The value of a hidden field.
fn hidden<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split('"').next()
}

#[tokio::test]
async fn the_address_of_a_link_carries_no_code_and_its_page_asks_for_it() {
    let site = Site::open().await;
    for path in ["/setup", "/handover", "/invite", "/reset"] {
        for method in ["GET", "HEAD", "GET"] {
            let page = site.ask(method, path, &[HOST, HTML]).await;
            assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"), "{method} {path}");
            if method == "HEAD" {
                continue;
            }
            for wanted in ["for=\"code\">Link code<", "name=\"code\"", "Continue", "src=\"/link.js\""] {
                assert!(page.text.contains(wanted), "{wanted} {}", page.text);
            }
            assert!(page.text.contains(&format!("action=\"{path}\"")), "{}", page.text);
        }
    }
    assert_eq!(site.ask("GET", "/handover", &[HOST, HTML]).await.header("referrer-policy"), "no-referrer");
    // Its form has to send the page's own origin.
    assert_eq!(site.ask("GET", "/setup", &[HOST, HTML]).await.header("referrer-policy"), "same-origin");
    // The link of a version before, and what a stranger makes of it, get the same page.
    let token = site.set_up_token().await;
    let old = site.ask("GET", &format!("/setup?token={token}"), &[HOST, HTML]).await;
    assert!(old.text.contains("Link code") && !old.text.contains(&token), "{}", old.text);
}

#[tokio::test]
async fn the_set_up_link_opens_a_form_until_it_is_used() {
    let site = Site::open().await;
    let token = site.set_up_token().await;
    let page = site.post("/setup", &[HOST, OWN], &format!("code={token}")).await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(page.text.contains("Create owner"), "{}", page.text);
    assert_eq!(hidden(&page.text, "code"), Some(token.as_str()));
    // Without scripts, people may paste the whole link.
    let pasted = format!("code=https%3A%2F%2Fdesk.example%2Fsetup%23{token}+");
    assert_eq!(hidden(&site.post("/setup", &[HOST, OWN], &pasted).await.text, "code"), Some(token.as_str()));

    let form = format!("code={token}&name=Ada&{CREDENTIALS}");
    let answer = site.post("/setup", &[HOST, OWN], &form).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/keys"));
    assert!(answer.header("set-cookie").starts_with("__Host-keydesk-"));
    for form in [&form, &format!("code={token}"), "code=", "code=x", &format!("code={}", "A".repeat(43))] {
        let over = site.post("/setup", &[HOST, OWN], form).await;
        assert_eq!((over.status, over.header("set-cookie")), (StatusCode::GONE, ""), "{form}");
        assert!(over.text.contains("This set-up link is not valid"), "{}", over.text);
    }
}

#[tokio::test]
async fn the_set_up_link_ends_after_24_hours() {
    let site = Site::open().await;
    let token = site.set_up_token().await;
    site.clock.pass(SET_UP_LIFE_MS);
    let late = site.post("/setup", &[HOST, OWN], &format!("code={token}&name=Ada&{CREDENTIALS}")).await;
    assert_eq!((late.status, late.header("set-cookie")), (StatusCode::GONE, ""));
    let next = site.set_up_token().await;
    assert_ne!(next, token);
    assert_eq!(site.post("/setup", &[HOST, OWN], &format!("code={next}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refused_first_owner_finds_what_was_typed() {
    let site = Site::open().await;
    let token = site.set_up_token().await;
    for (name, email, password, status, words) in [
        ("", "ada@example.com", "correct+horse+battery", 422, "Enter a name of 1 to 100 visible characters."),
        (
            "Ada+%3CL%3E",
            "ada@example",
            "correct+horse+battery",
            422,
            "Enter an email address such as name@example.com.",
        ),
        ("Ada+%3CL%3E", "ada@example.com", "short", 422, "A password has 12 to 256 characters."),
        ("Ada+%3CL%3E", "ada@example.com", "password1234", 422, "This password is easy to guess."),
    ] {
        let form = format!("code={token}&name={name}&email={email}&password={password}");
        let page = site.post("/setup", &[HOST, OWN], &form).await;
        assert_eq!(page.status.as_u16(), status, "{words}");
        assert!(page.text.contains(words) && page.text.contains("autofocus"), "{words} {}", page.text);
        assert!(page.text.contains(&format!("value=\"{email}\"")), "{}", page.text);
        assert!(name.is_empty() || page.text.contains("value=\"Ada &lt;L&gt;\""), "{}", page.text);
        assert!(!page.text.contains("correct horse battery"), "{}", page.text);
        assert_eq!(hidden(&page.text, "code"), Some(token.as_str()));
    }
}

async fn hand_over(site: &Site) -> (String, String) {
    let installation = site.keydesk.installation("default").await.unwrap().unwrap().id;
    let operator = Caller::operator(installation);
    let issued = site.keydesk.issue(&operator, NewKey::of(SettingsPatch::name("Acme"))).await.unwrap();
    let made = site.keydesk.create_handover(&operator, issued.key.id).await.unwrap();
    (issued.secret.expose().to_owned(), made.token.expose().to_owned())
}

#[tokio::test]
async fn a_hand_over_link_is_spent_by_its_button_alone() {
    let site = Site::open().await;
    let (secret, token) = hand_over(&site).await;
    // As browsers send it from a page that names no referrer.
    let null = ("origin", "null");
    for _ in 0..2 {
        let page = site.post("/handover", &[HOST, null], &format!("code={token}")).await;
        assert_eq!((page.status, page.header("referrer-policy")), (StatusCode::OK, "no-referrer"));
        assert!(page.text.contains("Show the key") && !page.text.contains(&secret), "{}", page.text);
        assert_eq!(hidden(&page.text, "code"), Some(token.as_str()));
    }
    let show = format!("code={token}&show=key");
    let opened = site.post("/handover", &[HOST, null], &show).await;
    assert!(opened.text.contains(&secret), "{}", opened.text);
    assert_eq!((opened.header("referrer-policy"), opened.header("cache-control")), ("no-referrer", "no-store"));
    assert!(opened.text.contains("curl -sS \"https://desk.example/api/v1/whoami\""), "{}", opened.text);
    for over in [&show, &format!("code={token}"), "code=", "code=x", &format!("code={}&show=key", "A".repeat(43))] {
        let over = site.post("/handover", &[HOST, null], over).await;
        assert_eq!((over.status, over.header("referrer-policy")), (StatusCode::GONE, "no-referrer"));
    }
}

#[tokio::test]
async fn a_hand_over_link_of_a_version_before_still_opens() {
    let site = Site::open().await;
    let (secret, token) = hand_over(&site).await;
    let link = format!("/handover/{token}");
    for method in ["GET", "HEAD", "GET"] {
        let answer = site.ask(method, &link, &[HOST, HTML]).await;
        assert_eq!((answer.status, answer.header("referrer-policy")), (StatusCode::OK, "no-referrer"), "{method}");
        assert!(!answer.text.contains(&secret), "{method}");
    }
    // The page of the version before posts to its own address.
    let opened = site.post(&link, &[HOST, ("origin", "null")], "").await;
    assert!(opened.text.contains(&secret), "{}", opened.text);
    assert_eq!(site.ask("GET", &link, &[HOST, HTML]).await.status, StatusCode::GONE);
    for never in ["/handover/x", &format!("/handover/{}", "A".repeat(43))] {
        for method in ["GET", "POST"] {
            assert_eq!(site.ask(method, never, &[HOST, HTML]).await.status, StatusCode::GONE, "{method} {never}");
        }
    }
}

#[tokio::test]
async fn a_proxy_may_change_the_host_where_the_public_address_is_known() {
    let site = Site::reached(BrowserAccess::at("https://desk.example")).await;
    site.add_owner().await;
    for host in ["desk.example", "keydesk:3000", "desk.example:443", "127.0.0.1:3990"] {
        let answer = site.post("/login", &[("host", host), OWN], CREDENTIALS).await;
        assert_eq!(answer.header("location"), "/keys", "{host}");
    }
    // Past the proxy, on the machine itself too, a page is read in the clear.
    let local = [("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3000"), HTML];
    assert_eq!(site.post("/login", &local, CREDENTIALS).await.header("location"), "/login?refused=needs_https");
    for (host, origin) in [
        ("evil.example", "https://evil.example"),
        ("desk.example", "https://evil.example"),
        ("keydesk:3000", "https://keydesk:3000"),
        ("desk.example", "https://desk.example:444"),
    ] {
        let answer = site.post("/login", &[("host", host), ("origin", origin)], CREDENTIALS).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::FORBIDDEN, "\"foreign_origin\""), "{origin}");
    }
}

#[tokio::test]
async fn a_sign_in_from_a_page_in_the_clear_is_refused_where_people_come_by_https() {
    let site = Site::open().await;
    site.add_owner().await;
    for (host, origin) in [("desk.example", "http://desk.example"), ("10.0.0.7:3000", "http://10.0.0.7:3000")] {
        let headers = [("host", host), ("origin", origin)];
        for path in ["/login", "/api/_fn/sign_in"] {
            let answer = site.post(path, &headers, CREDENTIALS).await;
            assert_eq!((answer.status, answer.text.as_str()), (StatusCode::FORBIDDEN, "\"needs_https\""), "{origin}");
            assert_eq!(answer.header("set-cookie"), "");
        }
        let form = site.post("/login", &[headers[0], headers[1], HTML], CREDENTIALS).await;
        assert_eq!((form.header("location"), form.header("set-cookie")), ("/login?refused=needs_https", ""));
    }
}

#[tokio::test]
async fn a_browser_that_has_signed_in_before_is_let_in_though_others_guess() {
    let site = Site::open().await;
    site.add_owner().await;
    let first = site.post("/login", &[HOST, OWN], CREDENTIALS).await;
    let cookies: Vec<_> = first.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let [session, device] = cookies[..] else { panic!("{cookies:?}") };
    assert!(session.starts_with("__Host-keydesk-"), "{session}");
    let (device, attributes) = device.split_once("; ").unwrap();
    assert!(device.starts_with(DEVICE), "{device}");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=34560000");
    // Signing out ends the session, and the browser stays known.
    let out = site.post("/signout", &[HOST, OWN, ("cookie", session.split(';').next().unwrap())], "").await;
    assert_eq!(out.headers.get_all("set-cookie").iter().count(), 1);
    for _ in 0..30 {
        site.post("/login", &[HOST, OWN], "email=ada@example.com&password=wrong+password").await;
    }
    let elsewhere = site.post("/login", &[HOST, OWN], CREDENTIALS).await;
    assert!(elsewhere.header("location").contains("refused=too_many_attempts"), "{}", elsewhere.header("location"));
    for path in ["/login", "/api/_fn/sign_in"] {
        let known = site.post(path, &[HOST, OWN, ("cookie", device)], CREDENTIALS).await;
        assert!(known.header("set-cookie").starts_with("__Host-keydesk-"), "{path} {}", known.header("location"));
        let again = known.headers.get_all("set-cookie").iter().nth(1).unwrap().to_str().unwrap();
        assert!(again.starts_with(DEVICE), "{again}");
    }
}

#[tokio::test]
async fn every_cookie_is_secure_where_people_come_by_https() {
    for (access, origin, secure) in [
        (BrowserAccess::at("https://desk.example"), "https://desk.example", true),
        (BrowserAccess::default(), "http://localhost:3000", false),
    ] {
        let site = Site::reached(access).await;
        site.add_owner().await;
        let headers = [("host", origin.split_once("://").unwrap().1), ("origin", origin)];
        for (path, form) in [("/login", CREDENTIALS), ("/api/_fn/choose_theme", "theme=dark"), ("/signout", "")] {
            let answer = site.post(path, &headers, form).await;
            let cookies: Vec<_> =
                answer.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
            assert!(!cookies.is_empty(), "{path}");
            assert!(cookies.iter().all(|cookie| cookie.contains("; Secure") == secure), "{path} {cookies:?}");
        }
    }
}

async fn operator(site: &Site) -> Caller {
    Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id)
}

#[tokio::test]
async fn whoever_is_invited_chooses_name_and_password_and_is_signed_in() {
    let site = Site::open().await;
    let new =
        NewInvitation { email: "grace@example.com".to_owned(), name: "Grace <H>".to_owned(), role: Role::Manager };
    let token = site.keydesk.invite(&operator(&site).await, new).await.unwrap().token.expose().to_owned();
    for _ in 0..2 {
        let page = site.post("/invite", &[HOST, OWN], &format!("code={token}")).await;
        assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
        for wanted in ["grace@example.com", "value=\"Grace &lt;H&gt;\"", "Create account"] {
            assert!(page.text.contains(wanted), "{wanted} {}", page.text);
        }
    }
    for (name, password, words) in [
        ("", "correct+horse+battery+staple", "Enter a name of 1 to 100 visible characters."),
        ("Grace", "short", "A password has 12 to 256 characters."),
        ("Grace", "password1234", "This password is easy to guess."),
    ] {
        let form = format!("code={token}&name={name}&password={password}");
        let page = site.post("/invite", &[HOST, OWN], &form).await;
        assert_eq!((page.status, page.header("set-cookie")), (StatusCode::UNPROCESSABLE_ENTITY, ""), "{words}");
        assert!(page.text.contains(words) && page.text.contains(&format!("value=\"{name}\"")), "{words} {}", page.text);
        assert_eq!(hidden(&page.text, "code"), Some(token.as_str()));
    }
    let form = format!("code={token}&name=Grace&password=correct+horse+battery+staple");
    let before = site.sign_in().await;
    let answer = site.post("/invite", &[HOST, OWN, ("cookie", before.as_str())], &form).await;
    assert!(
        site.signed_in(&[("cookie", before.as_str())]).await.is_none(),
        "the session that the browser had has ended"
    );
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/keys"));
    let page = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", answer.cookie())]).await;
    assert!(page.text.contains("Grace"), "{}", page.text);
    for over in [&form, &format!("code={token}"), "code=", "code=x"] {
        let answer = site.post("/invite", &[HOST, OWN], over).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::GONE, ""), "{over}");
    }
}

#[tokio::test]
async fn a_reset_link_sets_a_new_password_once() {
    let site = Site::open().await;
    let before = site.sign_in().await;
    let made = site.keydesk.reset_password(&operator(&site).await, "ada@example.com").await.unwrap();
    let token = made.token.expose();
    let page = site.post("/reset", &[HOST, OWN], &format!("code={token}")).await;
    assert!(page.text.contains("ada@example.com") && page.text.contains("Set password"), "{}", page.text);
    assert!(!page.text.contains("name=\"name\""), "{}", page.text);
    let form = format!("code={token}&password=another+horse+battery+staple");
    let forged = site.post("/reset", &[HOST, ("origin", "https://evil.example")], &form).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let answer = site.post("/reset", &[HOST, OWN], &form).await;
    assert_eq!(answer.header("location"), "/keys");
    assert_eq!(site.ask("GET", "/keys", &[HOST, HTML, ("cookie", answer.cookie())]).await.status, StatusCode::OK);
    let ended = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &before)]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "other sessions ended");
    let old = site.post("/login", &[HOST, OWN], CREDENTIALS).await;
    assert!(old.header("location").ends_with("refused=wrong_credentials"), "{}", old.header("location"));
    assert_eq!(site.post("/reset", &[HOST, OWN], &form).await.status, StatusCode::GONE);
}
