//! The numbers of the page of usage: each stands where the clocks of its reader say, and nowhere else.

use std::sync::Arc;

use domain::{InstallationPatch, NewKey};
use model::{Actor, Role, SettingsPatch};
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{Person, StoppedClock, TestApp, TestKey};

store::on_both_databases!(
    calls_stand_in_the_bar_the_row_and_the_hour_of_their_clocks,
    a_week_is_compared_with_the_week_before_it,
    clients_refusals_and_scopes_stand_in_their_order,
    a_call_that_wants_two_scopes_is_one_call_wherever_calls_are_counted
);

/// A Friday, 14:10 in Adelaide: ten hours and a half before UTC.
const NOW: &str = "2026-11-27T03:40:00Z";

/// An installation in Adelaide with three clients: the last may call once a day.
struct Made {
    app: TestApp,
    clock: Arc<StoppedClock>,
    acme: TestKey,
    beta: TestKey,
    gamma: TestKey,
}

impl Made {
    async fn at(database: &TestDatabase, begin: &str) -> Self {
        let clock = StoppedClock::at(begin);
        let app = TestApp::by_clock(database, &clock).await;
        let patch = InstallationPatch {
            time_zone: Some("Australia/Adelaide".parse().unwrap()),
            ..InstallationPatch::default()
        };
        app.keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
        let acme = app.key_in("default", "Acme", &["calls:read", "contacts:read"]).await;
        let beta = app.key_in("default", "Beta", &["calls:read"]).await;
        let once_a_day = r#"[{"name":"daily","limit":1,"window_seconds":86400}]"#;
        let new = NewKey::of(SettingsPatch {
            scopes: Some(["calls:read".parse().unwrap()].into_iter().collect()),
            rate_limits: Some(serde_json::from_str(once_a_day).unwrap()),
            ..SettingsPatch::name("Gamma")
        });
        let issued = app.keydesk.issue(&app.operator("default").await, new).await.unwrap();
        let gamma = TestKey { id: issued.key.id.to_string(), secret: issued.secret.expose().to_owned() };
        Self { app, clock, acme, beta, gamma }
    }

    /// Calls at an instant, each of which is answered so.
    async fn calls(&self, at: &str, key: &TestKey, scope: &str, (number, status): (usize, u16)) {
        self.clock.set(at);
        for _ in 0..number {
            let answer = self.app.with_key(&key.secret).get(&format!("/authz?scope={scope}")).await;
            assert_eq!(answer.status, status, "{at} {scope}");
        }
        self.app.keydesk.verifier().flush_usage().await;
    }

    /// The calls of two weeks.
    async fn of_two_weeks(database: &TestDatabase) -> Self {
        let made = Self::at(database, "2026-11-13T04:00:00Z").await;
        let Self { acme, beta, gamma, .. } = &made;
        // Before the time that the last 7 days are compared with; then at its beginning, and at its end.
        made.calls("2026-11-13T05:00:00Z", acme, "calls:read", (5, 200)).await;
        made.calls("2026-11-13T05:30:00Z", acme, "calls:read", (2, 200)).await;
        made.calls("2026-11-20T04:29:00Z", acme, "calls:read", (8, 200)).await;
        // Friday, 15:00: the first hour of the last 7 days.
        made.calls("2026-11-20T04:30:00Z", acme, "calls:read", (1, 200)).await;
        // Saturday, 23:45, and Sunday, 0:15: one hour of UTC.
        made.calls("2026-11-21T13:15:00Z", acme, "calls:read", (3, 200)).await;
        made.calls("2026-11-21T13:45:00Z", beta, "data:read", (3, 403)).await;
        // Wednesday, 9:29 and 9:35: two hours of UTC, and there it is still Tuesday.
        made.calls("2026-11-24T22:59:00Z", acme, "calls:read", (1, 200)).await;
        made.calls("2026-11-24T23:05:00Z", acme, "calls:read", (1, 200)).await;
        made.calls("2026-11-24T23:05:00Z", gamma, "calls:read", (1, 200)).await;
        made.calls("2026-11-24T23:05:00Z", gamma, "calls:read", (2, 429)).await;
        made.clock.set(NOW);
        made
    }
}

/// What stands between two texts of a page.
fn part<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(begin).unwrap_or_else(|| panic!("no {begin} in {page}"));
    rest.split_once(end).unwrap().0
}

