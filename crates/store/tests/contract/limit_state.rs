//! What has been taken from limits: portions of quotas, rate limits that outlive a restart or are decided here, and nodes.

use model::{Environment, Instant, KeyId, LimitName, Rate, RateLimit};
use store::{
    LimitOwnerRow, QuotaLease, QuotaLeased, SharedRate, Store, StoredRate, on_both_databases, testing::TestDatabase,
};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, two_installations};

on_both_databases!(
    a_portion_is_what_is_wanted_and_no_more_than_a_share_of_what_is_left,
    what_is_given_back_is_there_for_others,
    each_owner_and_period_has_its_own,
    leases_that_come_at_once_give_out_a_quota_and_not_a_call_more,
    a_rate_that_was_taken_is_written_down_forwards_only,
    a_rate_that_can_not_be_read_hides_no_other,
    what_limits_need_no_more_is_removed,
    a_node_counts_its_own_row_up_and_leaves,
    rates_are_taken_from_all_or_from_none,
    what_a_node_knows_to_be_taken_is_not_given_anew
);

fn name(text: &str) -> LimitName {
    LimitName::parse(text).unwrap()
}

fn lease(least: u64, most: u64, limit: u64) -> QuotaLease {
    QuotaLease {
        installation: installation(1),
        owner: LimitOwnerRow::Key(key_id(1)),
        name: name("daily"),
        period_start: at(1_000),
        given_back: 0,
        least,
        most,
        limit,
        share: 4,
    }
}

fn back(calls: u64) -> QuotaLease {
    QuotaLease { given_back: calls, ..lease(0, 0, 0) }
}

async fn leased(store: &Store, leases: &[QuotaLease]) -> Vec<(u64, u64)> {
    let answers = store.lease_quotas(leases).await.unwrap();
    answers.into_iter().map(|QuotaLeased { granted, given }| (granted, given)).collect()
}

async fn a_portion_is_what_is_wanted_and_no_more_than_a_share_of_what_is_left(database: TestDatabase) {
    let store = two_installations(&database).await;
    assert_eq!(leased(&store, &[]).await, []);
    for (least, most, limit, expected) in [
        (1, 8, 100, (8, 8)),
        // A quarter of 92.
        (1, 80, 100, (31, 23)),
        // As many as are needed, whatever the share.
        (60, 80, 100, (91, 60)),
        // More than is left: none, and what is left is there for whoever needs less.
        (10, 80, 100, (91, 0)),
        (0, 8, 100, (93, 2)),
        (7, 8, 100, (100, 7)),
        (1, 8, 100, (100, 0)),
        // Raised, and lowered below what is leased.
        (1, 8, 200, (108, 8)),
        (1, 8, 50, (108, 0)),
        (0, 0, 200, (108, 0)),
    ] {
        assert_eq!(leased(&store, &[lease(least, most, limit)]).await, [expected], "{least} {most} {limit}");
    }
}

async fn what_is_given_back_is_there_for_others(database: TestDatabase) {
    let store = two_installations(&database).await;
    assert_eq!(leased(&store, &[lease(10, 10, 10)]).await, [(10, 10)]);
    assert_eq!(leased(&store, &[back(4)]).await, [(6, 0)], "whoever gives back alone is given nothing");
    assert_eq!(leased(&store, &[lease(3, 3, 10)]).await, [(9, 3)]);
    // Both at once, in whatever order, and never below nothing.
    let both = QuotaLease { given_back: 9, ..lease(10, 10, 10) };
    assert_eq!(leased(&store, &[both]).await, [(10, 10)]);
    assert_eq!(leased(&store, &[back(3), lease(2, 2, 10), back(1)]).await, [(8, 0), (8, 2), (8, 0)]);
    assert_eq!(leased(&store, &[back(1_000)]).await, [(0, 0)]);
    assert_eq!(leased(&store, &[lease(10, 10, 10)]).await, [(10, 10)]);
}

