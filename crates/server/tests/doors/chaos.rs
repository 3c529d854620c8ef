//! Small twins of what `cargo xtask chaos` tries at length: the same rounds, a few of them, each from a seed of its own.

use std::fs;

use store::testing::TestDatabase;

use crate::{
    rounds::{
        Random, clock_steps, corrupted_images,
        failed_fsync::{self, End},
        tight, torn_writes,
    },
    support::{init, ran},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_and_flushes_that_fail_lose_nothing_and_it_goes_on_when_they_work() {
    failed_fsync::round(Random::new(1), 2, End::GoesOn).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_after_flushes_that_failed_loses_nothing_that_was_answered() {
    failed_fsync::round(Random::new(2), 2, End::PowerCut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_power_cut_tears_undoes_nothing_that_was_answered() {
    torn_writes::round(Random::new(3), 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_lets_nobody_in_and_says_what_is_wrong() {
    corrupted_images::round(Random::new(4), 20).await;
}

/// SQLite repeats the text of a table that it can't understand, which has several lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_schema_is_said_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data, &[]).await;
    let file = data.join("keydesk.db");
    let mut bytes = fs::read(&file).unwrap();
    let word = b"keyring_proof BLOB";
    let at = bytes.windows(word.len()).position(|window| window == word).unwrap();
    bytes[at] = b'`';
    fs::write(&file, bytes).unwrap();
    let data = data.display().to_string();
    for command in [&["doctor"][..], &["key", "list"], &["serve", "--listen", "127.0.0.1:0"]] {
        ran(&[], &[command, &["--data-dir", &data]].concat()).await.is_refused("malformed database schema");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_at_the_start_and_is_set_removes_nothing() {
    clock_steps::round(TestDatabase::sqlite().await, Random::new(5), 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_vouches_no_longer_for_a_clock_that_is_set_back() {
    clock_steps::cut_off(TestDatabase::postgres().await, Random::new(6)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_keeps_what_was_acknowledged() {
    tight::stopped_under_load(Random::new(7)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_few_files_whoever_gets_a_connection_is_answered_truly() {
    tight::few_files(Random::new(8)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_file_keep_what_each_acknowledges() {
    tight::two_servers(Random::new(9)).await;
}
