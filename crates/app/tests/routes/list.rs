//! The list of keys as the server draws it.

use axum::http::StatusCode;
use domain::{Caller, NewKey};
use model::{Overlap, SettingsPatch};

use crate::site::{HOST, HTML, OWN, Site};

async fn issue(site: &Site, settings: SettingsPatch) -> model::KeyId {
    let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    site.keydesk.issue(&operator, NewKey::of(settings)).await.unwrap().key.id
}

async fn list(site: &Site, address: &str, cookie: &str) -> String {
    let list = site.ask("GET", address, &[HOST, HTML, ("cookie", cookie)]).await;
    assert_eq!(list.status, StatusCode::OK);
    list.text
}

#[tokio::test]
async fn columns_are_chosen_by_a_form_and_drawn_as_they_are_remembered() {
    let site = Site::open().await;
    let session = site.sign_in().await;
    assert!(list(&site, "/keys", &session).await.contains("data-columns=\"name key access status used\""));
    let chosen =
        site.post("/keys/columns", &[HOST, OWN], "columns=name.key.expires&status=active&sort=-created_at").await;
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (StatusCode::SEE_OTHER, "/keys?sort=-created_at&status=active")
    );
    let cookie = chosen.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("keys_columns=name.key.expires; Path=/keys; Max-Age=31536000; SameSite=Lax"),
        "{cookie}"
    );
    let both = format!("{session}; {}", cookie.split(';').next().unwrap());
    assert!(list(&site, "/keys", &both).await.contains("data-columns=\"name key expires\""));
    // What is no choice changes nothing, and what another program has set is none.
    let none = site.post("/keys/columns", &[HOST, OWN], "columns=%0D%0Aset-cookie").await;
    assert_eq!((none.status, none.header("location")), (StatusCode::SEE_OTHER, "/keys"));
    let odd = format!("{session}; keys_columns=\"<b>\"");
    assert!(list(&site, "/keys", &odd).await.contains("data-columns=\"name key access status used\""));
}

#[tokio::test]
async fn a_name_is_a_link_and_what_restricts_a_key_stands_beside_it() {
    let site = Site::open().await;
    let session = site.sign_in().await;
    let allowed_ips = Some(model::NetworkSet::new([model::Network::parse("10.0.0.0/8").unwrap()]).unwrap());
    let id = issue(&site, SettingsPatch { allowed_ips, ..SettingsPatch::name("Acme <b>") }).await;
    let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    let page = list(&site, "/keys?search=acme", &session).await;
    assert!(page.contains(&format!("href=\"/keys/{id}\"")) && page.contains("Acme &lt;b&gt;"), "{page}");
    assert!(page.contains("1 address") && !page.contains("secrets</span>"), "{page}");
    site.keydesk.rotate(&operator, id, Overlap::try_from(3_600).unwrap(), None).await.unwrap();
    assert!(list(&site, "/keys?search=acme", &session).await.contains("2 secrets"));
}