async fn each_owner_and_period_has_its_own(database: TestDatabase) {
    let store = two_installations(&database).await;
    let whole = lease(5, 5, 5);
    let others = [
        whole.clone(),
        QuotaLease { period_start: at(2_000), ..whole.clone() },
        QuotaLease { name: name("monthly"), ..whole.clone() },
        QuotaLease { owner: LimitOwnerRow::Key(key_id(2)), ..whole.clone() },
        QuotaLease { owner: LimitOwnerRow::Client(Environment::Live, "acme: & söhne".to_owned()), ..whole.clone() },
        QuotaLease { owner: LimitOwnerRow::Client(Environment::Test, "acme: & söhne".to_owned()), ..whole.clone() },
        QuotaLease { owner: LimitOwnerRow::Installation, ..whole.clone() },
        QuotaLease { owner: LimitOwnerRow::Installation, installation: installation(2), ..whole.clone() },
    ];
    assert_eq!(leased(&store, &others).await, [(5, 5); 8]);
    assert_eq!(leased(&store, &others).await, [(5, 0); 8]);
    // More than one statement holds.
    let of_key = |number: u128| QuotaLease { owner: LimitOwnerRow::Key(key_id(100 + number)), ..whole.clone() };
    let many: Vec<_> = (0..1_300).map(of_key).collect();
    assert_eq!(leased(&store, &many).await, vec![(5, 5); 1_300]);
}

async fn leases_that_come_at_once_give_out_a_quota_and_not_a_call_more(database: TestDatabase) {
    let store = two_installations(&database).await;
    let nodes: Vec<_> = (0..8_u64)
        .map(|node| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut given = 0;
                for round in 0..60 {
                    let [portion] = leased(&store, &[lease(1, 1 + (node + round) % 9, 500)]).await[..] else {
                        panic!()
                    };
                    // Now and then one gives a call back that it does not need.
                    let unneeded = u64::from(portion.1 > 1 && round % 5 == 0);
                    leased(&store, &[back(unneeded)]).await;
                    given += portion.1 - unneeded;
                }
                given
            })
        })
        .collect();
    let mut given = 0;
    for node in nodes {
        given += node.await.unwrap();
    }
    let [(granted, rest)] = leased(&store, &[lease(0, 500, 500)]).await[..] else { panic!() };
    assert_eq!(granted - rest, given, "each call was given to one");
    assert!(granted <= 500, "{granted}");
}

fn rate(owner: LimitOwnerRow, of: &str, full_at: i64) -> StoredRate {
    StoredRate { installation: installation(1), owner, name: name(of), full_at }
}

async fn a_rate_that_was_taken_is_written_down_forwards_only(database: TestDatabase) {
    let store = two_installations(&database).await;
    let (key, client) = (LimitOwnerRow::Key(key_id(1)), LimitOwnerRow::Client(Environment::Live, "a:b".to_owned()));
    store.save_rates(&[]).await.unwrap();
    store
        .save_rates(&[rate(key.clone(), "a", 500), rate(key.clone(), "a", 700), rate(client.clone(), "a", 600)])
        .await
        .unwrap();
    store.save_rates(&[rate(key.clone(), "a", 650), rate(LimitOwnerRow::Installation, "b", 100)]).await.unwrap();
    let [first, second, third] =
        [rate(key, "a", 700), rate(client, "a", 600), rate(LimitOwnerRow::Installation, "b", 100)];
    // Those that are full last come first.
    assert_eq!(store.rates(0, 10).await.unwrap(), [first.clone(), second.clone(), third]);
    assert_eq!(store.rates(0, 1).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(store.rates(599, 10).await.unwrap(), [first.clone(), second]);
    assert_eq!(store.rates(600, 10).await.unwrap(), [first]);
    let many: Vec<_> = (0..1_300).map(|number| rate(LimitOwnerRow::Key(key_id(number + 9)), "a", 1_000)).collect();
    store.save_rates(&many).await.unwrap();
    assert_eq!(store.rates(900, 10_000).await.unwrap().len(), 1_300);
}

async fn a_rate_that_can_not_be_read_hides_no_other(database: TestDatabase) {
    let store = two_installations(&database).await;
    let good = rate(LimitOwnerRow::Installation, "a", 500);
    store.save_rates(std::slice::from_ref(&good)).await.unwrap();
    let mut raw = database.raw().await;
    let own = raw.id(installation(1).0);
    for (owner, name) in [("queue:7", "a"), ("key:7", "a"), ("client:staging:acme", "a"), ("installation", "No name")] {
        let row = format!(
            "INSERT INTO rate_state (installation_id, owner, name, full_at) VALUES ({own}, '{owner}', '{name}', 600)"
        );
        assert_eq!(raw.execute(&row).await, Ok(1), "{owner}");
    }
    assert_eq!(store.rates(0, 10).await.unwrap(), [good]);
}

async fn what_limits_need_no_more_is_removed(database: TestDatabase) {
    let store = two_installations(&database).await;
    let now = Instant::from_millis(50);
    store
        .save_rates(&[
            rate(LimitOwnerRow::Installation, "over", 50_000_000),
            rate(LimitOwnerRow::Installation, "under-way", 50_000_001),
        ])
        .await
        .unwrap();
    let of = |start| QuotaLease { period_start: at(start), ..lease(5, 5, 5) };
    leased(&store, &[of(10), of(20), of(21)]).await;
    store.purge_limits(now, at(20)).await.unwrap();
    assert_eq!(store.rates(0, 10).await.unwrap(), [rate(LimitOwnerRow::Installation, "under-way", 50_000_001)]);
    assert_eq!(leased(&store, &[of(10), of(20), of(21)]).await, [(5, 5), (5, 5), (5, 0)]);
}

async fn a_node_counts_its_own_row_up_and_leaves(database: TestDatabase) {
    let store = two_installations(&database).await;
    let [one, other] = [1, 2].map(Uuid::from_u128);
    for (node, beats) in [(one, 1), (other, 7), (one, 2)] {
        store.beat(node, beats).await.unwrap();
    }
    let mut nodes = store.nodes().await.unwrap();
    nodes.sort_unstable();
    assert_eq!(nodes, [(one, 2), (other, 7)]);
    store.leave(one).await.unwrap();
    store.leave(one).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [(other, 7)]);
}

