use std::collections::BTreeMap;

use app::{BrowserAccess, Documentation};
use axum::{body::Body, http::StatusCode};
use domain::{Caller, NewKey, ProviderOptions, SignOnOptions};
use model::{PROOF_LIFE_MS, Role, SettingsPatch};
use oidc::testing::{CLIENT, FakeProvider};
use serde_json::{Value, json};

use crate::{
    second_factor::with_app,
    site::{Answer, DRAWN_FOR, HOST, HTML, OWN, Site},
};

const CALLBACK: &str = "/login/oidc/callback";

struct Desk {
    site: Site,
    provider: FakeProvider,
}

impl Desk {
    async fn open(passwords: bool) -> Self {
        Self::reached(BrowserAccess::at("https://desk.example"), passwords).await
    }

    async fn reached(access: BrowserAccess, passwords: bool) -> Self {
        let provider = FakeProvider::start().await;
        let options = SignOnOptions {
            provider: ProviderOptions {
                issuer: provider.issuer(),
                client_id: CLIENT.0.to_owned(),
                client_secret: Some(CLIENT.1.to_owned().into()),
                scopes: Vec::new(),
                role_claim: "groups".to_owned(),
                roots: Vec::new(),
            },
            roles: BTreeMap::from([("owners".to_owned(), Role::Owner), ("viewers".to_owned(), Role::Viewer)]),
            button: "Continue with <Example>".to_owned(),
            passwords,
            installation: "default".to_owned(),
            trust_email: false,
        };
        let site = Site::opened(access, Documentation::default(), |own| own.sign_on = Some(options)).await;
        Self { site, provider }
    }

    /// The page that leads to the organisation, and the cookie that comes with it.
    async fn go(&self, form: &str) -> (Answer, String) {
        let answer = self.site.post("/login/oidc", &[HOST, OWN], form).await;
        let cookie = answer.cookie().to_owned();
        (answer, cookie)
    }

    /// Comes back as somebody of whom the organisation says this.
    async fn come_back(&self, leaving: &Answer, cookie: &str, claims: Value) -> Answer {
        let query = self.provider.grant(leads_to(leaving), claims, json!({}));
        self.site.ask("GET", &format!("{CALLBACK}?{query}"), &[HOST, HTML, ("cookie", cookie)]).await
    }
}

/// The cookie of the session that has begun.
fn session_of(answer: &Answer) -> String {
    let given = cookies(answer);
    let session = given.iter().find(|cookie| cookie.contains("SameSite=Strict") && !cookie.contains("device"));
    session.unwrap().split(';').next().unwrap().to_owned()
}

fn leads_to(answer: &Answer) -> &str {
    answer.header("refresh").strip_prefix("0;url=").unwrap_or_default()
}

