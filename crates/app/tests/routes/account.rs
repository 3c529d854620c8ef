//! The page of a person's own account, as forms without scripts.

use axum::http::StatusCode;
use model::PROOF_LIFE_MS;

use crate::{
    second_factor::{code_of, session},
    site::{Answer, HOST, HTML, OWN, Site},
};

struct Own {
    site: Site,
    cookie: String,
}

impl Own {
    async fn open() -> Self {
        let site = Site::open().await;
        let cookie = site.sign_in().await;
        Self { site, cookie }
    }

    async fn page(&self, query: &str) -> Answer {
        self.site.ask("GET", &format!("/account{query}"), &[HOST, HTML, ("cookie", &self.cookie)]).await
    }

    async fn post(&self, form: &str) -> Answer {
        self.site.post("/account", &[HOST, OWN, HTML, ("cookie", &self.cookie)], form).await
    }

    /// A form that is carried out, and what the page says then.
    async fn done(&self, form: &str) -> String {
        let posted = self.post(form).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{form}: {}", posted.text);
        let query = posted.header("location").strip_prefix("/account").unwrap().to_owned();
        self.page(&query).await.text
    }
}

/// What stands behind a text in a page, up to the next tag or quote.
fn after<'a>(page: &'a str, before: &str) -> &'a str {
    page.split_once(before).unwrap_or_else(|| panic!("{before}: {page}")).1.split(['<', '"']).next().unwrap()
}

#[tokio::test]
async fn a_person_changes_their_name_and_their_password() {
    let own = Own::open().await;
    let page = own.page("").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("ada@example.com") && page.text.contains("Owner"), "{}", page.text);
    assert!(own.done("intent=name&name=Ada+King").await.contains("Ada King"));
    let refused = own.post("intent=name&name=+").await;
    assert!(refused.text.contains("Enter a name of 1 to 100 visible characters."), "{}", refused.text);
    for (form, words) in [
        ("present=wrong&password=another+horse+battery", "The password is not right."),
        ("present=correct+horse+battery&password=short", "A password has 12 to 256 characters."),
    ] {
        let refused = own.post(&format!("intent=password&{form}")).await;
        assert!(refused.text.contains(words) && refused.status.is_client_error(), "{form}: {}", refused.text);
        assert!(!refused.text.contains("horse battery"), "{}", refused.text);
    }
    let changed = own.done("intent=password&present=correct+horse+battery&password=another+horse+battery").await;
    assert!(changed.contains("The password is changed"), "{changed}");
}

#[tokio::test]
async fn an_app_is_set_up_with_a_picture_a_secret_and_a_code() {
    let own = Own::open().await;
    let page = own.page("?open=app").await.text;
    assert!(page.contains("class=\"qr\"") && page.contains("role=\"img\""), "{page}");
    let typed = page.split_once("class=\"app-text\"").unwrap().1.split_once('>').unwrap().1;
    let secret: String = typed.split('<').next().unwrap().split_whitespace().collect();
    assert_eq!(secret.len(), 32, "{secret}");
    let ticket = after(&page, "name=\"ticket\" value=\"").to_owned();
    let wrong = own.post(&format!("intent=add-app&ticket={ticket}&code=000000")).await;
    assert!(wrong.text.contains("This code is not right"), "{}", wrong.text);
    assert!(wrong.text.contains(&secret[..4]), "the same secret: what the app has been given is still good");
    let code = code_of(&own.site, &secret);
    let added = own.post(&format!("intent=add-app&ticket={ticket}&code={code}")).await;
    assert_eq!((added.status, added.header("cache-control")), (StatusCode::OK, "no-store"), "{}", added.text);
    let listed = added.text.split_once("id=\"recovery-codes\"").unwrap().1.split_once('>').unwrap().1;
    let codes: Vec<_> = listed.split('<').next().unwrap().split_whitespace().map(str::to_owned).collect();
    assert!(codes.len() == 10 && codes.iter().all(|code| code.len() == 19), "{codes:?}");
    let page = own.page("").await.text;
    assert!(page.contains("You have 10 recovery codes left.") && !page.contains(&codes[0]), "{page}");
    assert!(own.page("?open=remove-app").await.text.contains("It is your last second factor"));
    assert!(own.done("intent=remove-app").await.contains("Set up an app"));
}

