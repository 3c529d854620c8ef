//! Which build of the client a page was drawn with. Each answer says which build the server would draw a page with now, and so
//! also that it is an answer of Keydesk and of nobody between.

/// The header of every answer to a browser. Whatever stands between must leave it in place.
pub(crate) const HEADER: &str = "x-keydesk-build";

/// The build that this server draws pages with: the name of the client's file, which its content determines.
#[cfg(feature = "ssr")]
pub(crate) fn build(assets: &super::Assets) -> &str {
    match assets.wasm.rsplit('/').next() {
        Some(name) if !name.is_empty() => name,
        _ => env!("CARGO_PKG_VERSION"),
    }
}

/// The build that this page was drawn with. The server itself calls nobody.
#[cfg(feature = "ssr")]
pub(crate) const fn drawn_with() -> String {
    String::new()
}

/// The build that this page was drawn with.
#[cfg(not(feature = "ssr"))]
pub(crate) fn drawn_with() -> String {
    let root = leptos::prelude::document().document_element();
    root.and_then(|root| root.get_attribute("data-build")).unwrap_or_default()
}
