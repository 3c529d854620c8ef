use std::{fmt, net::IpAddr};

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The port of servers that speak TLS from the first byte, and of those that are asked for it.
const WRAPPED_PORT: u16 = 465;
const ASKED_PORT: u16 = 587;

/// How what passes to a server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// TLS from the first byte.
    Wrapped,
    /// The server must take up TLS before anything else is said.
    Asked,
    /// Nothing is: on this machine, or because the operator says so.
    Nothing,
}

/// A mail server, and who we are to it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// Its name or its address.
    pub(crate) host: String,
    /// Where it listens.
    pub(crate) port: u16,
    /// How what passes is protected.
    pub(crate) protection: Protection,
    /// The name that we sign in with, if any.
    pub(crate) user: Option<String>,
    /// The password that goes with it.
    pub(crate) password: Option<Zeroizing<String>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, protection, .. } = self;
        f.debug_struct("Server").field("host", host).field("port", port).field("protection", protection).finish()
    }
}

/// Not the address of a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidServer(&'static str);

const FORM: InvalidServer = InvalidServer(
    "must be smtps://HOST or smtp://HOST, with USER:PASSWORD@ before the host where the server wants it, and :PORT behind it",
);

impl Server {
    /// Reads `smtps://user:password@host:port` or `smtp://..`. With `smtp` the server must take up TLS, unless it is on this machine
    /// or `unencrypted` is said.
    pub(crate) fn parse(address: &str, unencrypted: bool) -> Result<Self, InvalidServer> {
        let (scheme, rest) = address.split_once("://").ok_or(FORM)?;
        let wrapped = match scheme.to_ascii_lowercase().as_str() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(FORM),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(FORM);
        }
        let (user, password, place) = match rest.rsplit_once('@') {
            Some((who, place)) => {
                let (user, password) =
                    who.split_once(':').map_or((who, None), |(user, password)| (user, Some(password)));
                (Some(decoded(user)?), password.map(decoded).transpose()?, place)
            }
            None => (None, None, rest),
        };
        if user.as_ref().is_some_and(|user| user.is_empty()) {
            return Err(FORM);
        }
        let (host, port) = host_and_port(place)?;
        let protection = match (wrapped, unencrypted || is_here(&host)) {
            (true, _) => Protection::Wrapped,
            (false, true) => Protection::Nothing,
            (false, false) => Protection::Asked,
        };
        let port = port.unwrap_or(if wrapped { WRAPPED_PORT } else { ASKED_PORT });
        Ok(Self { host, port, protection, user, password: password.map(Zeroizing::new) })
    }
}

fn decoded(text: &str) -> Result<String, InvalidServer> {
    percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| FORM)
}

/// The host, without brackets, and the port, if there is one.
fn host_and_port(place: &str) -> Result<(String, Option<u16>), InvalidServer> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(FORM)?;
            host.parse::<IpAddr>().map_err(|_| FORM)?;
            match port {
                "" => (host, None),
                port => (host, Some(port.strip_prefix(':').ok_or(FORM)?)),
            }
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let bracketed = place.starts_with('[');
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if host.is_empty() || !(bracketed || host.chars().all(is_name)) {
        return Err(FORM);
    }
    let digits = |port: &&str| port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.map(|port| Some(port).filter(digits).and_then(|port| port.parse().ok()).filter(|port| *port != 0));
    match port {
        Some(None) => Err(FORM),
        Some(some) => Ok((host.to_ascii_lowercase(), some)),
        None => Ok((host.to_ascii_lowercase(), None)),
    }
}

/// Whether what is sent there stays on this machine.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> (String, u16, Protection) {
        let server = Server::parse(address, false).unwrap();
        (server.host, server.port, server.protection)
    }

    #[test]
    fn nothing_passes_unencrypted_to_another_machine() {
        for (address, host, port, protection) in [
            ("smtps://mail.example.com", "mail.example.com", 465, Protection::Wrapped),
            ("SMTPS://Mail.Example.com:4650/", "mail.example.com", 4650, Protection::Wrapped),
            ("smtp://mail.example.com", "mail.example.com", 587, Protection::Asked),
            ("smtp://192.0.2.1:25", "192.0.2.1", 25, Protection::Asked),
            ("smtp://[2001:db8::1]:25", "2001:db8::1", 25, Protection::Asked),
            ("smtp://localhost:1025", "localhost", 1025, Protection::Nothing),
            ("smtp://127.0.0.1", "127.0.0.1", 587, Protection::Nothing),
            ("smtp://[::1]", "::1", 587, Protection::Nothing),
            ("smtps://localhost", "localhost", 465, Protection::Wrapped),
        ] {
            assert_eq!(read(address), (host.to_owned(), port, protection), "{address}");
        }
        let said = Server::parse("smtp://mail.example.com", true).unwrap();
        assert_eq!(said.protection, Protection::Nothing);
        assert_eq!(Server::parse("smtps://mail.example.com", true).unwrap().protection, Protection::Wrapped);
    }

    #[test]
    fn names_and_passwords_are_read_whole_and_shown_nowhere() {
        let server = Server::parse("smtps://ada%40example.com:p%3Aa:s@mail.example.com", false).unwrap();
        assert_eq!(server.user.as_deref(), Some("ada@example.com"));
        assert_eq!(server.password.as_ref().map(|password| password.as_str()), Some("p:a:s"));
        let shown = format!("{server:?}");
        assert!(!shown.contains("ada") && !shown.contains("p:a:s"), "{shown}");
        assert_eq!(Server::parse("smtp://ada@localhost", false).unwrap().password, None);
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_its_password() {
        for wrong in [
            "",
            "mail.example.com",
            "https://mail.example.com",
            "smtp://",
            "smtp://:25",
            "smtp://u:secret@",
            "smtp://:secret@mail.example.com",
            "smtp://mail.example.com:",
            "smtp://mail.example.com:0",
            "smtp://mail.example.com:99999",
            "smtp://mail.example.com:+1",
            "smtp://mail.example.com/x",
            "smtp://mail.example.com?tls=required",
            "smtp://mail example.com",
            "smtp://[::1",
            "smtp://[mail.example.com]",
            "smtp://u:%FF@mail.example.com",
        ] {
            let error = Server::parse(wrong, false).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{wrong}");
        }
    }
}
