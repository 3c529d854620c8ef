use std::{
    fs,
    path::{Path, PathBuf},
};

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{Raw, TestDatabase, drop_from_server, statement};
use crate::sqlite_files::{BESIDE, beside};

/// A copy of a database as it was: what a standby that lags has, or a backup.
#[derive(Debug)]
pub struct Snapshot {
    address: String,
    /// The server's own database and the name of ours in it.
    server: Option<(String, String)>,
}

impl Snapshot {
    /// The address. It can be opened, and goes on as a history of its own.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        Raw::connect(&self.address).await.number(sql).await
    }

    /// SQLite alone: puts the file in the place of another, as `mv` does, and leaves what lies beside that one.
    pub fn replace_file(self, other: &Path) {
        fs::rename(self.file(), other).expect("a file that is moved");
    }

    fn file(&self) -> PathBuf {
        self.address.strip_prefix("sqlite:").expect("a file").into()
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if let Some((url, name)) = self.server.take() {
            drop_from_server(url, vec![name], Vec::new());
        }
    }
}

impl TestDatabase {
    /// Copies the database as it is now. Connections to a PostgreSQL are cut.
    pub async fn snapshot(&self) -> Snapshot {
        let Some((url, name)) = &self.server else {
            let file = (0..).map(|number| self.dir().join(format!("snapshot{number}.db"))).find(|file| !file.exists());
            let file = file.expect("a name that is free");
            let sql = format!("VACUUM INTO '{}'", file.display());
            self.raw().await.execute(&sql).await.expect("a copy");
            return Snapshot { address: format!("sqlite:{}", file.display()), server: None };
        };
        let mut server = PgConnection::connect(url).await.expect("the server");
        let id: String =
            sqlx::query_scalar("SELECT gen_random_uuid()::text").fetch_one(&mut server).await.expect("an id");
        let copy = format!("keydesk_test_{}", id.replace('-', ""));
        shut(&mut server, name).await;
        run(&mut server, format!("CREATE DATABASE {copy} TEMPLATE {name}")).await;
        run(&mut server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
        Snapshot { address: self.address.replace(name, &copy), server: Some((url.clone(), copy)) }
    }

    /// Sets the database back to a snapshot, under whoever is at work on it: SQLite's rows in one transaction, as its
    /// command `.restore` does; PostgreSQL's by another database under the same name.
    pub async fn set_back(&self, mut snapshot: Snapshot) {
        let Some((url, name)) = &self.server else {
            return set_rows_back(&mut self.raw().await, &snapshot.file()).await;
        };
        let (_, copy) = snapshot.server.take().expect("a copy on the server");
        let mut server = PgConnection::connect(url).await.expect("the server");
        let gone = format!("{copy}_gone");
        shut(&mut server, name).await;
        shut(&mut server, &copy).await;
        run(&mut server, format!("ALTER DATABASE {name} RENAME TO {gone}")).await;
        run(&mut server, format!("ALTER DATABASE {copy} RENAME TO {name}")).await;
        run(&mut server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
        run(&mut server, format!("DROP DATABASE {gone}")).await;
    }
}

/// Cuts all connections to a database, and lets no others in.
async fn shut(server: &mut PgConnection, name: &str) {
    run(server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    let others =
        "SELECT COUNT(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1) AS cut";
    while sqlx::query_scalar::<_, i64>(others).bind(name).fetch_one(&mut *server).await.expect("a number") > 0 {
        tokio::task::yield_now().await;
    }
}

async fn run(server: &mut PgConnection, sql: String) {
    server.execute(statement(sql.clone())).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The rows of every table, as a copy has them. Triggers are taken away meanwhile: some would refuse, others go on counting.
async fn set_rows_back(raw: &mut Raw, copy: &Path) {
    raw.execute(&format!("ATTACH '{}' AS copy; BEGIN IMMEDIATE", copy.display())).await.expect("a write lock");
    let triggers = "SELECT sql FROM sqlite_schema WHERE type = 'trigger'";
    let (made, names) = (raw.texts(triggers).await, raw.texts(&triggers.replace(" sql ", " name ")).await);
    let tables = raw.texts(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'api_key_search%'",
    );
    let mut all: Vec<String> = names.iter().map(|name| format!("DROP TRIGGER {name}")).collect();
    for table in tables.await {
        // Without those that follow from others, which nobody writes.
        let columns = raw.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await.join(", ");
        all.push(format!("DELETE FROM main.{table}"));
        all.push(format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM copy.{table}"));
    }
    all.push("INSERT INTO api_key_search (api_key_search) VALUES ('delete-all')".to_owned());
    all.push(
        "INSERT INTO api_key_search (rowid, client_name_folded) SELECT seq, client_name_folded FROM api_key WHERE kind = 'issued' \
         AND deleted_at IS NULL"
            .to_owned(),
    );
    all.extend(made);
    all.extend(["COMMIT".to_owned(), "DETACH copy".to_owned()]);
    for sql in all {
        raw.execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    fs::remove_file(copy).expect("a copy that is removed");
    BESIDE.iter().for_each(|ending| drop(fs::remove_file(beside(copy, ending))));
}
