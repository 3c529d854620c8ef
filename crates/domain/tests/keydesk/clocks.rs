//! The wall clock is set; the clock that nobody sets, and the database's, go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
    time::Duration,
};

use domain::{Caller, Clock, Issued, Keydesk, OpenOptions};
use model::{Code, Instant, RESTORE_WINDOW_MS};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, SECOND, START, call, code, new_key};

on_both_databases!(
    a_jump_ahead_removes_nothing,
    a_jump_ahead_rolls_no_usage_up,
    time_that_has_passed_removes_what_is_old,
    a_clock_that_is_back_at_the_start_takes_nothing_away,
    a_step_back_makes_memory_no_fresher
);

/// Three clocks.
struct Clocks {
    wall: AtomicI64,
    elapsed: AtomicI64,
    database: AtomicI64,
}

impl Clock for Clocks {
    fn now(&self) -> Instant {
        Instant::from_millis(self.wall.load(SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(SeqCst).unsigned_abs())
    }

    fn of_database(&self, _said: Instant) -> Instant {
        Instant::from_millis(self.database.load(SeqCst))
    }
}

struct Desk {
    clocks: Arc<Clocks>,
    keydesk: Keydesk,
    operator: Caller,
    database: TestDatabase,
}

impl Desk {
    async fn open(database: TestDatabase) -> Self {
        let clocks = Arc::new(Clocks { wall: START.into(), elapsed: 0.into(), database: START.into() });
        let keydesk = node(&database, &clocks).await;
        let first = keydesk.installation("default").await.unwrap().unwrap();
        Self { clocks, keydesk, operator: Caller::operator(first.id), database }
    }

    /// Time passes.
    fn pass(&self, ms: i64) {
        for clock in [&self.clocks.wall, &self.clocks.elapsed, &self.clocks.database] {
            clock.fetch_add(ms, SeqCst);
        }
    }

    /// Somebody sets the clock.
    fn set(&self, by: i64) {
        self.clocks.wall.fetch_add(by, SeqCst);
    }

    async fn deleted(&self) -> Issued {
        let issued = self.keydesk.issue(&self.operator, new_key("Acme")).await.unwrap();
        self.keydesk.delete(&self.operator, issued.key.id, None).await.unwrap();
        issued
    }

    async fn tombstones(&self) -> i64 {
        self.database.raw().await.number("SELECT COUNT(*) FROM api_key WHERE deleted_at IS NOT NULL").await
    }
}

async fn node(database: &TestDatabase, clocks: &Arc<Clocks>) -> Keydesk {
    let clock = Arc::clone(clocks) as Arc<dyn Clock>;
    Keydesk::open(OpenOptions { clock, ..OpenOptions::founding(database.address(), database.dir()) }).await.unwrap()
}

async fn a_jump_ahead_removes_nothing(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let issued = desk.deleted().await;
    desk.keydesk.purge().await;
    let ahead = RESTORE_WINDOW_MS + 24 * HOUR;
    desk.set(ahead);
    desk.pass(HOUR);
    desk.keydesk.purge().await;
    assert_eq!(desk.tombstones().await, 1);
    // Nor does a start under the wrong clock, nor going on for days.
    let again = node(&desk.database, &desk.clocks).await;
    for _ in 0..5 {
        again.purge().await;
        desk.pass(24 * HOUR);
    }
    assert_eq!(desk.tombstones().await, 1);
    desk.set(-ahead);
    desk.keydesk.restore(&desk.operator, issued.key.id).await.unwrap();
    assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
}

async fn a_jump_ahead_rolls_no_usage_up(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let issued = desk.keydesk.issue(&desk.operator, new_key("Acme")).await.unwrap();
    code(&desk.keydesk, issued.secret.expose()).await;
    desk.keydesk.verifier().flush_usage().await;
    desk.keydesk.purge().await;
    let fine = async || desk.database.raw().await.number("SELECT COUNT(*) FROM usage_key WHERE minutes < 1440").await;
    assert_eq!(fine().await, 2);
    desk.set(200 * 24 * HOUR);
    desk.pass(HOUR);
    desk.keydesk.purge().await;
    assert_eq!(fine().await, 2, "a minute and a quarter");
    desk.set(-200 * 24 * HOUR);
    desk.pass(100 * 24 * HOUR);
    desk.keydesk.purge().await;
    assert_eq!(fine().await, 0);
}

async fn time_that_has_passed_removes_what_is_old(database: TestDatabase) {
    let desk = Desk::open(database).await;
    desk.deleted().await;
    desk.keydesk.purge().await;
    for _ in 0..30 {
        desk.pass(24 * HOUR);
        desk.keydesk.purge().await;
    }
    desk.pass(SECOND);
    assert_eq!(desk.tombstones().await, 0);
    // Stopped for a while, it takes as long again.
    desk.deleted().await;
    desk.keydesk.purge().await;
    desk.pass(RESTORE_WINDOW_MS + HOUR);
    let again = node(&desk.database, &desk.clocks).await;
    again.purge().await;
    let at_once = i64::from(!desk.database.is_postgres());
    assert_eq!(desk.tombstones().await, at_once);
    desk.pass(RESTORE_WINDOW_MS);
    again.purge().await;
    assert_eq!(desk.tombstones().await, 0);
}

async fn a_step_back_makes_memory_no_fresher(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let issued = desk.keydesk.issue(&desk.operator, new_key("Acme")).await.unwrap();
    assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
    let asked = async || desk.keydesk.verifier().verify(call(issued.secret.expose()), desk.keydesk.now()).await.is_ok();
    desk.keydesk.verifier().begin_polling();
    desk.set(-HOUR);
    desk.pass(5 * SECOND);
    assert!(asked().await, "for five seconds");
    desk.pass(1);
    assert!(!asked().await, "and not for an hour");
    // Nor does a step ahead take anything away.
    desk.keydesk.verifier().proven_fresh(desk.keydesk.verifier().elapsed());
    desk.set(24 * HOUR);
    assert!(asked().await);
}

async fn a_clock_that_is_back_at_the_start_takes_nothing_away(database: TestDatabase) {
    let desk = Desk::open(database).await;
    desk.deleted().await;
    let issued = desk.keydesk.issue(&desk.operator, new_key("Acme")).await.unwrap();
    desk.keydesk.purge().await;
    desk.set(-365 * 24 * HOUR);
    let again = node(&desk.database, &desk.clocks).await;
    let background = again.start();
    again.purge().await;
    assert_eq!(code(&again, issued.secret.expose()).await, Code::Valid);
    again.delete(&desk.operator, issued.key.id, None).await.unwrap();
    assert_eq!(code(&again, issued.secret.expose()).await, Code::Revoked);
    assert_eq!(desk.tombstones().await, 2);
    background.stop().await;
}
