//! Which columns a person wants to see. Their browser remembers it, and tells the server with each visit, so that the page comes as it
//! stays.

use leptos::prelude::*;

/// The cookie. It is a preference, and no two Keydesks on one machine disagree about it.
const COOKIE: &str = "keys_columns";
const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

/// A column that can be left out. The Client Name always stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Key,
    Access,
    Status,
    Expires,
    Used,
    Created,
}

impl Column {
    /// In the order in which they stand.
    pub(super) const ALL: [Self; 6] = [Self::Key, Self::Access, Self::Status, Self::Expires, Self::Used, Self::Created];

    /// Its name in the cookie and in the document.
    const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Access => "access",
            Self::Status => "status",
            Self::Expires => "expires",
            Self::Used => "used",
            Self::Created => "created",
        }
    }

    /// Its head.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Key => "API key",
            Self::Access => "Access",
            Self::Status => "Status",
            Self::Expires => "Expires",
            Self::Used => "Last used",
            Self::Created => "Created",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The columns that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns(u8);

impl Default for Columns {
    /// What tells keys apart, and room for their names: that a key ends soon is said beside its name.
    fn default() -> Self {
        Self(Column::Key.bit() | Column::Access.bit() | Column::Status.bit() | Column::Used.bit())
    }
}

impl Columns {
    pub(super) fn has(self, column: Column) -> bool {
        self.0 & column.bit() != 0
    }

    /// The same with one more, or with one less.
    pub(super) fn toggled(self, column: Column) -> Self {
        Self(self.0 ^ column.bit())
    }

    /// Reads the value of the cookie. What another release has written into it is left out; `None`: it is no choice.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut names = text.split('.');
        if names.next() != Some("name") {
            return None;
        }
        let known = names.filter_map(|name| Column::ALL.into_iter().find(|column| column.name() == name));
        Some(Self(known.fold(0, |bits, column| bits | column.bit())))
    }

    /// The value of the cookie: `name.key.used`.
    pub(super) fn text(self) -> String {
        self.names(".")
    }

    /// The value of an attribute, which style sheets read: `name key used`.
    pub(super) fn words(self) -> String {
        self.names(" ")
    }

    fn names(self, between: &str) -> String {
        let shown = Column::ALL.into_iter().filter(|column| self.has(*column)).map(Column::name);
        std::iter::once("name").chain(shown).collect::<Vec<_>>().join(between)
    }

    /// What has a browser remember them.
    pub(super) fn cookie(self, https: bool) -> String {
        let secure = if https { "; Secure" } else { "" };
        format!("{COOKIE}={}; Path=/keys; Max-Age={YEAR_SECONDS}; SameSite=Lax{secure}", self.text())
    }

    /// Those that this browser remembers.
    #[cfg(feature = "ssr")]
    pub(super) fn of_browser() -> Self {
        let parts = use_context::<http::request::Parts>();
        let told = parts.and_then(|parts| crate::web::cookies(&parts.headers, COOKIE.to_owned()).find_map(Self::read));
        told.unwrap_or_default()
    }

    /// The same, as the server saw them when it drew the page.
    #[cfg(not(feature = "ssr"))]
    pub(super) fn of_browser() -> Self {
        let cookies = js_sys::Reflect::get(&document(), &"cookie".into()).ok().and_then(|cookies| cookies.as_string());
        let told = cookies.and_then(|cookies| {
            let pairs = cookies.split("; ").filter_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='));
            pairs.filter_map(Self::read).next()
        });
        told.unwrap_or_default()
    }

    /// Has this browser remember them. One that keeps no cookies has them until the page is left.
    pub(super) fn remember(self) {
        let https = window().location().protocol().is_ok_and(|protocol| protocol == "https:");
        _ = js_sys::Reflect::set(&document(), &"cookie".into(), &self.cookie(https).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_reads_back() {
        for bits in 0..64 {
            let columns = Columns(bits);
            assert_eq!(Columns::read(&columns.text()), Some(columns));
        }
        assert_eq!(Columns::default().text(), "name.key.access.status.used");
        assert_eq!(Columns::default().toggled(Column::Key).words(), "name access status used");
        assert_eq!(Columns::read("name.used.colour.used"), Some(Columns(Column::Used.bit())));
        for none in ["", "key.used", "names.key", ".name"] {
            assert_eq!(Columns::read(none), None, "{none}");
        }
    }

    #[test]
    fn the_cookie_is_of_the_list_alone() {
        let cookie = Columns(Column::Key.bit()).cookie(true);
        assert_eq!(cookie, "keys_columns=name.key; Path=/keys; Max-Age=31536000; SameSite=Lax; Secure");
    }
}
