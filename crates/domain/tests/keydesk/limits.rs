//! Limits that hold: exactly, whatever comes at once, and across rotations, edits, restarts and nodes.

use domain::{Keydesk, NewKey};
use model::{Ceiling, Client, ClientName, Code, Environment, Instant, Quotas, RateLimits, Scope, SettingsPatch};
use store::{StoredCeiling, on_both_databases, testing::TestDatabase};
use verify::{Call, LimitKind, Verdict};

use crate::test_keydesk::{HOUR, SECOND, START, TestKeydesk, call, code, options, overlap, scopes, verify};

on_both_databases!(
    as_many_calls_pass_as_a_limit_allows_however_many_come_at_once,
    a_refused_call_takes_from_no_limit,
    the_limit_with_the_longest_wait_is_named,
    a_key_keeps_its_state_through_rotation_renaming_and_edits,
    what_was_taken_outlives_a_restart,
    what_takes_long_to_come_back_outlives_a_kill,
    a_process_that_is_killed_never_gives_more,
    quotas_begin_anew_by_the_clocks_of_their_zone,
    costs_are_taken_whole_or_not_at_all,
    ceilings_hold_for_all_keys_of_a_client_and_of_an_installation,
    limits_of_scopes_count_calls_that_want_them
);

fn limited(rate_limits: &str, quotas: &str) -> SettingsPatch {
    let rate_limits: RateLimits = serde_json::from_str(rate_limits).unwrap();
    let quotas: Quotas = serde_json::from_str(quotas).unwrap();
    SettingsPatch {
        scopes: Some(scopes(&["calls:*"])),
        rate_limits: Some(rate_limits),
        quotas: Some(quotas),
        ..SettingsPatch::name("Acme")
    }
}

async fn issue(desk: &TestKeydesk, rate_limits: &str, quotas: &str) -> domain::Issued {
    desk.keydesk.issue(&desk.operator, NewKey::of(limited(rate_limits, quotas))).await.unwrap()
}

/// How many of so many calls pass, one after the other.
async fn passing(keydesk: &Keydesk, key: &str, calls: usize) -> usize {
    let mut passed = 0;
    for _ in 0..calls {
        passed += usize::from(code(keydesk, key).await == Code::Valid);
    }
    passed
}

/// How many pass of 640 calls that 64 callers make at once.
async fn passing_at_once(keydesk: &Keydesk, key: &str) -> usize {
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (keydesk, key) = (keydesk.clone(), key.to_owned());
            tokio::spawn(async move { passing(&keydesk, &key, 10).await })
        })
        .collect();
    let mut passed = 0;
    for caller in callers {
        passed += caller.await.unwrap();
    }
    passed
}

/// Who refused, and for how many seconds.
fn refused(verdict: &Verdict) -> (Code, String, Option<u64>) {
    let by = verdict.refused_by.unwrap();
    (verdict.code, by.label.to_string(), by.retry_after_seconds)
}

async fn costing(desk: &TestKeydesk, key: &str, cost: u64) -> Verdict {
    desk.keydesk.verifier().verify(Call { cost, ..call(key) }, desk.keydesk.now()).await.unwrap()
}

async fn wanting(desk: &TestKeydesk, key: &str, wanted: &str) -> Code {
    let wanted: [Scope; 1] = [wanted.parse().unwrap()];
    let call = Call { scopes: &wanted, ..call(key) };
    desk.keydesk.verifier().verify(call, desk.keydesk.now()).await.unwrap().code
}

