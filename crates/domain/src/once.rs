//! Requests that are carried out once, however often they are sent: the answer of a change is kept in its own
//! transaction, for 24 hours, under the token of whoever sent it. It is bound to the caller, the token and the request.
//!
//! An answer that got lost on its way is so given again, and nothing is done a second time. Whoever no longer wants
//! what they sent takes it back ([`Caller::recalling`]): if it was done they get its answer, and if not, it never
//! will be, however late it arrives.

use model::{Key, KeyError, KeyId, PlainSecret, SecretId};
use store::Change;
use verify::MadeToken;

use crate::{
    Answered, Caller, Idempotency, Keydesk, NewHandoverLink,
    done::{Done, SAME_REVEAL_MS, Stored},
    idempotency::{Read, read},
    request::{KEPT_MS, Once},
    update::living,
};

/// What a request did that was carried out before.
#[derive(Clone, Debug)]
pub enum Told {
    /// It made a key or a new secret of one.
    Issued(Box<Answered>),
    /// It made a hand-over link, which can still be opened.
    HandOver(NewHandoverLink),
    /// It showed the newest secret of a key.
    Revealed(PlainSecret),
    /// It made a derived token.
    Token(Box<MadeToken>),
    /// It did something whose answer holds no secret.
    Done,
}

impl Caller {
    /// Whether the caller takes back what they asked for.
    pub(crate) fn recalls(&self) -> bool {
        self.once.as_ref().is_some_and(|once| once.recalled)
    }

    /// The caller of a request that may be sent again. Without a token each request is another one.
    pub fn once(self, idempotency: Option<Idempotency>) -> Self {
        Self { once: idempotency.map(|idempotency| Once { idempotency, recalled: false }), ..self }
    }

    /// The caller with the token that a verb was given, if it was; else as it is.
    pub(crate) fn for_request(&self, idempotency: Option<Idempotency>) -> Self {
        let caller = self.clone();
        if idempotency.is_some() { caller.once(idempotency) } else { caller }
    }

    /// The caller who takes a request back: it is answered if it was done. If it was not, it is refused with
    /// [`KeyError::Recalled`], now and whenever it comes; a deletion of many keys goes no further.
    pub fn recalling(self, idempotency: Idempotency) -> Self {
        Self { once: Some(Once { idempotency, recalled: true }), ..self }
    }
}

impl Keydesk {
    /// What this caller's request with this token made, if it was carried out within the last day and can still be told:
    /// for the page that a form leads to. It changes nothing. Whoever may no longer have a secret is refused, and so is a
    /// link that was opened or has ended.
    pub async fn told(&self, caller: &Caller, token: &str) -> Result<Option<Told>, KeyError> {
        let installation = self.require_to_change(caller)?;
        let token = token.to_owned();
        let caller = caller.clone().once(None);
        self.change_as(&caller, move |this, caller, mut change| async move {
            let found = this.find_kept(&mut change, &caller, &token, None, KEPT_MS).await?;
            let Some(plain) = found else { return Ok(None) };
            let told = match read(&plain)? {
                Read::Issued(answer) => {
                    Told::Issued(Box::new(this.answered_again(&mut change, &caller, &installation, *answer).await?))
                }
                Read::Done(Done::Recalled) => return Ok(None),
                Read::Done(Done::HandOver { handover, token }) => {
                    Told::HandOver(this.handover_again(&mut change, &caller, handover, token).await?)
                }
                Read::Done(Done::Revealed { key, secret }) => {
                    let recent = this.find_kept(&mut change, &caller, &token, None, SAME_REVEAL_MS).await?;
                    let shown = this.revealed_again(&mut change, &caller, (key, secret)).await?;
                    let Some(secret) = shown.filter(|_| recent.is_some()) else { return Ok(None) };
                    Told::Revealed(secret)
                }
                Read::Done(Done::Token(claims)) => {
                    let recent = this.find_kept(&mut change, &caller, &token, None, SAME_REVEAL_MS).await?;
                    if recent.is_none() {
                        return Ok(None);
                    }
                    Told::Token(Box::new(this.token_again(&mut change, &caller, *claims).await?))
                }
                Read::Done(_) => Told::Done,
            };
            Ok(Some(told))
        })
        .await
    }

    /// What was done for the same request within the last day, if anything.
    pub(crate) async fn done(&self, change: &mut Change, caller: &Caller) -> Result<Option<Done>, KeyError> {
        self.done_within(change, caller, KEPT_MS).await
    }

    /// The same within the last `ms`.
    pub(crate) async fn done_within(
        &self,
        change: &mut Change,
        caller: &Caller,
        ms: i64,
    ) -> Result<Option<Done>, KeyError> {
        let Some(Once { idempotency, .. }) = &caller.once else { return Ok(None) };
        let found = self.find_kept(change, caller, &idempotency.key, Some(&idempotency.fingerprint), ms).await?;
        match found.map(|plain| read(&plain).map(Read::done)).transpose()? {
            Some(None) => Err(KeyError::IdempotencyMismatch),
            Some(Some(Done::Recalled)) => Err(KeyError::Recalled),
            found => Ok(found.flatten()),
        }
    }

    /// The key of the same request, if it was done: as it was then, and whether it works now.
    pub(crate) async fn done_key(&self, change: &mut Change, caller: &Caller) -> Result<Option<Key>, KeyError> {
        match self.done(change, caller).await? {
            None => Ok(None),
            Some(Done::Key(mut key)) => {
                self.with_life_of_now(change, caller, &mut key).await?;
                Ok(Some(*key))
            }
            Some(_) => Err(KeyError::IdempotencyMismatch),
        }
    }

    /// Keeps what is done, in the change that does it. Nothing is kept of a request without a token.
    pub(crate) async fn keep(&self, change: &mut Change, caller: &Caller, done: Done) -> Result<(), KeyError> {
        match &caller.once {
            Some(Once { idempotency, .. }) => self.keep_sealed(change, caller, idempotency, &Stored { done }).await,
            None => Ok(()),
        }
    }

    /// Whether the caller takes back what was not done. It then never will be, once `change` is committed.
    pub(crate) async fn recall(&self, change: &mut Change, caller: &Caller) -> Result<bool, KeyError> {
        let Some(Once { idempotency, recalled: true }) = &caller.once else { return Ok(false) };
        let key = &idempotency.key;
        let found = self.find_kept(change, caller, key, Some(&idempotency.fingerprint), KEPT_MS).await?;
        if found.is_some() {
            return Ok(false);
        }
        self.keep(change, caller, Done::Recalled).await?;
        Ok(true)
    }

    /// The secret that was shown, if it still is the key's newest and the caller may have it.
    pub(crate) async fn revealed_again(
        &self,
        change: &mut Change,
        caller: &Caller,
        (id, secret): (KeyId, SecretId),
    ) -> Result<Option<PlainSecret>, KeyError> {
        let key = living(change, caller, id, None).await?;
        caller.require_secret(&key)?;
        let copy = self.sealed_copy(change, caller, id).await?;
        if copy.0.secret == secret { self.unseal(&copy).map(Some) } else { Ok(None) }
    }
}

impl Read<'_> {
    fn done(self) -> Option<Done> {
        match self {
            Self::Done(done) => Some(done),
            Self::Issued(_) => None,
        }
    }
}
