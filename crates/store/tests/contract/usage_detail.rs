//! Usage by secret, scope, address and client, and how it grows old.

use std::net::IpAddr;

use model::{Code, Environment, Instant, KeyId, PeriodBounds, Scope, SecretId, UsageStep};
use store::{
    ADDRESSES_KEPT, AddressDelta, ClientParts, LastUse, RefusedDelta, Store, UsageBatch, UsageDelta, UsageSpan,
    on_both_databases, testing::TestDatabase,
};
use uuid::Uuid;

use crate::fixture::{HOUR, at, batch, calls, installation, key_id, name, put_names, two_installations, used};

on_both_databases!(
    calls_are_read_by_secret_scope_and_quarter,
    totals_are_read_without_reading_keys,
    refused_calls_of_which_the_key_is_forgotten_are_in_the_totals,
    the_newest_addresses_of_a_key_are_kept,
    the_last_address_moves_with_the_last_use,
    the_first_clients_are_those_with_the_most_calls,
    of_many_clients_that_are_alike_those_that_can_have_the_most_are_added_up,
    quarters_become_days_and_hours_of_before_with_them,
    what_is_too_old_goes,
    the_newest_keys_of_a_client_are_found_also_deleted_ones,
    keys_that_were_called_are_found_one_after_the_other
);

const QUARTER: i64 = HOUR / 4;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn quarter(number: u128, quarter: i64, wanted: Option<&str>, code: Code, count: u64) -> UsageDelta {
    UsageDelta { at: at(quarter * QUARTER + 61_000), scope: wanted.map(scope), ..calls(number, 0, code, count) }
}

fn span(from: i64, to: i64) -> UsageSpan<'static> {
    UsageSpan { installation: installation(1), from: at(from), to: at(to), code: None, scope: None, environment: None }
}

async fn points(store: &Store, span: &UsageSpan<'_>, step: UsageStep) -> Vec<(i64, Code, u64)> {
    let mut all: Vec<_> = store.usage_of_keys(span, &[key_id(1)], step).await.unwrap();
    all.sort_by_key(|(_, count)| (count.at, count.code));
    all.into_iter().map(|(_, count)| (count.at.as_millis(), count.code, count.calls)).collect()
}

