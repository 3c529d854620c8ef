use serde::{Deserialize, Serialize};

use crate::ui::Glyph;

/// The colours that a person has chosen for the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// In the order in which they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Its value in the cookie and in the document.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    pub(crate) const fn glyph(self) -> Glyph {
        match self {
            Self::System => Glyph::Screen,
            Self::Light => Glyph::Sun,
            Self::Dark => Glyph::Moon,
        }
    }

    pub(crate) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }

    /// The theme of this page while the server renders it: what the request asks for.
    #[cfg(feature = "ssr")]
    pub(crate) fn of_page() -> Self {
        crate::web::preference(Self::named).unwrap_or_default()
    }

    /// The theme of this page in the browser: what the document says, so that hydration finds what the server wrote.
    #[cfg(not(feature = "ssr"))]
    pub(crate) fn of_page() -> Self {
        let root = leptos::prelude::document().document_element();
        root.and_then(|root| root.get_attribute("data-theme")).and_then(|text| Self::named(&text)).unwrap_or_default()
    }

    /// Gives this page these colours.
    pub(crate) fn apply(self) {
        if let Some(root) = leptos::prelude::document().document_element() {
            // Setting an attribute fails for malformed names only.
            _ = root.set_attribute("data-theme", self.as_str());
        }
    }
}
