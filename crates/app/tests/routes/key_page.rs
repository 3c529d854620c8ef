use axum::http::StatusCode;
use domain::{Caller, Issued, NewAdministrator, NewInstallation, NewKey};
use model::{Actor, KeyStatus, PlainSecret, Role, SettingsPatch};

use crate::site::{HOST, HTML, OWN, PASSWORD, Site};

async fn operator(site: &Site) -> Caller {
    Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id)
}

/// The oldest entry of a history.
const CREATED: &str = "<span class=\"history-what\">Created";

async fn issue(site: &Site) -> Issued {
    let new = NewKey::of(SettingsPatch { preset: Some(model::Preset::Crm), ..SettingsPatch::name("Acme") });
    site.keydesk.issue(&operator(site).await, new).await.unwrap()
}

#[tokio::test]
async fn the_page_of_a_key_needs_a_sign_in_and_its_forms_our_own_pages() {
    let site = Site::open().await;
    let id = issue(&site).await.key.id;
    let page = format!("/keys/{id}");
    for path in [page.as_str(), "/keys.csv"] {
        let answer = site.ask("GET", path, &[HOST, HTML]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header("location").starts_with("/login?next="), "{path}");
    }
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    for forged in [&[][..], &[("origin", "null")], &[("origin", "https://evil.example")]] {
        let answer = site.post(&page, &[&[HOST, cookie], forged].concat(), "intent=disable").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{forged:?}");
    }
    let answer = site.post(&page, &[HOST, OWN], "intent=disable").await;
    assert!(answer.header("location").starts_with("/login"), "nobody is signed in");
    let caller = operator(&site).await;
    assert_eq!(site.keydesk.get(&caller, id).await.unwrap().status, KeyStatus::Active);
    let answer = site.post(&page, &[HOST, OWN, cookie], "intent=disable").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, &*format!("{page}?done=disabled")));
    assert_eq!(site.keydesk.get(&caller, id).await.unwrap().status, KeyStatus::Disabled);
    for absent in ["/keys/nothing", "/keys/01a20639-5647-75f7-93f0-8eba525ba989", "/keys/%0d%0a"] {
        assert_eq!(site.ask("GET", absent, &[HOST, HTML, cookie]).await.status, StatusCode::NOT_FOUND, "{absent}");
        assert_eq!(site.post(absent, &[HOST, OWN, cookie], "").await.status, StatusCode::NOT_FOUND, "{absent}");
    }
}

#[tokio::test]
async fn a_page_that_asks_by_itself_does_not_keep_its_session_alive() {
    const MINUTE: i64 = 60 * 1000;
    let site = Site::open().await;
    let page = format!("/keys/{}", issue(&site).await.key.id);
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let by_itself = [HOST, HTML, cookie, ("x-keydesk-by-itself", "1")];
    for minutes in [10, 19] {
        site.clock.pass(minutes * MINUTE);
        assert_eq!(site.ask("GET", &page, &by_itself).await.status, StatusCode::OK);
    }
    // A request that a person makes does.
    assert_eq!(site.ask("GET", &page, &[HOST, HTML, cookie]).await.status, StatusCode::OK);
    site.clock.pass(29 * MINUTE);
    assert_eq!(site.ask("GET", &page, &by_itself).await.status, StatusCode::OK);
    site.clock.pass(MINUTE);
    let over = site.ask("GET", &page, &by_itself).await;
    assert!(over.header("location").starts_with("/login"), "{}", over.status);
    // The script sends the header that the server reads.
    assert!(include_str!("../../../../public/document.js").contains("'x-keydesk-by-itself'"));
}

#[tokio::test]
async fn a_long_history_goes_on_behind_a_link() {
    let site = Site::open().await;
    let id = issue(&site).await.key.id;
    let page = format!("/keys/{id}/activity");
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let short = site.ask("GET", &page, &[HOST, HTML, cookie]).await;
    assert!(short.text.contains(CREATED) && !short.text.contains("Show older"));
    for _ in 0..100 {
        site.keydesk.reveal(&operator(&site).await, id).await.unwrap();
    }
    let newest = site.ask("GET", &page, &[HOST, HTML, cookie]).await.text;
    assert!(!newest.contains(CREATED) && !newest.contains("Show the newest"));
    let link = newest.split("href=\"").find(|rest| rest.contains("?before=")).unwrap().split('"').next().unwrap();
    let link = link.split('#').next().unwrap().to_owned();
    let older = site.ask("GET", &link, &[HOST, HTML, cookie]).await.text;
    assert!(older.contains(CREATED) && older.contains("Show the newest") && !older.contains("Show older"));
    for nonsense in ["?before=", "?before=x", "?before=99999999999999999999"] {
        let answer = site.ask("GET", &format!("{page}{nonsense}"), &[HOST, HTML, cookie]).await;
        assert!(answer.text.contains("Show older"), "{nonsense}");
    }
}

