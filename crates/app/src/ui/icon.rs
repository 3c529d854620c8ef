use leptos::prelude::*;

/// One drawing of the family: 20 by 20, 1.5 wide strokes, round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    Bell,
    Bin,
    Book,
    Chart,
    Check,
    Clients,
    Columns,
    Copy,
    Cross,
    Down,
    Eye,
    EyeOff,
    Hand,
    Key,
    Leave,
    Lines,
    Log,
    Moon,
    More,
    Pause,
    Pen,
    Person,
    Plus,
    Problem,
    Screen,
    Search,
    Sliders,
    Sun,
    Tick,
    Turn,
    Undo,
    Up,
    Warning,
}

impl Glyph {
    /// Its strokes.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Bell => {
                "M10 3a4.75 4.75 0 0 0-4.75 4.75c0 4-1.75 5.5-1.75 5.5h13s-1.75-1.5-1.75-5.5A4.75 4.75 0 0 0 10 3zM8.25 16a1.9 1.9 0 0 0 3.5 0"
            }
            Self::Book => {
                "M10 5.5c-1.5-1.25-3.75-1.75-6.75-1.75v11.5c3 0 5.25.5 6.75 1.75c1.5-1.25 3.75-1.75 6.75-1.75V3.75c-3 0-5.25.5-6.75 1.75zM10 5.5V17"
            }
            Self::Chart => "M3.5 16.5h13M5.75 13.5v-3.25M10 13.5v-8.5M14.25 13.5v-5.75",
            Self::Check => "M10 2.75a7.25 7.25 0 1 0 0 14.5a7.25 7.25 0 0 0 0-14.5zM6.75 10.25l2.25 2.25l4.25-4.75",
            Self::Clients => {
                "M7.25 3.75a2.75 2.75 0 1 0 0 5.5a2.75 2.75 0 0 0 0-5.5zM2.25 16.25c.25-3 2-4.5 5-4.5s4.75 1.5 5 4.5M13 4.25a2.5 2.5 0 0 1 0 4.75M14.5 12c1.9.5 3 1.9 3.25 4.25"
            }
            Self::Columns => "M3.25 4.25h13.5v11.5h-13.5zM7.75 4.25v11.5M12.25 4.25v11.5",
            Self::Key => {
                "M6.75 9.75a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7zM9.25 10.75l7.5-7.5M14 6l2.25 2.25M11.75 8.25l1.75 1.75"
            }
            Self::Leave => {
                "M8 3.5H4.25a.75.75 0 0 0-.75.75v11.5c0 .4.35.75.75.75H8M13 13.25L16.5 10L13 6.75M16.25 10H8"
            }
            Self::Lines => "M3.5 5.75h13M3.5 10h13M3.5 14.25h13",
            Self::Log => "M4.75 3.25h10.5v13.5h-10.5zM7.5 7h5M7.5 10h5M7.5 13h2.75",
            Self::Bin => "M3.75 5.5h12.5M8 5.5V3.25h4V5.5M5.25 5.5l.75 11.25h8l.75-11.25M8.5 8.75v5M11.5 8.75v5",
            Self::Copy => "M7.25 7.25h9.5v9.5h-9.5zM4.5 12.75H3.25v-9.5h9.5V4.5",
            Self::Cross => "M5 5l10 10M15 5L5 15",
            Self::Down => "M10 4.5v11M5.5 11l4.5 4.5l4.5-4.5",
            Self::Eye => {
                "M2 10c1.75-3.5 4.5-5.25 8-5.25s6.25 1.75 8 5.25c-1.75 3.5-4.5 5.25-8 5.25s-6.25-1.75-8-5.25zM10 7.75a2.25 2.25 0 1 0 0 4.5a2.25 2.25 0 0 0 0-4.5z"
            }
            Self::EyeOff => {
                "M3.5 3.5l13 13M8 5c.65-.17 1.3-.25 2-.25c3.5 0 6.25 1.75 8 5.25c-.6 1.2-1.3 2.2-2.15 3M12.25 14.95c-.7.2-1.45.3-2.25.3c-3.5 0-6.25-1.75-8-5.25c.75-1.5 1.7-2.7 2.85-3.55"
            }
            Self::More => "M4.5 10v.01M10 10v.01M15.5 10v.01",
            Self::Pen => "M3.5 16.5l.75-3.75l9-9l3 3l-9 9zM11.5 5.5l3 3",
            Self::Person => {
                "M10 3.25a3.25 3.25 0 1 0 0 6.5a3.25 3.25 0 0 0 0-6.5zM3.75 16.75c.3-3.25 2.5-5 6.25-5s5.95 1.75 6.25 5"
            }
            Self::Plus => "M10 4v12M4 10h12",
            Self::Undo => "M7 4.5L3.5 8L7 11.5M3.5 8h8a4.5 4.5 0 0 1 0 9H8",
            Self::Up => "M10 15.5v-11M5.5 9L10 4.5L14.5 9",
            Self::Moon => "M16.75 11.75A7 7 0 1 1 8.25 3.25a5.5 5.5 0 0 0 8.5 8.5z",
            Self::Problem => "M10 2.75a7.25 7.25 0 1 0 0 14.5a7.25 7.25 0 0 0 0-14.5zM10 6.5v4M10 13.25v.01",
            Self::Screen => {
                "M3.5 3.75h13a.75.75 0 0 1 .75.75v8a.75.75 0 0 1-.75.75h-13a.75.75 0 0 1-.75-.75v-8a.75.75 0 0 1 .75-.75zM7 16.75h6M10 13.25v3.5"
            }
            Self::Search => "M8.75 3.25a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM12.75 12.75l4 4",
            Self::Sliders => "M3.5 6h6.25M14.25 6h2.25M12 3.75v4.5M3.5 14h2.25M10.25 14h6.25M8 11.75v4.5",
            Self::Sun => {
                "M10 6.75a3.25 3.25 0 1 0 0 6.5a3.25 3.25 0 0 0 0-6.5zM10 2.5v1M10 16.5v1M2.5 10h1M16.5 10h1M4.7 4.7l.7.7M14.6 14.6l.7.7M4.7 15.3l.7-.7M14.6 5.4l.7-.7"
            }
            Self::Hand => "M3.5 10h10.5M10 6l4 4l-4 4M16.5 4v12",
            Self::Pause => "M10 2.75a7.25 7.25 0 1 0 0 14.5a7.25 7.25 0 0 0 0-14.5zM5 5l10 10",
            Self::Turn => {
                "M16.25 8.5a6.5 6.5 0 0 0-11.5-2.25L3.5 7.75M3.5 4v3.75h3.75M3.75 11.5a6.5 6.5 0 0 0 11.5 2.25l1.25-1.5M16.5 16v-3.75h-3.75"
            }
            Self::Tick => "M4.5 10.5l3.75 3.75l7.25-8.5",
            Self::Warning => "M10 3L17.5 16.25H2.5zM10 8v3.5M10 13.75v.01",
        }
    }
}

/// A drawing beside words that say the same, so it is hidden from screen readers.
#[component]
pub(crate) fn Icon(glyph: Glyph) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d=glyph.path()></path>
        </svg>
    }
}
