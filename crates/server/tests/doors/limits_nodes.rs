//! Limits that several real servers on one PostgreSQL decide: no call too many, whoever dies, with Redis and without.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use serde_json::Value;
use store::testing::TestDatabase;
use tokio::{
    process::{Child, Command},
    task::JoinSet,
};

use crate::{
    proxies::free_address,
    support::{Connection, Program, init, keydesk, request, wait_until},
};

/// Callers of each node that come at once.
const CALLERS: usize = 8;
const QUOTA: usize = 300;
const BURST: usize = 50;
const IS_UP: &str = "keydesk_limit_redis_up ";
const FAILURES: &str = "keydesk_limit_redis_failures_total ";

/// A deployment that so many nodes serve.
struct Desk {
    nodes: Vec<Program>,
    data: PathBuf,
    database: TestDatabase,
}

impl Desk {
    async fn served_by(nodes: usize, args: &[&str]) -> Self {
        let database = TestDatabase::postgres().await;
        let data = database.dir();
        init(&data, &["--database", database.address()]).await;
        let mut desk = Self { nodes: Vec::new(), data, database };
        for _ in 0..nodes {
            desk.add(args).await;
        }
        for node in &desk.nodes {
            let knows_all = async || metric(node, "keydesk_limit_nodes ").await == Some(nodes);
            assert!(wait_until(knows_all).await, "a node does not know of all {nodes}");
        }
        desk
    }

    async fn add(&mut self, args: &[&str]) {
        let on = ["--database", self.database.address()];
        let node = Program::serve(&self.data, &[&on[..], args].concat()).await;
        self.nodes.push(node);
    }

    /// A new key with this limit.
    async fn key(&self, limit: [&str; 2]) -> String {
        let create = ["key", "create", "--client-name", "Acme", "--scope", "calls:read", "--json"];
        let on = ["--database", self.database.address()];
        let made = keydesk(&self.data, &[&create[..], &limit, &on].concat()).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        made["key"].as_str().unwrap().to_owned()
    }

    /// The sum of a metric over all nodes.
    async fn sum(&self, name: &str) -> usize {
        let mut sum = 0;
        for node in &self.nodes {
            sum += metric(node, name).await.unwrap();
        }
        sum
    }
}

