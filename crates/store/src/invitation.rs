use model::{AdministratorId, InstallationId, Instant, Person, PersonStatus, Role};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError, TokenHash, administrator::read_role, db::on_db, group::on_tx,
    letter::DROP_LETTERS_ABOUT, row::row, work::on_writer,
};

/// Somebody who is invited to be an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInvitation {
    /// The id that the account will have.
    pub id: AdministratorId,
    /// Where.
    pub installation: InstallationId,
    /// As it was typed.
    pub email: String,
    /// The email address as it is compared.
    pub email_folded: String,
    /// Whoever accepts may change it.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they were invited.
    pub created_at: Instant,
    /// From when on it can't be accepted.
    pub expires_at: Instant,
}

row! {
    struct InvitationRow {
        id: Uuid,
        installation_id: Uuid,
        email: String,
        email_folded: String,
        name: String,
        role: String,
        created_at: i64,
        expires_at: i64,
    }
}

impl TryFrom<InvitationRow> for StoredInvitation {
    type Error = StoreError;

    fn try_from(row: InvitationRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AdministratorId(row.id),
            installation: InstallationId(row.installation_id),
            email: row.email,
            email_folded: row.email_folded,
            name: row.name,
            role: read_role(&row.role)?,
            created_at: Instant::from_millis(row.created_at),
            expires_at: Instant::from_millis(row.expires_at),
        })
    }
}

impl From<StoredInvitation> for Person {
    fn from(invitation: StoredInvitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            name: invitation.name,
            role: invitation.role,
            status: PersonStatus::Invited,
            created_at: invitation.created_at,
            expires_at: Some(invitation.expires_at),
            sessions: 0,
            last_seen_at: None,
            second_factor: false,
        }
    }
}

pub(crate) const INSERT_INVITATION: &str = "INSERT INTO invitation \
     (id, installation_id, email, email_folded, name, role, token_hash, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// The token alone says whose it is: whoever opens a link has no account.
pub(crate) const INVITATION_BY_TOKEN: &str = "SELECT id, installation_id, email, email_folded, name, role, created_at, expires_at \
     FROM invitation WHERE token_hash = $1 AND expires_at > $2";
pub(crate) const ACCEPT_INVITATION: &str = "DELETE FROM invitation WHERE token_hash = $1 AND expires_at > $2 \
     RETURNING id, installation_id, email, email_folded, name, role, created_at, expires_at";
pub(crate) const WITHDRAW_INVITATION: &str = "DELETE FROM invitation WHERE installation_id = $1 AND email_folded = $2 \
     RETURNING id, installation_id, email, email_folded, name, role, created_at, expires_at";
pub(crate) const INVITATIONS: &str = "SELECT id, installation_id, email, email_folded, name, role, created_at, expires_at \
     FROM invitation WHERE installation_id = $1 AND expires_at > $2 ORDER BY created_at, id";
pub(crate) const PURGE_INVITATIONS: &str = "DELETE FROM invitation WHERE expires_at <= $1";

impl Change {
    /// Writes a new invitation.
    pub async fn insert_invitation(
        &mut self,
        new: &StoredInvitation,
        token_hash: &TokenHash,
    ) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_INVITATION)
                .bind(new.id.0)
                .bind(new.installation.0)
                .bind(&new.email)
                .bind(&new.email_folded)
                .bind(&new.name)
                .bind(new.role.as_str())
                .bind(&token_hash[..])
                .bind(new.created_at.as_millis())
                .bind(new.expires_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Uses up the invitation with this token, if it can be accepted at `now`. A letter that waits with it goes.
    pub async fn accept_invitation(
        &mut self,
        token_hash: &TokenHash,
        now: Instant,
    ) -> Result<Option<StoredInvitation>, StoreError> {
        let row: Option<InvitationRow> = on_tx!(self, connection => {
            sqlx::query_as(ACCEPT_INVITATION)
                .bind(&token_hash[..])
                .bind(now.as_millis())
                .fetch_optional(connection)
                .await?
        });
        self.over(row).await
    }

    /// Withdraws the invitation of this folded email address, if the installation has one. A letter that waits with it goes.
    pub async fn withdraw_invitation(
        &mut self,
        installation: InstallationId,
        email_folded: &str,
    ) -> Result<Option<StoredInvitation>, StoreError> {
        let row: Option<InvitationRow> = on_tx!(self, connection => {
            sqlx::query_as(WITHDRAW_INVITATION)
                .bind(installation.0)
                .bind(email_folded)
                .fetch_optional(connection)
                .await?
        });
        self.over(row).await
    }

    async fn over(&mut self, row: Option<InvitationRow>) -> Result<Option<StoredInvitation>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        on_tx!(self, connection => {
            sqlx::query(DROP_LETTERS_ABOUT).bind(row.id).execute(connection).await?;
        });
        StoredInvitation::try_from(row).map(Some)
    }
}

impl Store {
    /// The invitation with this token, if it can be accepted at `now`.
    pub async fn invitation_by_token(
        &self,
        token_hash: &TokenHash,
        now: Instant,
    ) -> Result<Option<StoredInvitation>, StoreError> {
        let row: Option<InvitationRow> = on_db!(self, pool => {
            sqlx::query_as(INVITATION_BY_TOKEN)
                .bind(&token_hash[..])
                .bind(now.as_millis())
                .fetch_optional(pool)
                .await?
        });
        row.map(StoredInvitation::try_from).transpose()
    }

    /// The invitations of an installation that can be accepted at `now`, in the order in which they were made.
    pub async fn invitations(
        &self,
        installation: InstallationId,
        now: Instant,
    ) -> Result<Vec<StoredInvitation>, StoreError> {
        let rows: Vec<InvitationRow> = on_db!(self, pool => {
            sqlx::query_as(INVITATIONS).bind(installation.0).bind(now.as_millis()).fetch_all(pool).await?
        });
        rows.into_iter().map(StoredInvitation::try_from).collect()
    }

    /// Removes invitations and links for new passwords that expired up to `now`.
    pub async fn purge_account_links(&self, now: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PURGE_INVITATIONS).bind(now.as_millis()).execute(&mut *connection).await?;
            sqlx::query(crate::password_reset::PURGE_RESETS).bind(now.as_millis()).execute(&mut *connection).await?;
        });
        Ok(())
    }
}
