//! What is read of usage, and how it grows old, on both databases.

use std::net::IpAddr;

use domain::{Authority, Caller, Keydesk, NewKey, UsageAsked, UsageFormat};
use model::{
    Actor, ClientName, Code, Environment, Instant, KeyError, Scope, Selection, SettingsPatch, TimeZone, UsageFilter,
    UsageGroup, UsagePoint, UsageRange, UsageStep,
};
use store::{on_both_databases, testing::TestDatabase};
use verify::Call;

use crate::test_keydesk::{HOUR, START, TestKeydesk, call, new_key, settings};

on_both_databases!(
    calls_fall_into_the_minute_and_the_quarter_in_which_they_were_made,
    a_report_has_all_that_a_page_shows,
    a_report_is_compared_with_the_time_before,
    a_time_before_that_is_rolled_up_is_compared_too,
    what_a_key_did_is_told_by_secret_and_address,
    what_breaks_is_told_before_a_key_goes,
    a_test_key_sees_the_usage_of_test_keys_alone,
    groups_are_read_page_by_page,
    usage_is_streamed_as_a_table_and_as_lines,
    old_quarters_become_days_of_the_installation
);

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * HOUR;

fn at(ms: i64) -> Instant {
    Instant::from_millis(ms)
}

fn range(from: i64, to: i64, step: UsageStep) -> UsageRange {
    UsageRange::new(at(from), at(to), step).unwrap()
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn ip(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Number of calls, and what became of them.
async fn calls(keydesk: &Keydesk, of: Call<'_>, number: usize) -> Code {
    let mut code = Code::NotFound;
    for _ in 0..number {
        code = keydesk.verifier().verify(of, keydesk.now()).await.unwrap().code;
    }
    code
}

/// Instant, allowed and refused calls of each point that has any.
fn numbers(points: &[UsagePoint]) -> Vec<(i64, u64, u64)> {
    let points = points.iter().filter(|point| point.counts.calls() > 0);
    points.map(|point| (point.at.as_millis(), point.counts.allowed, point.counts.refused())).collect()
}

async fn set_zone(desk: &TestKeydesk, zone: &str) {
    let patch =
        domain::InstallationPatch { time_zone: Some(zone.parse().unwrap()), ..domain::InstallationPatch::default() };
    desk.keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
}

async fn calls_fall_into_the_minute_and_the_quarter_in_which_they_were_made(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let key = issued.secret.expose();
    let wanted = [scope("calls:read"), scope("contacts:read")];
    // No flush in between: each goes where it belongs all the same.
    for (minutes, number) in [(0, 1), (1, 2), (14, 3), (15, 4), (16, 5), (61, 6)] {
        desk.clock.set(START - 5 * MINUTE + minutes * MINUTE);
        assert_eq!(calls(&desk.keydesk, Call { scopes: &wanted, ..call(key) }, number).await, Code::Valid);
    }
    desk.clock.advance(5);
    let refused = [scope("data:read")];
    assert_eq!(calls(&desk.keydesk, Call { scopes: &refused, ..call(key) }, 7).await, Code::InsufficientScope);
    desk.keydesk.verifier().flush_usage().await;
    let first = START - 5 * MINUTE;
    let read = async |step, filter: UsageFilter| {
        let range = range(first, first + 2 * HOUR, step);
        numbers(&desk.keydesk.usage_points(&desk.operator, range, &filter, &TimeZone::UTC).await.unwrap())
    };
    let by_key = UsageFilter { key: Some(issued.key.id), ..UsageFilter::default() };
    for filter in [by_key.clone(), UsageFilter::default()] {
        let minutes = [(0, 1, 0), (1, 2, 0), (14, 3, 0), (15, 4, 0), (16, 5, 0), (61, 6, 7)];
        let minutes: Vec<_> = minutes.map(|(at, allowed, refused)| (first + at * MINUTE, allowed, refused)).to_vec();
        assert_eq!(read(UsageStep::Minute, filter.clone()).await, minutes);
        // 21:15, 21:30 and 22:15.
        let quarters = [(first, 6, 0), (first + 15 * MINUTE, 9, 0), (first + 60 * MINUTE, 6, 7)];
        assert_eq!(read(UsageStep::Quarter, filter.clone()).await, quarters);
        let of_scope = UsageFilter { scope: Some(scope("calls:read")), ..filter.clone() };
        let allowed: Vec<_> = quarters.map(|(at, allowed, _)| (at, allowed, 0)).to_vec();
        assert_eq!(read(UsageStep::Quarter, of_scope).await, allowed, "a call that wanted two counts for each");
        let missing = UsageFilter { scope: Some(scope("data:read")), ..filter };
        assert_eq!(read(UsageStep::Quarter, missing).await, [(first + 60 * MINUTE, 0, 7)]);
    }
}

async fn a_report_has_all_that_a_page_shows(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (acme, beta) = (desk.issue("Acme").await, desk.issue("Beta").await);
    calls(&desk.keydesk, Call { scopes: &[scope("calls:read")], ..call(acme.secret.expose()) }, 5).await;
    calls(&desk.keydesk, call(beta.secret.expose()), 9).await;
    desk.keydesk.set_enabled(&desk.operator, beta.key.id, false, None).await.unwrap();
    calls(&desk.keydesk, call(beta.secret.expose()), 2).await;
    desk.keydesk.verifier().flush_usage().await;
    // Adelaide is 10 hours and a half ahead: there it is 7:50 on Monday.
    let zone: TimeZone = "Australia/Adelaide".parse().unwrap();
    let day = range(START - DAY, START + HOUR, UsageStep::Hour);
    let everything = UsageFilter::default();
    let report = desk.keydesk.usage_report(&desk.operator, day, &everything, &zone).await.unwrap();
    assert_eq!(report.points.len(), 26, "hours of Adelaide begin at half past");
    assert_eq!(numbers(&report.points), [(START - 50 * MINUTE, 14, 2)]);
    assert_eq!((report.counts.allowed, report.counts.denied.get(&Code::Disabled)), (14, Some(&2)));
    let clients = report.clients.unwrap();
    let first: Vec<_> = clients.clients.iter().map(|of| (of.client_name.as_str(), of.allowed, of.refused)).collect();
    assert_eq!((first, clients.exact), (vec![("Beta", 9, 2), ("Acme", 5, 0)], true));
    assert_eq!(
        report.scopes.iter().map(|of| (of.scope.as_str(), of.counts.allowed)).collect::<Vec<_>>(),
        [("calls:read", 5)]
    );
    assert_eq!((report.heat.calls[0][7], report.heat.calls.as_flattened().iter().sum::<u64>()), (16, 16));
    let client = |name: &str| UsageFilter { client: Some(ClientName::parse(name).unwrap()), ..UsageFilter::default() };
    let report = desk.keydesk.usage_report(&desk.operator, day, &client("ACME"), &zone).await.unwrap();
    assert_eq!((report.counts.allowed, report.counts.refused(), report.clients), (5, 0, None));
    let report = desk.keydesk.usage_report(&desk.operator, day, &client("Nobody"), &zone).await.unwrap();
    assert_eq!((report.counts.calls(), report.points.len()), (0, 26));
    let other = desk.keydesk.usage_report(&desk.other, day, &everything, &zone).await.unwrap();
    assert_eq!(other.counts.calls(), 0);
}

async fn a_report_is_compared_with_the_time_before(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    for (ago, number) in [(3 * DAY, 1), (DAY + 2 * HOUR, 2), (2 * HOUR, 4)] {
        desk.clock.set(START - ago);
        calls(&desk.keydesk, call(issued.secret.expose()), number).await;
    }
    desk.clock.set(START);
    desk.keydesk.verifier().flush_usage().await;
    let by_key = UsageFilter { key: Some(issued.key.id), ..UsageFilter::default() };
    for filter in [UsageFilter::default(), by_key] {
        for (step, before) in [(UsageStep::Quarter, 2), (UsageStep::Minute, 2), (UsageStep::Hour, 2)] {
            let day = range(START - DAY, START, step);
            let report = desk.keydesk.usage_report(&desk.operator, day, &filter, &TimeZone::UTC).await.unwrap();
            assert_eq!((report.counts.allowed, report.before.allowed), (4, before), "{step}");
        }
    }
}

async fn a_time_before_that_is_rolled_up_is_compared_too(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let by_key = UsageFilter { key: Some(issued.key.id), ..UsageFilter::default() };
    // Both are in one quarter, which is half in the hour until now.
    for (ago, number) in [(60 * MINUTE, 2), (58 * MINUTE, 3)] {
        desk.clock.set(START - ago);
        calls(&desk.keydesk, call(issued.secret.expose()), number).await;
    }
    desk.clock.set(START);
    desk.keydesk.verifier().flush_usage().await;
    let compared = async |range, filter: &UsageFilter| {
        let report = desk.keydesk.usage_report(&desk.operator, range, filter, &TimeZone::UTC).await.unwrap();
        (report.counts.allowed, report.before.allowed)
    };
    for filter in [UsageFilter::default(), by_key.clone()] {
        let hour = range(START - 59 * MINUTE, START + 1, UsageStep::Minute);
        assert_eq!(compared(hour, &filter).await, (3, 2));
    }
    desk.clock.set(START + 95 * DAY);
    desk.keydesk.purge().await;
    for filter in [UsageFilter::default(), by_key] {
        for step in [UsageStep::Quarter, UsageStep::Hour, UsageStep::Day] {
            let week = range(START + 6 * DAY, START + 13 * DAY, step);
            assert_eq!(compared(week, &filter).await, (0, 5), "{step}");
        }
    }
    let week = range(START + 6 * DAY, START + 13 * DAY, UsageStep::Hour);
    let activity = desk.keydesk.key_activity(&desk.operator, issued.key.id, week, &TimeZone::UTC).await.unwrap();
    assert_eq!((activity.counts.allowed, activity.before.allowed), (0, 5));
}

async fn what_a_key_did_is_told_by_secret_and_address(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = NewKey::of(SettingsPatch {
        allowed_ips: Some(serde_json::from_str(r#"["203.0.113.0/24"]"#).unwrap()),
        ..settings("Acme")
    });
    let issued = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    let (id, old) = (issued.key.id, issued.secret.expose());
    let from = |key, text| Call { ip: ip(text), ..Call::with(key) };
    assert_eq!(calls(&desk.keydesk, from(old, "203.0.113.9"), 3).await, Code::Valid);
    assert_eq!(calls(&desk.keydesk, from(old, "198.51.100.4"), 12).await, Code::IpNotAllowed);
    let rotated = desk.keydesk.rotate(&desk.operator, id, crate::test_keydesk::overlap(3_600), None).await.unwrap();
    desk.clock.advance(MINUTE);
    assert_eq!(calls(&desk.keydesk, from(rotated.secret.expose(), "203.0.113.77"), 5).await, Code::Valid);
    desk.keydesk.verifier().flush_usage().await;
    let day = UsageRange::last(DAY, desk.keydesk.now().plus_millis(1), UsageStep::Quarter);
    let activity = desk.keydesk.key_activity(&desk.operator, id, day, &TimeZone::UTC).await.unwrap();
    assert_eq!((activity.counts.allowed, activity.counts.denied[&Code::IpNotAllowed]), (8, 12));
    let secrets: Vec<_> =
        activity.secrets.iter().map(|of| (of.counts.allowed, of.counts.refused(), of.last_address)).collect();
    assert_eq!(secrets, [(5, 0, ip("203.0.113.77")), (3, 12, ip("203.0.113.9"))]);
    assert_eq!((activity.last_used_at, activity.last_address), (Some(at(START + MINUTE)), ip("203.0.113.77")));
    let refused = activity.addresses.iter().find(|of| of.refused > 0).unwrap();
    assert_eq!(
        (Some(refused.address), refused.refused, refused.last_refusal),
        (ip("198.51.100.4"), 12, Some(Code::IpNotAllowed))
    );
    assert_eq!(activity.addresses.len(), 3);
    let busiest = activity.busiest_hour.unwrap();
    assert_eq!((busiest.at, busiest.allowed), (at(START - START % HOUR), 8));
    let unknown = desk.keydesk.key_activity(&desk.other, id, day, &TimeZone::UTC).await;
    assert_eq!(unknown.err(), Some(KeyError::NotFound));
}

async fn what_breaks_is_told_before_a_key_goes(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (one, other) = (desk.issue("Acme").await, desk.issue("Beta").await);
    let wanted = [scope("calls:read")];
    calls(&desk.keydesk, Call { ip: ip("192.0.2.1"), scopes: &wanted, ..call(one.secret.expose()) }, 4).await;
    calls(&desk.keydesk, Call { ip: ip("192.0.2.2"), ..call(other.secret.expose()) }, 2).await;
    desk.keydesk.verifier().flush_usage().await;
    let breaks = async |selection: Selection| desk.keydesk.what_breaks(&desk.operator, &selection).await.unwrap();
    let of_one = breaks(Selection::Ids(vec![one.key.id])).await;
    assert_eq!((of_one.keys, of_one.allowed, of_one.last_used_at), (1, 4, Some(at(START))));
    let details = of_one.details.unwrap();
    assert_eq!(details.scopes.iter().map(|of| of.scope.clone()).collect::<Vec<_>>(), wanted);
    assert_eq!(details.addresses.iter().map(|of| Some(of.address)).collect::<Vec<_>>(), [ip("192.0.2.1")]);
    assert_eq!((details.addresses_are_incomplete, details.busiest_hour.unwrap().allowed), (false, 4));
    let matching = Selection::Matching {
        search: "beta".to_owned(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    };
    let details = breaks(matching).await.details.unwrap();
    assert_eq!(details.addresses.iter().map(|of| Some(of.address)).collect::<Vec<_>>(), [ip("192.0.2.2")]);
    // A call from nobody knows where is in no address.
    calls(&desk.keydesk, call(one.secret.expose()), 1).await;
    desk.keydesk.verifier().flush_usage().await;
    let details = breaks(Selection::Ids(vec![one.key.id, other.key.id])).await.details.unwrap();
    assert_eq!((details.addresses.len(), details.addresses_are_incomplete), (2, true));
    let many: Vec<_> = (0..60_u128).map(|number| model::KeyId(uuid::Uuid::from_u128(number))).collect();
    assert_eq!(breaks(Selection::Ids(many)).await.details, None);
}

async fn a_test_key_sees_the_usage_of_test_keys_alone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let live = desk.issue("Acme").await;
    let new = NewKey { environment: Some(Environment::Test), ..new_key("Acme") };
    let test = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    let caller = Caller::key(&crate::test_keydesk::verify(&desk.keydesk, test.secret.expose()).await.record.unwrap());
    calls(&desk.keydesk, call(live.secret.expose()), 4).await;
    calls(&desk.keydesk, call(test.secret.expose()), 1).await;
    desk.keydesk.verifier().flush_usage().await;
    let day = range(START - HOUR, START + HOUR, UsageStep::Quarter);
    let seen = async |filter: UsageFilter| {
        let report = desk.keydesk.usage_report(&caller, day, &filter, &TimeZone::UTC).await?;
        Ok::<_, KeyError>((report.counts.allowed, report.clients.map(|clients| clients.clients.len())))
    };
    assert_eq!(seen(UsageFilter::default()).await, Ok((2, Some(1))));
    let environment = Some(Environment::Live);
    assert_eq!(seen(UsageFilter { environment, ..UsageFilter::default() }).await, Ok((0, None)));
    let client = Some(ClientName::parse("Acme").unwrap());
    assert_eq!(seen(UsageFilter { client, ..UsageFilter::default() }).await, Ok((2, None)));
    let key = Some(live.key.id);
    assert_eq!(seen(UsageFilter { key, ..UsageFilter::default() }).await, Err(KeyError::NotFound));
    for group in UsageGroup::ALL {
        let filter = UsageFilter::default();
        let groups = desk.keydesk.usage_groups(&caller, day, &filter, &TimeZone::UTC, group, (None, 50)).await.unwrap();
        let allowed: u64 =
            groups.groups.iter().flat_map(|series| &series.points).map(|point| point.counts.allowed).sum();
        assert_eq!(allowed, if group == UsageGroup::Scope { 0 } else { 2 }, "{group:?}");
        assert!(groups.groups.iter().all(|series| series.of.environment != Some(Environment::Live)));
    }
    let viewer = Caller { authority: Authority::Operator, ..caller.clone() };
    assert!(desk.keydesk.usage_report(&viewer, day, &UsageFilter::default(), &TimeZone::UTC).await.is_ok());
}

async fn groups_are_read_page_by_page(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let mut keys = Vec::new();
    for name in ["Acme", "Beta", "acme"] {
        let issued = desk.issue(name).await;
        calls(&desk.keydesk, Call { scopes: &[scope("calls:read")], ..call(issued.secret.expose()) }, 2).await;
        keys.push(issued.key.id);
    }
    keys.sort_unstable();
    desk.keydesk.verifier().flush_usage().await;
    let day = range(START - HOUR, START + HOUR, UsageStep::Hour);
    let read = async |group, filter: UsageFilter, after, limit| {
        desk.keydesk.usage_groups(&desk.operator, day, &filter, &TimeZone::UTC, group, (after, limit)).await.unwrap()
    };
    let everything = UsageFilter::default;
    let first = read(UsageGroup::Key, everything(), None, 2).await;
    let second = read(UsageGroup::Key, everything(), first.next_cursor, 2).await;
    let ids = |groups: &model::UsageGroups| groups.groups.iter().filter_map(|of| of.of.key_id).collect::<Vec<_>>();
    assert_eq!([ids(&first), ids(&second)].concat(), keys);
    assert_eq!(second.next_cursor, None);
    let clients = read(UsageGroup::Client, everything(), None, 50).await;
    assert_eq!(clients.groups.len(), 2);
    assert_eq!(clients.groups[0].points[0].counts.allowed, 4, "names that fold alike are one client");
    let of_acme = UsageFilter { client: Some(ClientName::parse("Acme").unwrap()), ..everything() };
    assert_eq!(ids(&read(UsageGroup::Key, of_acme.clone(), None, 50).await).len(), 2);
    assert_eq!(read(UsageGroup::Client, of_acme, None, 50).await.groups.len(), 1);
    let codes = read(UsageGroup::Code, everything(), None, 50).await;
    assert_eq!((codes.groups.len(), codes.groups[0].of.code), (1, Some(Code::Valid)));
    let scopes = read(UsageGroup::Scope, everything(), None, 50).await;
    assert_eq!(
        (scopes.groups[0].of.scope.clone(), scopes.groups[0].points[0].counts.allowed),
        (Some(scope("calls:read")), 6)
    );
}

async fn usage_is_streamed_as_a_table_and_as_lines(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for name in ["=Acme, Inc", "Beta"] {
        calls(&desk.keydesk, call(desk.issue(name).await.secret.expose()), 2).await;
    }
    desk.keydesk.verifier().flush_usage().await;
    let read = async |group, format| {
        let asked = UsageAsked {
            range: range(START - HOUR, START + HOUR, UsageStep::Quarter),
            filter: UsageFilter::default(),
            zone: TimeZone::UTC,
            group,
        };
        let mut export = desk.keydesk.export_usage(&desk.operator, asked, format);
        let mut text = Vec::new();
        while let Some(part) = export.next().await.unwrap() {
            text.extend(part);
        }
        String::from_utf8(text).unwrap()
    };
    let quarter = at(START - 5 * MINUTE);
    let header = "at,key_id,client_name,environment,scope,code,calls,step\r\n";
    assert_eq!(read(None, UsageFormat::Csv).await, format!("{header}{quarter},,,,,VALID,4,quarter\r\n"));
    let by_client = read(Some(UsageGroup::Client), UsageFormat::Csv).await;
    assert!(by_client.contains("\"'=Acme, Inc\",live,,VALID,2,quarter"), "{by_client}");
    let lines = read(Some(UsageGroup::Key), UsageFormat::Ndjson).await;
    assert_eq!(lines.lines().count(), 2);
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&line["allowed"], &line["denied"]), (&2.into(), &serde_json::json!({})));
}

async fn old_quarters_become_days_of_the_installation(database: TestDatabase) {
    for zone in ["Asia/Kathmandu", "Europe/Zurich", "Australia/Lord_Howe"] {
        let fresh = if database.is_postgres() { TestDatabase::postgres().await } else { TestDatabase::sqlite().await };
        let desk = TestKeydesk::open(fresh).await;
        set_zone(&desk, zone).await;
        let zone: TimeZone = zone.parse().unwrap();
        let issued = desk.issue("Acme").await;
        // The last quarter of a day and the first of the next, on either side of a change of the clocks.
        let mut expected = std::collections::BTreeMap::new();
        for day in ["2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26"] {
            let end = zone.end_of(day.parse().unwrap());
            for (ms, number) in [(-1, 1), (0, 2)] {
                desk.clock.set(end.as_millis() + ms);
                calls(&desk.keydesk, call(issued.secret.expose()), number).await;
                let start = zone.period(model::Period::Day, end.plus_millis(ms)).start.as_millis();
                *expected.entry(start).or_insert(0) += number as u64;
            }
        }
        desk.keydesk.verifier().flush_usage().await;
        let expected: Vec<_> = expected.into_iter().map(|(start, number)| (start, number, 0)).collect();
        let read = async |filter: UsageFilter| {
            let (first, last) = (expected[0].0, expected[expected.len() - 1].0 + DAY);
            let range = range(first, last, UsageStep::Day);
            numbers(&desk.keydesk.usage_points(&desk.operator, range, &filter, &zone).await.unwrap())
        };
        let by_key = UsageFilter { key: Some(issued.key.id), ..UsageFilter::default() };
        let quarters = async || {
            let rows = "SELECT COUNT(*) FROM usage_key WHERE minutes = 15";
            desk.database.raw().await.number(rows).await
        };
        assert_eq!(
            (read(UsageFilter::default()).await, read(by_key.clone()).await),
            (expected.clone(), expected.clone())
        );
        assert_eq!(quarters().await, 8);
        // Some days are older than 90 days, and others are not yet.
        for (day, left) in [("2027-01-23", 3), ("2027-02-01", 0)] {
            desk.clock.set(zone.end_of(day.parse().unwrap()).as_millis());
            desk.keydesk.purge().await;
            assert_eq!(quarters().await, left, "{zone} {day}");
            assert_eq!(
                (read(UsageFilter::default()).await, read(by_key.clone()).await),
                (expected.clone(), expected.clone()),
                "{zone}"
            );
        }
        desk.clock.advance(30 * 31 * DAY);
        desk.keydesk.purge().await;
        assert_eq!(desk.database.raw().await.number("SELECT COUNT(*) FROM usage_key").await, 0);
        assert_eq!(desk.database.raw().await.number("SELECT COUNT(*) FROM usage_total").await, 0);
    }
}
