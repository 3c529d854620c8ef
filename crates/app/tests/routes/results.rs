//! What forms give is on pages of their own, which can be loaded again and change nothing; a form that is sent twice is carried
//! out once; and one that nobody signed in has sent is kept.

use axum::{body::Body, http::StatusCode};
use domain::{Caller, NewAdministrator, NewInstallation, NewKey};
use model::{Actor, InstallationId, KeyId, KeyStatus, ListQuery, PlainSecret, Role, SettingsPatch};

use crate::site::{Answer, HOST, HTML, OWN, PASSWORD, Site};

const TOKEN: &str = "00112233445566778899aabbccddeeff";

struct Desk {
    site: Site,
    operator: Caller,
    /// The cookie of the session.
    cookie: String,
    /// For whom its pages are drawn.
    person: String,
}

impl Desk {
    async fn open(recoverable: bool) -> Self {
        let site = Site::open().await;
        let cookie = site.sign_in().await;
        if recoverable {
            let operator = Caller::operator(site.keydesk.installation("default").await.unwrap().unwrap().id);
            let person = site.signed_in(&[("cookie", &cookie)]).await.unwrap();
            return Self { site, operator, cookie, person };
        }
        let new = NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
        let once = site.keydesk.create_installation(Actor::Operator, new).await.unwrap().id;
        let cookie = sign_in_to(&site, once, "grace@example.com").await;
        let person = site.signed_in(&[("cookie", &cookie)]).await.unwrap();
        Self { site, operator: Caller::operator(once), cookie, person }
    }

    async fn issue(&self) -> KeyId {
        let new = NewKey::of(SettingsPatch::name("Acme"));
        self.site.keydesk.issue(&self.operator, new).await.unwrap().key.id
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        self.site.post(path, &[HOST, OWN, HTML, ("cookie", &self.cookie)], form).await
    }

    /// Loads the page to which a form has led, with the cookie that it has set.
    async fn result(&self, posted: &Answer) -> Answer {
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text);
        let cookies = format!("{}; {}", self.cookie, posted.cookie());
        let answer = self.site.ask("GET", posted.header("location"), &[HOST, HTML, ("cookie", &cookies)]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
        answer
    }

    async fn keys(&self) -> usize {
        self.site
            .keydesk
            .list(&self.operator, &ListQuery { limit: 50, ..ListQuery::default() })
            .await
            .unwrap()
            .items
            .len()
    }
}

async fn sign_in_to(site: &Site, installation: InstallationId, email: &str) -> String {
    let person = NewAdministrator {
        email: email.to_owned(),
        name: "Grace Hopper".to_owned(),
        role: Role::Owner,
        password: PlainSecret::new(PASSWORD.to_owned()),
    };
    site.keydesk.create_administrator(Actor::Operator, installation, person).await.unwrap();
    let login = format!("email={email}&password=correct+horse+battery");
    site.post("/login", &[HOST, OWN], &login).await.cookie().to_owned()
}

/// What an element of this id holds.
fn element<'a>(page: &'a str, id: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("id=\"{id}\""))?;
    rest.split_once('>')?.1.split('<').next()
}

#[tokio::test]
async fn a_new_key_is_shown_by_its_own_page_which_makes_no_second_one() {
    let desk = Desk::open(true).await;
    let form = format!("intent=create&token={TOKEN}&client_name=Acme&preset=crm&access=preset");
    let first = desk.post("/keys", &form).await;
    let again = desk.post("/keys", &form).await;
    assert_eq!(desk.keys().await, 2, "the Default API Key and one other");
    assert_eq!(first.header("location"), again.header("location"));
    let address = first.header("location");
    assert!(address.starts_with("/keys/") && address.ends_with("/result"), "{address}");
    let page = desk.result(&first).await;
    let secret = element(&page.text, "new-key").unwrap().to_owned();
    assert!(secret.starts_with("ccc_live_") && secret.len() == 45, "{}", page.text);
    for answer in [&first, &again] {
        assert_eq!(element(&desk.result(answer).await.text, "new-key"), Some(secret.as_str()), "loaded again");
        let cookie = answer.header("set-cookie");
        assert!(
            cookie.contains(&format!("; Path={address}; Max-Age=600; HttpOnly; SameSite=Strict; Secure")),
            "{cookie}"
        );
        assert!(!cookie.contains(&secret) && !address.contains(&secret));
    }
    // Another text is another key.
    desk.post("/keys", &form.replace("Acme", "Acne")).await;
    assert_eq!(desk.keys().await, 3);
}

