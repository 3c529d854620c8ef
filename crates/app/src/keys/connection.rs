//! What is tried again, how often, and what a person is told meanwhile. What an answer means is decided before, in
//! `web::answer`.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use leptos::prelude::*;
use model::KeyError;
use send_wrapper::SendWrapper;

use crate::{ApiError, web::Token};

/// The pauses before an unreachable server is asked again, in seconds. After the last try the person decides.
const PAUSES: [u64; 5] = [1, 1, 2, 3, 4];

/// What a person is told while calls wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Keydesk can't be reached, and is tried again.
    Trying,
    /// Nothing is tried until the person says so, for this reason.
    Stopped(ApiError),
}

/// Whether the server can be reached, and whether the session still lasts.
#[derive(Clone, Copy)]
pub(super) struct Connection {
    /// Why calls wait; `None`: none does.
    pub(super) trouble: RwSignal<Option<Trouble>>,
    /// The session is over; calls wait until the person has signed in again.
    pub(super) signed_out: RwSignal<bool>,
    /// Something was asked for that needs a proof of who asks; it waits until the person has proved it, or won't.
    pub(super) confirming: RwSignal<bool>,
    /// How often they have proved it.
    proofs: StoredValue<u32>,
    /// Somebody else is signed in now; the page must be loaded again.
    pub(super) somebody_else: RwSignal<Option<ApiError>>,
    waiting: StoredValue<Vec<Waker>>,
    /// Moves with everything for which calls wait.
    moved: StoredValue<u32>,
    /// Calls that got no answer of Keydesk so far.
    hindered: StoredValue<u32>,
}

/// The part of the page that asked. Once it is gone, nobody wants what was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asker(StoredValue<()>);

/// What became of a change.
pub(super) enum Outcome<T> {
    /// The answer, for whoever still waits for it.
    Answered(Result<T, ApiError>),
    /// It was cancelled, too late: this was done.
    Done(T),
    /// It was cancelled, and not done, and never will be.
    Cancelled,
    /// It was cancelled, and whether it was done can't be found out.
    Unknown,
}

impl<T> Outcome<T> {
    pub(super) fn map<U>(self, told: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Answered(answer) => Outcome::Answered(answer.map(told)),
            Self::Done(done) => Outcome::Done(told(done)),
            Self::Cancelled => Outcome::Cancelled,
            Self::Unknown => Outcome::Unknown,
        }
    }
}

impl Asker {
    /// The component that is rendered.
    pub(super) fn here(connection: Connection) -> Self {
        // What waits on behalf of the component ends with it.
        on_cleanup(move || connection.stir());
        Self(StoredValue::new(()))
    }

