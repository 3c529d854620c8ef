//! Rate limits that several nodes decide together in Redis, and what holds while it is gone.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use domain::{Keydesk, NewKey, RedisAddress};
use model::{Code, SettingsPatch};
use store::testing::TestDatabase;
use verify::Call;

use crate::test_keydesk::{DONE, SECOND, TestKeydesk, call, code, options, scopes, within};

/// A Redis of the test's own, which keeps nothing.
struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    fn start(port: u16) -> Self {
        let program = std::env::var("TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let child = command.stdout(Stdio::null()).spawn().expect("redis-server; cargo xtask test installs it");
        Self { child, port }
    }

    fn address(&self) -> RedisAddress {
        RedisAddress::parse(&format!("redis://127.0.0.1:{}", self.port)).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn node(desk: &TestKeydesk, address: RedisAddress) -> Keydesk {
    let mut options = options(&desk.database, &desk.clock);
    options.redis = Some(address);
    Keydesk::open(options).await.unwrap()
}

async fn limited(desk: &TestKeydesk, rate_limits: &str, quotas: &str) -> String {
    let patch = SettingsPatch {
        scopes: Some(scopes(&["calls:*"])),
        rate_limits: Some(serde_json::from_str(rate_limits).unwrap()),
        quotas: Some(serde_json::from_str(quotas).unwrap()),
        ..SettingsPatch::name("Acme")
    };
    desk.keydesk.issue(&desk.operator, NewKey::of(patch)).await.unwrap().secret.expose().to_owned()
}

/// How many pass of 240 calls that eight callers of each node make at once.
async fn passing(nodes: &[Keydesk], key: &str) -> usize {
    let callers: Vec<_> = (0..8 * nodes.len())
        .map(|number| {
            let (node, key) = (nodes[number % nodes.len()].clone(), key.to_owned());
            tokio::spawn(async move {
                let mut passed = 0;
                for _ in 0..10 {
                    passed += usize::from(code(&node, &key).await == Code::Valid);
                }
                passed
            })
        })
        .collect();
    let mut passed = 0;
    for caller in callers {
        passed += caller.await.unwrap();
    }
    passed
}

async fn left(node: &Keydesk, key: &str) -> Vec<u64> {
    let verdict = node.verifier().verify(Call { cost: 0, ..call(key) }, node.now()).await.unwrap();
    verdict.limits.iter().map(|limit| limit.remaining).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_decide_together_and_by_their_shares_while_it_is_gone() {
    let desk = TestKeydesk::open(TestDatabase::postgres().await).await;
    let redis = Redis::start(free_port());
    let (port, address) = (redis.port, redis.address());
    let nodes = [node(&desk, address.clone()).await, node(&desk, address.clone()).await, node(&desk, address).await];
    for (number, node) in nodes.iter().enumerate().chain(nodes.iter().enumerate()) {
        node.verifier().beat(uuid::Uuid::from_u128(number as u128)).await;
    }
    let answers = || nodes[0].verifier().counters().redis.is_some_and(|redis| redis.answers && redis.decided > 0);
    let first = limited(&desk, r#"[{"name":"a","limit":1000,"window_seconds":86400}]"#, "[]").await;
    within(DONE, "Redis answers", async || {
        // The clock of the test moves on, so that it is asked again.
        desk.clock.advance(2 * SECOND);
        left(&nodes[0], &first).await;
        answers()
    })
    .await;

    // All of one limit, and of several: as many pass as the least allows, and what refused took nothing.
    let rates = r#"[{"name":"a","limit":100,"window_seconds":86400},{"name":"b","limit":200,"window_seconds":86400}]"#;
    let both = limited(&desk, rates, "[]").await;
    assert_eq!(passing(&nodes, &both).await, 100);
    assert_eq!(left(&nodes[2], &both).await, [0, 100]);
    // A call that the quota refuses takes from no rate.
    let quota = limited(
        &desk,
        r#"[{"name":"a","limit":100,"window_seconds":86400}]"#,
        r#"[{"name":"q","limit":5,"period":"day"}]"#,
    )
    .await;
    let one = &nodes[..1];
    assert_eq!(passing(one, &quota).await, 5);
    assert_eq!(left(&nodes[0], &quota).await[0], 95);

    // It is gone: what was taken is known, and of what is left each node gives its share.
    let half = limited(&desk, r#"[{"name":"a","limit":60,"window_seconds":86400}]"#, "[]").await;
    for _ in 0..30 {
        for node in &nodes {
            code(node, &half).await;
        }
    }
    assert_eq!(left(&nodes[1], &half).await, [0]);
    drop(redis);
    let fresh = limited(&desk, r#"[{"name":"a","limit":60,"window_seconds":86400}]"#, "[]").await;
    assert_eq!(passing(&nodes, &fresh).await, 60, "20 of each node");
    assert_eq!(passing(&nodes, &half).await, 0);
    assert_eq!(nodes[0].verifier().counters().redis.map(|redis| redis.answers), Some(false));

    // It is back and has forgotten everything. What the nodes know to be taken is not given anew.
    let _redis = Redis::start(port);
    within(DONE, "Redis answers again", async || {
        desk.clock.advance(2 * SECOND);
        tokio::time::sleep(Duration::from_millis(50)).await;
        left(&nodes[0], &first).await;
        answers()
    })
    .await;
    assert_eq!(passing(&nodes, &half).await, 0);
    assert!(passing(&nodes, &first).await == 240);
}

/// A call that a quota refuses takes no call of a rate limit from others, not even for as long as it is decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_as_many_calls_pass_as_the_limits_allow_and_none_too_few() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let redis = Redis::start(free_port());
    let keydesk = node(&desk, redis.address()).await;
    let first = limited(&desk, r#"[{"name":"a","limit":9,"window_seconds":86400}]"#, "[]").await;
    within(DONE, "Redis answers", async || {
        desk.clock.advance(2 * SECOND);
        left(&keydesk, &first).await;
        keydesk.verifier().counters().redis.is_some_and(|redis| redis.answers && redis.decided > 0)
    })
    .await;
    for round in 0..20 {
        // 29 read, and of 58 that make calls one may: so many has the rate limit.
        let key = limited(
            &desk,
            r#"[{"name":"a","limit":30,"window_seconds":86400}]"#,
            r#"[{"name":"q","limit":1,"period":"month","scopes":["calls:make"]}]"#,
        )
        .await;
        let callers: Vec<_> = (0..87)
            .map(|number| {
                let (keydesk, key) = (keydesk.clone(), key.clone());
                let reads = number % 3 == 1;
                let scope = if reads { "calls:read" } else { "calls:make" };
                let wanted: [model::Scope; 1] = [scope.parse().unwrap()];
                tokio::spawn(async move {
                    let call = Call { scopes: &wanted, ..call(&key) };
                    (reads, keydesk.verifier().verify(call, keydesk.now()).await.unwrap().code)
                })
            })
            .collect();
        let mut codes = Vec::new();
        for caller in callers {
            codes.push(caller.await.unwrap());
        }
        let passed = |reads| codes.iter().filter(|of| **of == (reads, Code::Valid)).count();
        assert_eq!((passed(true), passed(false)), (29, 1), "{round}: {codes:?}");
    }
}

/// Without Redis a limit of which not every node can have a call is decided in the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_below_the_number_of_nodes_is_decided_in_the_database() {
    let desk = TestKeydesk::open(TestDatabase::postgres().await).await;
    let nodes = [desk.second_node().await, desk.second_node().await, desk.second_node().await];
    for (number, node) in nodes.iter().enumerate().chain(nodes.iter().enumerate()) {
        node.verifier().beat(uuid::Uuid::from_u128(number as u128)).await;
    }
    let rates =
        r#"[{"name":"rare","limit":2,"window_seconds":86400},{"name":"wide","limit":300,"window_seconds":86400}]"#;
    let key = limited(&desk, rates, "[]").await;
    assert_eq!(passing(&nodes, &key).await, 2);
    // Whatever was refused took nothing: two of the three shares of the other have lost a call at most.
    let mut wide = Vec::new();
    for node in &nodes {
        wide.push(left(node, &key).await[1]);
    }
    assert_eq!(wide.iter().sum::<u64>(), 298, "{wide:?}");
}
