//! The pages of administrators, as forms without scripts.

use app::{BrowserAccess, Documentation};
use axum::http::StatusCode;
use domain::{Caller, MailOptions, NewAdministrator};
use model::{Actor, PersonStatus, PlainSecret, Role};

use crate::{
    second_factor::with_app,
    site::{Answer, HOST, HTML, OWN, PASSWORD, Site},
};

struct Desk {
    site: Site,
    cookie: String,
}

impl Desk {
    async fn open() -> Self {
        let site = Site::open().await;
        let cookie = site.sign_in().await;
        Self { site, cookie }
    }

    /// One that mails links.
    async fn mailing() -> Self {
        let mail = MailOptions {
            smtp_url: "smtp://127.0.0.1:25".to_owned().into(),
            password: None,
            from: "Keydesk <keydesk@desk.example>".to_owned(),
            roots: Vec::new(),
            unencrypted: false,
        };
        let access = BrowserAccess::at("https://desk.example");
        let site = Site::opened(access, Documentation::default(), |own| own.mail = Some(mail)).await;
        let cookie = site.sign_in().await;
        Self { site, cookie }
    }

    async fn add(&self, email: &str, role: Role) -> String {
        let installation = self.site.keydesk.installation("default").await.unwrap().unwrap().id;
        let password = PlainSecret::new(PASSWORD.to_owned());
        let new = NewAdministrator { email: email.to_owned(), name: "Grace Hopper".to_owned(), role, password };
        let id = self.site.keydesk.create_administrator(Actor::Operator, installation, new).await.unwrap().id;
        format!("/administrators/{id}")
    }

    async fn get(&self, path: &str) -> Answer {
        self.site.ask("GET", path, &[HOST, HTML, ("cookie", &self.cookie)]).await
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        self.site.post(path, &[HOST, OWN, HTML, ("cookie", &self.cookie)], form).await
    }

    async fn person(&self, email: &str) -> Option<model::Person> {
        let operator = Caller::operator(self.site.keydesk.installation("default").await.unwrap().unwrap().id);
        let people = self.site.keydesk.people(&operator).await.unwrap();
        people.into_iter().find(|person| person.email == email)
    }
}

