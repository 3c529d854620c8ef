use leptos::prelude::*;

/// One drawing of the family: 20 by 20, 1.5 wide strokes, round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    Check,
    Warning,
    Problem,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "M10 2.75a7.25 7.25 0 1 0 0 14.5a7.25 7.25 0 0 0 0-14.5zM6.75 10.25l2.25 2.25l4.25-4.75",
            Self::Warning => "M10 3L17.5 16.25H2.5zM10 8v3.5M10 13.75v.01",
            Self::Problem => "M10 2.75a7.25 7.25 0 1 0 0 14.5a7.25 7.25 0 0 0 0-14.5zM10 6.5v4M10 13.25v.01",
        }
    }
}

/// A drawing beside words that say the same, so hidden from who can't see it.
#[component]
pub(crate) fn Icon(glyph: Glyph) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d=glyph.path()></path>
        </svg>
    }
}