/// The value of a metric.
async fn metric(node: &Program, name: &str) -> Option<usize> {
    let (_, page) = request(&node.ops_address, "GET", "/metrics", None, None).await.ok()?;
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Whether a call passes. One that does not is refused as too many, or comes to a node that is gone.
async fn passes(address: &str, key: &str) -> bool {
    let Ok((status, answer)) = request(address, "GET", "/authz?scope=calls:read", Some(key), None).await else {
        return false;
    };
    assert!([200, 429].contains(&status), "{answer}");
    status == 200
}

/// Callers that come to all of these nodes at once, each with so many calls, and count those that pass.
fn callers(nodes: &[Program], key: &str, each: usize, passed: &Arc<AtomicUsize>) -> JoinSet<()> {
    let mut callers = JoinSet::new();
    for node in nodes {
        for _ in 0..CALLERS {
            let (address, key, passed) = (node.address.clone(), key.to_owned(), Arc::clone(passed));
            callers.spawn(async move {
                for _ in 0..each {
                    passed.fetch_add(usize::from(passes(&address, &key).await), SeqCst);
                }
            });
        }
    }
    callers
}

/// How many of their calls pass.
async fn passing(nodes: &[Program], key: &str, each: usize) -> usize {
    let passed = Arc::<AtomicUsize>::default();
    callers(nodes, key, each, &passed).join_all().await;
    passed.load(SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_give_out_a_quota_to_its_last_call_and_not_one_more() {
    let mut desk = Desk::served_by(3, &[]).await;
    let key = desk.key(["--quota", &format!("q={QUOTA}/month")]).await;
    let mut passed = passing(&desk.nodes, &key, 20).await;
    // What one of them leased and did not give out is found by who asks there.
    let all_given = async || {
        passed += passing(&desk.nodes, &key, 1).await;
        passed >= QUOTA
    };
    assert!(wait_until(all_given).await, "some calls are lost");
    passed += passing(&desk.nodes, &key, 10).await;
    assert_eq!(passed, QUOTA);
    // A new node knows nothing but what the database says.
    desk.add(&[]).await;
    assert_eq!(passing(&desk.nodes[3..], &key, 2).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_adds_nothing_to_a_quota_and_takes_a_portion_with_it_at_most() {
    let mut desk = Desk::served_by(3, &[]).await;
    let key = desk.key(["--quota", &format!("q={QUOTA}/month")]).await;
    let passed = Arc::<AtomicUsize>::default();
    let load = callers(&desk.nodes, &key, 20, &passed);
    assert!(wait_until(async || passed.load(SeqCst) >= 60).await);
    desk.nodes.remove(0).kill().await;
    load.join_all().await;
    desk.add(&[]).await;
    let all_given = async || {
        let more = passing(&desk.nodes, &key, 4).await;
        passed.fetch_add(more, SeqCst);
        more == 0
    };
    assert!(wait_until(all_given).await);
    let passed = passed.load(SeqCst);
    // It leases a sixth of what is unused, and the next portion before the one before is used up.
    assert!((QUOTA - 2 * QUOTA / 6 - CALLERS..=QUOTA).contains(&passed), "{passed}");
}

/// A Redis of the test's own, which keeps nothing.
struct Redis(Child);

impl Redis {
    async fn start(address: &str) -> Self {
        let program = std::env::var("TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let (_, port) = address.rsplit_once(':').unwrap();
        let mut command = Command::new(program);
        command.args(["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let redis = Self(command.spawn().expect("redis-server; cargo xtask test installs it"));
        assert!(wait_until(async || Connection::open(address).await.is_ok()).await, "Redis does not listen");
        redis
    }

    async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }
}

/// The key of which Redis let in as many calls as a new limit has at once, and no more, of many that came to both nodes.
async fn let_in_together(desk: &Desk) -> String {
    let mut used = String::new();
    let exactly = async || {
        used = desk.key(["--rate", &format!("a={BURST}/86400s")]).await;
        let (up, failures) = (desk.sum(IS_UP).await, desk.sum(FAILURES).await);
        let passed = passing(&desk.nodes, &used, 5).await;
        // What Redis does not answer in time is decided by shares: such a round is no answer.
        let by_redis = up == desk.nodes.len() && desk.sum(FAILURES).await == failures;
        assert!(!by_redis || passed == BURST, "{passed}");
        by_redis
    };
    assert!(wait_until(exactly).await, "Redis did not decide: {}", desk.nodes[0].printed());
    for node in &desk.nodes {
        assert!(!passes(&node.address, &used).await, "now each knows that it is used up");
    }
    used
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_let_in_one_burst_together_and_their_shares_while_redis_is_gone() {
    let place = free_address();
    let redis = Redis::start(&place).await;
    let desk = Desk::served_by(2, &["--limits", &format!("redis://{place}")]).await;
    let used = let_in_together(&desk).await;

    redis.kill().await;
    let fresh = desk.key(["--rate", &format!("a={BURST}/86400s")]).await;
    for node in &desk.nodes {
        let mut passed = 0;
        for _ in 0..BURST {
            passed += usize::from(passes(&node.address, &fresh).await);
        }
        assert_eq!(passed, BURST / 2, "its share");
        node.line("Redis can't be asked").await;
        assert_eq!(metric(node, IS_UP).await, Some(0));
        assert!(!passes(&node.address, &used).await, "what was taken is known");
    }

    let _redis = Redis::start(&place).await;
    for node in &desk.nodes {
        let is_up = async || {
            let passed = passes(&node.address, &used).await;
            assert!(!passed, "Redis has forgotten what was taken, and the nodes have not");
            metric(node, IS_UP).await == Some(1)
        };
        assert!(wait_until(is_up).await, "{}", node.printed());
        node.line("Redis answers again").await;
    }
    let_in_together(&desk).await;
}
