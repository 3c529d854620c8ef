use model::{AdministratorId, InstallationId, Instant, Person, PersonStatus};
use uuid::Uuid;

use crate::{SessionsEnded, Store, StoreError, administrator::read_role, db::on_db, row::row, sql::instant};

row! {
    struct PersonRow {
        id: Uuid,
        email: String,
        name: String,
        role: String,
        created_at: i64,
        disabled_at: Option<i64>,
        sessions: i64,
        last_seen_at: Option<i64>,
        factors: i64,
    }
}

impl TryFrom<PersonRow> for Person {
    type Error = StoreError;

    fn try_from(row: PersonRow) -> Result<Self, StoreError> {
        let disabled = row.disabled_at.is_some();
        Ok(Self {
            id: AdministratorId(row.id),
            email: row.email,
            name: row.name,
            role: read_role(&row.role)?,
            status: if disabled { PersonStatus::Disabled } else { PersonStatus::Active },
            created_at: Instant::from_millis(row.created_at),
            expires_at: None,
            sessions: u32::try_from(row.sessions).unwrap_or(u32::MAX),
            last_seen_at: instant(row.last_seen_at),
            second_factor: row.factors > 0,
        })
    }
}

pub(crate) const PEOPLE: &str = "SELECT a.id, a.email, a.name, a.role, a.created_at, a.disabled_at, \
     COUNT(s.id) AS sessions, MAX(s.last_seen_at) AS last_seen_at, \
     (SELECT COUNT(*) FROM totp t WHERE t.administrator_id = a.id) \
     + (SELECT COUNT(*) FROM passkey p WHERE p.administrator_id = a.id) AS factors FROM administrator a LEFT JOIN admin_session s \
     ON s.administrator_id = a.id AND s.last_seen_at > $2 AND s.created_at > $3 WHERE a.installation_id = $1 \
     GROUP BY a.id, a.email, a.name, a.role, a.created_at, a.disabled_at ORDER BY a.created_at, a.id";

impl Store {
    /// The administrators of an installation with what is known of their living sessions, in the order in which they came.
    pub async fn administrators(
        &self,
        installation: InstallationId,
        over: SessionsEnded,
    ) -> Result<Vec<Person>, StoreError> {
        let rows: Vec<PersonRow> = on_db!(self, pool => {
            sqlx::query_as(PEOPLE)
                .bind(installation.0)
                .bind(over.idle.as_millis())
                .bind(over.begun.as_millis())
                .fetch_all(pool)
                .await?
        });
        rows.into_iter().map(Person::try_from).collect()
    }
}
