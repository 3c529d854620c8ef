//! What it costs to delete many keys at once.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::{Preset, Selection, SettingsPatch};
use tokio::runtime::Runtime;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYS: usize = 10_000;

async fn desk() -> (Keydesk, Caller, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite:{}", dir.path().join("keydesk.db").display());
    let keydesk = Keydesk::open(OpenOptions::founding(database, dir.path())).await.expect("an open Keydesk");
    let first = keydesk.installation("default").await.expect("a database").expect("the first installation");
    (keydesk, Caller::operator(first.id), dir)
}

/// Deletes all keys of a list, as `Select all` in the Workspace does, and undoes that so that it can be done again.
fn delete(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let (keydesk, operator, _dir) = runtime.block_on(desk());
    let new = |number| {
        NewKey::of(SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name(format!("Client {number}")) })
    };
    runtime.block_on(keydesk.issue_many(&operator, (0..KEYS).map(new).collect())).expect("keys");
    let everything = Selection::Matching {
        search: String::new(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    };
    criterion.bench_function("delete 10,000 keys", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                let began = Instant::now();
                let deleted = runtime.block_on(keydesk.delete_selected(&operator, &everything)).expect("a deletion");
                spent += began.elapsed();
                assert_eq!(deleted.deleted, KEYS as u64);
                let restored = runtime.block_on(keydesk.undo_delete(&operator, &deleted.changes)).expect("an undo");
                assert_eq!(restored, KEYS as u64);
            }
            spent
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    targets = delete
}
criterion_main!(benches);
