//! What can do most harm asks for a proof at each door: plain forms ask by a page that keeps what was typed, and functions say so to the
//! page's script, which asks and sends the very call again.

use axum::{body::Body, http::StatusCode};
use domain::{Caller, Keydesk, NewKey};
use model::{KeyId, KeyStatus, PROOF_LIFE_MS, Selection, SettingsPatch};
use serde_json::{Value, json};

use crate::{
    second_factor::with_app,
    site::{Answer, HOST, HTML, OWN, Site},
};

const TOKEN: &str = "00112233445566778899aabbccddeeff";

struct Desk {
    site: Site,
    operator: Caller,
    cookie: String,
}

impl Desk {
    /// An owner who has signed in so long ago that they are asked.
    async fn open() -> Self {
        let site = Site::open().await;
        let cookie = site.sign_in().await;
        site.clock.pass(PROOF_LIFE_MS);
        let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
        Self { site, operator, cookie }
    }

    fn keydesk(&self) -> &Keydesk {
        &self.site.keydesk
    }

    async fn issue(&self) -> KeyId {
        self.keydesk().issue(&self.operator, NewKey::of(SettingsPatch::name("Acme"))).await.unwrap().key.id
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        self.post_for(HTML, path, form).await
    }

    /// Posts a form, for an answer of this type.
    async fn post_for(&self, accept: (&str, &str), path: &str, form: &str) -> Answer {
        let person = self.site.signed_in(&[("cookie", &self.cookie)]).await.unwrap();
        let separator = if path.contains('?') { '&' } else { '?' };
        let address = format!("{path}{separator}for={person}");
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        let headers = [HOST, OWN, accept, form_type, ("cookie", self.cookie.as_str())];
        self.site.send("POST", &address, &headers, Body::from(form.to_owned())).await
    }

    async fn call(&self, function: &str, body: &Value) -> Answer {
        let person = self.site.signed_in(&[("cookie", &self.cookie)]).await.unwrap();
        let json = ("content-type", "application/json");
        let headers = [HOST, OWN, json, ("cookie", self.cookie.as_str()), (crate::site::DRAWN_FOR, person.as_str())];
        self.site.send("POST", &format!("/api/_fn/{function}"), &headers, Body::from(body.to_string())).await
    }
}

#[tokio::test]
async fn each_form_that_can_do_most_harm_asks_for_a_proof_and_goes_on_with_it() {
    let desk = Desk::open().await;
    let default = desk.keydesk().default_key(&desk.operator).await.unwrap().id;
    let key = format!("/keys/{}", desk.issue().await);
    let grace = "email=grace@example.com&name=Grace&role=viewer";
    let limits = "limits=own&rate_name=default&rate_calls=77&rate_window=1&rate_unit=m&rate_burst=&rate_scopes=";
    let settings = "title=Acme+Desk&time_zone=UTC&contact=&secrets=kept&longest_life_days=&default_preset=";
    for (path, form, kept) in [
        (key.clone(), format!("intent=reveal&token={TOKEN}"), "reveal"),
        (key.clone(), format!("intent=copy&token={TOKEN}"), "copy"),
        (key.clone(), format!("intent=hand-over&token={TOKEN}"), "hand-over"),
        (format!("/keys/{default}"), format!("intent=rotate&token={TOKEN}&version=1&overlap=3600"), "3600"),
        ("/clients/ceiling".to_owned(), format!("intent=save&version=0&token={TOKEN}&{limits}"), "77"),
        (
            "/clients/ceiling?client_name=Acme&environment=live".to_owned(),
            format!("intent=save&version=0&token={TOKEN}&{limits}"),
            "77",
        ),
        ("/administrators".to_owned(), format!("intent=invite&token={TOKEN}&{grace}"), "grace@example.com"),
        ("/settings".to_owned(), format!("intent=save&version=1&token={TOKEN}&{settings}"), "Acme Desk"),
    ] {
        let before = desk.site.changes().await;
        let asked = desk.post(&path, &form).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN, "{path} {form}: {}", asked.text);
        assert!(asked.text.contains("Confirm it is you") && asked.text.contains("name=\"proof_password\""), "{form}");
        for value in [kept, TOKEN] {
            assert!(asked.text.contains(&format!("value=\"{value}\"")), "{path} {form}: {}", asked.text);
        }
        // The address stays, with whose ceiling it is.
        let action = path.replace('&', "&amp;");
        assert!(asked.text.contains(&format!("action=\"{action}")), "{path}: {}", asked.text);
        assert_eq!(desk.site.changes().await, before, "nothing was done");
        let wrong = desk.post(&path, &format!("{form}&proof_confirm=yes&proof_password=wrong")).await;
        assert!(
            wrong.text.contains("The password is not right.") && !wrong.text.contains("\"wrong\""),
            "{}",
            wrong.text
        );
        assert_eq!(desk.site.changes().await, before);
        let done = desk.post(&path, &format!("{form}&proof_confirm=yes&proof_password=correct+horse+battery")).await;
        assert!(done.status.is_redirection() || done.status == StatusCode::OK, "{path} {form}: {}", done.text);
        assert!(!done.text.contains("Confirm it is you"), "{path} {form}: {}", done.text);
        assert_ne!(desk.site.changes().await, before, "the very form was carried out");
        // Now it counts, until it is too old.
        assert!(!desk.post(&path, &form).await.text.contains("Confirm it is you"), "{path} {form}");
        desk.site.clock.pass(PROOF_LIFE_MS);
        // Wrong passwords are forgotten.
        desk.site.clock.pass(PROOF_LIFE_MS / 2);
    }
}

