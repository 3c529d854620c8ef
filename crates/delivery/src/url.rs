use std::net::IpAddr;

use http::Uri;
use model::WEBHOOK_URL_MAX;

use crate::Policy;

/// The address of a receiver, after all checks that need no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    pub(crate) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As the `Host` header has it.
    pub(crate) authority: String,
    pub(crate) path: String,
}

/// Why a text is no address of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// No address of the web at all.
    #[error("must be one such as https://example.com/hooks")]
    Malformed,
    /// More characters than are kept.
    #[error("must have at most {WEBHOOK_URL_MAX} characters")]
    TooLong,
    /// `http:`, which the operator has not allowed, or another scheme.
    #[error("must begin with https://")]
    NotHttps,
    /// `https://user:password@..`
    #[error("must not hold a user or a password: whoever reads the list of receivers would read them")]
    Credentials,
    /// `#..`
    #[error("must not hold a #, which is never sent")]
    Fragment,
    /// An address that nothing is sent to.
    #[error("leads to {0}, which is not a public address; the operator can allow its network")]
    Private(IpAddr),
}

impl WebhookUrl {
    /// Reads an address. One that is written as numbers is checked at once; a name is, when it is resolved.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, InvalidUrl> {
        if text.len() > WEBHOOK_URL_MAX {
            return Err(InvalidUrl::TooLong);
        }
        if text.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        let uri: Uri = text.parse().map_err(|_| InvalidUrl::Malformed)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if policy.allow_http => false,
            Some(_) => return Err(InvalidUrl::NotHttps),
            None => return Err(InvalidUrl::Malformed),
        };
        let authority = uri.authority().ok_or(InvalidUrl::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(InvalidUrl::Credentials);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        // A name with a dot at its end is the same name, and another one for certificates.
        let host = host.strip_suffix('.').map_or(host.clone(), str::to_owned);
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let names_port = authority.as_str().len() != authority.host().len();
        if host.is_empty() || port == 0 || (names_port && authority.port_u16().is_none()) {
            return Err(InvalidUrl::Malformed);
        }
        if let Ok(address) = host.parse::<IpAddr>()
            && !policy.allows(address)
        {
            return Err(InvalidUrl::Private(address));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { tls, host, port, authority: authority.as_str().to_owned(), path })
    }

    /// Its host.
    pub fn host(&self) -> &str {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused() {
        let policy = Policy::default();
        for good in [
            "https://example.com",
            "https://example.com:8443/hooks?a=b",
            "HTTPS://EXAMPLE.com/",
            "https://8.8.8.8/x",
            "https://[2606:4700::1111]/",
        ] {
            assert!(WebhookUrl::parse(good, &policy).is_ok(), "{good}");
        }
        use InvalidUrl::{Credentials, Fragment, Malformed, NotHttps, TooLong};
        for (bad, why) in [
            ("", Malformed),
            ("example.com/x", Malformed),
            ("/x", Malformed),
            ("https://", Malformed),
            ("https://exa mple.com", Malformed),
            ("https://bücher.example", Malformed),
            ("https://example.com:0/", Malformed),
            ("https://example.com:/", Malformed),
            ("https://example.com:99999/", Malformed),
            ("http://example.com/", NotHttps),
            ("ftp://example.com/", NotHttps),
            ("https://u:p@example.com/", Credentials),
            ("https://u@example.com/", Credentials),
            ("https://example.com/#x", Fragment),
            (&format!("https://example.com/{}", "x".repeat(WEBHOOK_URL_MAX)), TooLong),
        ] {
            assert_eq!(WebhookUrl::parse(bad, &policy), Err(why), "{bad}");
        }
        for private in ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "10.0.0.1:443", "169.254.169.254", "[fd00::1]:8443"]
        {
            let read = WebhookUrl::parse(&format!("https://{private}/"), &policy);
            assert!(matches!(read, Err(InvalidUrl::Private(_))), "{private}");
        }
        let open = Policy { allow_http: true, allow_networks: vec!["127.0.0.0/8".parse().unwrap()] };
        assert!(WebhookUrl::parse("http://127.0.0.1:8080/x", &open).is_ok());
    }
}
