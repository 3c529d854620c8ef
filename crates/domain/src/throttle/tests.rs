use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));
const ABROAD: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));

fn at(seconds: u64) -> Duration {
    Duration::from_secs(1_000 + seconds)
}

fn open() -> Throttle {
    Throttle::new(false)
}

/// Where the n-th network of an IPv6 /48 is.
fn in_site(site: u16, network: u16) -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, site, network, 0, 0, 0, 1).into()
}

impl Throttle {
    /// Guesses wrong; returns how many seconds to wait.
    fn guess(&self, account: &str, from: IpAddr, now: Duration) -> u64 {
        wait(&self.attempt(account, Source::Address(from), now))
    }

    /// Proves the right password, if it is let in.
    fn prove(&self, account: &str, source: Source, now: Duration) -> u64 {
        let attempt = self.attempt(account, source, now);
        let waits = wait(&attempt);
        if let Ok(counted) = attempt {
            self.succeeded(counted);
        }
        waits
    }
}

fn wait(result: &Result<Counted, AdminError>) -> u64 {
    match result {
        Err(AdminError::TooManyAttempts { retry_after_seconds }) => *retry_after_seconds,
        _ => 0,
    }
}

#[test]
fn waits_double_up_to_a_minute_and_never_more() {
    let throttle = open();
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..14 {
        assert_eq!(throttle.guess("a", HOME, at(now)), 0);
        let seconds = throttle.guess("a", HOME, at(now));
        waits.push(seconds);
        now += seconds;
    }
    // Two attempts are allowed in each of the first two rounds.
    assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
}

#[test]
fn a_correct_password_and_time_clear_failures() {
    let throttle = open();
    for _ in 0..4 {
        assert_eq!(throttle.guess("a", HOME, at(0)), 0);
    }
    assert_eq!(throttle.prove("a", Source::Address(HOME), at(0)), 0);
    assert_eq!(throttle.guess("a", HOME, at(0)), 0);
    for second in 0..30 {
        throttle.guess("b", HOME, at(second));
    }
    assert!(throttle.guess("b", HOME, at(30)) > 0);
    assert_eq!(throttle.guess("b", HOME, at(30 + 15 * 60)), 0);
}

#[test]
fn guesses_from_elsewhere_can_not_keep_an_owner_out() {
    let throttle = open();
    assert_eq!(throttle.prove("owner", Source::Address(HOME), at(0)), 0);
    let refused = (0..100).filter(|site| throttle.guess("owner", in_site(*site, 0), at(1)) > 0).count();
    assert_eq!(refused, 80);
    assert_eq!(throttle.prove("owner", Source::Address(HOME), at(1)), 0);
}

#[test]
fn an_address_that_tries_many_accounts_waits_too() {
    let throttle = open();
    let refused = (0..40).filter(|n| throttle.guess(&format!("account {n}"), HOME, at(0)) > 0).count();
    assert_eq!(refused, 20);
    assert_eq!(throttle.guess("fresh", in_site(0, 0), at(0)), 0);
}

#[test]
fn a_network_of_ipv6_is_counted_whole_and_so_is_a_site_with_a_larger_allowance() {
    let throttle = open();
    let same_network = |n: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, n, 0, 0, n));
    let refused = (0..10).filter(|n| throttle.guess("a", same_network(*n), at(0)) > 0).count();
    assert_eq!(refused, 5);
    // Another network of the same site each time, at one account and then at many.
    let throttle = open();
    let refused = (0..50).filter(|n| throttle.guess("a", in_site(7, *n), at(0)) > 0).count();
    assert_eq!(refused, 30);
    let refused = (0..90).filter(|n| throttle.guess(&format!("account {n}"), in_site(7, 100 + n), at(2)) > 0).count();
    assert_eq!(refused, 30, "80 less the 20 before");
    assert_eq!(throttle.guess("b", in_site(8, 0), at(3)), 0);
}

/// One customer's IPv6 network guesses at Ada's account three times a second, each time from another /64, while Ada, of whom
/// nothing is known, comes from elsewhere every 7 s.
#[test]
fn guesses_from_one_site_do_not_lock_the_person_out() {
    let throttle = open();
    let mut kept_out = 0;
    for tick in 0..2400_u64 {
        let now = at(0) + Duration::from_millis(tick * 100);
        if tick.is_multiple_of(3) {
            throttle.guess("ada", in_site(0, tick as u16), now);
        }
        if tick >= 300 && tick.is_multiple_of(70) {
            kept_out += throttle.prove("ada", Source::Address(ABROAD), now).min(1);
            // The next time nothing is known of her again.
            throttle.state.lock().unwrap().known.clear();
        }
    }
    assert_eq!(kept_out, 0);
}