    pub(super) fn waits(self) -> bool {
        self.0.try_get_value().is_some()
    }
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            trouble: RwSignal::new(None),
            signed_out: RwSignal::new(false),
            confirming: RwSignal::new(false),
            proofs: StoredValue::new(0),
            somebody_else: RwSignal::new(None),
            waiting: StoredValue::new(Vec::new()),
            moved: StoredValue::new(0),
            hindered: StoredValue::new(0),
        }
    }

    /// Asks until there is an answer: neither a lost connection nor an ended session loses what a person did. Answers that
    /// are not understood are the result.
    pub(super) async fn ask<T, F>(self, call: impl Fn() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        self.ask_of(None, call).await
    }

    /// The same for a part of the page. Without it nothing is tried again.
    pub(super) async fn ask_for<T, F>(self, asker: Asker, call: impl Fn() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        self.ask_of(Some(asker), call).await
    }

    async fn ask_of<T, F>(self, asker: Option<Asker>, call: impl Fn() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        // In the server there is nobody to wait for.
        if cfg!(feature = "ssr") {
            return call().await;
        }
        let mut tries = Tries::new(self, asker, false);
        loop {
            match call().await {
                Ok(answer) => {
                    tries.understood();
                    return Ok(answer);
                }
                Err(error) => tries.after(error).await?,
            }
        }
    }

    /// Makes a change that a person asked for in a dialog, once, however often it is sent. When the dialog is closed before
    /// there is an answer, nothing is sent again but the question whether it was made; if it was not, it never will be.
    pub(super) async fn change<T, F>(self, asker: Asker, token: Token, call: impl Fn(Token) -> F) -> Outcome<T>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let mut tries = Tries::new(self, Some(asker), true);
        let mut unknown = false;
        loop {
            let error = match call(token.clone()).await {
                Ok(answer) if asker.waits() => {
                    tries.understood();
                    return Outcome::Answered(Ok(answer));
                }
                Ok(answer) => return self.done(answer),
                Err(error) => error,
            };
            unknown |= error.is_unknown();
            if let Err(error) = tries.after(error).await {
                if asker.waits() {
                    return Outcome::Answered(Err(error));
                }
                break;
            }
        }
        drop(tries);
        if !unknown {
            return Outcome::Cancelled;
        }
        for pause in PAUSES {
            match call(token.clone().recalled()).await {
                Ok(answer) => return self.done(answer),
                Err(error) if error.is_unknown() => self.pause(Some(pause)).await,
                Err(error) if is_refusal(&error) => return Outcome::Cancelled,
                Err(_) => return Outcome::Unknown,
            }
        }
        Outcome::Unknown
    }

    /// On a page that was left there is nobody to tell.
    fn done<T>(self, answer: T) -> Outcome<T> {
        if self.moved.try_get_value().is_some() { Outcome::Done(answer) } else { Outcome::Cancelled }
    }

    /// Goes on with everything that waited for the person.
    pub(super) fn resume(self) {
        self.signed_out.set(false);
        self.stir();
    }

    /// The person has proved who they are.
    pub(super) fn confirmed(self) {
        self.proofs.try_update_value(|proofs| *proofs = proofs.wrapping_add(1));
    }

    /// They are asked no longer: what waited for a proof is asked for again, as it was, or refused if there was none.
    pub(super) fn end_confirming(self) {
        self.confirming.set(false);
        self.stir();
    }

    /// Whether calls wait for an answer of Keydesk.
    pub(super) fn holds_calls(self) -> bool {
        self.hindered.try_get_value().is_some_and(|calls| calls > 0)
    }

    /// Tries everything that waits again, at once.
    pub(super) fn stir(self) {
        self.moved.try_update_value(|moved| *moved = moved.wrapping_add(1));
        let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits this many seconds, or until something for which calls wait has moved.
    async fn pause(self, seconds: Option<u64>) {
        let before = self.moved.try_get_value();
        let over = SendWrapper::new(Rc::new(Cell::new(false)));
        let mut begun = false;
        poll_fn(move |cx| {
            if over.get() || self.moved.try_get_value() != before || before.is_none() {
                return Poll::Ready(());
            }
            self.waiting.try_update_value(|waiting| waiting.push(cx.waker().clone()));
            if let Some(seconds) = seconds.filter(|_| !std::mem::replace(&mut begun, true)) {
                let (waker, over) = (cx.waker().clone(), over.clone());
                let ends = move || {
                    over.set(true);
                    waker.wake();
                };
                // Without a timer it would try at once; every browser has one.
                if set_timeout(ends, Duration::from_secs(seconds)).is_err() {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
    }
}

/// Whether the server has said that it was not done.
fn is_refusal(error: &ApiError) -> bool {
    match error {
        ApiError::Key(KeyError::Unavailable) => false,
        ApiError::Key(_) | ApiError::Fields(_) => true,
        _ => false,
    }
}

/// The tries of one call.
struct Tries {
    connection: Connection,
    asker: Option<Asker>,
    /// Whether the outcome matters also when answers are not understood: a change may have been made.
    changes: bool,
    hindered: bool,
    tried: usize,
}

impl Tries {
    fn new(connection: Connection, asker: Option<Asker>, changes: bool) -> Self {
        Self { connection, asker, changes, hindered: false, tried: 0 }
    }

    /// Waits until it makes sense to ask again; or returns why it makes none.
    async fn after(&mut self, error: ApiError) -> Result<(), ApiError> {
        let connection = self.connection;
        match error {
            ApiError::Offline => {
                self.hinder();
                let pause = PAUSES.get(self.tried).copied();
                self.tell(pause.map_or(Trouble::Stopped(ApiError::Offline), |_| Trouble::Trying));
                self.wait(pause).await;
                self.tried = if pause.is_some() { self.tried + 1 } else { 0 };
            }
            ApiError::NotOurs | ApiError::OtherVersion if self.changes => {
                self.hinder();
                self.tell(Trouble::Stopped(error.clone()));
                self.wait(None).await;
            }
            ApiError::NotOurs | ApiError::OtherVersion => {
                self.tell(Trouble::Stopped(error.clone()));
                return Err(error);
            }
            ApiError::SignedOut => {
                self.understood();
                connection.signed_out.try_set(true);
                while connection.signed_out.try_get_untracked() == Some(true) && self.is_wanted() {
                    connection.pause(None).await;
                }
            }
            error if error.needs_proof() => {
                self.understood();
                let proofs = connection.proofs.try_get_value();
                connection.confirming.try_set(true);
                while connection.confirming.try_get_untracked() == Some(true) && self.is_wanted() {
                    connection.pause(None).await;
                }
                if connection.proofs.try_get_value() == proofs {
                    return Err(error);
                }
                return if self.is_wanted() { Ok(()) } else { Err(error) };
            }
            ApiError::SomebodyElse { .. } => {
                connection.somebody_else.try_set(Some(error.clone()));
                return Err(error);
            }
            error => {
                self.understood();
                return Err(error);
            }
        }
        if self.is_wanted() { Ok(()) } else { Err(error) }
    }

    async fn wait(&self, seconds: Option<u64>) {
        if self.is_wanted() {
            self.connection.pause(seconds).await;
        }
    }

    fn is_wanted(&self) -> bool {
        // A page that was left has no state any more.
        self.asker.is_none_or(Asker::waits) && self.connection.moved.try_get_value().is_some()
    }

    fn tell(&self, trouble: Trouble) {
        if self.is_wanted() {
            self.connection.trouble.try_set(Some(trouble));
        }
    }

    fn hinder(&mut self) {
        if !std::mem::replace(&mut self.hindered, true) {
            self.connection.hindered.try_update_value(|hindered| *hindered += 1);
        }
    }

    /// Keydesk has answered, so the person need be told nothing, unless another call still waits.
    fn understood(&mut self) {
        if std::mem::take(&mut self.hindered) {
            self.connection.hindered.try_update_value(|hindered| *hindered -= 1);
        }
        let none = self.connection.hindered.try_get_value() == Some(0);
        if none && self.connection.trouble.try_with_untracked(Option::is_some) == Some(true) {
            self.connection.trouble.try_set(None);
        }
    }
}

impl Drop for Tries {
    fn drop(&mut self) {
        if self.hindered {
            self.understood();
        }
    }
}
