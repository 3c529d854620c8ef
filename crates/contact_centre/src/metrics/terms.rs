use model::TimeZone;

use crate::words::words;

words! {
    /// In which interval something is counted. There is no right one: workforce management needs both.
    Basis {
        /// Where the instant lies at which the figure is complete: offered when the caller came, answered when an agent did, handled
        /// when the wrap ended.
        Event = "event",
        /// Everything of a visit where the caller entered the queue. This is what forecasts are made from.
        Offered = "offered",
    }
}

words! {
    /// Whether callers who hung up at once count for the time to abandon.
    ShortAbandons {
        /// They don't.
        Exclude = "exclude",
        /// They do.
        Include = "include",
    }
}

/// What is asked for, besides whose figures and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Where things are counted.
    pub basis: Basis,
    /// What becomes of callers who hung up at once.
    pub short_abandons: ShortAbandons,
    /// Whose clocks begin and end intervals.
    pub timezone: TimeZone,
}

impl Default for Terms {
    fn default() -> Self {
        Self { basis: Basis::Event, short_abandons: ShortAbandons::Exclude, timezone: TimeZone::UTC }
    }
}
