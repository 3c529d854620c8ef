//! What was allowed a moment ago.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest::{Context, SHA256};
use tokio::time::Instant;

use super::caller::Caller;
use crate::Verdict;

/// Most calls that are remembered. Those that are over make room first; a full cache takes no more.
const MOST: usize = 10_000;

/// What was asked, by its digest: no key is kept.
pub(super) type Asked = [u8; 32];

/// Verdicts that are used again.
#[derive(Debug)]
pub(super) struct Cache {
    lives: Duration,
    kept: Mutex<HashMap<Asked, (Instant, Caller)>>,
}

impl Cache {
    pub(super) fn new(lives: Duration) -> Self {
        Self { lives, kept: Mutex::default() }
    }

    pub(super) fn lives(&self) -> Duration {
        self.lives
    }

    /// Who calls, if that was allowed not too long ago.
    pub(super) fn get(&self, asked: &Asked) -> Option<Caller> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (end, caller) = kept.get(asked)?;
        (Instant::now() < *end).then(|| caller.clone())
    }

    /// Remembers what was allowed. `begun` is when Keydesk was asked, so that what it decided before a revocation is not used longer than
    /// is stated. A key with limits is asked for every time: what is answered from here counts towards none.
    pub(super) fn keep(&self, asked: Asked, begun: Instant, verdict: &Verdict, caller: &Caller) {
        if !verdict.rate_limits.is_empty() || !verdict.quotas.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (end, _)| now < *end);
        }
        if kept.len() < MOST {
            kept.insert(asked, (begun + self.lives, caller.clone()));
        }
    }
}

/// The digest of what a call is decided by.
pub(super) fn asked(key: &str, origin: Option<&str>, ip: Option<IpAddr>) -> Asked {
    let mut context = Context::new(&SHA256);
    for part in [key, origin.unwrap_or_default(), &ip.map(|ip| ip.to_string()).unwrap_or_default()] {
        // The length goes before it, so that two calls never read the same.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::time::advance;

    use super::*;

    fn verdict(limits: &Value) -> Verdict {
        serde_json::from_value(
            json!({ "valid": true, "code": "VALID", "request_id": "0199c7a0-0000-7000-8000-000000000001",
            "key_id": "0199c7a0-0000-7000-8000-000000000002", "client_name": "Acme", "rate_limits": limits }),
        )
        .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_is_used_for_the_stated_time_from_when_it_was_asked_for() {
        let cache = Cache::new(Duration::from_secs(5));
        let (asked, begun, allowed) = (asked("k", None, None), Instant::now(), verdict(&json!([])));
        advance(Duration::from_secs(3)).await;
        cache.keep(asked, begun, &allowed, &Caller::of(&allowed).unwrap());
        advance(Duration::from_millis(1_999)).await;
        assert!(cache.get(&asked).is_some());
        advance(Duration::from_millis(1)).await;
        assert!(cache.get(&asked).is_none());
    }

    #[tokio::test]
    async fn a_key_with_limits_is_asked_for_every_time() {
        let cache = Cache::new(Duration::from_secs(5));
        let limited = verdict(&json!([{ "name": "default", "limit": 5, "remaining": 4, "reset_seconds": 1 }]));
        let asked = asked("k", None, None);
        cache.keep(asked, Instant::now(), &limited, &Caller::of(&limited).unwrap());
        assert!(cache.get(&asked).is_none());
    }

    #[test]
    fn calls_that_differ_are_decided_each_by_itself() {
        let ip = Some(IpAddr::from([203, 0, 113, 9]));
        let all = [asked("k", None, None), asked("k", Some("x"), None), asked("kx", None, None), asked("k", None, ip)];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len());
    }
}
