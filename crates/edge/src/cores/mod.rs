//! Calls are answered where they arrive: one thread for each core, each with a runtime of its own, and a connection
//! stays with its thread. No call moves between cores, and no queue between them is shared.
//!
//! Work that waits for a disk or for people is done elsewhere ([`here`]), so that these threads do nothing else.

mod accept_all;
mod connection;
mod here;
mod unread;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};

use self::connection::Connection;
pub use self::{accept_all::accept_all, connection::Answer};

/// The threads that answer. Connections that are still open when this is dropped are cut off.
#[derive(Debug)]
pub struct Cores<A>(Vec<Thread<A>>);

#[derive(Debug)]
struct Thread<A> {
    /// Unbounded: each connection has a place, and there are a bounded number of those.
    connections: mpsc::UnboundedSender<(Connection<A>, Open)>,
    open: Arc<AtomicUsize>,
}

/// Counts a connection for as long as it is open.
#[derive(Debug)]
struct Open(Arc<AtomicUsize>);

impl<A: Answer> Cores<A> {
    /// As many threads as cores that this process may use.
    pub fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism()?.get();
        (0..cores).map(Thread::start).collect::<io::Result<_>>().map(Self)
    }

    /// Gives a connection to the thread that has the fewest. A proxy opens few and keeps them for long, so chance would not
    /// spread them well enough.
    fn give(&self, connection: Connection<A>) {
        let Some(thread) = idlest(&self.0) else { return };
        if thread.connections.send((connection, Open::new(&thread.open))).is_err() {
            tracing::error!("a thread that answers has ended: a connection is closed unanswered");
        }
    }
}

fn idlest<A>(threads: &[Thread<A>]) -> Option<&Thread<A>> {
    threads.iter().min_by_key(|thread| thread.open.load(Relaxed))
}

impl<A: Answer> Thread<A> {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (sender, connections) = mpsc::unbounded_channel();
        thread::Builder::new().name(format!("answering-{number}")).spawn(move || answer_all(&runtime, connections))?;
        Ok(Self { connections: sender, open: Arc::default() })
    }
}

/// Ends when the server does.
fn answer_all<A: Answer>(runtime: &Runtime, mut connections: mpsc::UnboundedReceiver<(Connection<A>, Open)>) {
    runtime.block_on(async {
        while let Some((connection, open)) = connections.recv().await {
            tokio::spawn(async move {
                connection.answer().await;
                drop(open);
            });
        }
    });
}

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_goes_to_the_thread_with_the_fewest() {
        let threads: Vec<Thread<()>> =
            (0..3).map(|_| Thread { connections: mpsc::unbounded_channel().0, open: Arc::default() }).collect();
        let give = || Open::new(&idlest(&threads).unwrap().open);
        let open = || threads.iter().map(|thread| thread.open.load(Relaxed)).collect::<Vec<_>>();
        let mut connections: Vec<_> = (0..7).map(|_| give()).collect();
        assert_eq!(open(), [3, 2, 2]);
        // The second and the fifth were the second thread's.
        drop(connections.remove(4));
        drop(connections.remove(1));
        assert_eq!(open(), [3, 0, 2]);
        connections.extend([give(), give()]);
        assert_eq!(open(), [3, 2, 2]);
    }
}