#[tokio::test]
async fn a_hand_over_link_is_withdrawn_on_the_page() {
    let site = Site::open().await;
    let id = issue(&site).await.key.id;
    let page = format!("/keys/{id}");
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let made = site.keydesk.create_handover(&operator(&site).await, id).await.unwrap();
    let activity = format!("{page}/activity");
    assert!(site.ask("GET", &activity, &[HOST, HTML, cookie]).await.text.contains("Withdraw link"));
    let form = format!("intent=withdraw&handover={}", made.handover.id);
    let answer = site.post(&page, &[HOST, OWN, cookie], &form).await;
    assert_eq!(answer.header("location"), format!("{activity}?done=withdrawn"));
    let code = format!("code={}", made.token.expose());
    assert_eq!(site.post("/handover", &[HOST], &code).await.status, StatusCode::GONE);
    let after = site.ask("GET", &activity, &[HOST, HTML, cookie]).await.text;
    assert!(after.contains("Hand-over link withdrawn") && !after.contains("Withdraw link"));
    assert_eq!(site.post(&page, &[HOST, OWN, cookie], &form).await.status, StatusCode::GONE);
    let unreadable = site.post(&page, &[HOST, OWN, cookie], "intent=withdraw&handover=x").await;
    assert_eq!(unreadable.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_secret_shown_once_is_neither_shown_again_nor_handed_over() {
    let site = Site::open().await;
    let recoverable = issue(&site).await;
    let once = NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
    let once = site.keydesk.create_installation(Actor::Operator, once).await.unwrap().id;
    let new = NewKey::of(SettingsPatch::name("Acme"));
    let kept_nowhere = site.keydesk.issue(&Caller::operator(once), new).await.unwrap().key.id;
    let grace = NewAdministrator {
        email: "grace@example.com".to_owned(),
        name: "Grace Hopper".to_owned(),
        role: Role::Owner,
        password: PlainSecret::new(PASSWORD.to_owned()),
    };
    site.keydesk.create_administrator(Actor::Operator, once, grace).await.unwrap();
    let answer = site.post("/login", &[HOST, OWN], "email=grace@example.com&password=correct+horse+battery").await;
    let cookie = ("cookie", answer.cookie());
    let page = format!("/keys/{kept_nowhere}");
    let activity = site.ask("GET", &format!("{page}/activity"), &[HOST, HTML, cookie]).await.text;
    assert!(activity.contains("This installation shows a key once"), "{activity}");
    for shown in [site.ask("GET", &page, &[HOST, HTML, cookie]).await.text, activity] {
        for way in ["open-hand-over", "value=\"reveal\"", "value=\"copy\""] {
            assert!(!shown.contains(way), "{way}: {shown}");
        }
    }
    let ada = site.sign_in().await;
    let ada = ("cookie", ada.as_str());
    let page = format!("/keys/{}", recoverable.key.id);
    let shown = site.ask("GET", &page, &[HOST, HTML, ada]).await.text;
    assert!(shown.contains("open-hand-over") && shown.contains("value=\"reveal\""), "{shown}");
    assert!(!shown.contains(recoverable.secret.expose()));
    let posted = site.post(&page, &[HOST, OWN, ada], "intent=reveal").await;
    let cookies = format!("{}; {}", ada.1, posted.cookie());
    let revealed = site.ask("GET", posted.header("location"), &[HOST, HTML, ("cookie", &cookies)]).await;
    assert!(revealed.text.contains(recoverable.secret.expose()));
    assert_eq!(revealed.header("cache-control"), "no-store");
    let forged = site.post(&page, &[HOST, ("origin", "null"), ada], "intent=reveal").await;
    assert!(!forged.text.contains(recoverable.secret.expose()));
}

#[tokio::test]
async fn a_link_of_a_key_fills_its_settings_into_another() {
    let site = Site::open().await;
    let new = NewKey::of(SettingsPatch {
        preset: Some(model::Preset::LiveWidget),
        allowed_ips: Some("192.0.2.1".parse().map(|one| model::NetworkSet::new(vec![one]).unwrap()).unwrap()),
        ..SettingsPatch::name("Acme & Søn")
    });
    let id = site.keydesk.issue(&operator(&site).await, new).await.unwrap().key.id;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let page = site.ask("GET", &format!("/keys/{id}"), &[HOST, HTML, cookie]).await.text;
    let link = page.split("href=\"").find(|rest| rest.starts_with("/keys?new")).unwrap().split('"').next().unwrap();
    let link = link.replace("&amp;", "&");
    let dialog = site.ask("GET", &link, &[HOST, HTML, cookie]).await.text;
    for filled in ["value=\"Acme &amp; Søn\"", ">192.0.2.1</textarea>"] {
        assert!(dialog.contains(filled), "{filled} {dialog}");
    }
}

#[tokio::test]
async fn rotating_the_default_api_key_without_an_overlap_asks_for_its_name() {
    let site = Site::open().await;
    let caller = operator(&site).await;
    let default = site.keydesk.default_key(&caller).await.unwrap();
    let cookie = site.sign_in().await;
    let headers = [HOST, OWN, HTML, ("cookie", cookie.as_str())];
    let page = format!("/keys/{}", default.id);
    assert!(
        site.ask("GET", &format!("{page}?open=rotate"), &headers)
            .await
            .text
            .contains("To rotate it without an overlap, type “Default API Key”")
    );
    let rotate = async |form: &str| site.post(&page, &headers, &format!("intent=rotate&version=1&{form}")).await;
    for form in ["overlap=0", "overlap=0&confirm=", "overlap=0&confirm=default", "overlap=1", "overlap=3599"] {
        let refused = rotate(form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.text.contains("Type “Default API Key” to rotate it without an overlap."), "{}", refused.text);
    }
    assert_eq!(site.keydesk.default_key(&caller).await.unwrap().version, 1, "it was not rotated");
    assert_eq!(rotate("overlap=0&confirm=Default+API+Key").await.status, StatusCode::SEE_OTHER);
    let key = site.keydesk.default_key(&caller).await.unwrap();
    assert_eq!(key.version, 2);
    let with_overlap = format!("intent=rotate&version={}&overlap=3600", key.version);
    assert_eq!(
        site.post(&page, &headers, &with_overlap).await.status,
        StatusCode::SEE_OTHER,
        "an overlap needs no name"
    );

    // Two secrets work: to rotate again, or to end the overlap, ends one of them.
    let key = site.keydesk.default_key(&caller).await.unwrap();
    for (open, label) in [
        ("rotate", "To rotate it now, type “Default API Key”"),
        ("end-overlap", "To end the overlap, type “Default API Key”"),
    ] {
        let shown = site.ask("GET", &format!("{page}?open={open}"), &headers).await.text;
        assert!(shown.contains(label), "{shown}");
    }
    for (form, words) in [
        ("intent=rotate&overlap=604800", "Type “Default API Key” to rotate it now."),
        ("intent=end-overlap", "Type “Default API Key” to end the overlap."),
    ] {
        let refused = site.post(&page, &headers, &format!("{form}&version={}", key.version)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.text.contains(words), "{}", refused.text);
    }
    assert_eq!(site.keydesk.default_key(&caller).await.unwrap().version, key.version);
    let ended = format!("intent=end-overlap&version={}&confirm=Default+API+Key", key.version);
    assert_eq!(site.post(&page, &headers, &ended).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_key_has_its_settings_and_its_activity_on_two_pages() {
    let site = Site::open().await;
    let id = issue(&site).await.key.id;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    let (settings, activity) = (format!("/keys/{id}"), format!("/keys/{id}/activity"));
    for (path, here, there) in [(&settings, "settings", "activity"), (&activity, "activity", "settings")] {
        let page = site.ask("GET", path, &[HOST, HTML, cookie]).await.text.replace("<!>", "");
        let tab = page.split("<a ").find(|tag| tag.contains(&format!("id=\"tab-{here}\""))).unwrap();
        assert!(tab.split('>').next().unwrap().contains("aria-current=\"page\""), "{path}: {tab}");
        let empty = page.split("<section ").find(|tag| tag.contains(&format!("id=\"panel-{there}\""))).unwrap();
        let (opening, content) = empty.split_once('>').unwrap();
        assert!(opening.contains("hidden") && content.starts_with("</section>"), "{path}: {empty}");
        for (shown, on) in
            [("name=\"settings\"", "settings"), ("history-what", "activity"), ("id=\"secrets\"", "activity")]
        {
            assert_eq!(page.contains(shown), on == here, "{path}: {shown}");
        }
        // What can be done with the key is on both, as is what it is called.
        for action in ["open-rotate", "open-hand-over", "open-disable", "open-delete", "value=\"copy\"", ">Acme<"] {
            assert!(page.contains(action), "{path}: {action}");
        }
        assert!(page.contains(&format!("{path}?open=rotate")), "dialogs open over the page: {page}");
    }
    let far = site.ask("GET", &format!("{activity}?range=90d"), &[HOST, HTML, cookie]).await.text;
    assert!(far.contains(&format!("{activity}?range=90d&amp;open=rotate")), "{far}");
}

#[tokio::test]
async fn the_settings_are_one_form_of_rights_restrictions_and_notes() {
    let site = Site::open().await;
    let scopes = ["users:impersonate", "calls:*", "contacts:read"].map(|scope| scope.parse().unwrap());
    let new = NewKey::of(SettingsPatch { scopes: Some(scopes.into_iter().collect()), ..SettingsPatch::name("Acme") });
    let id = site.keydesk.issue(&operator(&site).await, new).await.unwrap().key.id;
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    // The same fields as in the dialogs of the list.
    for path in [format!("/keys/{id}"), format!("/keys?edit={id}"), "/keys?new".to_owned()] {
        let page = site.ask("GET", &path, &[HOST, HTML, cookie]).await.text;
        let form = page.split("<form").find(|form| form.contains("name=\"settings\"")).unwrap();
        let places = [
            "<legend>Rights<",
            "name=\"scope\"",
            "<legend>Restrictions<",
            "name=\"allowed_ips\"",
            "name=\"limits\"",
            "name=\"contact_centre\"",
            "<legend>About<",
            "name=\"owner_email\"",
            "name=\"notes\"",
        ];
        let at: Vec<_> =
            places.iter().map(|place| form.find(place).unwrap_or_else(|| panic!("{path}: {place}"))).collect();
        assert!(at.is_sorted(), "{path}: {at:?}");
        for warned in
            ["users-impersonate", "users-all", "keys-all", "keys-write", "keys-reveal", "data-write", "data-all"]
        {
            let id = format!("warns-{warned}\"");
            assert_eq!(form.matches(&format!("id=\"{id}")).count(), 1, "{path}: {warned}");
            assert_eq!(form.matches(&format!("aria-describedby=\"{id}")).count(), 1, "{path}: {warned}");
        }
        assert_eq!(form.matches("role=\"switch\"").count(), form.matches("class=\"scope-group\"").count(), "{path}");
        assert!(!form.contains("including what is added later"), "{path}");
    }
    let page = site.ask("GET", &format!("/keys/{id}"), &[HOST, HTML, cookie]).await.text;
    let ticked: Vec<_> = page
        .split("<input")
        .filter_map(|tag| tag.split('>').next())
        .filter(|tag| tag.contains("name=\"scope\"") && tag.contains(" checked"))
        .filter_map(|tag| tag.split("value=\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(ticked, ["contacts:read", "calls:*", "users:impersonate"]);
}

#[tokio::test]
async fn a_key_is_copied_by_the_script_alone_and_its_history_says_so() {
    let site = Site::open().await;
    let issued = issue(&site).await;
    let (page, secret) = (format!("/keys/{}", issued.key.id), issued.secret.expose());
    let cookie = site.sign_in().await;
    let cookie = ("cookie", cookie.as_str());
    const FORM: &str = "intent=copy&token=00112233445566778899aabbccddeeff";
    const SCRIPT: (&str, &str) = ("accept", "text/plain");
    for forged in [&[][..], &[("origin", "https://evil.example")]] {
        let answer = site.post(&page, &[&[HOST, SCRIPT, cookie], forged].concat(), FORM).await;
        assert!(answer.status == StatusCode::FORBIDDEN && !answer.text.contains(secret), "{}", answer.text);
    }
    let before = site.changes().await;
    let copied = site.post(&page, &[HOST, OWN, SCRIPT, cookie], FORM).await;
    assert_eq!((copied.status, copied.text.as_str()), (StatusCode::OK, secret));
    assert_eq!(copied.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(copied.header("cache-control"), "no-store");
    let after = site.changes().await;
    assert_ne!(before, after);
    assert_eq!(site.post(&page, &[HOST, OWN, SCRIPT, cookie], FORM).await.text, secret);
    assert_eq!(site.changes().await, after, "a second click is the same copy");
    let activity = site.ask("GET", &format!("{page}/activity"), &[HOST, HTML, cookie]).await.text;
    assert!(activity.contains("Key shown") && !activity.contains(secret), "{activity}");
    // A browser that shows what it gets is led to the page of a revealed key.
    let shown = site.post(&page, &[HOST, OWN, HTML, cookie], FORM).await;
    assert_eq!((shown.status, shown.header("location")), (StatusCode::SEE_OTHER, format!("{page}/result").as_str()));
    assert!(!shown.text.contains(secret));
    let nobody = site.post(&page, &[HOST, OWN, SCRIPT], FORM).await;
    assert!(!nobody.text.contains(secret) && nobody.status != StatusCode::OK, "{}", nobody.status);
}