fn cookies(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

fn ada(group: &str) -> Value {
    json!({ "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "name": "Ada", "groups": [group] })
}

#[tokio::test]
async fn somebody_goes_to_their_organisation_and_comes_back_signed_in() {
    let desk = Desk::open(true).await;
    let page = desk.site.ask("GET", "/login?next=/keys%3Fsearch%3Da", &[HOST, HTML]).await;
    for part in ["action=\"/login/oidc\"", "Continue with &lt;Example&gt;", "name=\"password\""] {
        assert!(page.text.contains(part), "{part}\n{}", page.text);
    }
    let (leaving, cookie) = desk.go("next=/keys?search=a").await;
    assert_eq!(leaving.status, StatusCode::OK, "{}", leaving.text);
    let to = leads_to(&leaving);
    assert!(to.starts_with(&format!("{}/auth?", desk.provider.issuer())), "{to}");
    assert!(to.contains("redirect_uri=https%3A%2F%2Fdesk.example%2Flogin%2Foidc%2Fcallback"), "{to}");
    let flow = leaving.header("set-cookie");
    assert!(flow.starts_with(&format!("__Host-keydesk-sign-on-{}=", desk.site.keydesk.mark())), "{flow}");
    assert!(flow.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600"), "{flow}");
    assert_eq!(leaving.header("cache-control"), "no-store");

    let back = desk.come_back(&leaving, &cookie, ada("viewers")).await;
    assert_eq!((back.status, leads_to(&back)), (StatusCode::OK, "/keys?search=a"), "{}", back.text);
    let given = cookies(&back);
    let session = session_of(&back);
    assert!(
        given.iter().any(|cookie| cookie.contains("keydesk-sign-on") && cookie.ends_with("Max-Age=0")),
        "{given:?}"
    );
    let keys = desk.site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &session)]).await;
    assert_eq!(keys.status, StatusCode::OK);
    assert!(keys.text.contains("Ada"), "{}", keys.text);
}

#[tokio::test]
async fn an_answer_without_its_cookie_or_for_another_browser_signs_nobody_in() {
    let desk = Desk::open(true).await;
    let (leaving, cookie) = desk.go("").await;
    let (other, others) = desk.go("").await;
    let again = "/login?next=/keys&refused=sign_on_again";
    for (leaving, cookie) in [(&leaving, ""), (&leaving, others.as_str()), (&other, cookie.as_str())] {
        let back = desk.come_back(leaving, cookie, ada("owners")).await;
        assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, again));
        assert_eq!(back.header("set-cookie"), "");
    }
    for query in ["", "?code=x", "?state=x&state=y", "?error=access_denied", "?state=%FF"] {
        let back = desk.site.ask("GET", &format!("{CALLBACK}{query}"), &[HOST, HTML, ("cookie", &cookie)]).await;
        assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, again), "{query}");
    }
    let page = desk.site.ask("GET", again, &[HOST, HTML]).await;
    assert!(page.text.contains("That sign-in took too long or was begun elsewhere."), "{}", page.text);
    // Where another program has set one of the same name, ours is found.
    let two = format!("{}=bad; {cookie}", cookie.split_once('=').unwrap().0);
    assert_eq!(desk.come_back(&leaving, &two, ada("owners")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_is_refused_reads_why_and_gets_no_cookie() {
    let desk = Desk::open(true).await;
    for (claims, code, words) in [
        (ada("others"), "sign_on_no_role", "gives you no role in Keydesk"),
        (json!({ "sub": "eve-1", "groups": ["owners"] }), "sign_on_email_unverified", "does not confirm your email"),
    ] {
        let (leaving, cookie) = desk.go("next=/clients").await;
        let back = desk.come_back(&leaving, &cookie, claims).await;
        assert_eq!(back.header("location"), format!("/login?next=/clients&refused={code}"));
        assert_eq!(back.header("set-cookie"), "");
        let page = desk.site.ask("GET", back.header("location"), &[HOST, HTML]).await;
        assert!(page.text.contains(words), "{}", page.text);
    }
    let none = Site::open().await;
    let answer = none.post("/login/oidc", &[HOST, OWN], "").await;
    assert_eq!(answer.header("location"), "/login?next=/keys&refused=sign_on_off");
    assert!(!none.ask("GET", "/login", &[HOST, HTML]).await.text.contains("/login/oidc"));
}

#[tokio::test]
async fn no_way_back_leads_to_another_site() {
    let desk = Desk::open(true).await;
    for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "/login/oidc/callback?code=x"] {
        let (leaving, cookie) = desk.go(&format!("next={foreign}")).await;
        let back = desk.come_back(&leaving, &cookie, ada("owners")).await;
        assert_eq!(leads_to(&back), "/keys", "{foreign}");
    }
    // The page that began it is one of ours, and its address is the one that is known.
    let evil = [("host", "evil.example"), ("origin", "https://evil.example")];
    assert_eq!(desk.site.post("/login/oidc", &evil, "").await.status, StatusCode::FORBIDDEN);
    let here = Desk::reached(BrowserAccess::default(), true).await;
    let own = [("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3000")];
    let leaving = here.site.post("/login/oidc", &own, "").await;
    assert!(
        leads_to(&leaving).contains("redirect_uri=http%3A%2F%2F127.0.0.1%3A3000%2Flogin"),
        "{}",
        leads_to(&leaving)
    );
    let elsewhere = [("host", "desk.example"), ("origin", "http://desk.example")];
    let refused = here.site.post("/login/oidc", &elsewhere, "").await;
    assert_eq!(refused.header("location"), "/login?next=/keys&refused=needs_https");
}

#[tokio::test]
async fn signing_in_so_ends_the_session_that_the_browser_had() {
    let desk = Desk::open(true).await;
    let before = desk.site.sign_in().await;
    let leaving = desk.site.post("/login/oidc", &[HOST, OWN, ("cookie", &before)], "").await;
    // The organisation's page leads back without the session's cookie.
    let back = desk.come_back(&leaving, leaving.cookie(), ada("owners")).await;
    assert_eq!(back.status, StatusCode::OK);
    let page = desk.site.ask("GET", "/keys", &[HOST, HTML, ("cookie", &before)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn where_passwords_are_off_no_form_asks_for_one_and_none_is_taken() {
    let desk = Desk::open(false).await;
    desk.site.add_owner().await;
    let page = desk.site.ask("GET", "/login", &[HOST, HTML]).await;
    assert!(page.text.contains("action=\"/login/oidc\"") && !page.text.contains("type=\"password\""), "{}", page.text);
    let typed = "email=ada@example.com&password=correct+horse+battery";
    let form = desk.site.post("/login", &[HOST, OWN], typed).await;
    assert_eq!(form.header("location"), "/login?next=/keys&refused=passwords_off");
    assert_eq!(form.header("set-cookie"), "");
    let page = desk.site.ask("GET", form.header("location"), &[HOST, HTML]).await;
    assert!(page.text.contains("Passwords are switched off here."), "{}", page.text);
    let called = desk.site.post("/api/_fn/sign_in", &[HOST, OWN], typed).await;
    assert_eq!((called.status, called.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
    // A form that was sent after a session had ended asks for the same.
    let kept = desk.site.post("/settings?for=00000000-0000-0000-0000-000000000001", &[HOST, OWN], "title=x").await;
    assert!(kept.text.contains("action=\"/login/oidc\"") && !kept.text.contains("type=\"password\""), "{}", kept.text);
    assert!(kept.text.contains("name=\"resume_signed_in\""), "{}", kept.text);
}

#[tokio::test]
async fn whoever_has_a_second_factor_is_asked_for_it_before_they_are_in() {
    let desk = Desk::open(true).await;
    let before = desk.site.sign_in().await;
    let codes = with_app(&desk.site, &before).await;
    let (leaving, cookie) = desk.go("next=/clients").await;
    let back = desk.come_back(&leaving, &cookie, ada("owners")).await;
    assert_eq!((back.status, leads_to(&back)), (StatusCode::OK, ""), "{}", back.text);
    for part in ["Second step", "action=\"/login/second\"", "name=\"proof_code\"", "value=\"/clients\""] {
        assert!(back.text.contains(part), "{part}: {}", back.text);
    }
    let given = cookies(&back);
    assert!(
        given.len() == 1 && given[0].ends_with("Max-Age=0"),
        "what was asked with is used, and nobody is in: {given:?}"
    );
    let (_, step) = back.text.split_once("name=\"proof_step\" value=\"").unwrap();
    let step = step.split('"').next().unwrap();
    let form = format!("proof_step={step}&next=/clients&proof_code={}", codes[0]);
    let entered = desk.site.post("/login/second", &[HOST, OWN], &form).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/clients"), "{}", entered.text);
    let session = session_of(&entered);
    let page = desk.site.ask("GET", "/clients", &[HOST, HTML, ("cookie", &session)]).await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_has_no_password_confirms_by_signing_in_again_and_nothing_is_lost() {
    let desk = Desk::open(true).await;
    let operator = Caller::operator(desk.site.keydesk.installation("default").await.unwrap().unwrap().id);
    let key = desk.site.keydesk.issue(&operator, NewKey::of(SettingsPatch::name("Acme"))).await.unwrap().key.id;
    let page = format!("/keys/{key}");
    let (leaving, cookie) = desk.go("").await;
    let session = session_of(&desk.come_back(&leaving, &cookie, ada("owners")).await);
    desk.site.clock.pass(PROOF_LIFE_MS);
    let before = desk.site.changes().await;
    let asked = desk.site.post(&page, &[HOST, OWN, HTML, ("cookie", &session)], "intent=reveal&token=t").await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN, "{}", asked.text);
    for part in
        ["action=\"/login/oidc\"", "target=\"_blank\"", "name=\"again\"", "I have signed in there", "value=\"reveal\""]
    {
        assert!(asked.text.contains(part), "{part}: {}", asked.text);
    }
    assert!(!asked.text.contains("type=\"password\"") && !asked.text.contains("proof_code"), "{}", asked.text);
    let sent = "intent=reveal&token=t&proof_confirm=elsewhere";
    let early = desk.site.post(&page, &[HOST, OWN, HTML, ("cookie", &session)], sent).await;
    assert!(
        early.text.contains("Confirm that it is you to do this.") && early.text.contains("value=\"reveal\""),
        "{}",
        early.text
    );
    // The page's script asks how, and whether it is done.
    let ways = async |session: &str| {
        let person = desk.site.signed_in(&[("cookie", session)]).await.unwrap();
        let json = ("content-type", "application/json");
        let headers = [HOST, OWN, json, ("cookie", session), (DRAWN_FOR, person.as_str())];
        desk.site.send("POST", "/api/_fn/ways_to_confirm", &headers, Body::from("{}")).await.text
    };
    let said: Value = serde_json::from_str(&ways(&session).await).unwrap();
    assert_eq!(said, json!({ "fields": null, "organisation": "Continue with <Example>" }));
    assert_eq!(desk.site.changes().await, before, "nothing was done");

    let leaving = desk.site.post("/login/oidc", &[HOST, OWN, ("cookie", &session)], "next=/keys&again=yes").await;
    assert!(leads_to(&leaving).contains("prompt=login"), "{}", leads_to(&leaving));
    let again = session_of(&desk.come_back(&leaving, leaving.cookie(), ada("owners")).await);
    assert_eq!(ways(&again).await, "null");
    let done = desk.site.post(&page, &[HOST, OWN, HTML, ("cookie", &again)], sent).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, format!("{page}/result").as_str()),
        "{}",
        done.text
    );
    // The account's page has no form for a password that is not there.
    let account = desk.site.ask("GET", "/account", &[HOST, HTML, ("cookie", &again)]).await.text;
    assert!(account.contains("You have none here.") && !account.contains("Change password"), "{account}");
}