#[tokio::test]
async fn a_result_is_told_to_its_person_alone_and_for_ten_minutes() {
    let desk = Desk::open(true).await;
    let id = desk.issue().await;
    let page = format!("/keys/{id}");
    let rotated = desk.post(&page, &format!("intent=rotate&token={TOKEN}&version=1&overlap=3600")).await;
    assert!(element(&desk.result(&rotated).await.text, "new-key").is_some());
    let other = sign_in_to(&desk.site, desk.operator.installation, "grace@example.com").await;
    let address = rotated.header("location").to_owned();
    let cookies = format!("{other}; {}", rotated.cookie());
    let theirs = desk.site.ask("GET", &address, &[HOST, HTML, ("cookie", &cookies)]).await;
    assert!(theirs.text.contains("no longer shown") && element(&theirs.text, "new-key").is_none());
    let without = desk.site.ask("GET", &address, &[HOST, HTML, ("cookie", &desk.cookie)]).await;
    assert!(without.text.contains("no longer shown") && element(&without.text, "new-key").is_none());
    let nobody = desk.site.ask("GET", &address, &[HOST, HTML, ("cookie", rotated.cookie())]).await;
    assert!(nobody.header("location").starts_with("/login?next="), "{}", nobody.status);
    desk.site.clock.pass(10 * 60 * 1000);
    let over = desk.result(&rotated).await;
    assert!(over.text.contains("no longer shown") && element(&over.text, "new-key").is_none());
}

