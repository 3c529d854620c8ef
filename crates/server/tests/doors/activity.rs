//! What a key was used for, on its pages and in its dialogs, and what is left of its limits.

use std::net::SocketAddr;

use axum::{body::Body, extract::ConnectInfo};
use domain::{NewAdministrator, NewKey, OpenOptions, RecordedCalls, UsageOptions};
use http::{Method, Request};
use model::{Actor, Key, KeyId, PlainSecret, Role, SettingsPatch};
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{Answer, TestApp};

store::on_both_databases!(
    the_activity_of_a_key_has_a_page,
    dialogs_say_what_breaks,
    where_allowed_calls_are_not_recorded_pages_say_so,
    a_change_that_would_refuse_calls_is_asked_about_first,
    a_trial_is_ended_only_by_whoever_has_seen_it,
    a_page_says_what_is_left_of_limits,
    the_list_of_clients_says_how_often_they_call
);

const PASSWORD: &str = "correct horse battery";
const NO_KEY: &str = "00000000-0000-0000-0000-000000000000";

/// An owner who is signed in, and a key that was called 3 times, and 12 times from where it may not.
struct Desk {
    app: TestApp,
    cookie: String,
    drawn_for: String,
    acme: KeyId,
}

impl Desk {
    async fn open(database: &TestDatabase) -> Self {
        Self::of(TestApp::new(database).await).await
    }

    async fn of(app: TestApp) -> Self {
        let installation = app.operator("default").await.installation;
        let owner = NewAdministrator {
            email: "ada@example.com".to_owned(),
            name: "Ada Lovelace".to_owned(),
            role: Role::Owner,
            password: PlainSecret::new(PASSWORD.to_owned()),
        };
        app.keydesk.create_administrator(Actor::Operator, installation, owner).await.unwrap();
        let mut desk = Self { app, cookie: String::new(), drawn_for: String::new(), acme: NO_KEY.parse().unwrap() };
        let signed_in = desk.post("/login", &format!("email=ada@example.com&password={PASSWORD}")).await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.text());
        desk.cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        let token = desk.cookie.split_once('=').unwrap().1;
        let session = desk.app.keydesk.session_unused(token).await.unwrap().unwrap();
        desk.drawn_for = session.administrator.id.to_string();

