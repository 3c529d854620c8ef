use model::{
    Action, Actor, AdminError, Administrator, AdministratorId, InstallationId, PlainSecret, SESSIONS_MAX, SessionId,
};
use serde_json::{Value, json};
use store::{Change, StoredSession, TokenHash};

use crate::{
    Caller, Installation, Keydesk, Refused, Via, Visitor,
    account::{email, public},
    check_password::Checked,
    fingerprint, link_token,
    session_life::sessions_ended,
    throttle::Source,
    turn::{ONE, REVOKES},
    visitor::counted,
};

/// A use is written down when the last one is this old, in milliseconds: not with each click.
const TOUCH_MS: i64 = 60 * 1000;

/// A sign-in that succeeded.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// 256 random bits, for the cookie. The database has their hash.
    pub token: PlainSecret,
    /// The administrator.
    pub administrator: Administrator,
}

/// The session of a signed-in administrator.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The administrator.
    pub administrator: Administrator,
    /// Where they work.
    pub installation: Installation,
    /// Where the request came from, as whoever read it says.
    pub via: Via,
}

impl Session {
    /// The caller for the domain's verbs.
    pub fn caller(&self) -> Caller {
        Caller::administrator(&self.administrator, self.id, self.installation.id, self.via.clone())
    }
}

impl Keydesk {
    /// Signs an administrator in, and ends the session that their browser had, whose token this is. Neither the words nor the
    /// time of a refusal tell whether the email address or the password was wrong.
    pub async fn sign_in(
        &self,
        email_typed: &str,
        password: PlainSecret,
        from: impl Into<Visitor<'_>>,
        brought: Option<&str>,
    ) -> Result<SignedIn, AdminError> {
        self.require_passwords()?;
        let folded = email(email_typed).map(|(_, folded)| folded);
        let account = folded.as_deref().unwrap_or_default().to_owned();
        let Visitor { via, device } = from.into();
        let device = device.and_then(|token| self.device(token, &account));
        let source = device.map_or(Source::Address(counted(&via)), Source::Device);
        let attempt = self.inner.throttle.attempt(&account, source, self.inner.clock.elapsed());
        let counted =
            attempt.inspect_err(|_| self.tell_refused(Refused::Throttled, None, "too_many_attempts", &via))?;
        let found = match folded {
            Ok(folded) => self.inner.store.administrator_by_email(&folded).await.map_err(public)?,
            Err(_) => None,
        };
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        let known = found.as_ref().map(|found| Actor::Administrator { id: found.administrator.id });
        let better = match self.check_password(password, hash).await? {
            Checked::Wrong => {
                // Not what was typed: it may be a password, in the wrong field.
                self.tell_refused(Refused::SignIn, known, "wrong_credentials", &via);
                return Err(AdminError::WrongCredentials);
            }
            Checked::Right => None,
            Checked::RightAsTyped { better } => Some(better),
        };
        let found = found.ok_or(AdminError::WrongCredentials)?;
        self.inner.throttle.succeeded(counted);
        let brought = brought.map(|token| fingerprint(token.as_bytes()));
        self.change_accounts(ONE, move |this, mut change| async move {
            let (installation, id) = (found.installation, found.administrator.id);
            // Asked again inside: while the password was checked, it may have been changed, or the person disabled or removed.
            let person = change.administrator(installation, id).await.map_err(public)?;
            let person = person.filter(|person| person.password_hash == found.password_hash);
            let person = person.ok_or(AdminError::WrongCredentials)?;
            if person.disabled_at.is_some() {
                return Err(AdminError::AccountDisabled);
            }
            if let Some(better) = better {
                change.set_password(installation, id, &better).await.map_err(public)?;
            }
            let token = this.begin_session(&mut change, installation, id, brought.as_ref(), &via).await?;
            change.commit().await.map_err(public)?;
            Ok(SignedIn { token, administrator: person.administrator })
        })
        .await
    }

