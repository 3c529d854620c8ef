use app::BrowserAccess;
use axum::http::StatusCode;
use leptos::server_fn::axum::server_fn_paths;

use crate::site::{DRAWN_FOR, HOST, HTML, OWN, Site};

const CREDENTIALS: &str = "email=ada@example.com&password=correct+horse+battery";
const NEXT_TO_NOTHING: &[&[(&str, &str)]] = &[
    &[],
    &[("origin", "null")],
    &[("origin", "https://evil.example")],
    &[("origin", "https://desk.example.evil.example")],
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "none")],
    &[OWN, ("sec-fetch-site", "cross-site")],
    &[OWN, ("sec-fetch-site", "same-site")],
    &[OWN, ("origin", "https://evil.example")],
];

/// Forms whose fields any of the server functions and forms may want, so that nothing but the guard stops a forged call.
const FORMS: [&str; 2] = [
    "email=ada@example.com&password=correct+horse+battery&theme=dark&name=Eve&client_name=Eve&preset=crm&environment=live",
    "",
];

#[tokio::test]
async fn forged_requests_have_no_effect() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let before = site.changes().await;
    let functions: Vec<_> = server_fn_paths().collect();
    for known in ["choose_theme", "who", "sign_in", "sign_in_second", "confirm"] {
        assert!(functions.iter().any(|(path, _)| path.ends_with(&format!("/{known}"))), "{functions:?}");
    }
    for (path, method) in &functions {
        assert_eq!(method, "POST", "{path}");
        assert!(path.starts_with("/api/_fn/"), "{path}");
        for other in ["GET", "HEAD", "PUT", "DELETE", "PATCH"] {
            let answer = site.ask(other, path, &[HOST, OWN, cookie]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{other} {path}");
        }
    }
    for path in functions.iter().map(|(path, _)| *path).chain([
        "/login",
        "/login/second",
        "/account",
        "/administrators",
        "/login/oidc",
        "/setup",
        "/invite",
        "/reset",
        "/signout",
        "/keys",
        "/keys/nothing",
    ]) {
        for forged in NEXT_TO_NOTHING {
            for form in FORMS {
                let answer = site.post(path, &[&[HOST, cookie], *forged].concat(), form).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {forged:?}");
                assert_eq!(answer.text, "\"foreign_origin\"", "{path} {forged:?}");
                assert_eq!(answer.header("set-cookie"), "", "{path} {forged:?}");
            }
        }
    }
    assert_eq!(site.changes().await, before);
    assert_eq!(site.ask("GET", "/signout", &[HOST, HTML, cookie]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.ask("GET", "/keys", &[HOST, HTML, cookie]).await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn a_guarded_page_asks_to_sign_in_and_comes_back() {
    let site = Site::open().await;
    for (path, login) in [
        ("/keys", "/login?next=/keys"),
        ("/keys?search=a%20b&sort=-created_at", "/login?next=/keys%3Fsearch%3Da%2520b%26sort%3D-created_at"),
    ] {
        let answer = site.ask("GET", path, &[HOST, HTML]).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, login));
    }
    for forged in ["__Host-keydesk=", "__Host-keydesk=forged", "keydesk=forged", "__Host-keydesk=%00"] {
        let answer = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", forged)]).await;
        assert_eq!(answer.header("location"), "/login?next=/keys", "{forged}");
    }
    let cookie = site.sign_in().await;
    let page = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookie)]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Ada Lovelace"), "{}", page.text);
    let token = cookie.split_once('=').unwrap().1;
    assert!(!page.text.contains(token), "the token is no script's business");
    for (next, to) in [("/keys%3Fsearch%3Da", "/keys?search=a"), ("//evil.example", "/keys"), ("", "/keys")] {
        let login = site.ask("GET", &format!("/login?next={next}"), &[HOST, HTML, ("cookie", &cookie)]).await;
        assert_eq!((login.status, login.header("location")), (StatusCode::SEE_OTHER, to), "{next}");
    }
}