const HALF_A_DAY: u64 = 43_200_000_000_000;

/// A limit of so many calls a day: none comes back within a test.
fn shared(owner: KeyId, calls: u64, known: u64) -> SharedRate {
    let limit = RateLimit::new(name("rare"), calls, 86_400, calls, model::ScopeSet::default()).unwrap();
    SharedRate {
        installation: installation(1),
        owner: LimitOwnerRow::Key(owner),
        name: name("rare"),
        rate: Rate::of(&limit),
        known,
    }
}

/// Whether it was taken, and for how many half days each is taken: rounded, since time goes on.
async fn taken(store: &Store, rates: &[SharedRate], cost: u64, take: bool) -> (bool, Vec<u64>) {
    let (taken, taken_for) = store.take_rates(rates, cost, take).await.unwrap();
    (taken, taken_for.into_iter().map(|nanos| (nanos + HALF_A_DAY / 2) / HALF_A_DAY).collect())
}

async fn rates_are_taken_from_all_or_from_none(database: TestDatabase) {
    let store = two_installations(&database).await;
    // Each call of the first is half a day, and of the second one, too: it has but one at a time.
    let (two, one) = (shared(key_id(1), 2, 0), shared(key_id(2), 1, 0));
    let both = [two.clone(), one.clone()];
    assert_eq!(taken(&store, &both, 1, false).await, (false, vec![0, 0]), "it was only looked at");
    assert_eq!(taken(&store, &both, 1, true).await, (true, vec![1, 2]));
    assert_eq!(
        taken(&store, &both, 1, true).await,
        (false, vec![1, 2]),
        "the second refuses, and the first loses nothing"
    );
    assert_eq!(taken(&store, std::slice::from_ref(&two), 1, true).await, (true, vec![2]));
    assert_eq!(taken(&store, std::slice::from_ref(&two), 1, true).await, (false, vec![2]));
    // Given back, and taken by somebody else.
    store.give_rates(std::slice::from_ref(&two), 2).await.unwrap();
    assert_eq!(taken(&store, std::slice::from_ref(&two), 0, true).await, (true, vec![0]));
    assert_eq!(taken(&store, std::slice::from_ref(&two), 3, true).await, (false, vec![0]), "more than it ever holds");
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (store, two) = (store.clone(), [two.clone()]);
            tokio::spawn(async move { store.take_rates(&two, 1, true).await.unwrap().0 })
        })
        .collect();
    let mut passed = 0;
    for caller in callers {
        passed += u32::from(caller.await.unwrap());
    }
    assert_eq!(passed, 2);
}

async fn what_a_node_knows_to_be_taken_is_not_given_anew(database: TestDatabase) {
    let store = two_installations(&database).await;
    let known = shared(key_id(1), 2, HALF_A_DAY + HALF_A_DAY / 4);
    assert_eq!(taken(&store, std::slice::from_ref(&known), 1, true).await, (false, vec![1]));
    let less = shared(key_id(1), 2, HALF_A_DAY);
    assert_eq!(taken(&store, std::slice::from_ref(&less), 1, true).await, (true, vec![2]));
    // What a clock of tomorrow has written closes it for no longer than its burst takes to come back.
    let mut raw = database.raw().await;
    assert_eq!(raw.execute(&format!("UPDATE rate_state SET full_at = {}", i64::MAX)).await, Ok(1));
    assert_eq!(taken(&store, std::slice::from_ref(&less), 1, true).await, (false, vec![2]));
}
