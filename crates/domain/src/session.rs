use model::{
    Action, Actor, AdminError, Administrator, AdministratorId, InstallationId, Instant, PlainSecret, SESSIONS_MAX,
    SessionId, TimeZone,
};
use serde_json::json;
use store::{Change, StoredSession, TokenHash};

use crate::{
    Authority, Caller, Installation, Keydesk, Via, account::public, fingerprint, how::How, link_token,
    proof_life::is_recent, session_life::sessions_ended, turn::REVOKES,
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
    /// When they last proved who they are: as they signed in, or since.
    pub proved_at: Instant,
    /// By whose clocks they read times; `None`: by their browser's.
    pub time_zone: Option<TimeZone>,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// Whether their installation asks them for one, and they have none: until they have, they can do nothing but set one up.
    pub second_factor_due: bool,
    /// Where the request came from, as whoever read it says.
    pub via: Via,
}

impl Session {
    /// The caller for the domain's verbs.
    pub fn caller(&self) -> Caller {
        let authority = Authority::Person {
            role: self.administrator.role,
            session: self.id,
            proved_at: self.proved_at,
            second_factor_due: self.second_factor_due,
        };
        Caller::person(self.administrator.id, authority, self.installation.id, self.via.clone())
    }

    /// Whether they have proved lately who they are.
    pub fn is_proved(&self, now: Instant) -> bool {
        is_recent(self.proved_at, now)
    }
}

impl Keydesk {
    /// Begins a session in the place of the one that the browser had, for whoever has proved all that is asked of them. The oldest
    /// of too many sessions of the person ends.
    pub(crate) async fn begin_session(
        &self,
        change: &mut Change,
        (installation, id): (InstallationId, AdministratorId),
        brought: Option<&TokenHash>,
        how: How,
        via: &Via,
    ) -> Result<PlainSecret, AdminError> {
        if let Some(brought) = brought {
            self.end_session(change, brought, via).await?;
        }
        let now = self.now();
        change.end_oldest_sessions(id, sessions_ended(now), SESSIONS_MAX - 1).await.map_err(public)?;
        let token = link_token::new(&*self.inner.entropy);
        let (hash, session) = (fingerprint(token.expose().as_bytes()), SessionId(self.new_id(now)));
        change.insert_session(&hash, session, id, now).await.map_err(public)?;
        // Who came from their organisation may have said there long ago who they are.
        if how.proved_at < now {
            change.prove_session(id, session, how.proved_at).await.map_err(public)?;
        }
        let by = (Actor::Administrator { id }, via);
        self.audit_account(change, installation, by, Action::SignIn, how.told()).await?;
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
        Some(Session {
            id: stored.id,
            second_factor_due: self.second_factor_due(&stored),
            administrator: stored.administrator,
            installation,
            proved_at: stored.proved_at,
            // One that is not known any more is as none.
            time_zone: stored.time_zone.and_then(|zone| zone.parse().ok()),
            second_factor: stored.second_factor,
            via: Via::default(),
        })
    }

    /// Whether the installation asks the person of a session for a second factor, and they have none.
    pub(crate) fn second_factor_due(&self, stored: &StoredSession) -> bool {
        let installation = self.remembered(stored.installation);
        let required = installation.map(|installation| installation.required_second_factor).unwrap_or_default();
        required.asks(stored.administrator.role) && !stored.second_factor
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