/// Before cookies were named after their deployment they had one name. Whoever came with it stays signed in; nothing writes it, so
/// that it is taken from no other Keydesk.
#[tokio::test]
async fn a_cookie_of_the_earlier_name_is_good_as_long_as_its_session() {
    let (site, other) = (Site::open().await, Site::open().await);
    let cookie = site.sign_in().await;
    let (name, token) = cookie.split_once('=').unwrap();
    assert_eq!(name, format!("__Host-keydesk-{}", site.keydesk.mark()));
    assert_ne!(site.keydesk.mark(), other.keydesk.mark());
    let earlier = format!("__Host-keydesk={token}");
    let page = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &earlier)]).await;
    assert_eq!((page.status, page.header("set-cookie")), (StatusCode::OK, ""));
    let elsewhere = other.ask("GET", "/keys", &[HOST, HTML, ("cookie", &earlier)]).await;
    assert_eq!((elsewhere.status, elsewhere.header("set-cookie")), (StatusCode::SEE_OTHER, ""));
    let out = site.post("/signout", &[HOST, OWN, ("cookie", &earlier)], "").await;
    assert!(out.header("set-cookie").starts_with(&format!("{name}=;")), "{}", out.header("set-cookie"));
    assert_eq!(site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &earlier)]).await.status, StatusCode::SEE_OTHER);
}

/// Another program of the same host may keep whatever it likes in the same header.
#[tokio::test]
async fn a_session_is_found_beside_cookies_in_any_encoding() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    for other in ["user=Jürgen", "user=\u{fffd}", "=", "a=\"b", "__Host-keydesk=ü"] {
        for cookies in [format!("{other}; {cookie}"), format!("{cookie}; {other}")] {
            let page = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookies)]).await;
            assert_eq!(page.status, StatusCode::OK, "{other}: {}", page.header("location"));
            let two = [HOST, HTML, ("cookie", other), ("cookie", cookie.as_str())];
            assert_eq!(site.ask("GET", "/keys", &two).await.status, StatusCode::OK, "{other}");
        }
    }
    // A language or a type beyond ASCII hides no other.
    let page = site.ask("GET", "/nowhere", &[HOST, ("accept", "text/plain;a=ü, text/html"), ("cookie", &cookie)]).await;
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.header("content-type"));
}

