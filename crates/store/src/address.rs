//! What may stand in a database's address.

use std::{net::IpAddr, path::Path};

use percent_encoding::percent_decode_str;

use crate::StoreError;

/// The file of an address `sqlite:PATH`; `None`: it is no such address.
pub fn sqlite_file(address: &str) -> Option<&Path> {
    let path = address.strip_prefix("sqlite:")?;
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// Refuses an address that can't be used, without repeating any of it.
pub fn check_address(address: &str) -> Result<(), StoreError> {
    let Some(path) = sqlite_file(address) else { return check_postgres(address) };
    let text = path.to_string_lossy();
    // SQLite would take these for databases in memory, or for addresses of its own.
    if text.trim().is_empty() || text == ":memory:" || text.starts_with("file:") {
        return Err(refused("the database is kept in a file: its address is sqlite:PATH"));
    }
    // Other programs have options there. A file of such a name would be another, empty database.
    if text.contains('?') {
        return Err(refused("a SQLite database's address has no options: it is sqlite:PATH, without a question mark"));
    }
    if text.trim() != text {
        return Err(refused("the path in the database's address begins or ends with a blank; remove it"));
    }
    Ok(())
}

/// Whether an address carries a password, in its user or in its options. One that can't be read, and so may have it anywhere,
/// counts as one that does.
pub fn has_password(address: &str) -> bool {
    if let Some(path) = sqlite_file(address) {
        return names_password(&path.to_string_lossy());
    }
    match PostgresAddress::parse(address) {
        Ok(PostgresAddress { user, options }) => {
            let in_user = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
            // Options that nobody knows, such as `passwd`, may have it as well.
            in_user || options.iter().any(|(name, _)| name.to_ascii_lowercase().contains("pass"))
        }
        Err(_) => {
            let text = decoded(address).to_ascii_lowercase();
            text.contains(['@', '=']) || (text.contains("postgres") && text.contains(':'))
        }
    }
}

/// Whether a text has `USER:PASSWORD@` or `password=` in it, in whatever encoding and after whatever scheme.
pub fn names_password(text: &str) -> bool {
    let text = decoded(text);
    // The last: a password that is not percent-encoded may have one, too.
    let user = text.rsplit_once('@').map_or("", |(user, _)| user);
    let user = user.split_once("://").map_or(user, |(_, user)| user);
    let in_user = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
    in_user || text.to_ascii_lowercase().contains("password=")
}

/// Refuses an address of PostgreSQL that would be read otherwise than it is meant, as when a part of its password is taken for a
/// port or the name of a database, and one with an option that nobody knows. No error repeats any of it: whatever stands at a
/// wrong place may be the password.
pub(crate) fn check_postgres(address: &str) -> Result<(), StoreError> {
    PostgresAddress::parse(address)?.options.iter().try_for_each(|(name, value)| check_option(name, value))
}

/// What an address is made of that may be secret.
struct PostgresAddress {
    /// The user, and after a colon the password, decoded.
    user: String,
    /// Names and values, decoded.
    options: Vec<(String, String)>,
}

impl PostgresAddress {
    const FORMS: &str = "a database is sqlite:PATH or postgres://USER@HOST/NAME";
    const RESERVED: &str = "in a database's address, the user, the password and the options must be percent-encoded: % is written \
         %25, : is %3A, @ is %40, / is %2F, ? is %3F and # is %23";

    fn parse(address: &str) -> Result<Self, StoreError> {
        let rest =
            SCHEMES.iter().find_map(|scheme| address.strip_prefix(scheme)).ok_or_else(|| refused(Self::FORMS))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (server, after) = rest.split_at(end);
        if server.matches('@').count() > 1 || after.contains(['@', '#']) || !is_encoded(rest) {
            return Err(refused(Self::RESERVED));
        }
        let (user, host) = server.rsplit_once('@').unwrap_or(("", server));
        // An address of IPv6 has colons of its own, in brackets.
        let port = host.rsplit_once(']').map_or(host, |(_, port)| port).split_once(':').map_or("", |(_, port)| port);
        if !port.is_empty() && port.parse::<u16>().is_err() {
            return Err(refused(format!("the port in the database's address is not a number; {}", Self::RESERVED)));
        }
        let options = after.split_once('?').map_or("", |(_, options)| options).split('&');
        let options = options.filter(|option| !option.is_empty()).map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
        });
        Ok(Self { user: decoded(user), options: options.collect() })
    }
}

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Options whose values are texts. Those with other values are in [`check_option`].
const TEXT_OPTIONS: [&str; 13] = [
    "application_name",
    "dbname",
    "host",
    "options",
    "password",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "user",
];

