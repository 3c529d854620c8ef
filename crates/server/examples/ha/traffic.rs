//! Calls and changes, of every node, all the time.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    http::{Answer, Connection, request},
    ledger::Ledger,
    nodes::ADDRESSES,
};

/// Between two changes of one node, and between two calls.
const CHANGE_EACH: Duration = Duration::from_millis(40);
const CALL_EACH: Duration = Duration::from_millis(5);

/// It goes on until it is dropped.
pub(crate) struct Traffic(Arc<Shared>);

struct Shared {
    ledger: Mutex<Ledger>,
    manager: String,
    over: AtomicBool,
    paused: AtomicBool,
    /// Changes whose answer is awaited.
    changing: AtomicUsize,
}

impl Traffic {
    pub(crate) fn start(manager: &str) -> Self {
        let shared = Arc::new(Shared {
            ledger: Mutex::new(Ledger::new()),
            manager: manager.to_owned(),
            over: AtomicBool::new(false),
            paused: AtomicBool::new(true),
            changing: AtomicUsize::new(0),
        });
        for address in ADDRESSES {
            let (changing, calling) = (Arc::clone(&shared), Arc::clone(&shared));
            thread::spawn(move || changing.change(address));
            thread::spawn(move || calling.call(address));
        }
        Self(shared)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.ledger()
    }

    pub(crate) fn go_on(&self) {
        self.0.paused.store(false, SeqCst);
    }

    /// No change is asked for any more, and all that were are answered. Calls go on.
    pub(crate) fn pause(&self) {
        self.0.paused.store(true, SeqCst);
        while self.0.changing.load(SeqCst) > 0 {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.over.store(true, SeqCst);
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, address: SocketAddr) {
        let mut line = Line { address, connection: None };
        // A deletion is asked for until somebody says that it is made.
        let mut doubtful: Option<(usize, Arc<str>)> = None;
        while !self.over.load(SeqCst) {
            // Counted first, so that whoever pauses waits for it.
            self.changing.fetch_add(1, SeqCst);
            if !self.paused.load(SeqCst) {
                doubtful = match doubtful {
                    Some((key, id)) if [Some(204), Some(404)].contains(&self.delete(&mut line, &id)) => {
                        self.ledger().deleted(key);
                        None
                    }
                    None => self.make_or_delete(&mut line),
                    still => still,
                };
            } else {
                // It is compared as it is.
                doubtful = None;
            }
            self.changing.fetch_sub(1, SeqCst);
            thread::sleep(CHANGE_EACH);
        }
    }

    /// Gives the key whose deletion is in doubt.
    fn make_or_delete(&self, line: &mut Line) -> Option<(usize, Arc<str>)> {
        let due = self.ledger().next_deletion();
        let Some((key, id)) = due else {
            let answer = line.send(&request(
                "POST",
                "/api/v1/keys",
                &self.manager,
                "{\"client_name\":\"Trial\",\"scopes\":[\"calls:read\"]}",
            ))?;
            if let (201, Ok(made)) = (answer.status, serde_json::from_slice::<Value>(&answer.body)) {
                let of = |name: &str| made[name].as_str().unwrap_or_default();
                self.ledger().created(of("id"), of("key"));
            }
            return None;
        };
        match self.delete(line, &id) {
            Some(204) => self.ledger().deleted(key),
            Some(404) => self.ledger().missing(key),
            _ => return Some((key, id)),
        }
        None
    }

    fn delete(&self, line: &mut Line, id: &str) -> Option<u16> {
        Some(line.send(&request("DELETE", &format!("/api/v1/keys/{id}"), &self.manager, ""))?.status)
    }

    fn call(&self, address: SocketAddr) {
        let mut line = Line { address, connection: None };
        for number in 0.. {
            if self.over.load(SeqCst) {
                break;
            }
            thread::sleep(CALL_EACH);
            let call = self.ledger().to_call(number);
            let Some(call) = call else { continue };
            let sent_at = Instant::now();
            if let Some(answer) = line.send(&authz(&call.secret)) {
                self.ledger().answered(&call, sent_at, answer.status);
            }
        }
    }
}

/// Whether a key is accepted: 200 or 401, or 503 if nobody knows.
pub(crate) fn authz(secret: &str) -> Vec<u8> {
    request("GET", "/authz?scope=calls:read", secret, "")
}

/// A connection that is made anew when it was lost.
pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    pub(crate) connection: Option<Connection>,
}

impl Line {
    pub(crate) fn send(&mut self, request: &[u8]) -> Option<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.address).ok()?,
        };
        let answer = connection.send(request).ok()?;
        self.connection = Some(connection);
        Some(answer)
    }
}
