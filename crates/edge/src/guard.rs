//! Deadlines and panics: a handler that is late or panics costs its caller an answer, and nobody else anything.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

/// How long a request may take until its answer begins.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Why a handler gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It took longer than it may.
    Late,
    /// It panicked.
    Panicked,
}

/// Waits for `future`, but not longer than `limit`. A future that is ready at once needs no timer.
pub async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer: Option<Pin<Box<tokio::time::Sleep>>> = None;
    poll_fn(move |cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
            timer.as_mut().poll(cx).map(|()| None)
        }
    })
    .await
}

/// Waits for `future`, but not longer than `limit`, and outlives its panic.
pub async fn guarded<F: Future>(limit: Duration, future: F) -> Result<F::Output, Failure> {
    let mut future = pin!(future);
    // After a panic the future is never polled again, so nothing half-changed in it is ever seen.
    let polled = poll_fn(move |cx| match caught(|| future.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panicked) => Poll::Ready(Err(panicked)),
    });
    within(limit, polled).await.unwrap_or(Err(Failure::Late))
}

/// Does work that leaves nothing half done to be seen after a panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        drop_quietly(panic);
        Failure::Panicked
    })
}

/// The payload of a panic may itself panic when it is dropped.
fn drop_quietly(panic: Box<dyn Any + Send>) {
    let _ = catch_unwind(AssertUnwindSafe(move || drop(panic)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_is_ready_in_time_is_answered_and_late_work_given_up() {
        let limit = Duration::from_secs(30);
        assert_eq!(within(limit, async { 1 }).await, Some(1));
        let slow = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        assert_eq!(within(limit, slow(29)).await, Some(()));
        assert_eq!(within(limit, slow(31)).await, None);
    }

    #[tokio::test]
    async fn a_panic_is_caught_wherever_it_happens() {
        let limit = Duration::from_secs(30);
        let at_once = guarded(limit, async { panic!("at once") }).await;
        assert!(matches!(at_once, Err::<(), _>(Failure::Panicked)));
        let later = guarded(limit, async {
            tokio::task::yield_now().await;
            panic!("later")
        });
        assert!(matches!(later.await, Err::<(), _>(Failure::Panicked)));
    }
}
