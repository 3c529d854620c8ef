//! What may stand in a database's address.

use std::path::Path;

use crate::StoreError;

/// The file of an address `sqlite:PATH`; `None`: it is no such address.
pub fn sqlite_file(address: &str) -> Option<&Path> {
    let path = address.strip_prefix("sqlite:")?;
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// Whether an address carries a password, in its user or in its options.
pub fn has_password(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    // The last: a password that is not percent-encoded may have one, too.
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    let in_user = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
    in_user || rest.contains("?password=") || rest.contains("&password=")
}

/// Refuses an address of PostgreSQL that would be read otherwise than it is meant: a part of its password would be taken for
/// a port or the name of a database, and be repeated when that is not found.
pub(crate) fn check_postgres(address: &str) -> Result<(), StoreError> {
    let (_, rest) = address.split_once("://").unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (server, options) = rest.split_at(end);
    if server.matches('@').count() > 1 || options.contains('@') {
        return Err(StoreError::Address(
            "in a database's address, write % as %25, @ as %40, / as %2F, ? as %3F and # as %23 wherever they are part of \
             the user, the password or an option"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        for (address, expected) in [
            ("postgres://keydesk:secret@db/keydesk", true),
            ("postgres://keydesk:p#ss/w0rd@db/keydesk", true),
            ("postgres://keydesk:p@ss@db/keydesk", true),
            ("postgres://keydesk@db/keydesk?password=secret", true),
            ("postgres://db/keydesk?user=keydesk&password=secret", true),
            ("postgres://keydesk@db:5432/keydesk", false),
            ("postgres://keydesk:@db/keydesk", false),
            ("postgres://db:5432/keydesk", false),
            ("sqlite:data/keydesk.db", false),
        ] {
            assert_eq!(has_password(address), expected, "{address}");
        }
    }

    #[test]
    fn an_address_that_can_be_misread_is_refused_without_its_password() {
        for address in [
            "postgres://keydesk:p#ss/w0rd@127.0.0.1/keydesk",
            "postgres://keydesk:1234/w0rd@127.0.0.1/keydesk",
            "postgres://keydesk:w0rd?@127.0.0.1/keydesk",
            "postgres://keydesk:w0@rd@127.0.0.1/keydesk",
        ] {
            let refused = check_postgres(address).unwrap_err().to_string();
            assert!(refused.contains("%2F") && !refused.contains("w0"), "{refused}");
        }
        for address in ["postgres://k:p%23ss%2Fw0rd@127.0.0.1/keydesk", "postgres:///keydesk?host=/run/postgresql"] {
            assert!(check_postgres(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn the_file_of_an_address_is_its_path() {
        for (address, expected) in [
            ("sqlite:data/keydesk.db", Some("data/keydesk.db")),
            ("sqlite:///var/keydesk.db", Some("/var/keydesk.db")),
            ("sqlite:/var/keydesk.db", Some("/var/keydesk.db")),
            ("postgres://db/keydesk", None),
        ] {
            assert_eq!(sqlite_file(address), expected.map(Path::new), "{address}");
        }
    }
}
