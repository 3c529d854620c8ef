//! What a link begins with that is printed for people to open.

/// The address that a link leads to, and how sure that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links {
    /// Where people open Keydesk; without a slash at the end.
    Public(String),
    /// No public address is known, so to the listener on this machine.
    Here(String),
    /// Nor is it known where the server listens.
    Assumed,
}

impl Links {
    /// To a listener `host:port`.
    pub(crate) fn here(listen: &str) -> Self {
        // The system chooses the port, and only the server learns which.
        if listen.ends_with(":0") {
            return Self::Assumed;
        }
        // A browser can't open an address that means every interface.
        Self::Here(format!("http://{}", listen.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")))
    }

    /// The whole link.
    pub fn to(&self, path: &str) -> String {
        match self {
            Self::Public(address) | Self::Here(address) => format!("{address}{path}"),
            Self::Assumed => format!("http://127.0.0.1:3000{path}"),
        }
    }

    /// What is to be known about where it leads, in a sentence; `None`: people can open it.
    pub fn note(&self) -> Option<&'static str> {
        match self {
            Self::Public(_) => None,
            Self::Here(_) => Some(
                "The link leads to this machine alone, since no public address is known: give the one that people open with \
                 --public-url or KEYDESK_PUBLIC_URL.",
            ),
            Self::Assumed => Some(
                "The link is a guess, since no address is known: give the one that people open with --public-url or \
                 KEYDESK_PUBLIC_URL, or where the server listens with --listen or KEYDESK_LISTEN.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_people_can_not_open_is_said_to_be_one() {
        for (links, expected, noted) in [
            (Links::Public("https://desk.example".to_owned()), "https://desk.example/a#b", None),
            (Links::here("0.0.0.0:3990"), "http://127.0.0.1:3990/a#b", Some("leads to this machine alone")),
            (Links::here("[::]:3990"), "http://[::1]:3990/a#b", Some("leads to this machine alone")),
            (Links::here("127.0.0.1:0"), "http://127.0.0.1:3000/a#b", Some("is a guess")),
            (Links::Assumed, "http://127.0.0.1:3000/a#b", Some("is a guess")),
        ] {
            assert_eq!(links.to("/a#b"), expected);
            assert_eq!(links.note().is_some(), noted.is_some());
            assert!(links.note().unwrap_or_default().contains(noted.unwrap_or_default()), "{links:?}");
        }
    }
}
