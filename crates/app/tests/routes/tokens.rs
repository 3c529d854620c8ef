//! Server functions that change something carry a token, and their repetition is answered the same.

use axum::{body::Body, http::StatusCode};
use domain::{Caller, NewKey};
use model::{KeyId, KeyStatus, SettingsPatch};
use serde_json::{Value, json};

use crate::site::{DRAWN_FOR, HOST, HTML, OWN, Site};

struct Page {
    site: Site,
    cookie: String,
    ada: String,
    key: KeyId,
    operator: Caller,
}

impl Page {
    async fn open() -> Self {
        let site = Site::open().await;
        let cookie = site.sign_in().await;
        let ada = site.signed_in(&[("cookie", &cookie)]).await.unwrap();
        let installation = site.keydesk.installation("default").await.unwrap().unwrap().id;
        let operator = Caller::operator(installation);
        let key = site.keydesk.issue(&operator, NewKey::of(SettingsPatch::name("Acme"))).await.unwrap().key.id;
        Self { site, cookie, ada, key, operator }
    }

    async fn call(&self, function: &str, body: &Value) -> (StatusCode, String) {
        let own = [("content-type", "application/json"), (DRAWN_FOR, self.ada.as_str())];
        let headers = [&[HOST, OWN, ("cookie", self.cookie.as_str())][..], &own].concat();
        let answer =
            self.site.send("POST", &format!("/api/_fn/{function}"), &headers, Body::from(body.to_string())).await;
        assert!(!answer.header("x-keydesk-build").is_empty(), "{function}: every answer says whose it is");
        (answer.status, answer.text)
    }

    async fn status(&self) -> KeyStatus {
        self.site.keydesk.get(&self.operator, self.key).await.unwrap().status
    }
}

fn token(number: u8) -> Value {
    json!({ "id": format!("{number:032}") })
}

#[tokio::test]
async fn a_change_that_is_sent_again_is_answered_the_same() {
    let page = Page::open().await;
    let id = page.key;
    let selection = json!({ "ids": [id] });
    let save = json!([["id", id], ["version", "1"], ["client_name", "Renamed"]]);
    let calls = [
        ("create_key", json!({ "fields": [["client_name", "New"], ["preset", "crm"]], "token": token(1) })),
        ("save_key", json!({ "fields": save, "token": token(2) })),
        ("reveal_key", json!({ "id": id, "token": token(3) })),
        ("switch_keys", json!({ "selection": selection, "enabled": false, "token": token(4) })),
        ("delete_keys", json!({ "selection": selection, "token": token(5) })),
        ("restore_key", json!({ "id": id, "token": token(6) })),
    ];
    for (function, body) in &calls {
        let before = page.site.changes().await;
        let first = page.call(function, body).await;
        assert_eq!(first.0, StatusCode::OK, "{function}: {}", first.1);
        let after = page.site.changes().await;
        assert_ne!(before, after, "{function}");
        for _ in 0..2 {
            assert_eq!(page.call(function, body).await, first, "{function}");
        }
        assert_eq!(page.site.changes().await, after, "{function} is done once");
    }
}

#[tokio::test]
async fn a_change_without_a_token_or_with_that_of_another_is_refused() {
    let page = Page::open().await;
    let off = |token: Value| json!({ "selection": { "ids": [page.key] }, "enabled": false, "token": token });
    for bad in [Value::Null, json!({}), json!({ "id": "" }), json!({ "id": "short" }), json!({ "id": "a".repeat(65) })]
    {
        let (status, text) = page.call("switch_keys", &off(bad)).await;
        assert_eq!((status, text.as_str()), (StatusCode::BAD_REQUEST, r#""malformed""#));
    }
    assert_eq!(page.status().await, KeyStatus::Active);
    assert_eq!(page.call("switch_keys", &off(token(1))).await.0, StatusCode::OK);
    let other = json!({ "selection": { "ids": [page.key] }, "enabled": true, "token": token(1) });
    assert_eq!(page.call("switch_keys", &other).await.0, StatusCode::CONFLICT);
    assert_eq!(page.status().await, KeyStatus::Disabled);
}

#[tokio::test]
async fn what_was_taken_back_is_not_done_when_it_comes() {
    let page = Page::open().await;
    let mut body = json!({ "selection": { "ids": [page.key] }, "token": token(1) });
    body["token"]["recalled"] = true.into();
    let recalled = (StatusCode::CONFLICT, r#"{"key":"recalled"}"#.to_owned());
    assert_eq!(page.call("delete_keys", &body).await, recalled);
    body["token"] = token(1);
    assert_eq!(page.call("delete_keys", &body).await, recalled);
    assert_eq!(page.status().await, KeyStatus::Active);
}

#[tokio::test]
async fn a_page_and_the_answers_to_it_name_the_same_build() {
    let page = Page::open().await;
    let drawn = page.site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &page.cookie)]).await;
    let build = drawn.header("x-keydesk-build").to_owned();
    assert!(drawn.text.contains(&format!("data-build=\"{build}\"")), "{build}: {}", drawn.text);
    assert_eq!(page.call("none", &json!({})).await.0, StatusCode::NOT_FOUND);
}
