//! What is particular to connections to PostgreSQL.

use std::{net::IpAddr, str::FromStr as _, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::time::timeout;

use crate::{StoreError, address::check_postgres, unreachable};

/// How every connection is made. No error repeats any part of the address.
pub(crate) fn options(address: &str) -> Result<PgConnectOptions, StoreError> {
    check_postgres(address)?;
    // What sqlx says may repeat a part of the address, and with it of the password.
    let options = PgConnectOptions::from_str(address).map_err(|_| {
        StoreError::Address("the database's address can't be read: it is postgres://USER@HOST/NAME".to_owned())
    })?;
    // An address of IPv6 has brackets in an address alone: whoever resolves a name knows none.
    let bare = options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::to_owned);
    let options = bare.into_iter().fold(options, |options, bare| options.host(&bare));
    // Poolers refuse parameters of the start that they don't know. No column has digits behind the point.
    Ok(options.application_name("keydesk").extra_float_digits(None))
}

/// PostgreSQL alone.
pub(crate) const ENCODING: &str = "SELECT current_setting('server_encoding')";

/// A connection that nobody shares, or soon the reason why there is none. A pool tries again and again, and knows none in the end.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let mut connection = open(options).await?;
    let mut other = open(options).await?;
    refuse_shared_backends(&mut connection, &mut other).await?;
    other.close().await?;
    let encoding: String = sqlx::query_scalar(ENCODING).fetch_one(&mut connection).await?;
    if encoding == "UTF8" {
        return Ok(connection);
    }
    Err(StoreError::Unsuitable(format!(
        "its encoding is {encoding}, which can't hold every name; make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
    )))
}

async fn open(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let connecting = timeout(Duration::from_secs(unreachable::PATIENCE_S), options.connect());
    let connected = connecting.await.map_err(|_| unreachable::silent(options))?;
    connected.map_err(|error| unreachable::failed(options, &error))
}

/// The pool's connections, each at the isolation level that we rely on, and bound in what it can hold up. Not as options of the
/// connection: poolers in between refuse those that they don't know.
pub(crate) fn pool() -> PgPoolOptions {
    /// Whoever has waited for the epoch's row sees, with its next statement, what the change before it has committed. At a
    /// stricter level, which a server, database or role may have as default, it would be refused instead.
    ///
    /// A node that was cut off or stopped in the middle of a change holds the epoch's row, for which every change of every node
    /// waits: by TCP's own measure for hours. After the time in which a node is no longer trusted its change is rolled back.
    const SETTINGS: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                            SET idle_in_transaction_session_timeout = '5s'";
    PgPoolOptions::new().after_connect(|connection: &mut PgConnection, _| {
        Box::pin(async move { connection.execute(sqlx::raw_sql(SETTINGS)).await.map(drop) })
    })
}

/// How often a pooler is given the chance to show itself.
const TRIES: usize = 3;

/// Refuses a pooler that gives each transaction, or each statement, another connection: prepared statements, and what is set for a
/// connection, would be another one's. While a second connection is inside a transaction, the first must still have the backend
/// that it had. To be asked before anything is prepared, which such poolers confuse.
async fn refuse_shared_backends(one: &mut PgConnection, other: &mut PgConnection) -> Result<(), StoreError> {
    async fn backend(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
        connection.fetch_one(sqlx::raw_sql(BACKEND)).await?.try_get(0)
    }
    for _ in 0..TRIES {
        let before = backend(one).await?;
        // No transaction at all with `pool_mode = statement`.
        let begun = match other.execute(sqlx::raw_sql("BEGIN")).await {
            Err(sqlx::Error::Database(_)) => false,
            begun => begun.map(|_| true)?,
        };
        let shared = !begun || backend(other).await? == before || backend(one).await? != before;
        if shared {
            return Err(StoreError::Unsuitable(
                "a pooler gives each transaction another connection to it (PgBouncer's pool_mode = transaction); set pool_mode = \
                 session, or give the address of PostgreSQL itself"
                    .to_owned(),
            ));
        }
        other.execute(sqlx::raw_sql("COMMIT")).await?;
    }
    Ok(())
}

/// PostgreSQL alone.
pub(crate) const BACKEND: &str = "SELECT pg_backend_pid()";

/// Why what passes on such a connection can be read or changed on the way.
pub(crate) fn exposure(options: &PgConnectOptions) -> Option<String> {
    let host = options.get_host();
    if options.get_socket().is_some() || is_this_machine(host) {
        return None;
    }
    let (mode, why) = match options.get_ssl_mode() {
        PgSslMode::VerifyFull => return None,
        PgSslMode::VerifyCa => ("verify-ca", "any server with a certificate of the same authority is believed"),
        PgSslMode::Require => ("require", "it is encrypted, but any server is believed"),
        PgSslMode::Prefer => ("prefer", "it may be in the clear, and any server is believed"),
        PgSslMode::Allow => ("allow", "it may be in the clear, and any server is believed"),
        PgSslMode::Disable => ("disable", "it is in the clear"),
    };
    Some(format!("the connection to PostgreSQL at {host} has sslmode={mode}: {why}"))
}

/// A folder of sockets, or an address or name of the machine itself. Other names may lead anywhere.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proved_server_or_this_machine_is_safe_from_the_network() {
        for (address, mode) in [
            ("postgres://u@127.0.0.1/d", None),
            ("postgres://u@127.8.9.1/d?sslmode=disable", None),
            ("postgres://u@[::1]:5433/d?sslmode=disable", None),
            ("postgres://u@[::ffff:127.0.0.1]/d?sslmode=disable", None),
            ("postgres://u@localhost/d?sslmode=disable", None),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/d?sslmode=disable", None),
            ("postgres://u@db.example.com/d?sslmode=verify-full", None),
            ("postgres://u@db.example.com/d?sslmode=verify-ca", Some("verify-ca")),
            ("postgres://u@db.example.com/d?sslmode=require", Some("require")),
            ("postgres://u@db.example.com/d?sslmode=prefer", Some("prefer")),
            ("postgres://u@db.example.com/d?sslmode=allow", Some("allow")),
            ("postgres://u@192.0.2.7/d?sslmode=disable", Some("disable")),
            ("postgres://u@localhost.example.com/d?sslmode=require", Some("require")),
            ("postgres://u@10.0.0.1/d?sslmode=disable", Some("disable")),
        ] {
            let found = exposure(&PgConnectOptions::from_str(address).unwrap());
            let said = found.as_ref().and_then(|found| found.split("sslmode=").nth(1)?.split(':').next());
            assert_eq!(said, mode, "{address}: {found:?}");
        }
    }

    #[test]
    fn the_host_of_an_ipv6_address_has_no_brackets() {
        for (address, host) in [
            ("postgres://u@[::1]:5433/d", "::1"),
            ("postgres://u@[2001:db8::7]/d?sslmode=disable", "2001:db8::7"),
            ("postgres://u@127.0.0.1:5433/d", "127.0.0.1"),
            ("postgres://u@db.example.com/d", "db.example.com"),
        ] {
            assert_eq!(options(address).unwrap().get_host(), host, "{address}");
        }
        assert_eq!(options("postgres://u@[::1]:5433/d").unwrap().get_port(), 5433);
    }

    #[test]
    fn without_a_mode_the_network_is_not_trusted() {
        // sqlx's default falls back to clear text.
        let found = exposure(&PgConnectOptions::new_without_pgpass().host("db.example.com"));
        assert!(found.is_some_and(|found| found.contains("db.example.com")));
    }
}