async fn calls_are_read_by_secret_scope_and_quarter(database: TestDatabase) {
    let store = two_installations(&database).await;
    let other_secret = UsageDelta { secret: SecretId(Uuid::from_u128(77)), ..quarter(1, 1, None, Code::Valid, 4) };
    let deltas = [
        quarter(1, 0, None, Code::Valid, 2),
        quarter(1, 1, None, Code::Valid, 3),
        other_secret,
        quarter(1, 1, Some("calls:read"), Code::Valid, 3),
        quarter(1, 1, Some("calls:make"), Code::InsufficientScope, 1),
        quarter(1, 1, None, Code::InsufficientScope, 1),
        quarter(2, 1, None, Code::Valid, 50),
    ];
    store.record_usage(&batch(&deltas, &[])).await.unwrap();
    let all = span(0, HOUR);
    let expected = [(0, Code::Valid, 2), (QUARTER, Code::InsufficientScope, 1), (QUARTER, Code::Valid, 7)];
    assert_eq!(points(&store, &all, UsageStep::Quarter).await, expected);
    let minutes =
        [(60_000, Code::Valid, 2), (QUARTER + 60_000, Code::InsufficientScope, 1), (QUARTER + 60_000, Code::Valid, 7)];
    assert_eq!(points(&store, &all, UsageStep::Minute).await, minutes);
    assert_eq!(points(&store, &span(QUARTER, HOUR), UsageStep::Hour).await, expected[1..]);
    assert_eq!(
        points(&store, &UsageSpan { code: Some(Code::Valid), ..all.clone() }, UsageStep::Day).await,
        [expected[0], expected[2]]
    );
    let valid = UsageSpan { code: Some(Code::Valid), ..span(QUARTER, HOUR) };
    assert_eq!(store.calls_of_keys(&valid, &[key_id(1), key_id(2)]).await.unwrap(), 57);
    assert_eq!(store.calls_of_keys(&all, &[key_id(1)]).await.unwrap(), 10);
    assert_eq!(store.calls_of_keys(&all, &[]).await.unwrap(), 0);
    let made = scope("calls:make");
    let one = UsageSpan { scope: Some(&made), ..all.clone() };
    assert_eq!(points(&store, &one, UsageStep::Quarter).await, [(QUARTER, Code::InsufficientScope, 1)]);
    let mut scopes = store.scopes_of_keys(&all, &[key_id(1)]).await.unwrap();
    scopes.sort();
    assert_eq!(scopes, [(made.clone(), Code::InsufficientScope, 1), (scope("calls:read"), Code::Valid, 3)]);
    assert_eq!(store.scope_points_of_keys(&all, &[key_id(1)], UsageStep::Hour).await.unwrap().len(), 2);
    let mut secrets = store.secrets_usage(&all, key_id(1)).await.unwrap();
    secrets.sort();
    let secret = |number| SecretId(Uuid::from_u128(number));
    assert_eq!(
        secrets,
        [(secret(1), Code::InsufficientScope, 1), (secret(1), Code::Valid, 5), (secret(77), Code::Valid, 4)]
    );
    let busiest = store.busiest_hour(&all, &[key_id(1), key_id(2)]).await.unwrap().unwrap();
    assert_eq!((busiest.at, busiest.allowed), (at(0), 59));
    let theirs = UsageSpan { installation: installation(2), ..all };
    assert_eq!(points(&store, &theirs, UsageStep::Quarter).await, []);
}

async fn totals_are_read_without_reading_keys(database: TestDatabase) {
    let store = two_installations(&database).await;
    let deltas = [
        quarter(1, 0, None, Code::Valid, 2),
        quarter(2, 0, None, Code::Valid, 3),
        UsageDelta { environment: Environment::Test, ..quarter(3, 1, None, Code::Expired, 4) },
        quarter(1, 0, Some("calls:read"), Code::Valid, 2),
    ];
    store.record_usage(&batch(&deltas, &[])).await.unwrap();
    store.record_usage(&batch(&deltas[..1], &[])).await.unwrap();
    let totals = async |span: UsageSpan<'_>, step| {
        let counts = store.usage_totals(&span, step).await.unwrap();
        counts.into_iter().map(|count| (count.at.as_millis(), count.code, count.calls)).collect::<Vec<_>>()
    };
    let both = [(0, Code::Valid, 7), (QUARTER, Code::Expired, 4)];
    assert_eq!(totals(span(0, HOUR), UsageStep::Quarter).await, both);
    assert_eq!(
        totals(span(0, HOUR), UsageStep::Minute).await,
        [(60_000, Code::Valid, 7), (QUARTER + 60_000, Code::Expired, 4)]
    );
    let test = UsageSpan { environment: Some(Environment::Test), ..span(0, HOUR) };
    assert_eq!(totals(test, UsageStep::Day).await, both[1..]);
    let read = scope("calls:read");
    let one = UsageSpan { scope: Some(&read), ..span(0, HOUR) };
    assert_eq!(totals(one.clone(), UsageStep::Hour).await, [(0, Code::Valid, 2)]);
    assert_eq!(store.usage_by_scope(&span(0, HOUR)).await.unwrap(), [(read.clone(), Code::Valid, 2)]);
    assert_eq!(store.usage_points_by_scope(&one, UsageStep::Quarter).await.unwrap().len(), 1);
    assert_eq!(totals(UsageSpan { installation: installation(2), ..span(0, HOUR) }, UsageStep::Day).await, []);
}

