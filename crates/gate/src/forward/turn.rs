use std::{future::poll_fn, mem, task::Poll};

/// Waits until whatever else is ready on this thread has had its turn: so what has come on many connections is read before the first
/// of it goes on, and whoever gets it, which may be a proxy or an API with many calls, is woken once for many, and not, across
/// processors, for each.
pub(super) async fn others_first() {
    let mut is_turn = false;
    poll_fn(|cx| {
        if mem::replace(&mut is_turn, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
