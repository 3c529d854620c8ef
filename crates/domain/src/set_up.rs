//! The first owner of an installation, who is made with a link.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Action, Actor, AdminError, InstallationId, Instant, PlainSecret, Role};
use serde_json::json;
use store::StoredSetUpLink;

use crate::{
    Keydesk, NewAdministrator, Via, account::public, fingerprint, how::How, proof::Way, session::SignedIn, spent_links,
    turn::ONE,
};

/// A set-up link ends after this time, in milliseconds: 24 hours.
pub const SET_UP_LIFE_MS: i64 = 24 * 60 * 60 * 1000;
/// How far the clocks of two nodes may differ, in milliseconds: 5 minutes. A link from further ahead was made by a clock
/// that was wrong, and would live too long.
const SKEW_MS: i64 = 5 * 60 * 1000;

/// Bytes of a token.
const TAG_LEN: usize = 32;

/// The link with which the first owner of an installation is made.
#[derive(Clone, Debug)]
pub struct SetUpLink {
    /// What the link carries. Whoever has it becomes the owner.
    pub token: PlainSecret,
    /// From when on it no longer works.
    pub ends_at: Instant,
}

impl Keydesk {
    /// Whether the installation has no administrator yet.
    pub async fn needs_set_up(&self, installation: InstallationId) -> Result<bool, AdminError> {
        Ok(self.inner.store.count_administrators(installation).await.map_err(public)? == 0)
    }

    /// The set-up link of an installation that has no administrator: the one that was made last, on whichever node, and a
    /// new one once that has ended. `None`: the installation has an administrator.
    pub async fn set_up_link(
        &self,
        actor: Actor,
        installation: InstallationId,
    ) -> Result<Option<SetUpLink>, AdminError> {
        if !self.needs_set_up(installation).await? {
            self.end_set_up(installation).await;
            return Ok(None);
        }
        let last = self.inner.store.set_up_link(installation).await.map_err(public)?;
        if let Some(link) = last.filter(|link| self.is_open(link)) {
            return Ok(Some(self.shown(&link)));
        }
        let made = self
            .change_accounts(ONE, move |this, mut change| async move {
                // Asked again inside: of two nodes that start at once, the second shows the link of the first.
                let last = change.set_up_link(installation).await.map_err(public)?;
                if let Some(link) = last.filter(|link| this.is_open(link)) {
                    return Ok(link);
                }
                let now = this.now();
                let mut link = StoredSetUpLink { installation, random: [0; 32], made_at: now };
                this.inner.entropy.fill(&mut link.random);
                change.put_set_up_link(&link).await.map_err(public)?;
                let detail = json!({ "ends_at": ends_at(&link) });
                this.audit_account(&mut change, installation, actor, Action::SetUpLinkCreate, detail).await?;
                change.commit().await.map_err(public)?;
                Ok(link)
            })
            .await?;
        Ok(Some(self.shown(&made)))
    }

    /// The installation whose set-up token this is, while the link works. Asking does not use it up.
    ///
    /// Misses are counted by network, as for every link: that keeps a first owner out who shares it with whoever asks
    /// without end, and nobody else.
    pub async fn set_up_of(&self, token: &str, via: &Via) -> Result<Option<InstallationId>, AdminError> {
        let tag = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        if tag.len() != TAG_LEN {
            return Ok(None);
        }
        self.require_links(via)?;
        let found = self.find_set_up(&tag).await?;
        self.link_looked_for(found.is_some(), via);
        Ok(found)
    }

    async fn find_set_up(&self, tag: &[u8]) -> Result<Option<InstallationId>, AdminError> {
        let links = self.inner.store.set_up_links().await.map_err(public)?;
        let named = links.iter().find(|link| verify_slices_are_equal(tag, &self.tag(link)).is_ok());
        match named {
            Some(link) if self.is_open(link) && self.needs_set_up(link.installation).await? => {
                Ok(Some(link.installation))
            }
            _ => Ok(None),
        }
    }

    /// Creates the first administrator, an owner, of the installation whose set-up token this is, and signs them in. The
    /// session whose token the browser brought ends.
    pub async fn set_up(
        &self,
        token: &str,
        new: NewAdministrator,
        brought: Option<&str>,
        via: impl Into<Via> + Send,
    ) -> Result<SignedIn, AdminError> {
        let via = via.into();
        let installation = self.set_up_of(token, &via).await?.ok_or(AdminError::SetUpOver)?;
        let brought = brought.map(|token| fingerprint(token.as_bytes()));
        let draft = self.draft(installation, NewAdministrator { role: Role::Owner, ..new }).await?;
        self.change_accounts(ONE, move |this, mut change| async move {
            // Asked again inside: of two people with the link, only one creates the owner.
            if change.count_administrators(installation).await.map_err(public)? != 0 {
                return Err(AdminError::SetUpOver);
            }
            this.put_administrator(&mut change, (Actor::System, &via.request_alone()), &draft).await?;
            let of = (installation, draft.administrator.id);
            let how = How::by(Way::Password, this.now());
            let token = this.begin_session(&mut change, of, brought.as_ref(), how, &via).await?;
            change.commit().await.map_err(public)?;
            this.end_set_up(installation).await;
            Ok(SignedIn { token, administrator: draft.administrator })
        })
        .await
    }

    /// Writes down, beside the keyring, that the link of an installation that has an owner is over.
    ///
    /// The database alone can't tell: a backup from before the first owner has the link and no administrator, and would
    /// open it again to whoever kept it, until its 24 hours have passed.
    pub async fn end_set_up(&self, installation: InstallationId) {
        // Its error was logged by whoever asked before; the link ends by itself.
        let Ok(Some(link)) = self.inner.store.set_up_link(installation).await else { return };
        if let Err(error) = spent_links::add(&self.inner.data_dir, &link.random) {
            tracing::warn!(%error, "could not record that the set-up link is over; restoring an older backup may reopen it");
        }
    }

    fn is_open(&self, link: &StoredSetUpLink) -> bool {
        let now = self.now();
        let living = link.made_at <= now.plus_millis(SKEW_MS) && now < ends_at(link);
        living && !self.is_spent(link)
    }

    /// Whether the link is over by its file. If the file can't be read, it may be.
    fn is_spent(&self, link: &StoredSetUpLink) -> bool {
        spent_links::contains(&self.inner.data_dir, &link.random).unwrap_or_else(|error| {
            tracing::error!(%error, "could not read the list of used set-up links; none will open");
            true
        })
    }

    fn shown(&self, link: &StoredSetUpLink) -> SetUpLink {
        SetUpLink { token: PlainSecret::new(URL_SAFE_NO_PAD.encode(self.tag(link))), ends_at: ends_at(link) }
    }

    /// Derived from the master key, so that it is stored nowhere and can be shown again, on every node.
    fn tag(&self, link: &StoredSetUpLink) -> [u8; TAG_LEN] {
        let mut of = link.installation.0.as_bytes().to_vec();
        of.extend_from_slice(&link.random);
        of.extend_from_slice(&link.made_at.as_millis().to_be_bytes());
        self.keyring().derive(b"keydesk/set-up/2\0", &of)
    }
}

fn ends_at(link: &StoredSetUpLink) -> Instant {
    link.made_at.plus_millis(SET_UP_LIFE_MS)
}