async fn refused_calls_of_which_the_key_is_forgotten_are_in_the_totals(database: TestDatabase) {
    let store = two_installations(&database).await;
    let refused = RefusedDelta {
        installation: installation(1),
        environment: Environment::Live,
        at: at(QUARTER + 5),
        code: Code::Disabled,
        calls: 9,
    };
    let batch = UsageBatch { refused: vec![refused.clone(), refused], ..UsageBatch::default() };
    store.record_usage(&batch).await.unwrap();
    for step in [UsageStep::Minute, UsageStep::Quarter] {
        let counts = store.usage_totals(&span(0, HOUR), step).await.unwrap();
        assert_eq!(counts.iter().map(|count| (count.at, count.calls)).collect::<Vec<_>>(), [(at(QUARTER), 18)]);
    }
}

fn seen(address: &str, ms: i64, allowed: u64, refused: u64, last_refusal: Option<Code>) -> AddressDelta {
    AddressDelta {
        installation: installation(1),
        key: key_id(1),
        address: ip(address),
        at: at(ms),
        allowed,
        refused,
        last_refusal,
    }
}

async fn the_newest_addresses_of_a_key_are_kept(database: TestDatabase) {
    let store = two_installations(&database).await;
    let write = async |addresses: Vec<AddressDelta>| {
        store.record_usage(&UsageBatch { addresses, ..UsageBatch::default() }).await.unwrap();
    };
    write(vec![seen("203.0.113.9", 50, 2, 1, Some(Code::IpNotAllowed)), seen("2001:db8::1", 60, 1, 0, None)]).await;
    write(vec![seen("203.0.113.9", 40, 3, 0, None)]).await;
    let addresses = store.addresses_of_keys(installation(1), &[key_id(1)]).await.unwrap();
    assert_eq!(addresses.iter().map(|of| of.address).collect::<Vec<_>>(), [ip("2001:db8::1"), ip("203.0.113.9")]);
    let of = &addresses[1];
    assert_eq!((of.first_seen, of.last_seen, of.allowed, of.refused), (at(40), at(50), 5, 1));
    assert_eq!(of.last_refusal, Some(Code::IpNotAllowed), "it stays the last");
    assert_eq!(store.addresses_of_keys(installation(2), &[key_id(1)]).await.unwrap(), []);
    // Whoever brings many at once fills no table.
    let many = (0..100_u8).map(|number| seen(&format!("198.51.100.{number}"), 100 + i64::from(number), 1, 0, None));
    write(many.collect()).await;
    let rows = "SELECT COUNT(*) FROM usage_address";
    assert_eq!(database.raw().await.number(rows).await, ADDRESSES_KEPT);
    let newest = store.addresses_of_keys(installation(1), &[key_id(1)]).await.unwrap();
    assert_eq!((newest[0].address, newest.len() as i64), (ip("198.51.100.99"), ADDRESSES_KEPT));
}

async fn the_last_address_moves_with_the_last_use(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let read = async || {
        let secrets = store.last_addresses(installation(1), key_id(1)).await.unwrap();
        let (at, address) = store.last_use_of_key(installation(1), key_id(1)).await.unwrap();
        assert_eq!(secrets.iter().map(|(_, address)| *address).collect::<Vec<_>>(), [address]);
        (at.map(Instant::as_millis), address)
    };
    assert_eq!(read().await, (None, None));
    for (ms, address, expected) in [
        (50, Some("192.0.2.1"), (50, Some("192.0.2.1"))),
        (40, Some("192.0.2.2"), (50, Some("192.0.2.1"))),
        (60, Some("2001:db8::2"), (60, Some("2001:db8::2"))),
        (70, None, (70, None)),
    ] {
        let last = LastUse { address: address.map(ip), ..used(1, 1, ms) };
        store.record_usage(&batch(&[], &[last])).await.unwrap();
        assert_eq!(read().await, (Some(expected.0), expected.1.map(ip)));
    }
}

