//! The expected wait against a queue that is simulated: twelve agents, lognormal talk and forty seconds of wrap, as in the design.

use std::collections::VecDeque;

use contact_centre::metrics::{Accuracy, AccuracyReport, History, Live, expected_wait};
use model::Instant;

const AGENTS: usize = 12;
const HANDLE_MS: f64 = 250_000.0;

/// Numbers that look like chance, the same at every run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Of this mean, with a standard deviation of the logarithm of 0.7.
    fn lognormal(&mut self, mean: f64) -> f64 {
        let normal = (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        mean * (0.7 * normal - 0.245).exp()
    }
}

struct Caller {
    came: f64,
    gives_up: f64,
    told: Option<(i64, i64, i64)>,
}

struct Outcome {
    accuracy: Accuracy,
    /// How many waited no shorter than the low end, and no longer than the high one.
    within: usize,
    waited: usize,
}

/// Five days of calls at this load, with this patience in seconds.
fn simulate(load: f64, patience: f64) -> Outcome {
    let mut chance = Chance(7);
    let mut free_at = [0.0_f64; AGENTS];
    let mut waiting: VecDeque<Caller> = VecDeque::new();
    let mut left: VecDeque<(f64, f64, bool)> = VecDeque::new();
    let mut outcome = Outcome { accuracy: Accuracy::default(), within: 0, waited: 0 };
    let mut now = 0.0;
    while now < 5.0 * 86_400_000.0 {
        now += chance.exponential(HANDLE_MS / (AGENTS as f64 * load));
        // Until now, agents take whoever waits, and callers give up.
        while let Some(caller) = waiting.front() {
            let agent = (0..AGENTS).min_by(|a, b| free_at[*a].total_cmp(&free_at[*b])).unwrap();
            let answered = free_at[agent].max(caller.came);
            let first = answered.min(caller.gives_up);
            if first > now {
                break;
            }
            let caller = waiting.pop_front().unwrap();
            left.push_back((caller.came, first, answered > caller.gives_up));
            if answered > caller.gives_up {
                continue;
            }
            free_at[agent] = answered + chance.lognormal(210_000.0) + 40_000.0;
            let waited = (answered - caller.came) as i64;
            if let Some((told, low, high)) = caller.told.filter(|_| waited > 0) {
                outcome.accuracy.note(told, waited);
                outcome.within += usize::from((low..=high).contains(&waited));
                outcome.waited += 1;
            }
        }
        // Callers behind the first give up, too.
        let (gone, stay): (VecDeque<_>, VecDeque<_>) = waiting.into_iter().partition(|caller| caller.gives_up <= now);
        left.extend(gone.into_iter().map(|caller| (caller.came, caller.gives_up, true)));
        waiting = stay;
        let since = now - 1_800_000.0;
        left.retain(|(_, until, _)| *until >= since);
        let waited: f64 = left.iter().map(|(came, until, _)| until - came.max(since)).sum::<f64>()
            + waiting.iter().map(|caller| now - caller.came.max(since)).sum::<f64>();
        let gave_up = left.iter().filter(|(.., gave_up)| *gave_up).count();
        let idle = free_at.iter().filter(|free| **free <= now).count();
        let live = Live {
            open: true,
            waiting: waiting.len() as u64,
            longest_waiting_ms: None,
            agents_working: AGENTS as u64,
            agents_idle: idle as u64,
        };
        let abandons_a_ms = if waited > 0.0 { gave_up as f64 / waited } else { 0.0 };
        let history = History { handle_ms: HANDLE_MS, legs: 200, abandons_a_ms };
        let wait = expected_wait(&live, &history, None, Instant::from_millis(now as i64));
        let told =
            wait.expected_wait_ms.zip(wait.low_ms).zip(wait.high_ms).map(|((told, low), high)| (told, low, high));
        waiting.push_back(Caller { came: now, gives_up: now + chance.exponential(patience * 1_000.0), told });
    }
    outcome
}

#[test]
fn it_is_about_right_at_every_load() {
    for (load, patience) in [(0.85, 300.0), (0.97, 300.0), (1.15, 300.0), (0.9, 1e9)] {
        let outcome = simulate(load, patience);
        let AccuracyReport { answered_count, mean_wait_ms, bias_ms, mean_absolute_error_ms } =
            outcome.accuracy.report();
        let (mean, bias, error) = (mean_wait_ms.unwrap(), bias_ms.unwrap(), mean_absolute_error_ms.unwrap());
        let told =
            format!("load {load}, patience {patience}: mean {mean}, bias {bias}, error {error}, of {answered_count}");
        assert!(answered_count > 5_000, "{told}");
        assert!(bias.abs() * 100 <= mean * 20, "{told}");
        assert!(error * 100 <= mean * 50, "{told}");
        let within = outcome.within * 100 / outcome.waited;
        assert!((65..=95).contains(&within), "{told}, {within} % within the range");
    }
}
