//! Keys created a second by 1, 8 and 32 callers at once, each of which waits for the answer before it asks again: on
//! SQLite in a file that reaches the disk, and with `TEST_POSTGRES_URL` on PostgreSQL.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use domain::{Caller, Keydesk, NewKey, OpenOptions};
use model::{Preset, SettingsPatch};
use store::testing::TestDatabase;
use tokio::{runtime::Runtime, task::JoinSet};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long each number of callers creates keys, after as long to get going.
const LASTING: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

async fn desk(database: String, dir: &Path) -> (Keydesk, Caller) {
    let keydesk = Keydesk::open(OpenOptions::founding(database, dir)).await.expect("an open Keydesk");
    let first = keydesk.installation("default").await.expect("a database").expect("the first installation");
    (keydesk, Caller::operator(first.id))
}

/// How many keys this many callers create in a second.
async fn created(keydesk: &Keydesk, caller: &Caller, callers: usize, lasting: Duration) -> f64 {
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for number in 0..callers {
        let (keydesk, caller) = (keydesk.clone(), caller.clone());
        tasks.spawn(async move {
            let mut created = 0_u32;
            while began.elapsed() < lasting {
                let new = NewKey::of(SettingsPatch {
                    preset: Some(Preset::Crm),
                    ..SettingsPatch::name(format!("Caller {number} key {created}"))
                });
                keydesk.issue(&caller, new).await.expect("a key");
                created += 1;
            }
            created
        });
    }
    let created: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(created) / began.elapsed().as_secs_f64()
}

async fn measure(kind: &str, keydesk: &Keydesk, caller: &Caller) {
    for callers in [1, 8, 32] {
        created(keydesk, caller, callers, LASTING / 3).await;
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            rounds.push(created(keydesk, caller, callers, LASTING).await);
        }
        rounds.sort_by(f64::total_cmp);
        let [least, middle, most] = rounds[..] else { continue };
        say(&format!("{kind}, {callers:>2} callers: {middle:.0} keys a second (rounds from {least:.0} to {most:.0})"));
    }
}

fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").expect("a terminal");
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let database = format!("sqlite:{}", dir.path().join("keydesk.db").display());
        let (keydesk, caller) = desk(database, dir.path()).await;
        measure("SQLite", &keydesk, &caller).await;
        keydesk.close().await;
        if std::env::var_os("TEST_POSTGRES_URL").is_some() {
            let database = TestDatabase::postgres().await;
            let (keydesk, caller) = desk(database.address().to_owned(), &database.dir()).await;
            measure("PostgreSQL", &keydesk, &caller).await;
            keydesk.close().await;
        }
    });
}
