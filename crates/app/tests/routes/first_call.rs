//! The first call with a key: where it was made, and where it was handed over.

use app::{BrowserAccess, Documentation};
use axum::http::StatusCode;
use domain::{Caller, NewKey};
use model::{Environment, Preset, SettingsPatch};

use crate::site::{HOST, HTML, OWN, Site};

const GATEWAY: &str = "https://gateway.example";

/// A site with a gateway for test keys, and the cookie of its owner.
async fn site(public: bool) -> (Site, String) {
    let documentation =
        Documentation { public, gateway: Some(GATEWAY.to_owned()), test_keys: true, ..Documentation::default() };
    let site = Site::documented(BrowserAccess::at("https://desk.example"), documentation).await;
    let cookie = site.sign_in().await;
    (site, cookie)
}

/// What a new key's page shows of its first call, with the key.
async fn made(form: &str) -> (String, String) {
    let (site, cookie) = site(false).await;
    let form = format!("intent=create&client_name=Acme&access=preset&{form}");
    let posted = site.post("/keys", &[HOST, OWN, ("cookie", &cookie)], &form).await;
    let cookies = format!("{cookie}; {}", posted.cookie());
    let page = site.ask("GET", posted.header("location"), &[HOST, HTML, ("cookie", &cookies)]).await.text;
    let secret = page.split("id=\"new-key\"").nth(1).unwrap().split('>').nth(1).unwrap().split('<').next().unwrap();
    assert!(secret.starts_with("ccc_") && secret.len() == 45, "{page}");
    assert_eq!(page.matches(secret).count(), 1, "the key is in one place: {page}");
    assert!(!posted.header("location").contains(secret));
    let call = page.split("id=\"first-call\">").nth(1).unwrap().split("</code>").next().unwrap();
    (page.clone(), call.replace("<!>", "").replace("&quot;", "\"").replace("&#x27;", "'"))
}

#[tokio::test]
async fn the_last_step_of_a_new_key_has_its_first_call_and_the_way_on() {
    for (preset, path, guide) in [
        ("crm", "/v1/stream/calls", "/docs/crm"),
        ("workforce-management", "/v1/stream/agent-states", "/docs/workforce-management"),
        ("quality-assurance", "/v1/recordings", "/docs/quality-assurance"),
        ("business-intelligence", "/v1/data", "/docs/business-intelligence"),
        ("live-widget", "/v1/queues", "/docs/live-widget"),
    ] {
        let (page, call) = made(&format!("preset={preset}&environment=test")).await;
        assert!(call.starts_with("KEYDESK_KEY='<span data-key=\"new-key\">ccc_test_"), "{call}");
        assert!(call.contains(&format!("\"{GATEWAY}{path}\"")), "{call}");
        assert!(call.contains("-H \"Authorization: Bearer $KEYDESK_KEY\""), "{call}");
        for way in [guide, "?open=hand-over", "Its history then says who did, when, and from where."] {
            assert!(page.contains(way), "{way}: {page}");
        }
    }
    let (page, call) = made("preset=crm").await;
    assert!(page.contains("The gateway has no API for live keys yet."), "{page}");
    assert!(call.contains("\"https://desk.example/api/v1/whoami\""), "{call}");
    let (page, call) = made("preset=custom&scope=keys:verify").await;
    assert!(page.contains("This asks Keydesk what the key may do:") && call.contains("/api/v1/whoami\""), "{call}");
    assert!(page.contains("href=\"/docs\""), "{page}");
}

#[tokio::test]
async fn a_hand_over_names_its_sender_what_restricts_the_key_and_the_same_call() {
    for public in [false, true] {
        let (site, cookie) = site(public).await;
        let installation = site.keydesk.installation("default").await.unwrap().unwrap().id;
        let settings = SettingsPatch {
            preset: Some(Preset::QualityAssurance),
            allowed_ips: Some(model::NetworkSet::new(["192.0.2.0/24".parse().unwrap()]).unwrap()),
            contact_centre: Some("recordings=500MB/day".parse().unwrap()),
            ..SettingsPatch::name("Acme")
        };
        let new = NewKey { environment: Some(Environment::Test), ..NewKey::of(settings) };
        let issued = site.keydesk.issue(&Caller::operator(installation), new).await.unwrap();
        let page = format!("/keys/{}", issued.key.id);
        let posted = site.post(&page, &[HOST, OWN, ("cookie", &cookie)], "intent=hand-over").await;
        let cookies = format!("{cookie}; {}", posted.cookie());
        let given = site.ask("GET", posted.header("location"), &[HOST, HTML, ("cookie", &cookies)]).await.text;
        let link = given.split("id=\"new-link\"").nth(1).unwrap().split('>').nth(1).unwrap();
        let code = link.strip_prefix("https://desk.example/handover#").unwrap().split('<').next().unwrap();

        let unopened = site.post("/handover", &[HOST], &format!("code={code}")).await;
        let text = unopened.text.replace("<!>", "");
        for words in ["Ada Lovelace", "Contact centre"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("192.0.2.0") && !text.contains(issued.secret.expose()), "before it is opened: {text}");

        let opened = site.post("/handover", &[HOST], &format!("code={code}&show=key")).await;
        assert_eq!(opened.status, StatusCode::OK);
        let text = opened.text.replace("<!>", "");
        assert_eq!(text.matches(issued.secret.expose()).count(), 1, "{text}");
        for words in [
            "Ada Lovelace",
            "Contact centre",
            "192.0.2.0/24",
            "300 calls a minute",
            "500MB of recordings a day",
            "https://gateway.example/v1/recordings",
            "data-key=\"handed-key\"",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let (guide, other) =
            if public { ("/docs/quality-assurance", "/api/docs") } else { ("/api/docs", "/docs/quality-assurance") };
        assert!(text.contains(&format!("href=\"{guide}\"")) && !text.contains(&format!("href=\"{other}\"")), "{text}");
    }
}