async fn as_many_calls_pass_as_a_limit_allows_however_many_come_at_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for (rates, quotas, expected, after_a_second) in [
        (r#"[{"name":"a","limit":100,"window_seconds":10,"burst":37}]"#, "[]", 37, 10),
        ("[]", r#"[{"name":"q","limit":211,"period":"day"}]"#, 211, 0),
        (
            r#"[{"name":"a","limit":500,"window_seconds":10},{"name":"b","limit":300,"window_seconds":60}]"#,
            r#"[{"name":"q","limit":303,"period":"hour"},{"name":"m","limit":305,"period":"month"}]"#,
            300,
            3,
        ),
    ] {
        let issued = issue(&desk, rates, quotas).await;
        let key = issued.secret.expose();
        assert_eq!(passing_at_once(&desk.keydesk, key).await, expected, "{rates} {quotas}");
        desk.clock.advance(SECOND);
        assert_eq!(passing_at_once(&desk.keydesk, key).await, after_a_second, "{rates} {quotas}");
    }
}

async fn a_refused_call_takes_from_no_limit(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates = r#"[{"name":"wide","limit":10,"window_seconds":60},{"name":"narrow","limit":2,"window_seconds":1}]"#;
    let issued = issue(&desk, rates, r#"[{"name":"daily","limit":9,"period":"day"}]"#).await;
    let key = issued.secret.expose();
    assert_eq!(passing(&desk.keydesk, key, 50).await, 2);
    let left = |verdict: &Verdict| verdict.limits.iter().map(|limit| limit.remaining).collect::<Vec<_>>();
    assert_eq!(left(&costing(&desk, key, 0).await), [8, 0, 7]);
    // And nothing is taken for another reason.
    assert_eq!(wanting(&desk, key, "data:read").await, Code::InsufficientScope);
    assert_eq!(left(&costing(&desk, key, 0).await), [8, 0, 7]);
    // Steady traffic above a limit is not shut out: two a second pass.
    for _ in 0..3 {
        desk.clock.advance(SECOND);
        assert_eq!(passing(&desk.keydesk, key, 20).await, 2);
    }
    let verdict = verify(&desk.keydesk, key).await;
    assert_eq!(refused(&verdict), (Code::RateLimited, "narrow".to_owned(), Some(1)));
    assert_eq!(left(&verdict), [2, 0, 1]);
}

async fn the_limit_with_the_longest_wait_is_named(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates = r#"[{"name":"short","limit":1,"window_seconds":10},{"name":"long","limit":1,"window_seconds":60},
        {"name":"other","limit":1,"window_seconds":60}]"#;
    let issued = issue(&desk, rates, r#"[{"name":"hourly","limit":1,"period":"hour"}]"#).await;
    let key = issued.secret.expose();
    // 20 minutes past the hour: the quota waits for 40.
    assert_eq!(passing(&desk.keydesk, key, 1).await, 1);
    let left = u64::try_from((HOUR - START % HOUR) / SECOND).unwrap();
    assert_eq!(refused(&verify(&desk.keydesk, key).await), (Code::QuotaExceeded, "hourly".to_owned(), Some(left)));
    // A minute before its end, the rate that stands first among those with the longest wait.
    let id = issued.key.id;
    let only = limited(rates, "[]");
    let patch = SettingsPatch { quotas: only.quotas, ..SettingsPatch::default() };
    desk.keydesk.update(&desk.operator, id, patch, None).await.unwrap();
    assert_eq!(refused(&verify(&desk.keydesk, key).await), (Code::RateLimited, "long".to_owned(), Some(60)));
    // Who waits as long is let in, and not a second before.
    desk.clock.advance(59 * SECOND);
    assert_eq!(code(&desk.keydesk, key).await, Code::RateLimited);
    desk.clock.advance(SECOND);
    assert_eq!(code(&desk.keydesk, key).await, Code::Valid);
}

async fn a_key_keeps_its_state_through_rotation_renaming_and_edits(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates = r#"[{"name":"a","limit":20,"window_seconds":3600}]"#;
    let daily = |limit: u32| format!(r#"[{{"name":"q","limit":{limit},"period":"day"}}]"#);
    let issued = issue(&desk, rates, &daily(12)).await;
    let (id, first) = (issued.key.id, issued.secret.expose());
    assert_eq!(passing(&desk.keydesk, first, 4).await, 4);
    let rotated = desk.keydesk.rotate(&desk.operator, id, overlap(3600), None).await.unwrap();
    let second = rotated.secret.expose();
    assert_eq!(passing(&desk.keydesk, second, 3).await, 3);
    desk.keydesk.update(&desk.operator, id, SettingsPatch::name("Beta"), None).await.unwrap();
    let left =
        async |key: &str| costing(&desk, key, 0).await.limits.iter().map(|limit| limit.remaining).collect::<Vec<_>>();
    assert_eq!((left(first).await, left(second).await), (vec![13, 5], vec![13, 5]));
    let set = async |rates: &str, quotas: &str| {
        let SettingsPatch { rate_limits, quotas, .. } = limited(rates, quotas);
        let patch = SettingsPatch { rate_limits, quotas, ..SettingsPatch::default() };
        desk.keydesk.update(&desk.operator, id, patch, None).await.unwrap();
    };
    // Up: what was taken counts. Down below what was taken: nothing is left.
    set(r#"[{"name":"a","limit":40,"window_seconds":3600}]"#, &daily(14)).await;
    assert_eq!(left(second).await[1], 7);
    assert_eq!(passing(&desk.keydesk, second, 20).await, 7);
    set(rates, &daily(5)).await;
    assert_eq!(refused(&verify(&desk.keydesk, second).await).1, "q");
    // Taken away, and set again: it goes on from where it was.
    set("[]", "[]").await;
    assert_eq!(passing(&desk.keydesk, first, 30).await, 30);
    set(r#"[{"name":"a","limit":20,"window_seconds":3600}]"#, &daily(15)).await;
    assert_eq!(passing(&desk.keydesk, first, 30).await, 1);
}

async fn what_was_taken_outlives_a_restart(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates = r#"[{"name":"a","limit":100,"window_seconds":3600}]"#;
    let issued = issue(&desk, rates, r#"[{"name":"q","limit":90,"period":"day"}]"#).await;
    let key = issued.secret.expose();
    assert_eq!(passing(&desk.keydesk, key, 30).await, 30);
    desk.keydesk.clone().close().await;
    desk.clock.advance(36 * SECOND);
    let again = Keydesk::open(options(&desk.database, &desk.clock)).await.unwrap();
    let verdict = again.verifier().verify(Call { cost: 0, ..call(key) }, again.now()).await.unwrap();
    let left: Vec<_> = verdict.limits.iter().map(|limit| limit.remaining).collect();
    assert_eq!(left, [71, 60], "one call came back in 36 s, and of the quota none");
    assert_eq!(passing(&again, key, 100).await, 60);
    again.close().await;
}

async fn what_takes_long_to_come_back_outlives_a_kill(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates =
        r#"[{"name":"long","limit":50,"window_seconds":86400},{"name":"short","limit":50,"window_seconds":60}]"#;
    let issued = issue(&desk, rates, "[]").await;
    let key = issued.secret.expose();
    assert_eq!(passing(&desk.keydesk, key, 30).await, 30);
    // As it is done while a node runs. Then it is killed: nobody closes it.
    desk.keydesk.verifier().save_limits(desk.keydesk.now(), false).await;
    assert_eq!(
        desk.database.raw().await.number("SELECT COUNT(*) FROM rate_state").await,
        1,
        "the short one is back soon"
    );
    let again = desk.second_node().await;
    assert_eq!(passing(&again, key, 40).await, 20);
    // What was written down later is no less.
    desk.keydesk.verifier().save_limits(desk.keydesk.now(), false).await;
    again.verifier().save_limits(again.now(), true).await;
    assert_eq!(passing(&desk.second_node().await, key, 10).await, 0);
}

async fn a_process_that_is_killed_never_gives_more(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = issue(&desk, "[]", r#"[{"name":"q","limit":1000,"period":"day"}]"#).await;
    let key = issued.secret.expose();
    let mut passed = passing(&desk.keydesk, key, 50).await;
    for _ in 0..3 {
        // It is dropped and not closed: what it has leased is lost.
        let killed = desk.second_node().await;
        passed += passing(&killed, key, 100).await;
    }
    desk.clock.advance(11 * SECOND);
    let last = desk.second_node().await;
    passed += passing(&last, key, 2_000).await;
    desk.keydesk.verifier().give_quotas_back(false).await;
    desk.clock.advance(2 * SECOND);
    passed += passing(&last, key, 2_000).await;
    assert!((700..=1_000).contains(&passed), "{passed}");
}

async fn quotas_begin_anew_by_the_clocks_of_their_zone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let quotas = r#"[{"name":"q","limit":3,"period":"day","time_zone":"Europe/Zurich"}]"#;
    let issued = issue(&desk, "[]", quotas).await;
    let key = issued.secret.expose();
    // The day on which the clocks are put back lasts for 25 hours.
    let at = |text: &str| text.parse::<Instant>().unwrap().as_millis();
    for (now, passes, wait) in [
        ("2027-10-30T21:59:00Z", 3, 60),
        ("2027-10-30T22:00:00Z", 3, 25 * 3600),
        ("2027-10-31T22:59:59.001Z", 0, 1),
        ("2027-10-31T23:00:00Z", 3, 24 * 3600),
    ] {
        desk.clock.set(at(now));
        assert_eq!(passing(&desk.keydesk, key, 10).await, passes, "{now}");
        assert_eq!(refused(&verify(&desk.keydesk, key).await), (Code::QuotaExceeded, "q".to_owned(), Some(wait)));
    }
    // A clock that is set back opens nothing.
    desk.clock.set(at("2027-10-31T22:00:00Z"));
    assert_eq!(passing(&desk.keydesk, key, 10).await, 0);
    let limits = costing(&desk, key, 0).await.limits;
    let LimitKind::Quota { resets_at, .. } = limits[0].kind else { panic!("{limits:?}") };
    assert_eq!(resets_at.to_string(), "2027-10-31T23:00:00.000Z");
}

async fn costs_are_taken_whole_or_not_at_all(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates = r#"[{"name":"a","limit":10,"window_seconds":10,"burst":5}]"#;
    let issued = issue(&desk, rates, r#"[{"name":"q","limit":7,"period":"day"}]"#).await;
    let key = issued.secret.expose();
    assert_eq!(costing(&desk, key, 5).await.code, Code::Valid);
    assert_eq!(refused(&costing(&desk, key, 6).await), (Code::RateLimited, "a".to_owned(), None));
    assert_eq!(refused(&costing(&desk, key, 8).await), (Code::RateLimited, "a".to_owned(), None));
    desk.clock.advance(5 * SECOND);
    assert_eq!(costing(&desk, key, 3).await.code, Code::QuotaExceeded);
    assert_eq!(costing(&desk, key, 2).await.code, Code::Valid);
    assert_eq!(costing(&desk, key, 0).await.code, Code::Valid, "looking is always allowed");
    let never = issue(&desk, "[]", r#"[{"name":"none","limit":0,"period":"day"}]"#).await;
    let key = never.secret.expose();
    assert_eq!(refused(&verify(&desk.keydesk, key).await), (Code::QuotaExceeded, "none".to_owned(), None));
    assert_eq!(costing(&desk, key, 0).await.code, Code::Valid);
    let largest = r#"[{"name":"a","limit":9007199254740991,"window_seconds":1}]"#;
    let most = issue(&desk, largest, r#"[{"name":"q","limit":9007199254740991,"period":"month"}]"#).await;
    let verdict = costing(&desk, most.secret.expose(), 1_000_000).await;
    let left: Vec<_> = verdict.limits.iter().map(|limit| limit.remaining).collect();
    assert_eq!((verdict.code, left), (Code::Valid, vec![9_007_199_253_740_991; 2]));
}

async fn ceilings_hold_for_all_keys_of_a_client_and_of_an_installation(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let [acme, also_acme, other] = [
        issue(&desk, r#"[{"name":"a","limit":8,"window_seconds":60}]"#, "[]").await,
        issue(&desk, "[]", "[]").await,
        desk.issue("Beta").await,
    ];
    let ceiling = |client: Option<&str>, rates: &str, quotas: &str, epoch| StoredCeiling {
        installation: desk.operator.installation,
        client: client.map(|name| {
            let name = ClientName::parse(name).unwrap();
            (Client::of(&name, Environment::Live), name)
        }),
        ceiling: Ceiling {
            rate_limits: serde_json::from_str(rates).unwrap(),
            quotas: serde_json::from_str(quotas).unwrap(),
        },
        version: 1,
        updated_at: Instant::from_millis(START),
        epoch,
    };
    let verifier = desk.keydesk.verifier();
    verifier.set_ceilings(vec![ceiling(Some("ACME"), r#"[{"name":"a","limit":10,"window_seconds":60}]"#, "[]", 100)]);
    assert_eq!(passing(&desk.keydesk, acme.secret.expose(), 20).await, 8);
    // The key's own and its client's wait for as long: the key's is named.
    desk.clock.advance(SECOND);
    assert_eq!(passing(&desk.keydesk, also_acme.secret.expose(), 20).await, 2);
    let verdict = verify(&desk.keydesk, also_acme.secret.expose()).await;
    assert_eq!((verdict.code, refused(&verdict).1.as_str()), (Code::RateLimited, "client:a"));
    assert_eq!(passing(&desk.keydesk, other.secret.expose(), 20).await, 20);

    verifier.set_ceilings(vec![ceiling(None, "[]", r#"[{"name":"day","limit":25,"period":"day"}]"#, 101)]);
    assert_eq!(passing(&desk.keydesk, other.secret.expose(), 50).await, 25);
    let verdict = verify(&desk.keydesk, also_acme.secret.expose()).await;
    assert_eq!((verdict.code, refused(&verdict).1.as_str()), (Code::QuotaExceeded, "installation:day"));
    // The Default API Key counts towards none.
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap().id;
    let default = desk.keydesk.reveal(&desk.operator, default).await.unwrap();
    assert_eq!(passing(&desk.keydesk, default.expose(), 5).await, 5);
    // A renamed key counts towards its new client, and one that is older than what is known changes nothing.
    verifier.set_ceilings(vec![ceiling(None, "[]", "[]", 102), ceiling(Some("Acme"), "[]", "[]", 99)]);
    desk.keydesk.update(&desk.operator, also_acme.key.id, SettingsPatch::name("Beta"), None).await.unwrap();
    assert_eq!(passing(&desk.keydesk, also_acme.secret.expose(), 20).await, 20);
    assert_eq!(code(&desk.keydesk, acme.secret.expose()).await, Code::RateLimited);
}

async fn limits_of_scopes_count_calls_that_want_them(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rates = r#"[{"name":"make","limit":2,"window_seconds":60,"scopes":["calls:make"]},
        {"name":"all","limit":5,"window_seconds":60,"scopes":["calls:*"]}]"#;
    let issued = issue(&desk, rates, "[]").await;
    let key = issued.secret.expose();
    let codes = async |wanted: &str, calls: usize| {
        let mut passed = 0;
        for _ in 0..calls {
            passed += usize::from(wanting(&desk, key, wanted).await == Code::Valid);
        }
        passed
    };
    assert_eq!(codes("calls:make", 9).await, 2);
    assert_eq!(codes("calls:read", 9).await, 3);
    assert_eq!(passing(&desk.keydesk, key, 9).await, 9, "a call that wants nothing counts for neither");
}

/// Nodes share a quota exactly, and a rate limit by halves.
#[tokio::test]
async fn nodes_share_what_there_is() {
    let desk = TestKeydesk::open(TestDatabase::postgres().await).await;
    let quota = issue(&desk, "[]", r#"[{"name":"q","limit":500,"period":"day"}]"#).await;
    let rate = issue(&desk, r#"[{"name":"a","limit":90,"window_seconds":60}]"#, "[]").await;
    let nodes = [desk.second_node().await, desk.second_node().await, desk.second_node().await];
    let mut passed = 0;
    for _ in 0..3 {
        for node in &nodes {
            passed += passing_at_once(node, quota.secret.expose()).await;
        }
        // What a node has leased and not used comes back.
        desk.clock.advance(11 * SECOND);
        for node in &nodes {
            node.verifier().give_quotas_back(false).await;
        }
        desk.clock.advance(2 * SECOND);
    }
    assert_eq!(passed, 500);
    for (number, node) in nodes.iter().enumerate() {
        node.verifier().beat(uuid::Uuid::from_u128(number as u128)).await;
    }
    for (number, node) in nodes.iter().enumerate() {
        node.verifier().beat(uuid::Uuid::from_u128(number as u128)).await;
        assert_eq!(passing(node, rate.secret.expose(), 100).await, 30, "a third");
    }
}
