use axum::http::HeaderMap;

use crate::web::cookies;

/// The cookie that `docs.js` leaves: the language whose snippets are shown. It is a preference, and no two Keydesks on one machine
/// disagree about it.
const COOKIE: &str = "docs_language";

/// A language that snippets are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    #[default]
    Curl,
    Python,
    JavaScript,
    Java,
    CSharp,
    Php,
    Go,
    Rust,
}

impl Language {
    /// In the order in which they are offered.
    pub(super) const ALL: [Self; 8] =
        [Self::Curl, Self::Python, Self::JavaScript, Self::Java, Self::CSharp, Self::Php, Self::Go, Self::Rust];

    /// Its name in addresses and in the cookie.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::Java => "java",
            Self::CSharp => "csharp",
            Self::Php => "php",
            Self::Go => "go",
            Self::Rust => "rust",
        }
    }

    /// Its name for people.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::Java => "Java",
            Self::CSharp => "C#",
            Self::Php => "PHP",
            Self::Go => "Go",
            Self::Rust => "Rust",
        }
    }

    /// How its files end.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Curl => "sh",
            Self::Python => "py",
            Self::JavaScript => "mjs",
            Self::Java => "java",
            Self::CSharp => "cs",
            Self::Php => "php",
            Self::Go => "go",
            Self::Rust => "rs",
        }
    }

    /// What Markdown calls it behind the fence.
    pub(super) const fn fence(self) -> &'static str {
        match self {
            Self::Curl => "sh",
            other => other.name(),
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }

    /// The one that an address names, else the one that the browser remembers.
    pub(super) fn of(query: &str, headers: &HeaderMap) -> Self {
        let asked = query.split('&').find_map(|pair| Self::named(pair.strip_prefix("language=")?));
        asked.or_else(|| cookies(headers, COOKIE.to_owned()).find_map(Self::named)).unwrap_or_default()
    }
}