/// What is read, without the elements: a blank between the texts of two. The first may be cut off.
fn text(html: &str) -> String {
    let texts = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The cells of a table, its head included.
fn rows(table: &str) -> Vec<Vec<String>> {
    let rows = table.split("<tr").skip(1).map(|row| row.split("</tr>").next().unwrap().replace("</th>", "</td>"));
    rows.map(|row| {
        let mut cells: Vec<_> = row.split("</td>").map(text).collect();
        assert_eq!(cells.pop().as_deref(), Some(""), "what follows the last cell");
        cells
    })
    .collect()
}

async fn calls_stand_in_the_bar_the_row_and_the_hour_of_their_clocks(database: TestDatabase) {
    let made = Made::of_two_weeks(&database).await;
    let page = Person::sign_in(&made.app, Role::Viewer).await.page("/usage?range=7d").await;
    assert!(page.contains("from 20 Nov 2026, 15:00 on, by the clocks of Adelaide"), "{page}");

    let table = rows(part(&page, "id=\"calls-table\"", "</table>"));
    assert_eq!(
        table,
        [
            ["From", "Calls", "Allowed", "Scope missing, or no route", "Rate limit reached"],
            ["20 Nov 2026, 15:00", "1", "1", "0", "0"],
            ["21 Nov 2026, 23:00", "3", "3", "0", "0"],
            ["22 Nov 2026, 00:00", "3", "0", "3", "0"],
            ["25 Nov 2026, 09:00", "5", "3", "0", "2"],
        ]
    );

    // The highest bar has 5 calls, so each call is 48 of the 240 high. A bar is 10 wide: those of the hours 0, 32, 33 and 114.
    for (series, drawn) in [
        ("series-0", "M1 240v-48h8v48zM321 240v-144h8v144zM1141 240v-144h8v144z"),
        ("series-1", "M331 240v-144h8v144z"),
        ("series-2", "M1141 96v-96h8v96z"),
    ] {
        let mut paths = page.split("<path").skip(1).map(|path| path.split('>').next().unwrap());
        let path = paths.find(|path| path.contains(&format!("class=\"{series}\""))).unwrap();
        assert!(path.contains(&format!("d=\"{drawn}\"")), "{series}: {path}");
    }
    assert!(page.contains("25 Nov 2026, 09:00: 5 calls\nAllowed: 3\nRate limit reached: 2</title>"), "{page}");
    assert!(
        page.contains("One bar for each hour, from 20 Nov 2026, 15:00 to 27 Nov 2026, 14:00. The highest has 5 calls."),
        "{page}"
    );

    let heat = rows(part(&page, "id=\"heat-table\"", "</table>"));
    assert_eq!(heat[0], ["Hour", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]);
    let called = [(15, "Friday", "1"), (23, "Saturday", "3"), (0, "Sunday", "3"), (9, "Wednesday", "5")];
    for hour in 0..24 {
        let mut expected = vec![format!("{hour:02}:00 to {:02}:00", hour + 1)];
        expected.extend(heat[0].iter().skip(1).map(|day| {
            let calls = called.iter().find(|(at, on, _)| *at == hour && on == day);
            calls.map_or("0", |(.., calls)| *calls).to_owned()
        }));
        assert_eq!(heat[hour + 1], expected);
    }
    assert_eq!(heat.len(), 25);
    assert!(page.contains("The busiest hour is Wednesday, 09:00, with 5 calls."), "{page}");
    // A square of 20 for each hour. That of three calls among five at most is 12 wide, in the middle.
    let square = part(&page, "<title>Sunday, 00:00 to 01:00: 3 calls</title>", "</g>");
    for attribute in ["class=\"heat-3\"", "x=\"4\"", "y=\"124\"", "width=\"12\"", "height=\"12\""] {
        assert!(square.contains(attribute), "{attribute}: {square}");
    }
}

async fn a_week_is_compared_with_the_week_before_it(database: TestDatabase) {
    let made = Made::of_two_weeks(&database).await;
    let person = Person::sign_in(&made.app, Role::Viewer).await;
    for (client, calls, allowed, refused) in [
        (
            "",
            "12 20 % more than in the 7 days before",
            "7 58 % of all calls 30 % fewer than in the 7 days before",
            "5 41 % of all calls none in the 7 days before",
        ),
        (
            "Acme",
            "6 40 % fewer than in the 7 days before",
            "6 100 % of all calls 40 % fewer than in the 7 days before",
            "0 0 % of all calls none in the 7 days before either",
        ),
        (
            "Beta",
            "3 none in the 7 days before",
            "0 0 % of all calls none in the 7 days before either",
            "3 100 % of all calls none in the 7 days before",
        ),
    ] {
        let page = person.page(&format!("/usage?range=7d&client={client}")).await;
        for (figure, expected) in [("Calls", calls), ("Allowed", allowed), ("Refused", refused)] {
            let told = text(part(&page, &format!("<dt>{figure}</dt>"), "</dd>"));
            assert_eq!(told, expected, "{client} {figure}");
        }
    }
}

async fn clients_refusals_and_scopes_stand_in_their_order(database: TestDatabase) {
    let made = Made::at(&database, "2026-11-26T02:00:00Z").await;
    let (app, Made { acme, beta, gamma, .. }) = (&made.app, &made);
    let second = app.key_in("default", "Acme", &["calls:read"]).await;
    let delta = app.key_in("default", "Delta", &["calls:read"]).await;
    // More than a day ago.
    made.calls("2026-11-26T02:59:00Z", &delta, "calls:read", (9, 200)).await;
    let at = "2026-11-26T13:15:00Z";
    for (key, scope, calls) in [
        (gamma, "calls:read", (1, 200)),
        (gamma, "calls:read", (2, 429)),
        (&delta, "calls:read", (3, 200)),
        // Together they have more than any of the two has alone.
        (acme, "calls:read", (3, 200)),
        (&second, "calls:read", (2, 200)),
        (beta, "calls:read", (2, 200)),
        (beta, "data:read", (4, 403)),
    ] {
        made.calls(at, key, scope, calls).await;
    }
    made.clock.set(NOW);
    let page = Person::sign_in(app, Role::Viewer).await.page("/usage?range=24h").await;
    assert_eq!(
        rows(part(&page, "id=\"clients-scroll\"", "</table>")),
        [
            ["Client", "Allowed", "Refused", "Refused share", "Keys"],
            ["Beta", "2", "4", "66 %", "Keys of Beta"],
            ["Acme", "5", "0", "0 %", "Keys of Acme"],
            // Of as many calls: in the order of their names.
            ["Delta", "3", "0", "0 %", "Keys of Delta"],
            ["Gamma", "1", "2", "66 %", "Keys of Gamma"],
        ]
    );
    let refusals = part(&page, "class=\"usage-refusals\"", "</ul>").split("class=\"usage-refusal\"").skip(1);
    let refusals: Vec<_> = refusals.map(|refusal| text(refusal.split("</p>").next().unwrap())).collect();
    assert_eq!(
        refusals,
        ["Scope missing, or no route 4 calls, 66 % of the refused", "Rate limit reached 2 calls, 33 % of the refused"]
    );
    assert_eq!(
        rows(part(&page, "id=\"scopes-scroll\"", "</table>")),
        [["Scope", "Allowed", "Refused"], ["calls:read", "11", "2"], ["data:read", "0", "4"]]
    );
}

async fn a_call_that_wants_two_scopes_is_one_call_wherever_calls_are_counted(database: TestDatabase) {
    let made = Made::at(&database, "2026-11-26T13:00:00Z").await;
    let (app, acme) = (&made.app, &made.acme);
    let verifier = app.client(&["keys:verify"]).await;
    for (scopes, calls) in [(json!(["calls:read", "contacts:read"]), 3), (json!(["calls:read"]), 2)] {
        for _ in 0..calls {
            let call = json!({"key": acme.secret, "scopes": scopes, "ip": "192.0.2.1"});
            assert_eq!(verifier.post("/api/v1/keys/verify", call).await.json()["code"], "VALID");
        }
    }
    app.keydesk.verifier().flush_usage().await;
    // What began at this very moment is not before it.
    made.clock.set("2026-11-26T13:20:00Z");
    let reader = app.client(&["usage:read"]).await;
    for (query, allowed) in [("", 5), ("&scope=calls:read", 5), ("&scope=contacts:read", 3)] {
        let usage = reader.get(&format!("/api/v1/usage?key_id={}&step=day{query}", acme.id)).await.json();
        let points = usage["points"].as_array().unwrap();
        assert_eq!((points.len(), &points[0]["allowed"]), (1, &json!(allowed)), "{query}: {usage}");
    }
    let person = Person::sign_in(app, Role::Manager).await;
    let page = person.page(&format!("/usage?range=24h&key={}", acme.id)).await;
    assert!(text(part(&page, "<dt>Calls</dt>", "</dd>")).starts_with("5 "), "{page}");
    assert_eq!(
        rows(part(&page, "id=\"scopes-scroll\"", "</table>")),
        [["Scope", "Allowed", "Refused"], ["calls:read", "5", "0"], ["contacts:read", "3", "0"]]
    );
    let page = person.page(&format!("/keys/{}/tighten", acme.id)).await;
    let proposal = text(part(&page, "id=\"proposal\"", "</section>"));
    assert!(proposal.contains("It rests on 5 calls that were allowed in the last 30 days"), "{proposal}");
    assert!(!proposal.contains("Some calls did not say"), "{proposal}");
    let scopes = text(part(&page, "class=\"change-setting\"", "</section>"));
    assert_eq!(scopes, "Scopes Unchanged = Stays calls:read 5 calls = Stays contacts:read 3 calls");
}
