//! The page of the audit log, as people ask for it.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use domain::{CeilingOf, NewAdministrator};
use model::{Actor, Ceiling, ClientName, Environment, PlainSecret, RateLimits, Role, SettingsPatch};
use serde_json::Value;
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Answer, TestApp};

on_both_databases!(
    the_log_is_filtered_by_who_what_whom_and_when,
    pages_go_on_where_the_one_before_ended,
    roles_see_what_they_may,
    a_log_that_was_altered_is_said_to_be_and_counted,
    an_export_has_what_the_page_shows
);

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml");
const PASSWORD: &str = "correct horse battery staple";

/// Somebody who is signed in.
struct Person<'a> {
    app: &'a TestApp,
    id: String,
    cookie: String,
}

impl<'a> Person<'a> {
    async fn sign_in(app: &'a TestApp, name: &str, role: Role) -> Self {
        let email = format!("{}@example.com", name.to_lowercase());
        let new = NewAdministrator {
            email: email.clone(),
            name: name.to_owned(),
            role,
            password: PlainSecret::new(PASSWORD.to_owned()),
        };
        let installation = app.operator("default").await.installation;
        let person = app.keydesk.create_administrator(Actor::Operator, installation, new).await.unwrap();
        let nobody = Self { app, id: person.id.to_string(), cookie: String::new() };
        let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
        let answer = nobody.post("/login", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { cookie, ..nobody }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("host", "127.0.0.1").header(HTML.0, HTML.1);
        self.app.send(request.header("cookie", &self.cookie).body(Body::empty()).unwrap()).await
    }

    /// What the page says, without the marks that Leptos puts between texts.
    async fn page(&self, path: &str) -> String {
        self.get(path).await.text().replace("<!>", "")
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header("host", "127.0.0.1")
            .header("origin", "http://127.0.0.1")
            .header(HTML.0, HTML.1)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie);
        self.app.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// The numbers of the entries on the page.
    async fn entries(&self, path: &str) -> Vec<i64> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        numbers(&answer.text())
    }

    /// `Verify now`, and the page that follows.
    async fn verify(&self) -> String {
        let answer = self.post(&format!("/audit?for={}", self.id), "intent=verify").await;
        assert_eq!(answer.header("location"), "/audit?done=verified", "{}", answer.text());
        self.page("/audit?done=verified").await
    }
}

