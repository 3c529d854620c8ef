use std::{
    future::{Future, poll_fn},
    task::{Poll, Waker},
    time::Duration,
};

use leptos::prelude::*;

use crate::ApiError;

/// How long to wait before an unreachable server is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Whether the server can be reached, and whether the session still lasts.
#[derive(Clone, Copy)]
pub(super) struct Connection {
    /// Keydesk can't be reached; calls are repeated until it can.
    pub(super) away: RwSignal<bool>,
    /// The session is over; calls wait until the person has signed in again.
    pub(super) signed_out: RwSignal<bool>,
    /// Somebody else is signed in now; the page must be loaded again.
    pub(super) somebody_else: RwSignal<Option<ApiError>>,
    waiting: StoredValue<Vec<Waker>>,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            away: RwSignal::new(false),
            signed_out: RwSignal::new(false),
            somebody_else: RwSignal::new(None),
            waiting: StoredValue::new(Vec::new()),
        }
    }

    /// Repeats a call until the server answers it: neither a lost connection nor an ended session loses what a person
    /// did.
    pub(super) async fn ask<T, F>(self, call: impl Fn() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        // In the server there is nobody to wait for.
        if cfg!(feature = "ssr") {
            return call().await;
        }
        loop {
            match call().await {
                Err(ApiError::Offline) => {
                    self.away.set(true);
                    pause().await;
                }
                Err(ApiError::SignedOut) => {
                    self.away.set(false);
                    self.signed_out.set(true);
                    self.signed_in_again().await;
                }
                Err(error @ ApiError::SomebodyElse { .. }) => {
                    self.somebody_else.set(Some(error.clone()));
                    return Err(error);
                }
                answer => {
                    if self.away.try_get_untracked() == Some(true) {
                        self.away.set(false);
                    }
                    return answer;
                }
            }
        }
    }

    async fn signed_in_again(self) {
        poll_fn(|cx| {
            if self.signed_out.try_get_untracked() != Some(true) {
                return Poll::Ready(());
            }
            self.waiting.update_value(|waiting| waiting.push(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Goes on with everything that waited for the person.
    pub(super) fn resume(self) {
        self.signed_out.set(false);
        let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        waiting.into_iter().for_each(Waker::wake);
    }
}

async fn pause() {
    let mut begun = false;
    poll_fn(|cx| {
        if begun {
            return Poll::Ready(());
        }
        begun = true;
        let waker = cx.waker().clone();
        // Without a timer it would try at once; every browser has one.
        if set_timeout(move || waker.wake(), AGAIN).is_err() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}