fn refused(sentence: impl Into<String>) -> StoreError {
    StoreError::Address(sentence.into())
}

/// Refuses an option that nobody knows or whose value can't be used.
fn check_option(name: &str, value: &str) -> Result<(), StoreError> {
    let (is_good, allowed) = match name {
        "sslmode" | "ssl-mode" => (
            ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
                .iter()
                .any(|mode| value.eq_ignore_ascii_case(mode)),
            "disable, allow, prefer, require, verify-ca or verify-full",
        ),
        "hostaddr" => (value.parse::<IpAddr>().is_ok(), "an IP address"),
        "port" => (value.parse::<u16>().is_ok(), "a number from 0 to 65535"),
        "statement-cache-capacity" => (value.parse::<usize>().is_ok(), "a number"),
        _ if TEXT_OPTIONS.contains(&name) || (name.starts_with("options[") && name.ends_with(']')) => return Ok(()),
        // The name may be what follows a question mark in a password.
        _ => {
            return Err(refused(format!(
                "an option in the database's address is not known: the options are sslmode, hostaddr, port, \
                 statement-cache-capacity, {}",
                TEXT_OPTIONS.join(", ")
            )));
        }
    };
    if is_good { Ok(()) } else { Err(refused(format!("{name} in the database's address must be {allowed}"))) }
}