    /// Begins a session in the place of the one that the browser had. The oldest of too many sessions of the person ends.
    pub(crate) async fn begin_session(
        &self,
        change: &mut Change,
        installation: InstallationId,
        id: AdministratorId,
        brought: Option<&TokenHash>,
        via: &Via,
    ) -> Result<PlainSecret, AdminError> {
        self.begin_session_by(change, (installation, id), brought, via, json!({})).await
    }

    /// The same; `how` they have signed in stands in the audit log.
    pub(crate) async fn begin_session_by(
        &self,
        change: &mut Change,
        (installation, id): (InstallationId, AdministratorId),
        brought: Option<&TokenHash>,
        via: &Via,
        how: Value,
    ) -> Result<PlainSecret, AdminError> {
        if let Some(brought) = brought {
            self.end_session(change, brought, via).await?;
        }
        let now = self.now();
        change.end_oldest_sessions(id, sessions_ended(now), SESSIONS_MAX - 1).await.map_err(public)?;
        let token = link_token::new(&*self.inner.entropy);
        let (hash, session) = (fingerprint(token.expose().as_bytes()), SessionId(self.new_id(now)));
        change.insert_session(&hash, session, id, now).await.map_err(public)?;
        let by = (Actor::Administrator { id }, via);
        self.audit_account(change, installation, by, Action::SignIn, how).await?;
        Ok(token)
    }

    /// Ends a session as its person's own act, if there is one.
    async fn end_session(&self, change: &mut Change, hash: &TokenHash, via: &Via) -> Result<(), AdminError> {
        let Some(stored) = change.session(hash).await.map_err(public)? else { return Ok(()) };
        change.end_session(hash).await.map_err(public)?;
        let by = (Actor::Administrator { id: stored.administrator.id }, via);
        self.audit_account(change, stored.installation, by, Action::SignOut, json!({})).await
    }

    /// The session of this token, if it has not ended. This counts as a use and keeps the session for another half
    /// hour; it is written down beside the request, which waits for no write.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, AdminError> {
        let hash = fingerprint(token.as_bytes());
        let Some(stored) = self.living_session(&hash).await? else { return Ok(None) };
        let now = self.now();
        if stored.last_seen_at.plus_millis(TOUCH_MS) <= now {
            self.use_session(hash, now);
        }
        Ok(self.at_work(stored))
    }

    /// The same for requests that a page makes by itself, perhaps with nobody there: they don't count as a use.
    pub async fn session_unused(&self, token: &str) -> Result<Option<Session>, AdminError> {
        let stored = self.living_session(&fingerprint(token.as_bytes())).await?;
        Ok(stored.and_then(|stored| self.at_work(stored)))
    }

    pub(crate) async fn living_session(&self, hash: &[u8; 32]) -> Result<Option<StoredSession>, AdminError> {
        let over = sessions_ended(self.now());
        let ended = |stored: &StoredSession| stored.last_seen_at <= over.idle || stored.created_at <= over.begun;
        // A use that is not written down yet counts as well. It is asked for first: one that is written meanwhile is then in the row.
        let used = self.inner.session_uses.of(hash);
        let stored = self.inner.store.session(hash).await.map_err(public)?;
        let stored = stored.map(|stored| StoredSession {
            last_seen_at: used.map_or(stored.last_seen_at, |used| used.max(stored.last_seen_at)),
            ..stored
        });
        Ok(stored.filter(|stored| !ended(stored)))
    }

    fn at_work(&self, stored: StoredSession) -> Option<Session> {
        let installation = self.remembered(stored.installation)?;
        Some(Session { id: stored.id, administrator: stored.administrator, installation, via: Via::default() })
    }

    /// Ends a session, here and not only in the browser.
    pub async fn sign_out(&self, token: &str, via: impl Into<Via> + Send) -> Result<(), AdminError> {
        let via = via.into();
        let hash = fingerprint(token.as_bytes());
        if self.inner.store.session(&hash).await.map_err(public)?.is_none() {
            return Ok(());
        }
        self.change_accounts(REVOKES, move |this, mut change| async move {
            this.end_session(&mut change, &hash, &via).await?;
            change.commit().await.map_err(public)
        })
        .await
    }
}