async fn the_first_clients_are_those_with_the_most_calls(database: TestDatabase) {
    let store = two_installations(&database).await;
    let of = |client: &str, hour: i64, code, count| UsageDelta { client: name(client), ..calls(1, hour, code, count) };
    let mut deltas: Vec<_> = (0..300_i64)
        .map(|number| of(&format!("Client {number}"), number % 3, Code::Valid, 1 + number.unsigned_abs()))
        .collect();
    // Names that fold alike are one client; those of the other environment are another.
    deltas.push(of("ACME", 0, Code::Valid, 300));
    deltas.push(of("Acme", 1, Code::Expired, 5));
    deltas.push(UsageDelta { environment: Environment::Test, ..of("Acme", 1, Code::Valid, 400) });
    deltas.push(UsageDelta { scope: Some(scope("calls:read")), ..of("Client 1", 1, Code::Valid, 2) });
    store.record_usage(&batch(&deltas, &[])).await.unwrap();
    let hours = ClientParts { hours: (0..3).map(|hour| at(hour * HOUR)).collect(), days: Vec::new() };
    let first = async |parts: &ClientParts, environment, scope: Option<&Scope>, limit| {
        let first = store.first_clients(installation(1), parts, environment, scope, limit).await.unwrap();
        let calls =
            |of: &model::ClientUsage| (of.client_name.as_str().to_lowercase(), of.environment, of.allowed, of.refused);
        (first.clients.iter().map(calls).collect::<Vec<_>>(), first.exact)
    };
    let (clients, exact) = first(&hours, None, None, 3).await;
    let acme = |environment, allowed, refused| ("acme".to_owned(), environment, allowed, refused);
    assert_eq!(clients[..2], [acme(Environment::Test, 400, 0), acme(Environment::Live, 300, 5)]);
    assert_eq!((clients[2].0.as_str(), clients[2].2), ("client 299", 300));
    assert!(exact, "a hundred of each hour were looked at");
    let (test, _) = first(&hours, Some(Environment::Test), None, 10).await;
    assert_eq!(test, [acme(Environment::Test, 400, 0)]);
    let asked = ["acme", "nobody"].map(|folded| model::Client::kept(folded.to_owned(), Environment::Live));
    let own = store.usage_of_clients(installation(1), &hours, &asked).await.unwrap();
    assert_eq!(own.iter().map(|of| (of.allowed, of.refused)).collect::<Vec<_>>(), [(300, 5)]);
    assert_eq!(store.usage_of_clients(installation(2), &hours, &asked).await.unwrap(), []);
    let (scoped, _) = first(&hours, None, Some(&scope("calls:read")), 10).await;
    assert_eq!(scoped, [("client 1".to_owned(), Environment::Live, 2, 0)]);
    let (none, exact) = first(&ClientParts::default(), None, None, 10).await;
    assert!(none.is_empty() && exact);
    // A day that is over keeps them, and can be made again.
    let day = PeriodBounds { start: at(0), end: at(24 * HOUR) };
    assert!(!store.has_clients_of(installation(1), at(0)).await.unwrap());
    for _ in 0..2 {
        store.roll_clients(installation(1), day).await.unwrap();
        assert!(store.has_clients_of(installation(1), at(0)).await.unwrap());
        let days = ClientParts { hours: Vec::new(), days: vec![at(0)] };
        assert_eq!(first(&days, None, None, 3).await.0, clients);
    }
    store.purge_totals(installation(1), at(0), at(24 * HOUR), at(0)).await.unwrap();
    assert_eq!(first(&hours, None, None, 3).await.0, []);
}

