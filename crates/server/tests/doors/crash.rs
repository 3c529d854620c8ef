//! The server is killed in the middle of its work, twenty times with few callers, and with so many that their changes
//! are committed together. Every acknowledged change is there, with its audit entry, and no change is half done.

use store::testing::TestDatabase;

use crate::rounds::{Random, kills::killed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_changes_survive_and_none_is_half_done() {
    killed(TestDatabase::sqlite().await, Random::new(20), 20, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_acknowledged_together_survive_and_none_is_half_done() {
    killed(TestDatabase::sqlite().await, Random::new(6), 6, 32).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_changes_survive_on_postgres() {
    killed(TestDatabase::postgres().await, Random::new(3), 3, 8).await;
}