#[tokio::test]
async fn the_cookie_is_bound_to_https_and_ends_with_the_session() {
    let site = Site::open().await;
    site.add_owner().await;
    let answer = site.post("/login", &[HOST, OWN], CREDENTIALS).await;
    assert_eq!(answer.header("location"), "/keys");
    let (cookie, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    let name = format!("__Host-keydesk-{}=", site.keydesk.mark());
    assert!(cookie.starts_with(&name), "{cookie}");
    assert_eq!((cookie.len(), attributes), (name.len() + 43, "Path=/; HttpOnly; SameSite=Strict; Secure"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");

    let called = site.post("/api/_fn/sign_in", &[HOST, OWN], CREDENTIALS).await;
    assert_eq!(called.status, StatusCode::OK, "{}", called.text);
    assert_ne!(called.cookie(), cookie, "each sign-in begins a session");
    assert!(called.header("set-cookie").ends_with(attributes), "{}", called.header("set-cookie"));

    let out = site.post("/signout", &[HOST, OWN, ("cookie", cookie)], "").await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/login"));
    let gone = format!("{name}; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
    assert_eq!(out.header("set-cookie"), gone);
    let page = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", cookie)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "ended on the server");
    assert_eq!(site.ask("GET", "/keys", &[HOST, HTML, ("cookie", called.cookie())]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_ends_the_session_that_the_browser_had() {
    let site = Site::open().await;
    let mut cookie = site.sign_in().await;
    for path in ["/login", "/api/_fn/sign_in"] {
        let again = site.post(path, &[HOST, OWN, ("cookie", &cookie)], CREDENTIALS).await;
        let before = site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookie)]).await;
        assert_eq!(before.status, StatusCode::SEE_OTHER, "{path}");
        cookie = again.cookie().to_owned();
        assert_eq!(site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookie)]).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn without_https_people_sign_in_on_the_machine_itself_only() {
    let site = Site::reached(BrowserAccess::default()).await;
    site.add_owner().await;
    for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"] {
        let own = format!("http://{host}");
        let answer = site.post("/login", &[("host", host), ("origin", &own)], CREDENTIALS).await;
        assert_eq!(answer.header("location"), "/keys", "{host}");
        assert!(answer.header("set-cookie").starts_with("keydesk-"), "{host}");
        assert!(answer.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{host}");
        assert_eq!(answer.header("strict-transport-security"), "");
    }
    let set_up = format!("code=x&name=Ada&{CREDENTIALS}");
    for (host, own) in [HOST, ("host", "10.0.0.7:3000")].map(|(_, host)| (host, format!("http://{host}"))) {
        let headers = [("host", host), ("origin", own.as_str())];
        let form = site.post("/login", &headers, CREDENTIALS).await;
        assert_eq!(form.header("location"), "/login?next=/keys&refused=needs_https");
        let page = site.ask("GET", form.header("location"), &[HOST, HTML]).await;
        assert!(page.text.contains("Signing in needs https."), "{}", page.text);
        let called = site.post("/api/_fn/sign_in", &headers, CREDENTIALS).await;
        assert_eq!((called.status, called.text.as_str()), (StatusCode::FORBIDDEN, "\"needs_https\""));
        assert_eq!(called.header("set-cookie"), "");
        let form = site.post("/setup", &headers, &set_up).await;
        assert_eq!((form.status, form.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
        assert!(form.text.contains("Signing in needs https."), "{}", form.text);
    }
}

#[tokio::test]
async fn a_refused_form_says_why_and_repeats_nothing_that_was_typed() {
    let site = Site::open().await;
    let wrong = "email=ada@example.com&password=wrong+password&next=/keys?search=a";
    let answer = site.post("/login", &[HOST, OWN], wrong).await;
    assert_eq!(answer.header("location"), "/login?next=/keys%3Fsearch%3Da&refused=wrong_credentials");
    let page = site.ask("GET", answer.header("location"), &[HOST, HTML]).await;
    assert!(page.text.contains("The email or the password is not right."), "{}", page.text);
    assert!(page.text.contains("value=\"/keys?search=a\""), "{}", page.text);
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(site.post("/login", &[HOST, OWN], wrong).await.header("location").to_owned());
    }
    let last = answers.last().unwrap();
    assert!(last.starts_with("/login?next=/keys%3Fsearch%3Da&refused=too_many_attempts&wait="), "{last}");
    let called = site.post("/api/_fn/sign_in", &[HOST, OWN], wrong).await;
    assert_eq!(called.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(called.text.contains("too_many_attempts"), "{}", called.text);
    let page = site.ask("GET", "/login?refused=%3Cscript%3E&wait=%3Cscript%3E", &[HOST, HTML]).await;
    assert!(!page.text.contains("<script>"), "{}", page.text);
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_read() {
    let site = Site::open().await;
    let long = format!("email={}&password=x", "a".repeat(2 << 20));
    let called = site.post("/api/_fn/sign_in", &[HOST, OWN], &long).await;
    assert!(called.status.is_client_error(), "{}", called.status);
    assert!(site.post("/login", &[HOST, OWN], &long).await.status.is_client_error());
}

/// State for the browser's one thread must not be made on the server, whose tasks move between threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_may_be_rendered_on_one_thread_and_dropped_on_another() {
    let site = std::sync::Arc::new(Site::open().await);
    let cookie = site.sign_in().await;
    // No more at once than one session may have.
    for _ in 0..4 {
        let visits: Vec<_> = (0..25)
            .map(|_| {
                let (site, cookie) = (site.clone(), cookie.clone());
                tokio::spawn(async move { site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &cookie)]).await.status })
            })
            .collect();
        for visit in visits {
            assert_eq!(visit.await.unwrap(), StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn another_cookie_of_the_same_name_signs_nobody_out() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let who = site.signed_in(&[("cookie", &cookie)]).await.unwrap();
    let (name, token) = cookie.split_once('=').unwrap();
    let visit = async |cookies: &str| site.ask("GET", "/keys", &[HOST, HTML, ("cookie", cookies)]).await.status;
    for cookies in [
        format!("{name}=bad; {cookie}"),
        format!("{cookie}; {name}=bad"),
        format!("{name}=; {cookie}"),
        format!("{name}=\"{token}\""),
        format!("a=1; {name}=bad; {name}=\"worse\"; {cookie}"),
    ] {
        assert_eq!(visit(&cookies).await, StatusCode::OK, "{cookies}");
    }
    assert_eq!(visit(&format!("{name}=bad; {name}=worse")).await, StatusCode::SEE_OTHER);
    // Signing out ends the session, whatever stands beside it.
    let cookies = format!("{name}=bad; {cookie}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let headers = [HOST, OWN, ("cookie", cookies.as_str()), form, (DRAWN_FOR, who.as_str())];
    assert_eq!(site.ask("POST", "/signout", &headers).await.status, StatusCode::SEE_OTHER);
    assert_eq!(visit(&cookie).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_leads_nowhere_is_not_found_wherever_it_came_from() {
    let site = Site::open().await;
    for (method, path) in [("POST", "/foo"), ("DELETE", "/nothing/there"), ("CONNECT", "a:1")] {
        for headers in [&[HOST, OWN][..], &[HOST, ("origin", "https://evil.example")], &[HOST]] {
            assert_eq!(site.ask(method, path, headers).await.status, StatusCode::NOT_FOUND, "{method} {headers:?}");
        }
    }
}
