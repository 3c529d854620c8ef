//! The page of usage: what it shows of calls, whom, and how it follows new ones.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use domain::NewAdministrator;
use futures::StreamExt as _;
use model::{Actor, PlainSecret, Role};
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{Answer, Client, TestApp, TestKey};

store::on_both_databases!(
    a_viewer_sees_who_calls_and_what_is_refused,
    what_is_chosen_stands_in_the_address_and_in_the_form,
    what_cant_be_read_is_said_at_its_field,
    the_numbers_are_a_file_too,
    an_open_page_is_told_of_new_calls_until_its_person_is_signed_out
);

const PASSWORD: &str = "correct+horse+battery";

/// A Keydesk with two clients, and a person who is signed in.
struct Made {
    app: TestApp,
    acme: TestKey,
    cookie: String,
}

async fn made(database: &TestDatabase) -> Made {
    let app = TestApp::new(database).await;
    let acme = app.key_in("default", "Müller & <Söhne>", &["contacts:read"]).await;
    let installation = app.operator("default").await.installation;
    let new = NewAdministrator {
        email: "vera@example.com".to_owned(),
        name: "Vera Rubin".to_owned(),
        role: Role::Viewer,
        password: PlainSecret::new(PASSWORD.replace('+', " ")),
    };
    app.keydesk.create_administrator(Actor::Operator, installation, new).await.unwrap();
    let request = Request::post("/login")
        .header("host", "127.0.0.1")
        .header("origin", "http://127.0.0.1")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("email=vera@example.com&password={PASSWORD}")))
        .unwrap();
    let answer = app.send(request).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    Made { app, acme, cookie }
}

/// Has a key verified this often, and writes down what was counted.
async fn called(app: &TestApp, caller: &Client<'_>, key: &str, scope: &str, calls: usize) {
    for _ in 0..calls {
        assert_eq!(caller.post("/api/v1/keys/verify", json!({"key": key, "scopes": [scope]})).await.status, 200);
    }
    app.keydesk.verifier().flush_usage().await;
}