/// Each guess at Ada's account comes from a network that was never seen before.
#[test]
fn no_number_of_networks_makes_anybody_wait_longer_than_five_seconds_for_an_account() {
    let throttle = open();
    let mut admitted = 0;
    for second in 0..600_u64 {
        for n in 0..4 {
            let waits = throttle.guess("ada", in_site(u16::try_from(second * 4 + n).unwrap(), 0), at(second));
            assert!(waits <= 5, "{waits}");
            admitted += u64::from(waits == 0);
        }
    }
    // 20 at first, and then one in 5 s, in each of the two lanes.
    assert!(admitted <= 2 * (20 + 600 / 5), "{admitted}");
}

#[test]
fn a_browser_that_has_signed_in_before_waits_for_its_own_guesses_alone() {
    let throttle = open();
    for n in 0..200 {
        throttle.guess("ada", in_site(n, n), at(0));
        throttle.guess(&format!("account {n}"), ABROAD, at(0));
    }
    assert!(throttle.guess("ada", ABROAD, at(0)) > 0);
    let (hers, stolen) = (Source::Device([1; 16]), Source::Device([2; 16]));
    assert_eq!(throttle.prove("ada", hers, at(0)), 0);
    let refused = (0..30).filter(|_| wait(&throttle.attempt("ada", stolen, at(0))) > 0).count();
    assert_eq!(refused, 20);
    assert_eq!(throttle.prove("ada", hers, at(0)), 0);
}

#[test]
fn the_address_of_an_unnamed_proxy_is_not_counted() {
    let throttle = Throttle::new(true);
    let mut kept_out = 0;
    for tick in 0..2400_u64 {
        let now = at(0) + Duration::from_millis(tick * 100);
        if tick.is_multiple_of(3) {
            throttle.guess(&format!("x{tick}"), HOME, now);
        }
        if tick.is_multiple_of(70) {
            kept_out += throttle.prove("ada", Source::Address(HOME), now).min(1);
        }
    }
    assert_eq!(kept_out, 0);
    // All attempts together are bounded, and so are those at one account.
    let refused = (0..1000).filter(|n| throttle.guess(&format!("y{n}"), HOME, at(1000)) > 0).count();
    assert_eq!(refused, 900);
    let refused = (0..100).filter(|_| throttle.guess("ada", HOME, at(2000)) > 0).count();
    assert_eq!(refused, 80);
}

#[test]
fn what_is_remembered_is_bounded_and_counts_that_are_in_use_stay() {
    let throttle = open();
    let room = (REMEMBERED * (Kind::ALL + 1)) as u64;
    for n in 0..200_000_u32 {
        let now = at(0) + EACH * n * 2;
        throttle.guess(&format!("account {n}"), IpAddr::V4(n.into()), now);
        assert!(throttle.counters().remembered <= room, "{n}");
        if n.is_multiple_of(20) {
            throttle.guess("ada", ABROAD, now);
        }
    }
    let counters = throttle.counters();
    assert!(counters.pushed_out > 100_000, "{counters:?}");
    let state = throttle.state.lock().unwrap();
    assert!(state.failures.iter().all(|entries| entries.len() <= REMEMBERED));
    let hers = state.failures(Subject(Kind::AccountFromNetwork, throttle.hash(("ada", ABROAD)))).unwrap();
    assert!(hers.count > 100, "others push out no count that is in use: {}", hers.count);
}

/// Whatever was counted by a clock that was ahead counts as of now, and not until that time has come.
#[test]
fn an_entry_from_the_future_counts_as_one_of_now() {
    let throttle = open();
    let ahead = at(1_000_000);
    for n in 0..300_u16 {
        throttle.guess("ada", HOME, ahead);
        throttle.guess(&format!("account {n}"), in_site(n, 0), ahead);
    }
    let waits = throttle.guess("ada", HOME, at(0));
    assert!((1..=60).contains(&waits), "{waits}");
    assert_eq!(throttle.prove("ada", Source::Address(HOME), at(waits)), 0);
}
