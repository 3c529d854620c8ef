//! For whom a page was drawn. In one browser somebody may sign in elsewhere in a second tab: the first still shows the
//! keys of the first person's installation, while its calls carry the second's cookie. So each call from a page says for
//! whom the page was drawn, and acts for nobody else.
//!
//! A page knows by an attribute of its document; its scripts send it as a header, its forms and links in their address.

use leptos::prelude::*;

/// The header of a script's calls.
pub(crate) const HEADER: &str = "x-keydesk-drawn-for";
/// The field of an address. The value is an administrator's id, which is no secret.
pub(crate) const FIELD: &str = "for";

/// For whom this page is drawn; empty: for nobody.
#[cfg(feature = "ssr")]
pub(crate) fn drawn_for() -> String {
    let parts = use_context::<http::request::Parts>();
    let session = parts.as_ref().and_then(|parts| parts.extensions.get::<domain::Session>());
    session.map_or_else(String::new, |session| session.administrator.id.to_string())
}

/// For whom this page was drawn; empty: for nobody.
#[cfg(not(feature = "ssr"))]
pub(crate) fn drawn_for() -> String {
    document().document_element().and_then(|root| root.get_attribute("data-for")).unwrap_or_default()
}

/// An address of this page's own calls, which acts only for whom the page was drawn.
pub(crate) fn own(address: &str) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{FIELD}={}", drawn_for())
}

/// For whom a query says that its page was drawn.
#[cfg(feature = "ssr")]
pub(crate) fn named(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix(FIELD)?.strip_prefix('='))
}

/// Refuses a call of a page that was drawn for somebody else. Whatever changes something must say it; a document may be
/// asked for by its address alone, and then is drawn for whoever is signed in.
#[cfg(feature = "ssr")]
pub(crate) fn require(parts: &http::request::Parts, session: &domain::Session) -> Result<(), crate::ApiError> {
    let header = parts.headers.get(HEADER).map(|value| value.to_str().unwrap_or_default());
    let field = || named(parts.uri.query().unwrap_or_default());
    match header.or_else(field) {
        None if parts.method.is_safe() => Ok(()),
        None => Err(crate::ApiError::Malformed),
        Some(named) if named == session.administrator.id.to_string() => Ok(()),
        Some(_) => Err(crate::ApiError::SomebodyElse {
            name: session.administrator.name.clone(),
            installation: session.installation.title.clone(),
        }),
    }
}
