//! The wall clock of a running server is set, forward and back, by hours and by years, and is wrong at the start.

use std::time::{Duration, Instant};

use serde_json::Value;
use store::testing::TestDatabase;

use super::{Callers, Counts, Deed, Deployment, Random, Shim, Site, callers::WANTED, check, forwarder::Forwarder};
use crate::support::{post_form, wait_until};

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
const STEPS: [i64; 8] = [-3 * 365 * DAY, -31 * DAY, -HOUR, 0, HOUR, 31 * DAY, 365 * DAY, 5 * 365 * DAY];
/// How long memory is trusted after the database's last proof.
const TRUSTED: Duration = Duration::from_secs(5);
/// Guesses of one network at one account that need not wait. The next ones wait for a second and then twice as long each.
const FREE_GUESSES: u32 = 5;

/// Sets the clock this many times, having begun with a wrong one.
pub(crate) async fn round(database: TestDatabase, mut random: Random, times: usize) -> Counts {
    let folder = super::folder();
    let deployment = Deployment::on(&database).await;
    let made = ["key", "create", "--client-name", "For a day", "--scope", WANTED, "--expires-at", "1d", "--json"];
    let made: Value = serde_json::from_slice(&deployment.succeed(&made).await.stdout).expect("a key");
    let for_a_day = made["key"].as_str().expect("a secret");
    let shim = Shim::new(folder.path());
    let mut ahead = random.one_of(&STEPS);
    shim.set_clock(ahead);
    let program = deployment.serve_by(shim.command()).await;
    let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
    let at_work = Callers::start(&site, &mut random, 3, 2);
    let mut guesses = Guesses { counted: 0, last: Instant::now() };
    for _ in 0..=FREE_GUESSES {
        guesses.guess(&program.address).await;
    }
    let said = || program.printed().matches("the clock was set by").count();
    for last in (0..=times).map(|time| time == times) {
        at_work.have_changed(6).await;
        // Expiry goes by the wall clock.
        let code = site.code_of(&mut random, for_a_day).await.expect("a verdict");
        assert_eq!(code, if ahead >= DAY { "EXPIRED" } else { "VALID" }, "{ahead} ms ahead");
        let before = said();
        let next = if last { 0 } else { random.one_of(&STEPS) };
        shim.set_clock(next);
        if next != ahead {
            assert!(wait_until(async || said() > before).await, "a step from {ahead} to {next} ms is not logged");
        }
        ahead = next;
        guesses.guess(&program.address).await;
    }
    at_work.stop().await;
    check(&deployment, &site).await;
    // Nothing was removed because it seemed to be old.
    let deleted = site.ledger.all().iter().filter(|key| key.asked == Some(Deed::Delete)).count();
    let tombstones = database.raw().await.number("SELECT COUNT(*) FROM api_key WHERE deleted_at IS NOT NULL").await;
    assert_eq!(usize::try_from(tombstones), Ok(deleted), "deleted keys were removed");
    site.ledger.counts()
}

/// Guesses at one password from one network. Throttling goes by the clock that nobody sets.
struct Guesses {
    /// How many were not told to wait.
    counted: u32,
    /// When the last of these was sent.
    last: Instant,
}

impl Guesses {
    async fn guess(&mut self, address: &str) {
        let (sent, own) = (Instant::now(), format!("http://{address}"));
        let form = "email=ada@example.com&password=not+the+right+one";
        let answer =
            post_form(address, "/login", &[("Host", address), ("Origin", &own)], form).await.expect("an answer");
        if answer.contains("too_many_attempts") {
            return;
        }
        let wait = self.counted.checked_sub(FREE_GUESSES).map_or(0, |over| 1 << over.min(5));
        let waited = self.last.elapsed();
        assert!(waited >= Duration::from_secs(wait), "a step of the clock gave a guess after {waited:?}");
        self.counted += 1;
        self.last = sent;
    }
}

/// A node that its database has left, whose clock is set back so that its memory might seem fresh.
pub(crate) async fn cut_off(database: TestDatabase, mut random: Random) -> Counts {
    let folder = super::folder();
    let deployment = Deployment::on(&database).await;
    let forwarder = Forwarder::to(database.address()).await;
    let behind = Deployment { database: forwarder.address_of(database.address()), ..deployment };
    let shim = Shim::new(folder.path());
    let program = behind.serve_by(shim.command()).await;
    let site = Site::new(&behind, &[&program.address], TRUSTED);
    let place = site.create(&mut random, "Known".to_owned()).await.expect("a key");
    let secret = site.ledger.all()[place].secret.clone();
    assert_eq!(site.code_of(&mut random, &secret).await.as_deref(), Some("VALID"));
    forwarder.cut();
    let cut = Instant::now();
    shim.set_clock(random.one_of(&STEPS));
    loop {
        let sent = Instant::now();
        let vouches = site.code_of(&mut random, &secret).await.is_some();
        assert!(!vouches || sent < cut + TRUSTED, "it vouches {:?} after it was cut off", sent - cut);
        if !vouches && sent > cut + TRUSTED {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        shim.set_clock(random.one_of(&STEPS));
    }
    forwarder.point_to(database.address());
    assert!(wait_until(async || site.code_of(&mut random, &secret).await.is_some()).await, "it does not go on");
    site.ledger.counts()
}