async fn of_many_clients_that_are_alike_those_that_can_have_the_most_are_added_up(database: TestDatabase) {
    let store = two_installations(&database).await;
    let of = |client: &str, hour: i64, count| UsageDelta { client: name(client), ..calls(1, hour, Code::Valid, count) };
    // A hundred clients in each of five hours, and one that is in all of them.
    let mut deltas: Vec<_> = (0..500_i64).map(|number| of(&format!("Client {number}"), number % 5, 10)).collect();
    deltas.extend((0..5).map(|hour| of("Zero", hour, 11)));
    store.record_usage(&batch(&deltas, &[])).await.unwrap();
    let hours = ClientParts { hours: (0..5).map(|hour| at(hour * HOUR)).collect(), days: Vec::new() };
    for (limit, exact) in [(1, true), (2, false)] {
        let first = store.first_clients(installation(1), &hours, None, None, limit).await.unwrap();
        let calls: Vec<_> = first.clients.iter().map(|of| (of.client_name.as_str(), of.allowed)).collect();
        assert_eq!((calls[0], calls.len(), first.exact), (("Zero", 55), limit, exact));
    }
}

async fn quarters_become_days_and_hours_of_before_with_them(database: TestDatabase) {
    let store = two_installations(&database).await;
    let day = PeriodBounds { start: at(2 * QUARTER), end: at(24 * HOUR + 2 * QUARTER) };
    let deltas = [
        quarter(1, 1, None, Code::Valid, 1),
        quarter(1, 2, None, Code::Valid, 2),
        quarter(1, 2, Some("calls:read"), Code::Valid, 2),
        quarter(1, 97, None, Code::Valid, 4),
        quarter(1, 98, None, Code::Valid, 8),
        quarter(1, 5, None, Code::Expired, 16),
    ];
    store.record_usage(&batch(&deltas, &[])).await.unwrap();
    // As a release of before wrote it.
    let mut raw = database.raw().await;
    let (own, key) = (raw.id(installation(1).0), raw.id(key_id(1).0));
    let hour = 20 * HOUR;
    let row = format!("INSERT INTO usage_bucket VALUES ({own}, {key}, {hour}, 'VALID', 100)");
    assert_eq!(raw.execute(&row).await, Ok(1));
    assert_eq!(store.oldest_usage(installation(1), &[key_id(1)]).await.unwrap(), Some(at(0)));
    // Made again, or by two nodes, it is the same.
    for _ in 0..2 {
        store.roll_keys(installation(1), &[key_id(1)], day).await.unwrap();
        store.roll_totals(installation(1), day).await.unwrap();
    }
    let start = 2 * QUARTER;
    let left = [(QUARTER, Code::Valid, 1), (98 * QUARTER, Code::Valid, 8)];
    assert_eq!(points(&store, &span(0, 48 * HOUR), UsageStep::Quarter).await, left);
    let days = [left[0], (start, Code::Expired, 16), (start, Code::Valid, 106), left[1]];
    assert_eq!(points(&store, &span(0, 48 * HOUR), UsageStep::Day).await, days);
    for (from, expected) in [(start, 114), (start + 1, 14)] {
        let valid = UsageSpan { code: Some(Code::Valid), ..span(from, 48 * HOUR) };
        let calls = store.calls_of_keys(&valid, &[key_id(1)]).await.unwrap();
        assert_eq!(calls, expected, "a day that reaches into the span counts whole, but for what came before quarters");
    }
    let read = scope("calls:read");
    let scoped = UsageSpan { scope: Some(&read), ..span(0, 48 * HOUR) };
    assert_eq!(points(&store, &scoped, UsageStep::Day).await, [(start, Code::Valid, 2)]);
    let totals = store.usage_totals(&span(0, 48 * HOUR), UsageStep::Day).await.unwrap();
    let of_day: Vec<_> = totals.iter().filter(|count| count.is_day).map(|count| (count.code, count.calls)).collect();
    assert_eq!(of_day, [(Code::Expired, 16), (Code::Valid, 6)]);
    let mut secrets = store.secrets_usage(&span(0, 48 * HOUR), key_id(1)).await.unwrap();
    secrets.sort();
    let nobody = SecretId(Uuid::nil());
    assert_eq!(secrets[0], (nobody, Code::Valid, 100), "which secret it was nobody knows");
    assert_eq!(raw.number("SELECT COUNT(*) FROM usage_bucket").await, 1, "the hour before the day");
    assert_eq!(store.oldest_total(installation(1)).await.unwrap(), Some(at(QUARTER)));
}

