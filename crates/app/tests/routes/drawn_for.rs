//! One browser, two tabs: the first was drawn for Ada, and in the second Bo has signed in, to another installation.

use axum::{body::Body, http::StatusCode};
use domain::{Caller, NewAdministrator, NewInstallation, NewKey};
use model::{Actor, KeyId, KeyStatus, PlainSecret, Role, Selection, SettingsPatch};

use crate::site::{DRAWN_FOR, HOST, HTML, OWN, PASSWORD, Site};

struct Tabs {
    site: Site,
    /// The cookie that the browser has now: Bo's.
    cookie: String,
    ada: String,
    bo: String,
    /// A key of Bo's installation.
    key: KeyId,
    operator: Caller,
}

async fn tabs() -> Tabs {
    let site = Site::open().await;
    let first = site.sign_in().await;
    let ada = site.signed_in(&[("cookie", &first)]).await.unwrap();
    let new = NewInstallation { name: "other".to_owned(), title: "Other Centre".to_owned(), recoverable: true };
    let other = site.keydesk.create_installation(Actor::Operator, new).await.unwrap();
    let bo = NewAdministrator {
        email: "bo@example.com".to_owned(),
        name: "Bo Peep".to_owned(),
        role: Role::Owner,
        password: PlainSecret::new(PASSWORD.to_owned()),
    };
    let bo = site.keydesk.create_administrator(Actor::Operator, other.id, bo).await.unwrap().id.to_string();
    let login = format!("email=bo@example.com&password={}", PASSWORD.replace(' ', "+"));
    let cookie = site.post("/login", &[HOST, OWN], &login).await.cookie().to_owned();
    let operator = Caller::operator(other.id);
    let new = NewKey::of(SettingsPatch::name("Of the other"));
    let key = site.keydesk.issue(&operator, new).await.unwrap().key.id;
    Tabs { site, cookie, ada, bo, key, operator }
}

/// As a page gives it each change.
const TOKEN: &str = r#""token":{"id":"0123456789abcdef0123456789abcdef"}"#;

impl Tabs {
    async fn form(&self, path: &str, drawn_for: Option<&str>, form: &str) -> (StatusCode, String) {
        let path = drawn_for.map_or_else(|| path.to_owned(), |id| format!("{path}?for={id}"));
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        let headers = [HOST, OWN, HTML, ("cookie", &self.cookie), form_type];
        let answer = self.site.send("POST", &path, &headers, Body::from(form.to_owned())).await;
        (answer.status, answer.text)
    }

    async fn call(&self, function: &str, drawn_for: Option<&str>, body: &str) -> (StatusCode, String) {
        let mut headers = vec![HOST, OWN, ("cookie", self.cookie.as_str()), ("content-type", "application/json")];
        headers.extend(drawn_for.map(|id| (DRAWN_FOR, id)));
        let answer =
            self.site.send("POST", &format!("/api/_fn/{function}"), &headers, Body::from(body.to_owned())).await;
        (answer.status, answer.text)
    }

    async fn status(&self) -> KeyStatus {
        self.site.keydesk.get(&self.operator, self.key).await.unwrap().status
    }
}

#[tokio::test]
async fn a_page_acts_for_nobody_but_the_person_it_was_drawn_for() {
    let tabs = tabs().await;
    let page = format!("/keys/{}", tabs.key);
    let delete = format!("intent=delete&id={}", tabs.key);
    let before = tabs.site.changes().await;
    for (path, form) in [(&*page, "intent=disable"), (&*page, "intent=reveal"), ("/keys", &*delete)] {
        let (status, text) = tabs.form(path, Some(&tabs.ada), form).await;
        assert_eq!(status, StatusCode::CONFLICT, "{path} {form}: {text}");
        assert!(text.contains("Bo Peep") && text.contains("Other Centre") && text.contains(">Reload<"), "{text}");
        assert!(!text.contains("Of the other"), "the page shows nothing of the other installation: {text}");
        assert_eq!(tabs.form(path, None, form).await.0, StatusCode::BAD_REQUEST, "{path} {form}: it says for nobody");
    }
    let selection = serde_json::to_string(&Selection::Ids(vec![tabs.key])).unwrap();
    for (function, body) in [
        ("delete_keys", format!(r#"{{"selection":{selection},{TOKEN}}}"#)),
        ("reveal_key", format!(r#"{{"id":"{}",{TOKEN}}}"#, tabs.key)),
    ] {
        let (status, text) = tabs.call(function, Some(&tabs.ada), &body).await;
        assert_eq!(status, StatusCode::CONFLICT, "{function}: {text}");
        assert!(text.contains("somebody_else") && text.contains("Bo Peep"), "{function}: {text}");
        assert_eq!(tabs.call(function, None, &body).await.0, StatusCode::BAD_REQUEST, "{function}: it says for nobody");
    }
    assert_eq!((tabs.status().await, tabs.site.changes().await), (KeyStatus::Active, before), "nothing was changed");
    let (status, _) = tabs.form(&page, Some(&tabs.bo), "intent=disable").await;
    assert_eq!((status, tabs.status().await), (StatusCode::SEE_OTHER, KeyStatus::Disabled), "Bo's own page");
}

#[tokio::test]
async fn a_table_and_a_part_of_a_page_are_of_the_person_it_was_drawn_for() {
    let tabs = tabs().await;
    let cookie = ("cookie", tabs.cookie.as_str());
    let get = async |path: String| tabs.site.ask("GET", &path, &[HOST, HTML, cookie]).await;
    assert_eq!(get(format!("/keys.csv?for={}", tabs.ada)).await.status, StatusCode::CONFLICT);
    assert!(get(format!("/keys.csv?for={}", tabs.bo)).await.text.contains("Of the other"));
    let page = format!("/keys/{}", tabs.key);
    let by_itself = [HOST, HTML, cookie, ("x-keydesk-by-itself", "1"), (DRAWN_FOR, &tabs.ada)];
    assert_eq!(tabs.site.ask("GET", &page, &by_itself).await.status, StatusCode::CONFLICT);
    let drawn = get(page).await;
    assert!(
        drawn.text.contains(&format!("data-for=\"{}\"", tabs.bo)),
        "an address alone is drawn for Bo: {}",
        drawn.text
    );
    let forms = drawn.text.matches("method=\"post\"").count();
    let bound = drawn.text.matches(&format!("?for={}\"", tabs.bo)).count();
    // Choosing a theme is the browser's own matter.
    assert_eq!(forms - 1, bound, "{}", drawn.text);
}

#[tokio::test]
async fn signing_out_ends_the_session_of_the_person_the_page_was_drawn_for() {
    let tabs = tabs().await;
    assert_eq!(tabs.form("/signout", Some(&tabs.ada), "").await.0, StatusCode::CONFLICT);
    assert!(tabs.site.signed_in(&[("cookie", &tabs.cookie)]).await.is_some());
    assert_eq!(tabs.form("/signout", Some(&tabs.bo), "").await.0, StatusCode::SEE_OTHER);
    assert!(tabs.site.signed_in(&[("cookie", &tabs.cookie)]).await.is_none());
}