/// Its script shows the page that asks over its own, and puts the key on the clipboard when the same form comes with a proof.
#[tokio::test]
async fn a_key_is_copied_after_a_proof_without_being_shown() {
    const SCRIPT: (&str, &str) = ("accept", "text/plain");
    let desk = Desk::open().await;
    let issued = desk.keydesk().issue(&desk.operator, NewKey::of(SettingsPatch::name("Acme"))).await.unwrap();
    let (page, secret) = (format!("/keys/{}", issued.key.id), issued.secret.expose());
    let form = format!("token={TOKEN}&intent=copy");
    let before = desk.site.changes().await;
    let asked = desk.post_for(SCRIPT, &page, &form).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.header("content-type").starts_with("text/html"), "{}", asked.header("content-type"));
    for part in ["data-confirms", "name=\"proof_password\"", "value=\"copy\"", TOKEN] {
        assert!(asked.text.contains(part), "{part}: {}", asked.text);
    }
    assert!(!asked.text.contains(secret));
    let wrong = desk.post_for(SCRIPT, &page, &format!("{form}&proof_confirm=yes&proof_password=wrong")).await;
    assert!(
        wrong.text.contains("data-confirms") && wrong.text.contains("The password is not right."),
        "{}",
        wrong.text
    );
    assert_eq!(desk.site.changes().await, before, "nothing was done");
    let proved = format!("{form}&proof_confirm=yes&proof_password=correct+horse+battery");
    let copied = desk.post_for(SCRIPT, &page, &proved).await;
    assert_eq!((copied.status, copied.text.as_str()), (StatusCode::OK, secret));
    assert_eq!(copied.header("content-type"), "text/plain; charset=utf-8");
    let cookie = ("cookie", desk.cookie.as_str());
    let activity = desk.site.ask("GET", &format!("{page}/activity"), &[HOST, HTML, cookie]).await.text;
    assert!(activity.contains("Key shown") && !activity.contains(secret), "{activity}");
}

#[tokio::test]
async fn a_proof_is_a_code_as_well() {
    let site = Site::open().await;
    let cookie = site.sign_in().await;
    let codes = with_app(&site, &cookie).await;
    site.clock.pass(PROOF_LIFE_MS);
    let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
    let desk = Desk { site, operator, cookie };
    let page = format!("/keys/{}", desk.issue().await);
    let asked = desk.post(&page, "intent=reveal").await;
    assert!(asked.text.contains("name=\"proof_code\""), "{}", asked.text);
    let form = format!("intent=reveal&proof_confirm=yes&proof_code={}", codes[0]);
    assert_eq!(desk.post(&page, &form).await.status, StatusCode::SEE_OTHER);
    desk.site.clock.pass(PROOF_LIFE_MS);
    let used = desk.post(&page, &form).await;
    assert!(used.text.contains("This code is not right, or was used before."), "{}", used.text);
    assert!(!used.text.contains(&codes[0]), "what was typed into this field is on no page: {}", used.text);
}

#[tokio::test]
async fn a_proof_that_comes_after_the_session_is_kept_by_no_page() {
    let desk = Desk::open().await;
    let page = format!("/keys/{}", desk.issue().await);
    let person = desk.site.signed_in(&[("cookie", &desk.cookie)]).await.unwrap();
    let form = "intent=reveal&proof_confirm=yes&proof_password=correct+horse+battery";
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    let headers = [HOST, OWN, HTML, form_type, ("cookie", "keydesk=gone")];
    let asked = desk.site.send("POST", &format!("{page}?for={person}"), &headers, Body::from(form)).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(!asked.text.contains("correct horse") && !asked.text.contains("proof_password"), "{}", asked.text);
}

#[tokio::test]
async fn functions_say_that_a_proof_is_needed_and_carry_the_same_call_out_after_it() {
    let desk = Desk::open().await;
    let ids = [desk.issue().await, desk.issue().await, desk.issue().await];
    let (two, all) = (Selection::Ids(ids[..2].to_vec()), Selection::Ids(ids.to_vec()));
    let token = |number: u8| json!({ "id": format!("{number:032}") });
    let needed = (StatusCode::FORBIDDEN, r#"{"key":"step_up_needed"}"#.to_owned());
    for (function, body) in [
        ("reveal_key", json!({ "id": ids[0], "token": token(1) })),
        ("switch_keys", json!({ "selection": all, "enabled": false, "token": token(2) })),
        ("delete_keys", json!({ "selection": two, "token": token(3) })),
    ] {
        let before = desk.site.changes().await;
        let refused = desk.call(function, &body).await;
        assert_eq!((refused.status, refused.text), needed, "{function}");
        assert_eq!(desk.site.changes().await, before, "{function}");
        let fields = desk.call("ways_to_confirm", &json!({})).await;
        assert!(fields.text.contains("proof_password"), "{}", fields.text);
        let none = desk.call("confirm", &json!({ "given": {} })).await;
        assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", none.text);
        let confirmed = desk.call("confirm", &json!({ "given": { "proof_password": "correct horse battery" } })).await;
        assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.text);
        let done = desk.call(function, &body).await;
        assert_eq!(done.status, StatusCode::OK, "{function}: {}", done.text);
        // It was made once.
        let after = desk.site.changes().await;
        assert_eq!(desk.call(function, &body).await.text, done.text, "{function}");
        assert_eq!(desk.site.changes().await, after, "{function}");
        desk.site.clock.pass(PROOF_LIFE_MS);
    }
    assert_eq!(desk.keydesk().get(&desk.operator, ids[2]).await.unwrap().status, KeyStatus::Disabled);
    // One key is done with as from its own page.
    let body = json!({ "selection": Selection::Ids(vec![ids[2]]), "token": token(4) });
    assert_eq!(desk.call("delete_keys", &body).await.status, StatusCode::OK);
}