async fn what_is_too_old_goes(database: TestDatabase) {
    let store = two_installations(&database).await;
    let deltas = [quarter(1, 1, None, Code::Valid, 1), quarter(1, 200, None, Code::Valid, 1)];
    let addresses = vec![seen("192.0.2.1", 5, 1, 0, None), seen("192.0.2.2", 100 * HOUR, 1, 0, None)];
    store.record_usage(&UsageBatch { addresses, ..batch(&deltas, &[]) }).await.unwrap();
    let day = PeriodBounds { start: at(0), end: at(24 * HOUR) };
    store.roll_keys(installation(1), &[key_id(1)], day).await.unwrap();
    store.roll_totals(installation(1), day).await.unwrap();
    store.purge_usage(installation(1), &[key_id(1)], at(QUARTER + 60_000), at(0)).await.unwrap();
    assert_eq!(points(&store, &span(0, 100 * HOUR), UsageStep::Minute).await.len(), 2, "until then, and not with it");
    store.purge_usage(installation(1), &[key_id(1)], at(HOUR), at(50 * HOUR)).await.unwrap();
    store.purge_totals(installation(1), at(HOUR), at(HOUR), at(50 * HOUR)).await.unwrap();
    for step in [UsageStep::Minute, UsageStep::Day] {
        assert_eq!(points(&store, &span(0, 100 * HOUR), step).await.len(), 1, "{step}");
        assert_eq!(store.usage_totals(&span(0, 100 * HOUR), step).await.unwrap().len(), 1, "{step}");
    }
    let addresses = store.addresses_of_keys(installation(1), &[key_id(1)]).await.unwrap();
    assert_eq!(addresses.iter().map(|of| of.address).collect::<Vec<_>>(), [ip("192.0.2.2")]);
}

async fn the_newest_keys_of_a_client_are_found_also_deleted_ones(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme", "ACME", "Acme Two", "acme"].map(str::to_owned)).await;
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(4)], at(50)).await.unwrap();
    change.commit().await.unwrap();
    let found =
        async |environment, limit| store.keys_of_client(installation(1), "acme", environment, limit).await.unwrap();
    assert_eq!(found(None, 10).await, [key_id(4), key_id(2), key_id(1)], "the newest first, deleted or not");
    assert_eq!(found(Some(Environment::Live), 2).await, [key_id(4), key_id(2)]);
    assert_eq!(found(Some(Environment::Test), 10).await, []);
}

async fn keys_that_were_called_are_found_one_after_the_other(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let deltas: Vec<_> = (1..=7)
        .flat_map(|number| [quarter(number, 0, None, Code::Valid, 1), quarter(number, 9, None, Code::Valid, 1)])
        .collect();
    store.record_usage(&batch(&deltas, &[])).await.unwrap();
    let nobody = KeyId(Uuid::nil());
    let found = async |after, limit| store.keys_with_usage(installation(1), after, limit).await.unwrap();
    assert_eq!(found(nobody, 3).await, [1, 2, 3].map(key_id));
    assert_eq!(found(key_id(3), 10).await, [4, 5, 6, 7].map(key_id));
    assert_eq!(found(key_id(7), 10).await, []);
    assert_eq!(store.keys_with_usage(installation(2), nobody, 3).await.unwrap(), []);
    let living = store.keys_of_environment(installation(1), Environment::Live, &[1, 2].map(key_id)).await.unwrap();
    assert_eq!(living, [key_id(1)], "of a purged key nobody knows it");
}
