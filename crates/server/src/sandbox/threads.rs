use std::io;

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

/// Threads that answer.
const THREADS: usize = 2;
/// Threads at most that wait for the disk and for worlds: one for each of the worlds that there can be, for each download, and some more.
const WAITING: usize = 256;

/// Threads of the contact centre's own: nothing that a test key does there holds one by which live calls are answered, or by which this process
/// writes.
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    /// # Errors
    /// Those of the system, which has no more threads or files.
    pub(super) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(THREADS).max_blocking_threads(WAITING).thread_name("contact-centre-api").enable_all();
        builder.build().map(Some).map(Self)
    }

    /// Has something done there.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        self.0.as_ref().map(|runtime| runtime.spawn(task))
    }
}

impl Drop for Threads {
    /// Waits for nothing: whoever drops them may be answering calls.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier, mpsc::channel};

    use super::*;

    /// On one thread: dropped there, too.
    #[tokio::test]
    async fn who_holds_all_threads_of_the_contact_centre_holds_no_other() {
        let threads = Threads::start().unwrap();
        let (held, (begun, begins)) = (Arc::new(Barrier::new(THREADS + 1)), channel());
        let holding: Vec<_> = (0..THREADS)
            .map(|_| {
                let (held, begun) = (Arc::clone(&held), begun.clone());
                let holding = async move {
                    begun.send(()).unwrap();
                    held.wait();
                    std::thread::current().name().map(str::to_owned)
                };
                threads.spawn(holding).unwrap()
            })
            .collect();
        for _ in 0..THREADS {
            begins.recv().unwrap();
        }
        let waits = threads.spawn(async {}).unwrap();
        assert_eq!(tokio::spawn(async { 7 }).await.unwrap(), 7);
        assert!(!waits.is_finished(), "both are held");
        held.wait();
        for one in holding {
            assert_eq!(one.await.unwrap().as_deref(), Some("contact-centre-api"));
        }
        waits.await.unwrap();
    }
}
