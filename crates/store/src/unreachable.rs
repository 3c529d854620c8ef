//! Why there is no connection to PostgreSQL, in words that say what to do and repeat nothing secret.

use std::io::{self, ErrorKind};

use sqlx::{Error, postgres::PgConnectOptions};

use crate::StoreError;

/// Seconds that a server is given to answer whoever connects.
pub(crate) const PATIENCE_S: u64 = 5;

/// No answer came in time.
pub(crate) fn silent(options: &PgConnectOptions) -> StoreError {
    unreachable(
        options,
        &format!("does not answer within {PATIENCE_S} s; check the address, and what is between"),
        true,
    )
}

/// The connection failed. Of the address only the host is named, since that is no part in which a password can stand.
pub(crate) fn failed(options: &PgConnectOptions, error: &Error) -> StoreError {
    let (why, passing) = match error {
        Error::Io(error) => io_failed(options, error),
        Error::Tls(error) => {
            let said = error.to_string().lines().collect::<Vec<_>>().join(" ");
            (format!("and Keydesk agree on no encryption ({said}); check sslmode and the certificates"), false)
        }
        Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            match refusal(&code) {
                Some((why, passing)) => (why.to_owned(), passing),
                None => (format!("refuses the connection with the error {code}; its own log says why"), false),
            }
        }
        Error::Protocol(_) => ("answers otherwise than PostgreSQL does; check the address".to_owned(), false),
        _ => ("can't be connected to; check the address".to_owned(), false),
    };
    unreachable(options, &why, passing)
}

fn unreachable(options: &PgConnectOptions, why: &str, passing: bool) -> StoreError {
    let place =
        options.get_socket().map_or_else(|| options.get_host().to_owned(), |folder| folder.display().to_string());
    StoreError::Unreachable { reason: format!("PostgreSQL at {place} {why}"), passing }
}

/// What PostgreSQL's own code means, and whether it may pass by itself.
fn refusal(code: &str) -> Option<(&'static str, bool)> {
    Some(match code {
        "28P01" => ("refuses the user's password", false),
        "28000" => ("does not let this user in; check the user, and pg_hba.conf", false),
        "3D000" => ("has no database of this name; make it with CREATE DATABASE, or check the address", false),
        "42501" => ("does not let this role connect to the database; grant it CONNECT", false),
        "53300" => ("has no connection left; raise max_connections, or stop what holds them", true),
        "57P03" => ("starts or stops just now", true),
        _ => return None,
    })
}

fn io_failed(options: &PgConnectOptions, error: &io::Error) -> (String, bool) {
    let is_socket = options.get_socket().is_some() || options.get_host().starts_with('/');
    let (why, passing) = match error.kind() {
        ErrorKind::ConnectionRefused => ("refuses the connection; check that it runs, and on this port", true),
        ErrorKind::NotFound if is_socket => ("has no socket there; check that it runs, and the folder", true),
        ErrorKind::NotFound => ("can't be asked: a certificate file that its address names is not there", false),
        ErrorKind::PermissionDenied => ("can't be reached: this user may not", false),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            ("can't be reached from here; check the network", true)
        }
        ErrorKind::TimedOut => ("does not answer; check the address, and what is between", true),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::UnexpectedEof
        | ErrorKind::BrokenPipe => ("closes the connection; check that it is PostgreSQL, and its log", true),
        // The standard library has no kind for it.
        _ if error.to_string().contains("lookup") => ("is not known by this name; check the name, and DNS", true),
        _ => return (format!("can't be reached ({error})"), true),
    };
    (why.to_owned(), passing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_said_in_one_sentence_without_the_password() {
        let options: PgConnectOptions = "postgres://keydesk:s3cr3t@db.example:5432/keydesk".parse().unwrap();
        for (kind, words, passing) in [
            (ErrorKind::ConnectionRefused, "refuses the connection", true),
            (ErrorKind::NotFound, "a certificate file", false),
            (ErrorKind::NetworkUnreachable, "can't be reached from here", true),
            (ErrorKind::UnexpectedEof, "closes the connection", true),
        ] {
            let StoreError::Unreachable { reason, passing: found } = failed(&options, &Error::Io(kind.into())) else {
                panic!("{kind:?}")
            };
            assert!(reason.starts_with("PostgreSQL at db.example ") && reason.contains(words), "{reason}");
            assert!(!reason.contains("s3cr3t") && !reason.contains(". "), "{reason}");
            assert_eq!(found, passing, "{kind:?}");
        }
        let name = io::Error::other("failed to lookup address information: Name or service not known");
        assert!(failed(&options, &Error::Io(name)).to_string().contains("is not known by this name"));
        assert!(silent(&options).to_string().contains("within 5 s"));
    }
}
