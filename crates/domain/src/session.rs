use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Action, Actor, AdminError, Administrator, AdministratorId, InstallationId, PlainSecret};
use serde_json::json;
use store::{Change, StoredSession};
use zeroize::Zeroizing;

use crate::{
    Caller, Installation, Keydesk,
    account::{email, public},
    audit::AuditEvent,
    fingerprint,
};

/// A session ends after this time without use, in milliseconds: 30 minutes.
pub(crate) const IDLE_MS: i64 = 30 * 60 * 1000;
/// A session ends after this time in any case, in milliseconds: 12 hours.
pub(crate) const ABSOLUTE_MS: i64 = 12 * 60 * 60 * 1000;
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
    /// The administrator.
    pub administrator: Administrator,
    /// Where they work.
    pub installation: Installation,
}

impl Session {
    /// The caller for the domain's verbs.
    pub fn caller(&self) -> Caller {
        Caller::administrator(&self.administrator, self.installation.id)
    }
}

impl Keydesk {
    /// Signs an administrator in. Neither the words nor the time of a refusal tell whether the e-mail address or the
    /// password was wrong.
    pub async fn sign_in(
        &self,
        email_typed: &str,
        password: PlainSecret,
        address: IpAddr,
    ) -> Result<SignedIn, AdminError> {
        let folded = email(email_typed).map(|(_, folded)| folded);
        let account = folded.as_deref().unwrap_or_default().to_owned();
        self.inner.throttle.attempt(&account, address, self.now())?;
        let found = match folded {
            Ok(folded) => self.inner.store.administrator_by_email(&folded).await.map_err(public)?,
            Err(_) => None,
        };
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        if !self.check_password(password, hash).await? {
            return Err(AdminError::WrongCredentials);
        }
        let found = found.ok_or(AdminError::WrongCredentials)?;
        self.inner.throttle.forget(&account, address);
        let this = self.clone();
        self.detached_admin(async move {
            let mut change = this.inner.store.change().await.map_err(public)?;
            let token = this.begin_session(&mut change, found.installation, found.administrator.id).await?;
            change.commit().await.map_err(public)?;
            Ok(SignedIn { token, administrator: found.administrator })
        })
        .await
    }

    pub(crate) async fn begin_session(
        &self,
        change: &mut Change,
        installation: InstallationId,
        id: AdministratorId,
    ) -> Result<PlainSecret, AdminError> {
        let mut random = Zeroizing::new([0; 32]);
        self.inner.entropy.fill(&mut random[..]);
        let token = PlainSecret::new(URL_SAFE_NO_PAD.encode(&random[..]));
        let now = self.now();
        change.insert_session(&fingerprint(token.expose().as_bytes()), id, now).await.map_err(public)?;
        let event = AuditEvent { action: Action::SignIn, key: None, detail: json!({}) };
        self.write_audit(change, installation, Actor::Administrator { id }, now, vec![event])
            .await
            .map_err(|_| AdminError::Unavailable)?;
        Ok(token)
    }

    /// The session of this token, if it has not ended. This counts as a use and keeps the session for another half
    /// hour.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, AdminError> {
        let hash = fingerprint(token.as_bytes());
        let Some(stored) = self.living_session(&hash).await? else { return Ok(None) };
        let now = self.now();
        if stored.last_seen_at.plus_millis(TOUCH_MS) <= now {
            self.inner.store.touch_session(&hash, now).await.map_err(public)?;
        }
        Ok(self.at_work(stored))
    }

    /// The same for requests that a page makes by itself, perhaps with nobody there: they don't count as a use.
    pub async fn session_unused(&self, token: &str) -> Result<Option<Session>, AdminError> {
        let stored = self.living_session(&fingerprint(token.as_bytes())).await?;
        Ok(stored.and_then(|stored| self.at_work(stored)))
    }

    async fn living_session(&self, hash: &[u8; 32]) -> Result<Option<StoredSession>, AdminError> {
        let now = self.now();
        let ended = |stored: &StoredSession| {
            stored.last_seen_at.plus_millis(IDLE_MS) <= now || stored.created_at.plus_millis(ABSOLUTE_MS) <= now
        };
        Ok(self.inner.store.session(hash).await.map_err(public)?.filter(|stored| !ended(stored)))
    }

    fn at_work(&self, stored: StoredSession) -> Option<Session> {
        let installation = self.remembered(stored.installation)?;
        Some(Session { administrator: stored.administrator, installation })
    }

    /// Ends a session, here and not only in the browser.
    pub async fn sign_out(&self, token: &str) -> Result<(), AdminError> {
        let hash = fingerprint(token.as_bytes());
        let Some(stored) = self.inner.store.session(&hash).await.map_err(public)? else { return Ok(()) };
        let this = self.clone();
        self.detached_admin(async move {
            let mut change = this.inner.store.change().await.map_err(public)?;
            if change.end_session(&hash).await.map_err(public)? {
                let event = AuditEvent { action: Action::SignOut, key: None, detail: json!({}) };
                let actor = Actor::Administrator { id: stored.administrator.id };
                this.write_audit(&mut change, stored.installation, actor, this.now(), vec![event])
                    .await
                    .map_err(|_| AdminError::Unavailable)?;
            }
            change.commit().await.map_err(public)
        })
        .await
    }
}
