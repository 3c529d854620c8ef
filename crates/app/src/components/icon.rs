use leptos::prelude::*;

/// One drawing of the family: 20 by 20, 1.5 wide strokes, round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    Book,
    Check,
    Key,
    Leave,
    Lines,
    Moon,
    Problem,
    Screen,
    Search,
    Sun,
    Tick,
    Warning,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Book => {
                "M10 5.5c-1.5-1.25-3.75-1.75-6.75-1.75v11.5c3 0 5.25.5 6.75 1.75c1.5-1.25 3.75-1.75 6.75-1.75V3.75c-3 0-5.25.5-6.75 1.75zM10 5.5V17"
            }
            Self::Check => "M10 2.75a7.25 7.25 0 1 0 0 14.5a7.25 7.25 0 0 0 0-14.5zM6.75 10.25l2.25 2.25l4.25-4.75",
            Self::Key => "M7 8.75a3.75 3.75 0 1 0 3.6 4.8l.15-.55L17.25 6.5V3.75H14.5L8.2 8.95M6.5 13.5v.01",
            Self::Leave => {
                "M8 3.5H4.25a.75.75 0 0 0-.75.75v11.5c0 .4.35.75.75.75H8M13 13.25L16.5 10L13 6.75M16.25 10H8"
            }
            Self::Lines => "M3.5 5.75h13M3.5 10h13M3.5 14.25h13",
            Self::Moon => "M16.75 11.75A7 7 0 1 1 8.25 3.25a5.5 5.5 0 0 0 8.5 8.5z",
            Self::Problem => "M10 2.75a7.25 7.25 0 1 0 0 14.5a7.25 7.25 0 0 0 0-14.5zM10 6.5v4M10 13.25v.01",
            Self::Screen => {
                "M3.5 3.75h13a.75.75 0 0 1 .75.75v8a.75.75 0 0 1-.75.75h-13a.75.75 0 0 1-.75-.75v-8a.75.75 0 0 1 .75-.75zM7 16.75h6M10 13.25v3.5"
            }
            Self::Search => "M8.75 3.25a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM12.75 12.75l4 4",
            Self::Sun => {
                "M10 6.75a3.25 3.25 0 1 0 0 6.5a3.25 3.25 0 0 0 0-6.5zM10 2.5v1M10 16.5v1M2.5 10h1M16.5 10h1M4.7 4.7l.7.7M14.6 14.6l.7.7M4.7 15.3l.7-.7M14.6 5.4l.7-.7"
            }
            Self::Tick => "M4.5 10.5l3.75 3.75l7.25-8.5",
            Self::Warning => "M10 3L17.5 16.25H2.5zM10 8v3.5M10 13.75v.01",
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
