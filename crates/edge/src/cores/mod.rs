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
    pin::Pin,
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
pub use self::{
    accept_all::accept_all,
    connection::{Answer, HEAD_ARRIVAL, HEAD_MAX, refusal as head_refusal},
    unread::{Holding, Left, Unread},
};

/// The threads that answer. Connections that are still open when this is dropped are cut off.
#[derive(Debug)]
pub struct Cores<A>(Vec<Thread<A>>);

#[derive(Debug)]
struct Thread<A> {
    /// Unbounded: each connection has a place, and there are a bounded number of those.
    given: mpsc::UnboundedSender<(Work<A>, Open)>,
    open: Arc<AtomicUsize>,
}

/// What a thread is given to do.
enum Work<A> {
    Connection(Box<Connection<A>>),
    /// A connection in another protocol.
    Task(Task),
}

/// Told the number of its thread.
type Task = Box<dyn FnOnce(usize) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

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
        self.give_work(Work::Connection(Box::new(connection)));
    }

    /// Gives the work for a connection to the thread that has the fewest, with the number of the thread, from 0 up to
    /// [`count`](Self::count). It stays there, and must not block.
    pub fn run<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(usize) -> F + Send + 'static) {
        self.give_work(Work::Task(Box::new(move |number| Box::pin(task(number)))));
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn give_work(&self, work: Work<A>) {
        let Some(thread) = idlest(&self.0) else { return };
        if thread.given.send((work, Open::new(&thread.open))).is_err() {
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
        let (sender, given) = mpsc::unbounded_channel();
        let work = move || answer_all(number, &runtime, given);
        thread::Builder::new().name(format!("answering-{number}")).spawn(work)?;
        Ok(Self { given: sender, open: Arc::default() })
    }
}

/// Ends when the server does.
fn answer_all<A: Answer>(number: usize, runtime: &Runtime, mut given: mpsc::UnboundedReceiver<(Work<A>, Open)>) {
    runtime.block_on(async {
        while let Some((work, open)) = given.recv().await {
            // Tasks of their own each, which are no larger than they must be.
            match work {
                Work::Connection(connection) => drop(tokio::spawn(async move {
                    connection.answer().await;
                    drop(open);
                })),
                Work::Task(task) => drop(tokio::spawn(async move {
                    task(number).await;
                    drop(open);
                })),
            }
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
            (0..3).map(|_| Thread { given: mpsc::unbounded_channel().0, open: Arc::default() }).collect();
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