/// Whether two digits follow every percent sign.
fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        for address in [
            "postgres://keydesk:secret@db/keydesk",
            "postgres://keydesk:p#ss/w0rd@db/keydesk",
            "postgres://keydesk:p@ss@db/keydesk",
            "postgres://keydesk%3Asecret@db/keydesk",
            "postgres://keydesk:secret%40db/keydesk",
            "postgres://keydesk:secret",
            "postgres://keydesk@db/keydesk?password=secret",
            "postgres://db/keydesk?user=keydesk&password=secret",
            "postgres://db/keydesk?%70assword=secret",
            "postgres://db/keydesk?sslmode=disable&%70%61ssword=secret",
            "postgres://db/keydesk?Passwd=secret",
            "postgres://db/keydesk#password=secret",
            "PostgreSQL://keydesk:secret@db/keydesk",
            "postgres:keydesk:secret@db/keydesk",
            "postgres:/keydesk:secret@db/keydesk",
            "postgres%3A//keydesk:secret%40db/keydesk",
            "keydesk:secret@db/keydesk",
            "keydesk/secret@db",
            "mysql://keydesk:secret@db/keydesk",
            "host=db user=keydesk password=secret",
            "sqlite://keydesk:secret@db/keydesk",
        ] {
            assert!(has_password(address), "{address}");
        }
        for address in [
            "postgres://keydesk@db:5432/keydesk",
            "postgres://keydesk:@db/keydesk",
            "postgres://db:5432/keydesk?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql://keydesk@[::1]:5432/keydesk",
            "postgres:///keydesk?host=/run/postgresql",
            "sqlite:data/keydesk.db",
            "sqlite:///var/me@home/keydesk.db",
            "data/keydesk.db",
        ] {
            assert!(!has_password(address), "{address}");
        }
    }

    #[test]
    fn an_ambiguous_address_is_refused_without_printing_its_password() {
        for address in [
            "postgres://keydesk:p#ss/w0rd@127.0.0.1/keydesk",
            "postgres://keydesk:1234/w0rd@127.0.0.1/keydesk",
            "postgres://keydesk:w0rd?@127.0.0.1/keydesk",
            "postgres://keydesk:w0@rd@127.0.0.1/keydesk",
            "postgres://keydesk:w0%rd@127.0.0.1/keydesk",
            "postgres://keydesk:100%@127.0.0.1/keydesk",
            "postgres://keydesk:w0rd%40127.0.0.1/keydesk",
            "postgres://keydesk:w0rd#127.0.0.1/keydesk",
            "postgres://127.0.0.1:w0rd/keydesk",
            "postgres://[::1]:w0rd/keydesk",
            "postgres://keydesk@127.0.0.1/keydesk?password=w0#rd",
        ] {
            let refused = check_postgres(address).unwrap_err().to_string();
            assert!(refused.contains("must be percent-encoded") && !refused.contains("w0"), "{refused}");
        }
        for address in [
            "postgres://k:p%23ss%2Fw0rd@127.0.0.1/keydesk",
            "postgres://k:a:b@127.0.0.1:5432/keydesk",
            "postgres://k@[::1]:5432/keydesk",
            "postgres:///keydesk?host=/run/postgresql&options=-c%20x=y&options[search_path]=public",
        ] {
            assert!(check_postgres(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn an_unusable_option_is_refused_without_printing_its_value() {
        for (option, expected) in [
            ("sslmode=s3cr3t", "sslmode in the database's address must be disable, allow,"),
            ("ssl%6dode=s3cr3t", "sslmode in the database's address must be disable, allow,"),
            ("ssl-mode=", "ssl-mode in the database's address must be disable, allow,"),
            ("port=s3cr3t", "port in the database's address must be a number"),
            ("hostaddr=s3cr3t", "hostaddr in the database's address must be an IP address"),
            ("statement-cache-capacity=s3cr3t", "statement-cache-capacity in the database's address must be a number"),
            ("passwrod=s3cr3t", "an option in the database's address is not known: the options are sslmode,"),
            ("s3cr3t", "an option in the database's address is not known: the options are sslmode,"),
            ("sslmode=require&s3cr3t=x", "an option in the database's address is not known: the options are sslmode,"),
        ] {
            let refused = check_postgres(&format!("postgres://k@db/keydesk?{option}")).unwrap_err().to_string();
            assert!(refused.starts_with(expected) && !refused.contains("s3cr3t"), "{option}: {refused}");
        }
        for option in ["sslmode=Verify-Full", "user=k&dbname=d&port=5432", "hostaddr=::1", ""] {
            assert!(check_postgres(&format!("postgres://k@db/keydesk?{option}")).is_ok(), "{option}");
        }
    }

    #[test]
    fn a_file_has_no_options_and_is_no_place_in_memory() {
        for (address, words) in [
            ("sqlite:", "is kept in a file"),
            ("sqlite://", "is kept in a file"),
            ("sqlite::memory:", "is kept in a file"),
            ("sqlite:file:data/keydesk.db", "is kept in a file"),
            ("sqlite:data/keydesk.db?mode=rw", "has no options"),
            ("sqlite: data/keydesk.db", "begins or ends with a blank"),
        ] {
            let refused = check_address(address).unwrap_err().to_string();
            assert!(refused.contains(words), "{address}: {refused}");
        }
        for address in ["sqlite:data/keydesk.db", "sqlite:///srv/my data/keydesk.db", "postgres://db/keydesk"] {
            assert!(check_address(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn only_two_forms_are_addresses() {
        for address in ["mysql://h/db", "postgres:h/db", "postgres:/h/db", "postgress://h/db", "PostgreSQL://h/db", ""]
        {
            assert_eq!(check_postgres(address).unwrap_err().to_string(), PostgresAddress::FORMS, "{address}");
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
