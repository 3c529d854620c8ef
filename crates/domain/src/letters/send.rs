//! Sends letters, one after the other. Of all nodes one sends a letter: whoever moves its next try on.

use std::time::Duration;

use mail::{Mailer, Unsent};
use model::Instant;
use store::{StoreError, StoredLetter};
use tokio::{sync::watch, time};

use super::{says::Says, words};
use crate::Keydesk;

/// How often it is looked for letters that another process has written, or that are due again.
const LOOK: Duration = Duration::from_secs(5);
/// How long the mail server is left alone when it can't be reached.
const UNREACHED: Duration = Duration::from_secs(60);
/// How long a letter that is under way may take once it is time to stop.
const LAST: Duration = Duration::from_secs(5);
/// Letters of one look.
const FEW: i64 = 50;
/// Minutes until the next try, by the number of tries; beyond them, the last. The first is longer than a try may take: until then it
/// is nobody else's.
const WAITS: [i64; 5] = [2, 5, 15, 60, 180];
/// Tries of one letter: a day and some hours.
const TRIES: i64 = 14;
const MINUTE_MS: i64 = 60 * 1_000;
/// Longer than any wait: what is due later was put off by a clock that was set back.
const FAR_MS: i64 = 4 * 60 * MINUTE_MS;

/// How a look at the letters ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looked {
    /// None is due any more.
    Over,
    /// The mail server can't be reached.
    Unreached,
}

impl Keydesk {
    /// Sends letters until it is told to stop.
    pub(crate) async fn send_letters_until(self, mut stop: watch::Receiver<bool>) {
        let Some(mailer) = self.inner.letters.mailer.clone().filter(|_| !self.inner.store.is_read_only()) else {
            return;
        };
        loop {
            let looked = self.look_at_letters(&mailer, &mut stop).await;
            let (pause, hurried) = match looked {
                Ok(Looked::Over) => (LOOK, true),
                Ok(Looked::Unreached) => (UNREACHED, false),
                Err(error) => {
                    tracing::warn!(%error, "letters wait: they can't be read or written");
                    (UNREACHED, false)
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.inner.letters.written.notified(), if hurried => {}
                () = time::sleep(pause) => {}
            }
        }
    }

    /// Looks once for letters that are due, and sends them. For whoever does without the background.
    pub async fn send_letters(&self) {
        let Some(mailer) = self.inner.letters.mailer.clone() else { return };
        let (_never, mut stop) = watch::channel(false);
        if let Err(error) = self.look_at_letters(&mailer, &mut stop).await {
            tracing::warn!(%error, "letters wait: they can't be read or written");
        }
    }

    async fn look_at_letters(&self, mailer: &Mailer, stop: &mut watch::Receiver<bool>) -> Result<Looked, StoreError> {
        let store = &self.inner.store;
        let mut looked = Looked::Over;
        'all: loop {
            let now = self.now();
            let due = store.letters_due(now, now.plus_millis(FAR_MS), FEW).await?;
            let more = due.len() as i64 == FEW;
            for letter in due {
                if *stop.borrow() {
                    break 'all;
                }
                let next = self.now().plus_millis(wait_ms(letter.attempts));
                if !store.claim_letter(letter.id, letter.attempts, next).await? {
                    continue;
                }
                if !self.try_letter(mailer, &letter, next, stop).await? {
                    looked = Looked::Unreached;
                    break 'all;
                }
            }
            if !more {
                break;
            }
        }
        self.inner.letters.wait(store.count_letters().await?.waiting);
        Ok(looked)
    }