        let secret;
        (desk.acme, secret) = desk
            .issue(SettingsPatch {
                scopes: Some(["calls:read", "contacts:read"].iter().map(|scope| scope.parse().unwrap()).collect()),
                allowed_ips: Some(serde_json::from_str(r#"["192.0.2.0/24"]"#).unwrap()),
                rate_limits: Some(
                    serde_json::from_str(r#"[{"name":"fast","limit":60,"window_seconds":86400}]"#).unwrap(),
                ),
                quotas: Some(serde_json::from_str(r#"[{"name":"daily","limit":1000,"period":"day"}]"#).unwrap()),
                ..SettingsPatch::name("Acme & Söhne")
            })
            .await;
        let gateway = desk.app.client(&["keys:verify"]).await;
        for (address, calls) in [("192.0.2.1", 3), ("198.51.100.4", 12)] {
            for _ in 0..calls {
                let call = json!({"key": secret, "scopes": ["calls:read"], "ip": address});
                assert_eq!(gateway.post("/api/v1/keys/verify", call).await.status, 200);
            }
        }
        desk.app.keydesk.verifier().flush_usage().await;
        desk
    }

    async fn issue(&self, patch: SettingsPatch) -> (KeyId, String) {
        let operator = self.app.operator("default").await;
        let issued = self.app.keydesk.issue(&operator, NewKey::of(patch)).await.unwrap();
        (issued.key.id, issued.secret.expose().to_owned())
    }

    async fn key(&self) -> Key {
        self.app.keydesk.get(&self.app.operator("default").await, self.acme).await.unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    /// The text of a page that is there, without the comments that tell one text from the next.
    async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text().replace("<!>", "")
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form).await
    }

    async fn send(&self, method: Method, path: &str, form: &str) -> Answer {
        let peer: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1")
            .header("origin", "http://127.0.0.1")
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .header("x-keydesk-drawn-for", &self.drawn_for)
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(ConnectInfo(peer))
            .body(Body::from(form.to_owned()));
        self.app.send(request.unwrap()).await
    }
}

async fn the_activity_of_a_key_has_a_page(database: TestDatabase) {
    let desk = Desk::open(&database).await;
    let path = format!("/keys/{}/activity", desk.acme);
    for range in ["", "?range=24h", "?range=7d", "?range=30d", "?range=90d", "?range=nonsense"] {
        let page = desk.page(&format!("{path}{range}")).await;
        assert!(page.contains("12 refused: address not allowed"), "{range}: {page}");
        assert!(page.contains(&format!("/usage/refusals?key={}&amp;code=ip_not_allowed", desk.acme)), "{range}");
        assert!(page.contains("3 allowed, 12 refused"), "{range}: the bar says so");
        assert!(page.contains("198.51.100.4") && page.contains("192.0.2.1"), "{range}");
        assert!(page.contains("calls:read") && page.contains("none in the "), "{range}");
    }
    let month = desk.page(&format!("{path}?range=30d")).await;
    assert!(!month.contains("are not recorded"), "{month}");
    assert!(month.contains("none in the 30 days before") && month.contains("Calls in each day of the last 30 days"));
    let settings = desk.page(&format!("/keys/{}", desk.acme)).await;
    assert!(settings.contains(&format!("href=\"{path}\"")), "{settings}");

    let (unused, _) = desk.issue(SettingsPatch::name("Nobody")).await;
    assert!(desk.page(&format!("/keys/{unused}/activity")).await.contains("No call was made with this key yet."));
    for absent in ["/keys/nothing/activity".to_owned(), format!("/keys/{NO_KEY}/activity")] {
        assert_eq!(desk.get(&absent).await.status, 404, "{absent}");
    }
    let operator = desk.app.operator("default").await;
    desk.app.keydesk.delete(&operator, desk.acme, None).await.unwrap();
    assert!(desk.page(&path).await.contains("12 refused"), "a deleted key's as long as it can be restored");
    let stranger = Desk { cookie: String::new(), ..desk };
    let asked = stranger.get(&path).await;
    assert!(asked.status == 303 && asked.header("location").starts_with("/login"), "{}", asked.status);
}

async fn dialogs_say_what_breaks(database: TestDatabase) {
    let desk = Desk::open(&database).await;
    for open in ["delete", "disable", "rotate"] {
        let page = desk.page(&format!("/keys/{}?open={open}", desk.acme)).await;
        let dialog = page.split("<dialog").nth(1).unwrap().split("</dialog>").next().unwrap();
        let facts: Vec<_> = dialog.split("<dt>").skip(1).map(|fact| fact.split("</dt>").next().unwrap()).collect();
        let expected =
            ["Calls in the last 30 days", "Last used", "Refused", "Busiest hour", "Scopes used", "Addresses"];
        assert_eq!(facts, expected, "{open}");
        for value in ["<dd>3</dd>", "<dd>12</dd>", "3 calls from ", "calls:read", "192.0.2.1", "198.51.100.4"] {
            assert!(dialog.contains(value), "{open}: {value} in {dialog}");
        }
    }
    let (unused, _) = desk.issue(SettingsPatch::name("Nobody")).await;
    let page = desk.page(&format!("/keys/{unused}?open=delete")).await;
    assert!(page.contains("Calls in the last 30 days") && !page.contains("Busiest hour"), "{page}");
}

async fn where_allowed_calls_are_not_recorded_pages_say_so(database: TestDatabase) {
    const NOTICE: &str = "Allowed calls are not recorded by this Keydesk";
    let pages = |desk: &Desk| {
        let key = format!("/keys/{}", desk.acme);
        ["/usage".to_owned(), format!("{key}/activity"), format!("{key}?open=delete")]
    };
    let usage = UsageOptions { recorded: RecordedCalls::Refused, ..UsageOptions::default() };
    let options = OpenOptions { usage, ..OpenOptions::founding(database.address(), database.dir()) };
    let desk = Desk::of(TestApp::with(options).await).await;
    for path in pages(&desk) {
        let page = desk.page(&path).await;
        assert!(page.contains(NOTICE) && page.contains("12"), "{path}: {page}");
    }
    let dialog = desk.page(&format!("/keys/{}?open=delete", desk.acme)).await;
    assert_eq!(dialog.matches("<dd>Not recorded</dd>").count(), 4, "beside the key and in the dialog: {dialog}");
    let activity = desk.page(&format!("/keys/{}/activity", desk.acme)).await;
    let secret = activity.split("id=\"secrets\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(secret.contains("<td>Not recorded</td>") && !secret.contains("Never"), "of its secret: {secret}");
    let (unused, _) = desk.issue(SettingsPatch::name("Nobody")).await;
    let page = desk.page(&format!("/keys/{unused}/activity")).await;
    assert!(page.contains("No call with this key was refused yet.") && !page.contains("Never used"), "{page}");

    let list = desk.page("/keys").await;
    assert!(list.contains("<span class=\"faint\">Not recorded</span>") && !list.contains(NOTICE), "{list}");
    for status in ["unused", "never_used"] {
        let list = desk.page(&format!("/keys?status={status}")).await;
        assert!(list.contains(NOTICE), "{status}: {list}");
    }
    let clients = desk.page("/clients").await;
    let nobody = clients.split("<tr>").find(|row| row.contains("Nobody")).unwrap();
    assert!(clients.contains(NOTICE) && !nobody.contains("Never"), "{clients}");
    assert_eq!(nobody.matches("Not recorded").count(), 2, "{nobody}");

    // What an edit would refuse is not known, and it says so.
    let path = format!("/keys/{}", desk.acme);
    let form =
        "intent=save&version=1&client_name=Acme&preset=custom&settings=1&enabled=on&scope=contacts:read&expires=never";
    let asked = desk.post(&path, form).await;
    let text = asked.text();
    assert_eq!(asked.status, 409, "{text}");
    assert!(text.contains("so calls that are made may be refused.") && !text.contains("The key was used"), "{text}");
    assert_eq!(desk.post(&path, &format!("{form}&narrows=unknown")).await.status, 303);
}

async fn a_trial_is_ended_only_by_whoever_has_seen_it(database: TestDatabase) {
    let desk = Desk::open(&database).await;
    let path = format!("/keys/{}/tighten", desk.acme);
    let form = |scope: &str, more: &str| {
        format!("intent=try&version=1&only_scope={scope}&only_address=192.0.2.0/24&days=3{more}")
    };
    let begun = desk.post(&path, &form("calls:read", "")).await;
    assert_eq!((begun.status.as_u16(), begun.header("location")), (303, format!("{path}?done=started").as_str()));
    // As pages that were opened before.
    let before = "&started_at=2026-01-01T00:00:00.000Z";
    for form in [form("contacts:read", ""), form("contacts:read", before), format!("intent=stop{before}")] {
        let refused = desk.post(&path, &form).await;
        let text = refused.text();
        assert!(refused.status.is_client_error() && text.contains("Somebody else has begun to try"), "{form}: {text}");
    }
    let page = desk.page(&path).await;
    let started = page.split("name=\"started_at\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let stopped = desk.post(&path, &format!("intent=stop&started_at={started}")).await;
    assert_eq!((stopped.status.as_u16(), stopped.header("location")), (303, format!("{path}?done=stopped").as_str()));
}

async fn a_change_that_would_refuse_calls_is_asked_about_first(database: TestDatabase) {
    let desk = Desk::open(&database).await;
    let page = format!("/keys/{}", desk.acme);
    let form = |address: &str, more: &str| {
        format!(
            "intent=save&version=1&client_name=Acme&preset=custom&settings=1&enabled=on&scope=contacts:read&expires=never\
             &allowed_ips={address}{more}"
        )
    };
    let asked = desk.post(&page, &form("192.0.2.0/30", "")).await;
    let text = asked.text().replace("<!>", "");
    assert_eq!(asked.status, 409, "{text}");
    assert!(text.contains("Calls that need calls:read are refused: there were 3 calls."), "{text}");
    assert!(text.contains("Save again to change it all the same."), "{text}");
    assert!(text.contains("name=\"narrows\" value=\"scope=calls:read\""), "{text}");
    assert_eq!(desk.key().await.version, 1, "nothing was changed");
    // By now it refuses more than was told.
    let asked = desk.post(&page, &form("203.0.113.0/24", "&narrows=scope%3Dcalls:read")).await;
    let text = asked.text();
    assert_eq!(asked.status, 409, "{text}");
    assert!(text.contains("Calls from 192.0.2.1 are refused: it made 3 calls in all, the last on "), "{text}");
    let told = "&narrows=scope%3Dcalls:read+address%3D192.0.2.1";
    let saved = desk.post(&page, &form("203.0.113.0/24", told)).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, format!("{page}?done=saved").as_str()));
    assert_eq!(desk.key().await.version, 2);
    // Of a version that the key has no more nothing is asked: it is told that somebody changed it.
    assert_eq!(desk.post(&page, &form("203.0.113.0/24", "")).await.status, 412);
    assert_eq!(desk.key().await.version, 2);

    // The list asks in the same words.
    let listed = format!(
        "intent=save&id={}&version=2&client_name=Acme&preset=custom&settings=1&scope=contacts:read&expires=never",
        desk.acme
    );
    let asked = desk.post("/keys", &listed).await;
    let text = asked.text().replace("<!>", "");
    assert_eq!(asked.status, 409, "{text}");
    assert!(text.contains("Every call is refused: there were 3 calls."), "{text}");
    assert_eq!(desk.post("/keys", &format!("{listed}&narrows=disabled")).await.status, 303);
}

async fn a_page_says_what_is_left_of_limits(database: TestDatabase) {
    let desk = Desk::open(&database).await;
    let activity = format!("/keys/{}/activity", desk.acme);
    let page = desk.page(&activity).await;
    assert!(page.contains("57 of 60 left now; all are back in "), "{page}");
    assert!(page.contains("997 of 1,000 left now; begins anew "), "refused calls take nothing: {page}");
    assert!(page.contains("class=\"gauge\""), "{page}");
    let ceiling = model::Ceiling {
        quotas: serde_json::from_str(r#"[{"name":"all","limit":5000,"period":"month"}]"#).unwrap(),
        ..model::Ceiling::default()
    };
    let owner = desk.app.operator("default").await;
    desk.app.keydesk.set_ceiling(&owner, domain::CeilingOf::Installation, ceiling, None).await.unwrap();
    desk.app.keydesk.verifier().catch_up().await.unwrap();
    let page = desk.page(&activity).await;
    assert!(page.contains("of all keys of the installation: 5,000 calls in "), "{page}");
    let (unlimited, _) = desk.issue(SettingsPatch::name("Nobody")).await;
    let page = desk.page(&format!("/keys/{unlimited}/activity")).await;
    assert!(page.contains("None of its own") && page.contains("5,000 of 5,000 left now"), "{page}");
}

async fn the_list_of_clients_says_how_often_they_call(database: TestDatabase) {
    let desk = Desk::open(&database).await;
    desk.issue(SettingsPatch::name("Nobody")).await;
    let page = desk.page("/clients").await;
    let row = |name: &str| page.split("<tr>").find(|row| row.contains(name)).unwrap().to_owned();
    let acme = row("Acme");
    assert!(acme.contains("3 allowed") && acme.contains("12 refused"), "{acme}");
    assert!(acme.contains("/usage?client=Acme%20%26%20S%C3%B6hne&amp;environment=live&amp;range=30d"), "{acme}");
    assert!(!row("Nobody").contains("allowed") && row("Caller").contains("15 allowed"), "{page}");
}