fn numbers(page: &str) -> Vec<i64> {
    page.split("id=\"entry-").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

/// The address of the link with this text.
fn link(page: &str, text: &str) -> Option<String> {
    let before = page.split(&format!(">{text}</a>")).next().filter(|before| before.len() < page.len())?;
    let address = before.rsplit("href=\"").next()?.split('"').next()?;
    Some(address.replace("&amp;", "&"))
}

async fn the_log_is_filtered_by_who_what_whom_and_when(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let operator = app.operator("default").await;
    let acme = app.key_in("default", "Acme & Söhne", &[]).await;
    let caller = app.client(&["keys:reveal"]).await;
    assert_eq!(caller.post(&format!("/api/v1/keys/{}/reveal", acme.id), Value::Null).await.status, 200);
    let ada = Person::sign_in(&app, "Ada", Role::Owner).await;
    let id = acme.id.parse().unwrap();
    app.keydesk.update(&operator, id, SettingsPatch::name("Acme & Co"), None).await.unwrap();
    let all = ada.entries("/audit").await;
    let newest = *all.first().unwrap();
    assert_eq!(all, (1..=newest).rev().collect::<Vec<_>>(), "newest first, and none is missing");

    let named = "client=acme%20%26%20CO";
    for (query, expected) in [
        ("action=key.reveal", 1),
        ("action=key.reveal&actor=operator", 0),
        (named, 3),
        ("client=Nobody", 0),
        ("action=key.rename", 1),
        ("actor=system", 2),
        (&format!("actor={}", ada.id), 1),
        (&format!("key_id={}", acme.id), 3),
        (&format!("key_id={}&{named}&action=key.issue&actor=operator", acme.id), 1),
        ("to=2020-12-31", 0),
        ("from=2020-12-31", newest),
        ("from=2020-12-31&action=key.rename&client=Acme%20%26%20Co", 1),
        // Fields of the form that were left empty.
        ("actor=&action=&client=&from=&to=", newest),
    ] {
        let answer = ada.get(&format!("/audit?{query}")).await;
        assert_eq!((answer.status, numbers(&answer.text()).len() as i64), (StatusCode::OK, expected), "{query}");
        assert_eq!(answer.text().contains("No entries match"), expected == 0, "{query}");
    }
    // What was asked for stands in the form again, and the change as before and after.
    let page = ada.page(&format!("/audit?action=key.rename&{named}")).await;
    assert!(page.contains("value=\"acme &amp; CO\""), "{page}");
    let before = page.split("<del>").nth(1).unwrap().split("</del>").next().unwrap();
    let after = page.split("<ins>").nth(1).unwrap().split("</ins>").next().unwrap();
    assert!(before.contains("Acme &amp; Söhne") && after.contains("Acme &amp; Co"), "{before} -> {after}");
    // A ceiling is about a client, and no key.
    let rate_limits = RateLimits::new(vec!["all=60/60s".parse().unwrap()]).unwrap();
    let limits = Ceiling { rate_limits, ..Ceiling::default() };
    let client = CeilingOf::Client(ClientName::parse("Acme & Co").unwrap(), Environment::Test);
    app.keydesk.set_ceiling(&operator, client, limits, None).await.unwrap();
    let page = ada.page("/audit?action=ceiling.set").await;
    let about = page.split("class=\"audit-about\"").nth(1).unwrap().split("</td>").next().unwrap();
    assert!(about.contains("Acme &amp; Co") && about.contains("Test"), "{about}");
    for (query, said) in [
        ("from=yesterday", "Write the day as 2026-12-31."),
        ("from=2026-11-02&to=2026-11-01", "The last day is before the first."),
        ("action=key.paint", "There is nothing of this name."),
        ("actor=ada", "There is nothing of this name."),
        ("cursor=7", "There is nothing of this name."),
    ] {
        let answer = ada.get(&format!("/audit?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(answer.text().contains(said) && numbers(&answer.text()).is_empty(), "{query}");
    }
}

async fn pages_go_on_where_the_one_before_ended(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let operator = app.operator("default").await;
    let acme = app.key_in("default", "Acme", &[]).await;
    for _ in 0..60 {
        app.keydesk.reveal(&operator, acme.id.parse().unwrap()).await.unwrap();
        app.key_in("default", "Beta", &[]).await;
    }
    let ada = Person::sign_in(&app, "Ada", Role::Owner).await;
    for (filter, expected) in [("/audit", None), ("/audit?action=key.reveal&client=acme", Some(61))] {
        let (mut path, mut read, mut pages) = (filter.to_owned(), Vec::new(), 0);
        let first = loop {
            let page = ada.page(&path).await;
            read.extend(numbers(&page));
            pages += 1;
            // From every page but the first a link leads back to the newest.
            assert_eq!(link(&page, "Newest").as_deref(), (pages > 1).then_some(filter), "{path}");
            match link(&page, "Older") {
                Some(older) => path = older,
                None => break link(&page, "Newest").unwrap(),
            }
        };
        assert!(read.is_sorted_by(|one, next| one > next), "{read:?}");
        assert_eq!(read.len() as i64, expected.unwrap_or(read[0]));
        assert_eq!(pages, read.len().div_ceil(50));
        assert_eq!(ada.entries(&first).await, read[..50]);
        // Entries that come meanwhile move nothing.
        app.keydesk.reveal(&operator, acme.id.parse().unwrap()).await.unwrap();
        assert_eq!(ada.entries(&path).await, read[(pages - 1) * 50..]);
    }
}

async fn roles_see_what_they_may(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    app.installation("other").await;
    let theirs = app.key_in("other", "Theirs", &[]).await;
    let files = ["/audit.csv", "/audit.ndjson"];
    let viewer = Person::sign_in(&app, "Vera", Role::Viewer).await;
    for path in ["/audit"].iter().chain(&files) {
        assert_eq!(viewer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(viewer.post(&format!("/audit?for={}", viewer.id), "intent=verify").await.status, StatusCode::FORBIDDEN);
    assert!(!viewer.page("/clients").await.contains("href=\"/audit\""), "nor is it in their navigation");
    let manager = Person::sign_in(&app, "Mo", Role::Manager).await;
    let page = manager.page("/audit").await;
    assert!(page.contains("Administrator created") && page.contains("href=\"/audit\""), "{page}");
    assert!(!page.contains("/audit.csv") && !page.contains("verify offline"), "{page}");
    for path in files {
        assert_eq!(manager.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(manager.verify().await.contains("entries, unbroken"));
    let owner = Person::sign_in(&app, "Ada", Role::Owner).await;
    let page = owner.page("/audit").await;
    assert!(page.contains("/audit.csv") && page.contains("Export and verify offline"), "{page}");
    assert!(owner.entries(&format!("/audit?key_id={}", theirs.id)).await.is_empty(), "another installation's");
    // Nobody, and a page that was drawn for somebody else.
    let nobody = Person { app: &app, id: String::new(), cookie: String::new() };
    for path in ["/audit?action=key.reveal", "/audit.csv?action=key.reveal"] {
        let answer = nobody.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, "/login?next=/audit%3Faction%3Dkey.reveal"),
            "{path}"
        );
    }
    let mistaken = owner.post(&format!("/audit?for={}", manager.id), "intent=verify").await;
    assert!(mistaken.status.is_client_error(), "{}", mistaken.text());
    assert_eq!(owner.post(&format!("/audit?for={}", owner.id), "intent=forget").await.status, StatusCode::BAD_REQUEST);
    let script = nobody.get("/verify_audit.py").await;
    assert_eq!(script.header("content-disposition"), "attachment; filename=\"verify_audit.py\"");
}

/// `keydesk_audit_logs_broken`, as Prometheus reads it.
async fn broken_logs(app: &TestApp) -> String {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = server::operations(&app.dispatcher).answer(request).await;
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    text.lines().find_map(|line| line.strip_prefix("keydesk_audit_logs_broken ")).unwrap().to_owned()
}

async fn a_log_that_was_altered_is_said_to_be_and_counted(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    app.key_in("default", "Acme", &[]).await;
    let ada = Person::sign_in(&app, "Ada", Role::Owner).await;
    let page = ada.page("/audit").await;
    assert!(page.contains("Not verified since Keydesk was started") && !page.contains("role=\"alert\""), "{page}");
    let page = ada.verify().await;
    assert!(page.contains("entries, unbroken") && !page.contains("role=\"alert\""), "{page}");
    assert_eq!(broken_logs(&app).await, "0");

    let mut raw = database.raw().await;
    let unprotect = if database.is_postgres() {
        "DROP TRIGGER audit_entry_append_only_row ON audit_entry"
    } else {
        "DROP TRIGGER audit_entry_not_updated; DROP TRIGGER audit_entry_not_deleted"
    };
    raw.execute(unprotect).await.unwrap();
    raw.execute("CREATE TABLE kept AS SELECT * FROM audit_entry").await.unwrap();
    // An altered entry is seen wherever it is shown, before anybody looks at the whole log.
    let alter = "UPDATE audit_entry SET action = 'key.rename' WHERE seq = 3";
    assert_eq!(raw.execute(alter).await, Ok(1));
    let page = ada.page("/audit").await;
    assert!(page.contains("This audit log is broken: entry 3 on this page was altered"), "{page}");
    assert!(page.contains(">Altered</span>"), "{page}");
    assert!(!ada.page("/audit?action=administrator.sign_in").await.contains("role=\"alert\""));
    let page = ada.verify().await;
    assert!(page.contains("not as it was written"), "{page}");
    assert_eq!(broken_logs(&app).await, "1");
    // From then on each page says it.
    let page = ada.page("/audit?action=administrator.sign_in").await;
    assert!(page.contains("This audit log is broken at entry 3: it was altered"), "{page}");
    let restore = "DELETE FROM audit_entry; INSERT INTO audit_entry SELECT * FROM kept";
    raw.execute(restore).await.unwrap();
    let page = ada.verify().await;
    assert!(page.contains("entries, unbroken") && !page.contains("role=\"alert\""), "{page}");
    assert_eq!(broken_logs(&app).await, "0");
    // An end that was cut off is seen at once: the signed end is looked at with every page.
    let newest = ada.entries("/audit").await[0];
    raw.execute(&format!("DELETE FROM audit_entry WHERE seq = {newest}")).await.unwrap();
    let page = ada.page("/audit").await;
    assert!(page.contains(&format!("This audit log is cut off: entry {newest} is missing")), "{page}");
    raw.execute(restore).await.unwrap();
    assert!(!ada.page("/audit").await.contains("role=\"alert\""));
    raw.execute("DELETE FROM audit_head").await.unwrap();
    assert!(ada.page("/audit").await.contains("the signed end was removed"));
    raw.close().await;
}

async fn an_export_has_what_the_page_shows(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let operator = app.operator("default").await;
    let acme = app.key_in("default", "=Acme, \"GmbH\"", &[]).await;
    app.key_in("default", "Beta", &[]).await;
    let sandbox =
        domain::NewKey { environment: Some(Environment::Test), ..domain::NewKey::of(SettingsPatch::name("T")) };
    app.keydesk.issue(&operator, sandbox).await.unwrap();
    let ada = Person::sign_in(&app, "Ada", Role::Owner).await;
    let query = "action=key.issue&client=%3DAcme%2C%20%22GmbH%22";
    let shown = ada.entries(&format!("/audit?{query}")).await;
    assert_eq!(shown.len(), 1);
    let lines = ada.get(&format!("/audit.ndjson?{query}")).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let name = lines.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"audit-log-20") && name.ends_with(".ndjson\""), "{name}");
    let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<_> = lines.iter().map(|line| line["number"].as_i64().unwrap()).collect();
    assert_eq!((numbers, &lines[0]["key_id"]), (shown, &Value::from(acme.id)));
    let table = ada.get("/audit.csv?action=key.issue").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    let table = table.text();
    let rows: Vec<_> = table.trim_end().split("\r\n").collect();
    assert!(rows[0].starts_with("\u{feff}number,at,actor,"), "{}", rows[0]);
    assert_eq!(rows.len() - 1, ada.entries("/audit?action=key.issue").await.len());
    assert!(table.contains("\"'=Acme, \"\"GmbH\"\"\""), "a name is no formula: {table}");
    // Both exports are entries, and say what was asked for.
    let page = ada.page("/audit?action=audit.export").await;
    assert_eq!(self::numbers(&page).len(), 2);
    assert!(page.contains("key.issue") && page.contains("GmbH"), "{page}");
    assert_eq!(ada.get("/audit.csv?from=yesterday").await.status, StatusCode::BAD_REQUEST);
}