    /// Tries a letter that is ours until `next`. False: the mail server can't be reached.
    async fn try_letter(
        &self,
        mailer: &Mailer,
        letter: &StoredLetter,
        next: Instant,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, StoreError> {
        let (store, now, kind) = (&self.inner.store, self.now(), letter.kind.as_str());
        if now >= letter.expires_at {
            self.give_up(letter, "what it tells of was over before it could be sent").await?;
            return Ok(true);
        }
        let Some(of) = self.remembered(letter.installation) else { return Ok(true) };
        let Some(says) = self.opened(letter) else {
            let why = "it does not open; is its master key still in the keyring?";
            tracing::error!(letter = %letter.id, kind, master_key = %letter.copy.master_key_id, "a letter does not open; is its master key still in the keyring?");
            self.after_failure(letter, next, why).await?;
            return Ok(true);
        };
        let Some(says) = self.as_of_now(letter, says).await? else {
            store.drop_letter(letter.id).await?;
            return Ok(true);
        };
        let written = words::letter(letter.id, &says, &of, |path| self.inner.letters.link(path));
        let sent = tokio::select! {
            sent = mailer.send(&written) => sent,
            () = too_long(stop) => Err(Unsent { for_good: false, reason: "Keydesk was stopped".to_owned(), answer: None }),
        };
        match sent {
            Ok(()) => {
                store.drop_letter(letter.id).await?;
                self.inner.letters.sent();
                tracing::info!(letter = %letter.id, kind, "a letter was sent");
                Ok(true)
            }
            Err(unsent) if unsent.for_good => {
                self.give_up(letter, &unsent.reason).await?;
                Ok(true)
            }
            Err(unsent) => {
                tracing::warn!(letter = %letter.id, kind, error = %unsent, "a letter was not sent; it is tried again");
                self.after_failure(letter, next, &unsent.reason).await?;
                Ok(unsent.answer.is_some())
            }
        }
    }

    /// Leaves a letter for its next try, or gives it up if that comes too late or was the last.
    async fn after_failure(&self, letter: &StoredLetter, next: Instant, why: &str) -> Result<(), StoreError> {
        if letter.attempts + 1 >= TRIES || next >= letter.expires_at {
            return self.give_up(letter, why).await;
        }
        self.inner.letters.failed();
        self.inner.store.put_letter_off(letter.id, &kept(why)).await
    }

    async fn give_up(&self, letter: &StoredLetter, why: &str) -> Result<(), StoreError> {
        self.inner.letters.gave_up();
        tracing::error!(letter = %letter.id, kind = letter.kind.as_str(), error = why, "a letter was given up");
        self.inner.store.give_letter_up(letter.id, self.now(), &kept(why)).await
    }

    /// What is still so of what a letter says; `None`: nothing is.
    async fn as_of_now(&self, letter: &StoredLetter, says: Says) -> Result<Option<Says>, StoreError> {
        let (to, keys, more) = match says {
            Says::Ending { to, keys, more } => (to, keys, more),
            other => return Ok(Some(other)),
        };
        let now = self.now();
        let mut still = Vec::with_capacity(keys.len());
        for key in keys {
            let found = self.inner.store.key(letter.installation, key.id).await?.map(|found| found.at(now));
            let works = found.filter(|found| found.deleted_at.is_none() && found.settings.enabled);
            if key.ends > now && works.and_then(|found| found.settings.expires_at) == Some(key.ends) {
                still.push(key);
            }
        }
        Ok((!still.is_empty()).then_some(Says::Ending { to, keys: still, more }))
    }
}

/// As long as its column takes.
fn kept(why: &str) -> String {
    why.chars().take(400).collect()
}

/// Until the next try of a letter that was tried so often before this one.
fn wait_ms(attempts: i64) -> i64 {
    let at = usize::try_from(attempts).unwrap_or_default().min(WAITS.len() - 1);
    WAITS[at] * MINUTE_MS
}

async fn too_long(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody says when to stop.
        std::future::pending::<()>().await;
    }
    time::sleep(LAST).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_bounded_and_each_is_over_before_the_next() {
        assert_eq!([0, 1, 2, 3, 4, 5, 100].map(wait_ms).map(|ms| ms / MINUTE_MS), [2, 5, 15, 60, 180, 180, 180]);
        assert!((0..TRIES).all(|attempt| wait_ms(attempt) > 60_000 && wait_ms(attempt) < FAR_MS));
    }
}
