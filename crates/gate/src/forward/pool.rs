use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use super::{breaker::millis, link::Link};

/// Connections that wait for a call: each thread that answers has its own, so that none is shared between cores.
pub(super) struct Pools(Box<[Mutex<Pool>]>);

/// Those of a thread, by the place of their address.
#[derive(Default)]
struct Pool {
    idle: Vec<Vec<Idle>>,
    /// Connections of HTTP/2, of which one is enough.
    shared: Vec<Option<Link>>,
}

struct Idle {
    link: Link,
    /// Since when, in milliseconds.
    since: u64,
}

/// Most connections that wait, for each thread and address.
const IDLE_MAX: usize = 64;
/// How long one waits at most, in milliseconds. Servers close idle connections on their own, many after a minute.
const IDLE_MS: u64 = 30_000;

impl Pools {
    /// For so many threads and addresses.
    pub(super) fn new(threads: usize, addresses: usize) -> Self {
        let pool = || {
            let idle = (0..addresses).map(|_| Vec::new()).collect();
            let shared = (0..addresses).map(|_| None).collect();
            Mutex::new(Pool { idle, shared })
        };
        Self((0..threads.max(1)).map(|_| pool()).collect())
    }

    fn of(&self, thread: usize) -> MutexGuard<'_, Pool> {
        self.0[thread % self.0.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection to an address that can be used at once.
    pub(super) async fn take(&self, thread: usize, address: usize) -> Option<Link> {
        poll_fn(|cx| {
            loop {
                let Some(mut link) = self.next(thread, address) else { return Poll::Ready(None) };
                if link.is_usable(cx) {
                    return Poll::Ready(Some(link));
                }
                if matches!(link, Link::Two(_)) {
                    self.forget_shared(thread, address);
                }
            }
        })
        .await
    }

    fn next(&self, thread: usize, address: usize) -> Option<Link> {
        let mut pool = self.of(thread);
        if let Some(Some(Link::Two(send))) = pool.shared.get(address) {
            return Some(Link::Two(send.clone()));
        }
        let idle = pool.idle.get_mut(address)?;
        let newest = idle.pop()?;
        if millis().saturating_sub(newest.since) <= IDLE_MS {
            return Some(newest.link);
        }
        // The others have waited longer.
        idle.clear();
        None
    }

    fn forget_shared(&self, thread: usize, address: usize) {
        if let Some(shared) = self.of(thread).shared.get_mut(address) {
            *shared = None;
        }
    }

    /// Keeps a connection for other calls. One of HTTP/2 is shared from now on.
    pub(super) fn keep(&self, thread: usize, address: usize, link: Link) {
        let mut pool = self.of(thread);
        match link {
            Link::Two(send) => {
                if let Some(shared) = pool.shared.get_mut(address) {
                    *shared = Some(Link::Two(send));
                }
            }
            link @ Link::One(_) => {
                if let Some(idle) = pool.idle.get_mut(address)
                    && idle.len() < IDLE_MAX
                {
                    idle.push(Idle { link, since: millis() });
                }
            }
        }
    }

    /// Closes connections that have waited for too long.
    pub(super) fn sweep(&self) {
        let now = millis();
        for thread in 0..self.0.len() {
            for idle in &mut self.of(thread).idle {
                idle.retain(|idle| now.saturating_sub(idle.since) <= IDLE_MS);
            }
        }
    }
}
