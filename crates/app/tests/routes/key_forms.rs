//! The forms that make and edit a key, as they are posted without scripts.

use axum::http::StatusCode;
use domain::{Caller, NewKey};
use model::{Key, KeyId, KeyStatus, ListQuery, SettingsPatch};

use crate::site::{HOST, HTML, OWN, Site};

/// A site, its operator, and the cookie of a signed-in administrator.
async fn signed_in() -> (Site, Caller, String) {
    let site = Site::open().await;
    let caller = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    let cookie = site.sign_in().await;
    (site, caller, cookie)
}

async fn issue(site: &Site, caller: &Caller, enabled: bool) -> KeyId {
    let new = NewKey::of(SettingsPatch { enabled: Some(enabled), ..SettingsPatch::name("Acme") });
    site.keydesk.issue(caller, new).await.unwrap().key.id
}

async fn named(site: &Site, caller: &Caller, name: &str) -> Vec<Key> {
    let query = ListQuery { search: name.to_owned(), ..ListQuery::default() };
    site.keydesk.list(caller, &query).await.unwrap().items
}

#[tokio::test]
async fn a_form_saves_all_that_it_says_in_one_change() {
    let (site, caller, cookie) = signed_in().await;
    let id = issue(&site, &caller, true).await;
    let headers = [HOST, OWN, ("cookie", cookie.as_str())];
    let entries = async || site.keydesk.history(&caller, id, None).await.unwrap().entries.len();
    let state = async || {
        let key = site.keydesk.get(&caller, id).await.unwrap();
        (key.settings.client_name.to_string(), key.status, key.version, entries().await)
    };
    let settings = format!("intent=save&id={id}&settings=1&preset=custom&expires=never");
    for page in [format!("/keys/{id}"), "/keys".to_owned()] {
        let (_, _, version, before) = state().await;
        let off = format!("{settings}&version={version}&client_name=Off");
        assert_eq!(site.post(&page, &headers, &off).await.status, StatusCode::SEE_OTHER, "{page}");
        assert_eq!(state().await, ("Off".to_owned(), KeyStatus::Disabled, version + 1, before + 1), "{page}");
        // A refused form changes nothing.
        let refused = format!("{settings}&version={}&client_name=&enabled=on", version + 1);
        assert_eq!(site.post(&page, &headers, &refused).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert_eq!(state().await, ("Off".to_owned(), KeyStatus::Disabled, version + 1, before + 1), "{page}");
        let on = format!("{settings}&version={}&client_name=On&enabled=on", version + 1);
        assert_eq!(site.post(&page, &headers, &on).await.status, StatusCode::SEE_OTHER, "{page}");
        assert_eq!(state().await, ("On".to_owned(), KeyStatus::Active, version + 2, before + 2), "{page}");
    }
    // A form without the settings says nothing about them.
    let off = format!("{settings}&version=5&client_name=Off");
    site.post("/keys", &headers, &off).await;
    let name = format!("intent=save&id={id}&version=6&client_name=Name");
    assert_eq!(site.post("/keys", &headers, &name).await.status, StatusCode::SEE_OTHER);
    assert_eq!(state().await.1, KeyStatus::Disabled);
    let page = site.ask("GET", &format!("/keys/{id}/activity"), &[HOST, HTML, headers[2]]).await.text;
    for words in ["State", "Enabled", "Disabled"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn a_key_is_made_disabled_when_its_box_is_not_ticked() {
    let (site, caller, cookie) = signed_in().await;
    let headers = [HOST, OWN, ("cookie", cookie.as_str())];
    for (name, more, expected) in [
        ("Off", "&settings=1", KeyStatus::Disabled),
        ("On", "&settings=1&enabled=on", KeyStatus::Active),
        // Posted before the settings had arrived.
        ("Early", "", KeyStatus::Active),
    ] {
        let form = format!("intent=create&client_name={name}&preset=crm&access=preset{more}");
        let posted = site.post("/keys", &headers, &form).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{name}");
        let cookies = format!("{cookie}; {}", posted.cookie());
        let answer = site.ask("GET", posted.header("location"), &[HOST, HTML, ("cookie", &cookies)]).await;
        assert_eq!(answer.text.contains("It is disabled"), expected == KeyStatus::Disabled, "{name}");
        let made = named(&site, &caller, name).await;
        assert_eq!((made.len(), made[0].status, made[0].version), (1, expected, 1), "{name}");
    }
    let off = named(&site, &caller, "Off").await.remove(0).id;
    let page = site.ask("GET", &format!("/keys/{off}/activity"), &[HOST, HTML, headers[2]]).await.text;
    assert!(page.contains("Created, and disabled"), "{page}");
}

#[tokio::test]
async fn a_new_key_is_enabled_unless_its_address_says_otherwise() {
    let (site, caller, cookie) = signed_in().await;
    let off = issue(&site, &caller, false).await;
    let ticked = async |query: &str| {
        let page = site.ask("GET", &format!("/keys?{query}"), &[HOST, HTML, ("cookie", &cookie)]).await.text;
        let tick = page.split("<input").find(|tag| tag.contains("name=\"enabled\"")).unwrap_or_default();
        assert!(!tick.is_empty(), "{query}: {page}");
        tick.split('>').next().unwrap_or_default().contains("checked")
    };
    for (query, expected) in [
        ("new".to_owned(), true),
        ("new&client_name=Acme&expires=90".to_owned(), true),
        ("new&enabled=false".to_owned(), false),
        // A copy gets a secret of its own, and works even if the original is disabled.
        (format!("new&from={off}"), true),
        (format!("edit={off}"), false),
    ] {
        assert_eq!(ticked(&query).await, expected, "{query}");
    }
}