#[tokio::test]
async fn rotating_revealing_and_handing_over_are_done_once_however_often_the_form_is_sent() {
    let desk = Desk::open(true).await;
    let id = desk.issue().await;
    let page = format!("/keys/{id}");
    for (form, element_id) in [
        (format!("intent=rotate&token={TOKEN}&version=1&overlap=3600"), "new-key"),
        (format!("intent=reveal&token={TOKEN}"), "revealed-key"),
        (format!("intent=hand-over&token={TOKEN}"), "new-link"),
    ] {
        let before = desk.site.changes().await;
        let first = desk.post(&page, &form).await;
        let after = desk.site.changes().await;
        assert_ne!(before, after, "{form}");
        let shown = desk.result(&first).await;
        let given = element(&shown.text, element_id).map(str::to_owned);
        assert!(given.is_some(), "{form}: {}", shown.text);
        let again = desk.post(&page, &form).await;
        assert_eq!(element(&desk.result(&again).await.text, element_id).map(str::to_owned), given, "{form}");
        assert_eq!(desk.site.changes().await, after, "{form}: neither loading nor sending it again changes anything");
    }
    assert_eq!(desk.site.keydesk.handovers(&desk.operator, id).await.unwrap().len(), 1);
    assert_eq!(desk.site.keydesk.get(&desk.operator, id).await.unwrap().version, 2);
    for (form, status) in
        [("disable", KeyStatus::Disabled), ("enable", KeyStatus::Active), ("delete", KeyStatus::Revoked)]
    {
        for _ in 0..2 {
            let answer = desk.post(&page, &format!("intent={form}&token={TOKEN}")).await;
            assert_eq!(answer.header("location"), format!("{page}?done={form}d"), "{}", answer.text);
        }
        assert_eq!(desk.site.keydesk.get(&desk.operator, id).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn a_save_that_is_sent_again_is_no_conflict() {
    let desk = Desk::open(true).await;
    let id = desk.issue().await;
    let form = format!(
        "intent=save&id={id}&token={TOKEN}&version=1&settings=1&preset=custom&client_name=Other&enabled=on&expires=90"
    );
    for path in [format!("/keys/{id}"), "/keys".to_owned()] {
        let form = form.replace(
            "version=1",
            &format!("version={}", desk.site.keydesk.get(&desk.operator, id).await.unwrap().version),
        );
        for _ in 0..2 {
            let answer = desk.post(&path, &form).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn where_nothing_is_kept_a_secret_is_in_one_answer_and_in_no_page() {
    let desk = Desk::open(false).await;
    let form = format!("intent=create&token={TOKEN}&client_name=Acme&preset=crm&access=preset");
    let first = desk.post("/keys", &form).await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(element(&first.text, "new-key").is_some_and(|key| key.starts_with("ccc_live_")), "{}", first.text);
    assert!(first.text.contains("shown only now"), "{}", first.text);
    let again = desk.post("/keys", &form).await;
    let page = desk.result(&again).await;
    assert!(
        page.text.contains("can&#x27;t be shown again") || page.text.contains("can't be shown again"),
        "{}",
        page.text
    );
    assert!(element(&page.text, "new-key").is_none());
    assert_eq!(desk.keys().await, 2, "no second key");
    let id = desk.issue().await;
    let rotate = format!("intent=rotate&token={TOKEN}&version=1&overlap=0");
    let rotated = desk.post(&format!("/keys/{id}"), &rotate).await;
    assert!(element(&rotated.text, "new-key").is_some(), "{}", rotated.text);
    let again = desk.post(&format!("/keys/{id}"), &rotate).await;
    assert!(again.status == StatusCode::OK && element(&again.text, "new-key").is_none(), "{}", again.text);
    assert_eq!(desk.site.keydesk.get(&desk.operator, id).await.unwrap().version, 2);
}

#[tokio::test]
async fn a_form_that_nobody_signed_in_has_sent_is_kept_until_its_person_has_signed_in() {
    let desk = Desk::open(true).await;
    let id = desk.issue().await;
    let form = "settings=1&preset=custom&client_name=Typed+%3Cb%3E&notes=Long+text&expires=never&enabled=on";
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    let send = async |path: &str, cookie: &str, form: String| {
        let address = format!("{path}?for={}", desk.person);
        desk.site.send("POST", &address, &[HOST, OWN, HTML, form_type, ("cookie", cookie)], Body::from(form)).await
    };
    for (path, intent) in
        [(format!("/keys/{id}"), "save"), ("/keys".to_owned(), "save"), ("/keys".to_owned(), "create")]
    {
        let before = desk.site.changes().await;
        let typed = format!("intent={intent}&id={id}&version=1&token={TOKEN}&{form}");
        let asked = send(&path, "keydesk=gone", typed.clone()).await;
        assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "{}", asked.text);
        for kept in ["name=\"notes\" value=\"Long text\"", "value=\"Typed &lt;b&gt;\"", "name=\"resume_password\""] {
            assert!(asked.text.contains(kept), "{kept} {}", asked.text);
        }
        assert!(!asked.text.contains("<b>"), "{}", asked.text);
        let resumed = format!("{}&resume_email=ada@example.com", typed.replace("intent=", "resume_intent="));
        let wrong = send(&path, "keydesk=gone", format!("{resumed}&resume_password=wrong")).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert!(
            wrong.text.contains("name=\"notes\" value=\"Long text\"") && !wrong.text.contains("wrong\""),
            "{}",
            wrong.text
        );
        let right =
            send(&path, "keydesk=gone", format!("{resumed}&resume_password={}", PASSWORD.replace(' ', "+"))).await;
        assert_eq!(right.status, StatusCode::OK, "{}", right.text);
        assert!(right.header("set-cookie").contains("keydesk"), "{}", right.header("set-cookie"));
        assert!(
            right.text.contains("value=\"Typed &lt;b&gt;\"") && right.text.contains("Long text</textarea>"),
            "{}",
            right.text
        );
        assert!(!right.text.contains("correct horse"), "{}", right.text);
        let name = desk.site.keydesk.get(&desk.operator, id).await.unwrap().settings.client_name.to_string();
        assert_eq!(
            (name.as_str(), desk.keys().await),
            ("Acme", 2),
            "nothing is changed before its button is pressed: {before}"
        );
    }
    // A page of somebody else's request is refused as ever.
    let foreign = [HOST, ("origin", "https://evil.example"), HTML, form_type];
    let answer = desk.site.send("POST", &format!("/keys/{id}?for={}", desk.person), &foreign, Body::from(form)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_was_typed_goes_to_nobody_but_the_person_who_typed_it() {
    let desk = Desk::open(true).await;
    let id = desk.issue().await;
    let bo = sign_in_to(&desk.site, desk.operator.installation, "bo@example.com").await;
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    let address = format!("/keys/{id}?for={}", desk.person);
    let send = async |form: &str| {
        let headers = [HOST, OWN, HTML, form_type, ("cookie", bo.as_str())];
        desk.site.send("POST", &address, &headers, Body::from(form.to_owned())).await
    };
    let asked = send("intent=save&version=1&client_name=Typed").await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.text.contains("What you typed is kept") && asked.text.contains("value=\"Typed\""), "{}", asked.text);
    let password = PASSWORD.replace(' ', "+");
    let still = send(&format!(
        "resume_intent=save&version=1&client_name=Typed&resume_email=bo@example.com&resume_password={password}"
    ))
    .await;
    assert_eq!(still.status, StatusCode::CONFLICT, "{}", still.text);
    assert!(!still.text.contains("<h2 id=\"edit\""), "{}", still.text);
    let own = send(&format!(
        "resume_intent=save&version=1&client_name=Typed&resume_email=ada@example.com&resume_password={password}"
    ))
    .await;
    assert_eq!(own.status, StatusCode::OK);
    assert!(own.text.contains("Edit API key") && own.text.contains("value=\"Typed\""), "{}", own.text);
}
