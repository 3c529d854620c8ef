use axum::http::StatusCode;
use domain::{Caller, NewKey};
use model::{Actor, MODULE_UNAVAILABLE, SettingsPatch};

use crate::site::{HOST, HTML, Site};

#[tokio::test]
async fn before_anybody_can_sign_in_it_says_what_to_do() {
    let site = Site::open().await;
    let page = site.ask("GET", "/", &[HOST, HTML]).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["Keydesk is not set up yet", "keydesk serve", "keydesk doctor", "keydesk admin create"] {
        assert!(page.text.contains(part), "{part}\n{}", page.text);
    }
    assert!(!page.text.contains("/setup#"), "the link is the operator's");
    site.add_owner().await;
    let page = site.ask("GET", "/", &[HOST, HTML]).await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/login?next=/"));
}

#[tokio::test]
async fn whoever_is_signed_in_sees_what_wants_attention_and_has_the_keys_one_click_away() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let ask = async || site.ask("GET", "/", &[HOST, HTML, ("cookie", &cookie)]).await;
    let page = ask().await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Nothing wants your attention."), "{}", page.text);
    assert!(page.text.contains("href=\"/keys\""), "{}", page.text);
    assert!(!page.text.contains("Show all"), "{}", page.text);

    let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    let end = site.keydesk.now().plus_millis(3 * 24 * 60 * 60 * 1000);
    let patch = SettingsPatch { expires_at: Some(Some(end)), ..SettingsPatch::name("Acme <b>") };
    let ending = site.keydesk.issue(&operator, NewKey::of(patch)).await.unwrap().key.id;
    let given = site.keydesk.issue(&operator, NewKey::of(SettingsPatch::name("Beta"))).await.unwrap().key.id;
    site.keydesk.create_handover(&operator, given).await.unwrap();
    let page = ask().await;
    for part in [
        "Keys that end soon",
        "Acme &lt;b&gt;",
        &format!("href=\"/keys/{ending}\""),
        "href=\"/keys?status=expiring\"",
        "Hand-over links not opened",
        &format!("href=\"/keys/{given}\""),
        "href=\"/keys?status=never_handed_over\"",
    ] {
        assert!(page.text.contains(part), "{part}\n{}", page.text);
    }
    for absent in ["Unused keys", "Refused calls", "Nothing wants your attention."] {
        assert!(!page.text.contains(absent), "{absent}\n{}", page.text);
    }
}

#[tokio::test]
async fn where_the_module_is_off_it_says_whom_to_ask() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    site.keydesk.set_module(Actor::System, "default", false).await.unwrap();
    let page = site.ask("GET", "/", &[HOST, HTML, ("cookie", &cookie)]).await;
    assert!(page.status.is_client_error(), "{}", page.status);
    assert!(page.text.contains(MODULE_UNAVAILABLE), "{}", page.text);
}
