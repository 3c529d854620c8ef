use std::collections::HashMap;

use model::{Administrator, AdministratorId, InstallationId};
use uuid::Uuid;

use crate::{Change, Store, StoreError, db::on_db, group::on_tx};

pub(crate) const INSERT_PERSON: &str =
    "INSERT INTO audit_person (id, installation_id, email, email_folded, name) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const RENAME_PERSON: &str = "INSERT INTO audit_rename (person_id, epoch, name) VALUES ($1, $2, $3)";
pub(crate) const AUDIT_PEOPLE: &str = "SELECT p.id, p.email, COALESCE((SELECT r.name FROM audit_rename r \
     WHERE r.person_id = p.id ORDER BY r.epoch DESC LIMIT 1), p.name) AS name \
     FROM audit_person p WHERE p.installation_id = $1 ORDER BY p.id";
pub(crate) const PERSON_NAMES: &str = "SELECT p.id, COALESCE((SELECT r.name FROM audit_rename r \
     WHERE r.person_id = p.id ORDER BY r.epoch DESC LIMIT 1), p.name) AS name \
     FROM audit_person p WHERE p.installation_id = $1";
pub(crate) const PEOPLE_BY_EMAIL: &str =
    "SELECT id, email, name FROM audit_person WHERE installation_id = $1 AND email_folded = $2 ORDER BY id";
pub(crate) const FORGET_NAMES: &str = "DELETE FROM audit_rename WHERE person_id = $1 \
     AND EXISTS (SELECT 1 FROM audit_person p WHERE p.id = $1 AND p.installation_id = $2)";
pub(crate) const FORGET_PERSON: &str = "DELETE FROM audit_person WHERE id = $1 AND installation_id = $2";
/// `lower` is the same in both databases for the letters of an email address as Keydesk takes it, ASCII; others are compared
/// as they are.
pub(crate) const FORGET_OWNER: &str = "UPDATE api_key SET owner_email = NULL, owner_folded = '', version = version + 1, updated_at = $3, \
     epoch = $4 WHERE installation_id = $1 AND kind = 'issued' AND (owner_email = $2 OR lower(owner_email) = lower($2))";
pub(crate) const FORGET_VIA: &str = "UPDATE audit_entry SET address = NULL, user_agent = NULL \
     WHERE installation_id = $1 AND actor = $2 AND (address IS NOT NULL OR user_agent IS NOT NULL)";
pub(crate) const REDACT_ENTRY: &str =
    "UPDATE audit_entry SET detail = $3 WHERE installation_id = $1 AND seq = $2 AND audit_key_id = ''";

/// Somebody whom audit entries name by an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPerson {
    /// The id in the entries.
    pub id: AdministratorId,
    /// As typed.
    pub email: String,
    /// For people: the last that they gave themselves.
    pub name: String,
}

/// Id, email address, name.
pub(crate) type PersonRow = (Uuid, String, String);

impl From<PersonRow> for AuditPerson {
    fn from((id, email, name): PersonRow) -> Self {
        Self { id: AdministratorId(id), email, name }
    }
}

impl Store {
    /// Everybody whom entries name by an id and who has not been forgotten.
    pub async fn audit_people(&self, installation: InstallationId) -> Result<Vec<AuditPerson>, StoreError> {
        let rows: Vec<PersonRow> =
            on_db!(self, pool => sqlx::query_as(AUDIT_PEOPLE).bind(installation.0).fetch_all(pool).await?);
        Ok(rows.into_iter().map(AuditPerson::from).collect())
    }

    /// The names of everybody who is or was an administrator of the installation and has not been forgotten.
    pub async fn administrator_names(
        &self,
        installation: InstallationId,
    ) -> Result<HashMap<AdministratorId, String>, StoreError> {
        let rows: Vec<(Uuid, String)> =
            on_db!(self, pool => sqlx::query_as(PERSON_NAMES).bind(installation.0).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|(id, name)| (AdministratorId(id), name)).collect())
    }

    /// Everybody who has or had this folded email address in the installation.
    pub async fn people_by_email(
        &self,
        installation: InstallationId,
        email_folded: &str,
    ) -> Result<Vec<AuditPerson>, StoreError> {
        let rows: Vec<PersonRow> = on_db!(self, pool => {
            sqlx::query_as(PEOPLE_BY_EMAIL).bind(installation.0).bind(email_folded).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(AuditPerson::from).collect())
    }
}

impl Change {
    /// Records which person an id in the audit log stands for.
    pub(crate) async fn insert_person(
        &mut self,
        installation: InstallationId,
        person: &Administrator,
        email_folded: &str,
    ) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_PERSON)
                .bind(person.id.0)
                .bind(installation.0)
                .bind(&person.email)
                .bind(email_folded)
                .bind(&person.name)
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Records another name of a person, beside the earlier ones.
    pub(crate) async fn rename_person(&mut self, id: AdministratorId, name: &str) -> Result<(), StoreError> {
        let epoch = self.epoch();
        on_tx!(self, connection => {
            sqlx::query(RENAME_PERSON).bind(id.0).bind(epoch).bind(name).execute(connection).await?;
        });
        Ok(())
    }

    /// Removes a person's account, if they still have one, and their names and address beside the audit log.
    pub async fn forget_person(&mut self, installation: InstallationId, id: AdministratorId) -> Result<(), StoreError> {
        self.remove_administrator(installation, id).await?;
        on_tx!(self, connection => {
            sqlx::query(FORGET_NAMES).bind(id.0).bind(installation.0).execute(&mut *connection).await?;
            sqlx::query(FORGET_PERSON).bind(id.0).bind(installation.0).execute(connection).await?;
        });
        Ok(())
    }

    /// Empties the owner's email address of every issued key that has this one. Returns how many there were.
    pub async fn forget_owner(
        &mut self,
        installation: InstallationId,
        email: &str,
        now: model::Instant,
    ) -> Result<u64, StoreError> {
        let epoch = self.epoch();
        Ok(on_tx!(self, connection => {
            sqlx::query(FORGET_OWNER)
                .bind(installation.0)
                .bind(email)
                .bind(now.as_millis())
                .bind(epoch)
                .execute(connection)
                .await?
                .rows_affected()
        }))
    }

    /// Erases address and user agent from the entries of an actor, given as in the entries. Returns how many had any.
    pub async fn forget_via(&mut self, installation: InstallationId, actor: &str) -> Result<u64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query(FORGET_VIA).bind(installation.0).bind(actor).execute(connection).await?.rows_affected()
        }))
    }

    /// Puts other details into an unsigned entry, whose hash needs no key.
    pub async fn redact_entry(
        &mut self,
        installation: InstallationId,
        seq: i64,
        detail: &str,
    ) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(REDACT_ENTRY).bind(installation.0).bind(seq).bind(detail).execute(connection).await?;
        });
        Ok(())
    }
}