impl Made {
    fn request(&self, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let mut request = Request::get(path).header("host", "127.0.0.1").header(header::COOKIE, &self.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    async fn open(&self, path: &str) -> Answer {
        self.app.send(self.request(path, &[("accept", "text/html")])).await
    }

    /// The page of calls, which it has.
    async fn page(&self, path: &str) -> String {
        let answer = self.open(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        without_marks(&answer)
    }
}

/// Five allowed calls of the client, and two that lacked a scope.
async fn seven_calls(made: &Made) {
    let verifier = made.app.client(&["keys:verify"]).await;
    called(&made.app, &verifier, &made.acme.secret, "contacts:read", 5).await;
    called(&made.app, &verifier, &made.acme.secret, "calls:make", 2).await;
}

/// A page without the marks that stand between its nodes.
fn without_marks(page: &Answer) -> String {
    page.text().replace("<!>", "")
}

/// The row of a table, or the term of a list, that begins with this, as text.
fn part<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(begin).unwrap_or_else(|| panic!("no {begin} in {page}"));
    rest.split_once(end).unwrap().0
}

async fn a_viewer_sees_who_calls_and_what_is_refused(database: TestDatabase) {
    let made = made(&database).await;
    let empty = made.page("/usage").await;
    assert!(empty.contains("No calls yet") && empty.contains("Integration Documentation"), "{empty}");
    seven_calls(&made).await;
    for range in ["1h", "24h", "7d", "30d", "90d", "12m"] {
        let page = made.page(&format!("/usage?range={range}&client=m%C3%BCller+%26+%3Cs%C3%B6hne%3E")).await;
        assert!(part(&page, "<dt>Calls</dt>", "</dd>").contains("<strong>7</strong>"), "{range}: {page}");
        assert!(part(&page, "<dt>Allowed</dt>", "</dd>").contains("71 % of all calls"), "{range}: {page}");
        let refused = part(&page, "<dt>Refused</dt>", "</dd>");
        assert!(refused.contains("<strong>2</strong>") && refused.contains("none in the "), "{refused}");
    }
    let page = made.page("/usage").await;
    // The calls that verified these are calls, too.
    assert!(part(&page, "<dt>Calls</dt>", "</dd>").contains("<strong>14</strong>"), "{page}");
    assert!(page.contains("Müller &amp; &lt;Söhne&gt;") && !page.contains("<Söhne>"), "{page}");
    let kinds = part(&page, "class=\"usage-refusals\"", "</ul>");
    assert!(kinds.contains("Scope missing, or no route") && kinds.contains("2 calls, 100 % of the refused"), "{kinds}");
    assert!(kinds.contains("Grant the scope") && kinds.contains("href=\"/usage/refusals\""), "{kinds}");
    assert!(page.contains("/usage?scope=calls%3Amake") && page.contains("by the clocks of UTC"), "{page}");
    assert!(page.contains("role=\"img\"") && page.contains("The busiest hour is "), "{page}");
    let navigation = part(&page, "aria-label=\"Workspace\"", "</nav>");
    assert!(navigation.contains("aria-current=\"page\"") && navigation.contains("Usage"), "{navigation}");
    // By the clocks of whoever reads.
    let zone = [("accept", "text/html"), ("cookie", "time_zone=Asia/Kathmandu")];
    let page = without_marks(&made.app.send(made.request("/usage", &zone)).await);
    assert!(page.contains("by the clocks of Kathmandu"), "{page}");
    let anonymous = Request::get("/usage?range=7d").header("accept", "text/html").body(Body::empty()).unwrap();
    let anonymous = made.app.send(anonymous).await;
    assert_eq!(
        (anonymous.status, anonymous.header("location")),
        (StatusCode::SEE_OTHER, "/login?next=/usage%3Frange%3D7d")
    );
}

async fn what_is_chosen_stands_in_the_address_and_in_the_form(database: TestDatabase) {
    let made = made(&database).await;
    seven_calls(&made).await;
    let key = &made.acme.id;
    let page = made
        .page(&format!("/usage?range=7d&key={key}&code=INSUFFICIENT_SCOPE&scope=calls:make&environment=live"))
        .await;
    assert!(part(&page, "<dt>Calls</dt>", "</dd>").contains("<strong>2</strong>"), "{page}");
    for kept in [
        "<input type=\"hidden\" name=\"range\" value=\"7d\"",
        "Only one key, of ",
        "<option value=\"calls:make\" selected",
        "<option value=\"live\" selected",
        "<option value=\"INSUFFICIENT_SCOPE\" selected",
    ] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    assert!(!page.contains("Top clients"), "of one key there is one: {page}");
    let links = part(&page, "aria-label=\"Ranges\"", "</nav>");
    let longer = format!(
        "/usage?range=30d&amp;key={key}&amp;environment=live&amp;scope=calls%3Amake&amp;code=INSUFFICIENT_SCOPE"
    );
    assert!(links.contains(&longer) && links.contains("aria-current=\"true\">Last 7 days"), "{links}");
    let other = made.page("/usage?environment=test").await;
    assert!(other.contains("No calls match") && !other.contains("Nobody has exactly"), "{other}");
    let nobody = made.page("/usage?client=Nobody").await;
    assert!(nobody.contains("No calls match") && nobody.contains("Nobody has exactly this Client Name"), "{nobody}");
    let gone = made.open("/usage?key=01900000-0000-7000-8000-000000000000").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text().contains("There is no such key"), "{}", gone.text());
    // What looks like a key stays in no address.
    let secret = made.open(&format!("/usage?client={}", made.acme.secret)).await;
    assert_eq!((secret.status, secret.header("location")), (StatusCode::SEE_OTHER, "/keys?lookup=address"));
}

async fn what_cant_be_read_is_said_at_its_field(database: TestDatabase) {
    let made = made(&database).await;
    for (query, field, words) in [
        ("from=yesterday", "from", "Write the day as 2026-12-31."),
        ("from=2026-11-02&to=2026-11-01", "to", "The last day is before the first."),
        ("from=2001-01-01", "from", "Choose at most 800 days."),
        ("from=9000-01-01", "from", "This day has not come yet."),
        ("environment=dev", "environment", "Choose live or test keys."),
        ("scope=*", "scope", "There is no such scope."),
        ("code=GONE", "code", "Choose one of the outcomes."),
        ("key=1", "key", "This is no id of a key."),
    ] {
        let answer = made.open(&format!("/usage?{query}&client=Acme")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let page = without_marks(&answer);
        assert!(part(&page, &format!("id=\"{field}-note\""), "</span>").contains(words), "{query}: {page}");
        assert!(page.contains("value=\"Acme\"") && !page.contains("<dt>Calls</dt>"), "{query}: {page}");
        assert_eq!(made.open(&format!("/usage.csv?{query}")).await.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(
            made.open(&format!("/usage/stream?{query}")).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{query}"
        );
    }
    let range = made.open("/usage?range=1y").await;
    assert!(range.text().contains("There is no such range"), "{}", range.text());
}

async fn the_numbers_are_a_file_too(database: TestDatabase) {
    let made = made(&database).await;
    seven_calls(&made).await;
    let page = made.page("/usage?range=30d&client=M%C3%BCller+%26+%3CS%C3%B6hne%3E").await;
    let address = part(&page, "href=\"/usage.csv", "\"").replace("&amp;", "&");
    let file = made.open(&format!("/usage.csv{address}")).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"usage-20"), "{:?}", file.headers);
    let text = file.text();
    assert!(text.starts_with("\u{feff}at,key_id,client_name,"), "{text}");
    assert!(text.contains(",VALID,5,day\r\n") && text.contains(",INSUFFICIENT_SCOPE,2,day\r\n"), "{text}");
    let anonymous = made.app.send(Request::get("/usage.csv?range=7d").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (anonymous.status, anonymous.header("location")),
        (StatusCode::SEE_OTHER, "/login?next=/usage%3Frange%3D7d")
    );
}

async fn an_open_page_is_told_of_new_calls_until_its_person_is_signed_out(database: TestDatabase) {
    let made = made(&database).await;
    seven_calls(&made).await;
    let page = made.page("/usage?code=INSUFFICIENT_SCOPE").await;
    assert!(page.contains("data-totals=\"0 allowed, 2 refused\""), "{page}");
    let stream = part(&page, "data-stream=\"", "\"").replace("&amp;", "&");
    assert!(!made.page("/usage?from=2026-01-01&to=2026-01-02").await.contains("data-stream"), "it is over");
    let answer = made.app.dispatcher.clone().answer(made.request(&stream, &[])).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut events = answer.into_body().into_data_stream();
    let mut told = async |wanted: &str| {
        let found = async {
            while let Some(event) = events.next().await {
                let event = String::from_utf8(event.unwrap().to_vec()).unwrap();
                if event != ":\n\n" {
                    return event;
                }
            }
            String::new()
        };
        let found = tokio::time::timeout(Duration::from_secs(20), found).await;
        assert_eq!(found.as_deref(), Ok(wanted));
    };
    told("event: totals\ndata: 0 allowed, 2 refused\n\n").await;
    let verifier = made.app.client(&["keys:verify"]).await;
    called(&made.app, &verifier, &made.acme.secret, "calls:make", 3).await;
    told("event: totals\ndata: 0 allowed, 5 refused\n\n").await;
    // A few tabs of one person follow, and no more.
    let mut others = Vec::new();
    for _ in 0..11 {
        others.push(made.app.dispatcher.clone().answer(made.request(&stream, &[])).await);
    }
    assert!(others.iter().all(|other| other.status() == StatusCode::OK));
    assert_eq!(made.open(&stream).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(made.open(&stream.replace("for=", "for=0")).await.status, StatusCode::CONFLICT, "of somebody else");
    let token = made.cookie.split_once('=').unwrap().1;
    made.app.keydesk.sign_out(token, domain::Via::default()).await.unwrap();
    told("event: signed-out\ndata:\n\n").await;
    told("").await;
    assert_eq!(made.open(&stream).await.status, StatusCode::UNAUTHORIZED);
}
