//! The Integration Documentation: `[docs]` in the configuration file.

use http::Uri;
use serde::Deserialize;

/// `[docs]`.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DocsEntry {
    public: bool,
    gateway_url: Option<String>,
}

/// What the Integration Documentation says of this deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docs {
    /// Whether everybody may read it; else whoever is signed in.
    pub public: bool,
    /// Where programs and browsers reach the gateway, if anybody said so: a scheme, a host and perhaps a port.
    pub gateway_url: Option<String>,
}

/// An address that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[docs] gateway_url: {0} is not an address such as https://gateway.example, without a path.")]
pub(crate) struct InvalidDocs(String);

impl DocsEntry {
    pub(crate) fn docs(self) -> Result<Docs, InvalidDocs> {
        let gateway_url = self.gateway_url.map(|text| address(&text).ok_or(InvalidDocs(text))).transpose()?;
        Ok(Docs { public: self.public, gateway_url })
    }
}

/// It stands in a header by which browsers are told whom a page may call, so it has nothing but an origin.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let uri: Uri = text.strip_suffix('/').unwrap_or(text).parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority().filter(|authority| !authority.host().is_empty())?;
    let has_path = uri.path_and_query().is_some_and(|path| path.as_str() != "/");
    let plain = authority.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    (plain && !has_path).then(|| format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_address_is_an_origin() {
        let read = |text: &str| toml::from_str::<DocsEntry>(text).unwrap().docs().map_err(|error| error.to_string());
        assert_eq!(read(""), Ok(Docs::default()));
        let named = read("public = true\ngateway_url = 'https://Gateway.example/'").unwrap();
        assert_eq!((named.public, named.gateway_url.as_deref()), (true, Some("https://gateway.example")));
        for wrong in
            ["gateway.example", "ftp://a.example", "https://a.example/v1", "https://a@b.example", "https://a;b"]
        {
            let refused = read(&format!("gateway_url = '{wrong}'")).unwrap_err();
            assert!(refused.starts_with(&format!("[docs] gateway_url: {wrong} is not")), "{refused}");
        }
    }
}