#[tokio::test]
async fn an_owner_invites_somebody_and_the_link_is_shown_once() {
    let desk = Desk::open().await;
    let list = desk.get("/administrators").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.text.contains("Ada Lovelace") && list.text.contains("(you)"), "{}", list.text);
    assert!(desk.get("/administrators?invite").await.text.contains("Make the link"));
    let form = "intent=invite&email=grace@example.com&name=Grace&role=manager";
    let made = desk.post("/administrators", form).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let (_, rest) = made.text.split_once("https://desk.example/invite#").unwrap();
    let token = rest.split('<').next().unwrap();
    assert_eq!(token.len(), 43, "{token}");
    assert!(!desk.get("/administrators").await.text.contains(token), "no other page shows it");
    let grace = desk.person("grace@example.com").await.unwrap();
    assert_eq!((grace.status, grace.role), (PersonStatus::Invited, Role::Manager));
    // The link is good.
    let form = format!("code={token}&name=Grace&password=another+horse+battery");
    assert_eq!(desk.site.post("/invite", &[HOST, OWN], &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(desk.person("grace@example.com").await.unwrap().status, PersonStatus::Active);
    for (form, words) in [
        (
            "intent=invite&email=grace@example.com&name=Grace&role=viewer",
            "An administrator with this email address exists.",
        ),
        ("intent=invite&email=nobody&name=Typed&role=viewer", "Enter an email address"),
        ("intent=invite&email=e@example.com&name=+&role=viewer", "Enter a name of 1 to 100 visible characters."),
    ] {
        let refused = desk.post("/administrators", form).await;
        assert!(refused.text.contains(words) && refused.status.is_client_error(), "{form}: {}", refused.text);
    }
    assert_eq!(
        desk.post("/administrators", "intent=invite&email=e@example.com&name=E&role=king").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_link_that_is_mailed_is_shown_to_nobody_else() {
    let desk = Desk::mailing().await;
    let page = desk.get("/administrators?invite").await.text;
    assert!(page.contains("Send the invitation") && page.contains("the link is mailed there"), "{page}");
    let form = "intent=invite&email=grace@example.com&name=Grace&role=manager";
    let made = desk.post("/administrators", form).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.text.contains("The invitation is on its way"), "{}", made.text);
    assert!(!made.text.contains("/invite#") && !made.text.contains("account-link"), "{}", made.text);
    let page = desk.add("bo@example.com", Role::Viewer).await;
    let reset = desk.post(&page, "intent=reset-password").await;
    assert!(reset.text.contains("The link for a new password is on its way"), "{}", reset.text);
    assert!(reset.text.contains("bo@example.com") && !reset.text.contains("/reset#"), "{}", reset.text);
}

#[tokio::test]
async fn an_invitation_is_made_anew_or_withdrawn() {
    let desk = Desk::open().await;
    desk.post("/administrators", "intent=invite&email=grace@example.com&name=Grace&role=viewer").await;
    let page = format!("/administrators/{}", desk.person("grace@example.com").await.unwrap().id);
    assert!(desk.get(&page).await.text.contains("Make a new link"));
    let again = desk.post(&page, "intent=invite-again").await;
    assert!(again.text.contains("/invite#"), "{}", again.text);
    let page = format!("/administrators/{}", desk.person("grace@example.com").await.unwrap().id);
    let gone = desk.post(&page, "intent=remove").await;
    assert_eq!(gone.header("location"), "/administrators?done=withdrawn");
    assert!(desk.person("grace@example.com").await.is_none());
    assert_eq!(desk.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_owner_decides_what_somebody_may_do() {
    let desk = Desk::open().await;
    let page = desk.add("grace@example.com", Role::Viewer).await;
    let login = "email=grace@example.com&password=correct+horse+battery";
    let theirs = desk.site.post("/login", &[HOST, OWN], login).await.cookie().to_owned();
    let lives =
        async || desk.site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &theirs)]).await.status == StatusCode::OK;
    let done = async |form: &str| {
        let posted = desk.post(&page, form).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{form}: {}", posted.text);
        desk.get(posted.header("location")).await.text
    };
    assert!(done("intent=role&role=manager").await.contains("Saved."));
    assert_eq!(desk.person("grace@example.com").await.unwrap().role, Role::Manager);
    assert!(lives().await);
    assert!(done("intent=end-sessions").await.contains("All sessions have ended."));
    assert!(!lives().await);
    assert!(desk.get(&format!("{page}?open=disable")).await.text.contains("role=\"alertdialog\""));
    assert!(done("intent=disable").await.contains("They are signed out everywhere."));
    let refused = desk.site.post("/login", &[HOST, OWN], login).await;
    assert!(refused.header("location").contains("account_disabled"), "{}", refused.header("location"));
    assert!(done("intent=enable").await.contains("They can sign in again."));
    let link = desk.post(&page, "intent=reset-password").await;
    assert!(link.text.contains("https://desk.example/reset#"), "{}", link.text);
    assert!(done("intent=reset-second-factor").await.contains("There was no second factor."));
    let theirs = desk.site.post("/login", &[HOST, OWN], login).await.cookie().to_owned();
    with_app(&desk.site, &theirs).await;
    assert!(desk.get(&page).await.text.contains("open=reset-second-factor"));
    assert!(done("intent=reset-second-factor").await.contains("The second factor is taken away"));
    let gone = desk.post(&page, "intent=remove").await;
    assert_eq!(gone.header("location"), "/administrators?done=removed");
    assert!(desk.person("grace@example.com").await.is_none());
}

#[tokio::test]
async fn the_last_owner_stays_and_nobody_else_manages_people() {
    let desk = Desk::open().await;
    let own = format!("/administrators/{}", desk.person("ada@example.com").await.unwrap().id);
    assert!(desk.get(&own).await.text.contains("This is you."));
    for form in ["intent=role&role=viewer", "intent=disable", "intent=remove"] {
        let refused = desk.post(&own, form).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{form}");
        assert!(refused.text.contains("This is the last owner who can sign in."), "{form}: {}", refused.text);
    }
    assert_eq!(desk.post(&own, "intent=paint").await.status, StatusCode::BAD_REQUEST);
    let mut theirs = desk;
    for role in [Role::Manager, Role::Viewer] {
        let email = format!("{role}@example.com");
        theirs.add(&email, role).await;
        let login = format!("email={email}&password=correct+horse+battery");
        theirs.cookie = theirs.site.post("/login", &[HOST, OWN], &login).await.cookie().to_owned();
        for path in ["/administrators", own.as_str()] {
            assert_eq!(theirs.get(path).await.status, StatusCode::FORBIDDEN, "{role} {path}");
            let refused = theirs.post(path, "intent=invite&email=e@example.com&name=E&role=owner").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
        let keys = theirs.get("/keys").await.text;
        assert!(!keys.contains("href=\"/administrators\"") && keys.contains("href=\"/account\""), "{role}");
    }
}
