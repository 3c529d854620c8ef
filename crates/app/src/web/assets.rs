/// Where the site's files are, as paths in a URL. A file that does not exist is an empty text.
///
/// Without `js` the pages carry no scripts, and work as plain forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// The module that binds the wasm to the browser.
    pub js: String,
    /// The client.
    pub wasm: String,
    /// The script that loads the client and hydrates the page.
    pub wake: String,
    /// The style sheet.
    pub css: String,
    /// The icon of the tab.
    pub icon: String,
    /// The script of the settings of a key.
    pub scopes: String,
    /// The script of the reader's time zone, which every page has.
    pub zone: String,
    /// The script of plain documents.
    pub document: String,
    /// The script of the page of a key.
    pub key: String,
    /// The script of passkeys, which every page has that may ask for one.
    pub passkey: String,
    /// The script of a person's own account.
    pub account: String,
    /// The script of the page of usage.
    pub usage: String,
    /// The script of the Integration Documentation.
    pub docs: String,
    /// The script of its console.
    pub try_it: String,
    /// The script of links that carry a code.
    pub link: String,
}
