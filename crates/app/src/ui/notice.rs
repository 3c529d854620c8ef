use leptos::prelude::*;

use super::{Glyph, Icon};

/// How serious a notice is. Its icon and words say it too, never its colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "notice good",
            Self::Warning => "notice warning",
            Self::Bad => "notice bad",
        }
    }

    const fn glyph(self) -> Glyph {
        match self {
            Self::Good => Glyph::Check,
            Self::Warning => Glyph::Warning,
            Self::Bad => Glyph::Problem,
        }
    }
}

/// A sentence that stands out, with its icon.
#[component]
pub(crate) fn Notice(tone: Tone, children: Children) -> impl IntoView {
    view! {
        <p class=tone.class()>
            <Icon glyph=tone.glyph()/>
            <span>{children()}</span>
        </p>
    }
}