#[tokio::test]
async fn a_second_factor_is_changed_with_a_proof_alone() {
    let own = Own::open().await;
    let page = own.page("?open=app").await.text;
    let ticket = after(&page, "name=\"ticket\" value=\"").to_owned();
    own.site.clock.pass(PROOF_LIFE_MS);
    for form in [
        format!("intent=add-app&ticket={ticket}&code=000000"),
        "intent=remove-app".to_owned(),
        "intent=new-codes".to_owned(),
        "intent=remove-passkey&passkey=00000000-0000-7000-8000-000000000000".to_owned(),
    ] {
        let asked = own.post(&form).await;
        assert!(asked.text.contains("Confirm it is you"), "{form}: {}", asked.text);
    }
    // Of what is read, nothing is asked.
    for form in ["intent=name&name=Ada", "intent=time-zone&own_time_zone=", "intent=end-others"] {
        assert_eq!(own.post(form).await.status, StatusCode::SEE_OTHER, "{form}");
    }
}

#[tokio::test]
async fn a_person_sees_and_ends_their_sessions() {
    let own = Own::open().await;
    let login = "email=ada@example.com&password=correct+horse+battery";
    for _ in 0..2 {
        own.site.post("/login", &[HOST, OWN], login).await;
    }
    let page = own.page("").await.text;
    assert_eq!(page.matches(">End</button>").count(), 2, "{page}");
    let id = after(&page, "name=\"session\" value=\"").to_owned();
    let page = own.done(&format!("intent=end-session&session={id}")).await;
    assert_eq!(page.matches(">End</button>").count(), 1, "{page}");
    let page = own.done("intent=end-others").await;
    assert!(!page.contains(">End</button>") && !page.contains("End all other sessions"), "{page}");
    assert_eq!(own.page("").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_time_zone_and_the_theme_are_as_they_are_chosen() {
    let own = Own::open().await;
    let elsewhere = format!("{}; time_zone=Europe/Zurich", own.cookie);
    let shown = async || own.site.ask("GET", "/account", &[HOST, HTML, ("cookie", &elsewhere)]).await.text;
    assert!(shown().await.contains(", Zurich") && !shown().await.contains("data-zone="));
    own.done("intent=time-zone&own_time_zone=Pacific/Auckland").await;
    let page = shown().await;
    assert!(page.contains(", Auckland") && page.contains("data-zone=\"Pacific/Auckland\""), "{page}");
    let wrong = own.post("intent=time-zone&own_time_zone=Mars/Base").await;
    assert!(wrong.text.contains("Choose a time zone") && wrong.text.contains("value=\"Mars/Base\""), "{}", wrong.text);
    assert_eq!(session(&own.site, &own.cookie).await.time_zone.unwrap().name(), "Pacific/Auckland");
    own.done("intent=time-zone&own_time_zone=").await;
    assert!(shown().await.contains(", Zurich"));

    let themed = own.post("intent=theme&theme=dark").await;
    assert_eq!(themed.header("location"), "/account?done=theme");
    let cookies = format!("{}; {}", own.cookie, themed.cookie());
    let page = own.site.ask("GET", "/account", &[HOST, HTML, ("cookie", &cookies)]).await.text;
    assert!(page.contains("data-theme=\"dark\""), "{page}");
    assert_eq!(own.post("intent=theme&theme=pink").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_has_an_account_page_without_a_session() {
    let site = Site::open().await;
    for page in ["/account", "/administrators", "/administrators/00000000-0000-7000-8000-000000000000"] {
        let answer = site.ask("GET", page, &[HOST, HTML]).await;
        assert!(answer.header("location").starts_with("/login?next="), "{page} {}", answer.status);
        assert_eq!(
            site.post(page, &[HOST, OWN, HTML], "intent=remove").await.header("location").get(..6),
            Some("/login")
        );
    }
}
