use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{Raw, TestDatabase, statement};

/// What is documented, and so what is tested.
const LEAST_PRIVILEGE: &str = include_str!("../../../../docs/postgres/least-privilege.sql");

/// A PostgreSQL with the two roles of `docs/postgres/least-privilege.sql`, under names of its own: roles belong to the whole
/// server.
#[derive(Debug)]
pub struct Roles {
    /// The address, for the role that owns the database.
    pub owner: String,
    /// The address, for the role of `keydesk serve`.
    pub server: String,
    /// What is added to the names.
    suffix: String,
}

impl TestDatabase {
    /// An empty database of PostgreSQL that belongs to a role which is no superuser.
    pub async fn with_roles() -> (Self, Roles) {
        let mut database = Self::empty_postgres().await;
        let (url, name) = database.server.clone().expect("PostgreSQL");
        let suffix = name.trim_start_matches("keydesk_test_").to_owned();
        let mut connection = PgConnection::connect(&url).await.expect("the PostgreSQL that the environment names");
        let roles = Roles { owner: String::new(), server: String::new(), suffix };
        for role in ["keydesk_owner", "keydesk_server"].map(|role| roles.named(role)) {
            let create = statement(format!("CREATE ROLE {role} LOGIN PASSWORD '{}'", roles.suffix));
            connection.execute(create).await.expect("a new role");
            database.roles.push(role);
        }
        let give = statement(format!("ALTER DATABASE {name} OWNER TO {}", roles.named("keydesk_owner")));
        connection.execute(give).await.expect("another owner");
        connection.close().await.expect("a goodbye");
        let address = |role: &str| {
            let (scheme, rest) = database.address.split_once("://").expect("an address");
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://{}:{}@{host}", roles.named(role), roles.suffix)
        };
        let (owner, server) = (address("keydesk_owner"), address("keydesk_server"));
        (database, Roles { owner, server, ..roles })
    }
}

impl Roles {
    /// A text in which the documented names stand, with the names of this test.
    pub fn named(&self, text: &str) -> String {
        ["keydesk_owner", "keydesk_server"]
            .into_iter()
            .fold(text.to_owned(), |text, role| text.replace(role, &format!("{role}_{}", self.suffix)))
    }

    /// Runs the documented file, as the owner.
    pub async fn restrict(&self) {
        let mut owner = Raw::connect(&self.owner).await;
        owner.execute(&self.named(LEAST_PRIVILEGE)).await.expect("what is documented");
    }

    /// A connection of the role of `keydesk serve` that goes past the store.
    pub async fn raw(&self) -> Raw {
        Raw::connect(&self.server).await
    }
}
