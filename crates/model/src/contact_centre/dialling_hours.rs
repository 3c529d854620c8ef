use serde::{Deserialize, Serialize};

/// Hours of the callee's own day in which calls may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "Unchecked")]
pub struct DiallingHours {
    /// The first hour, 0 to 23.
    #[cfg_attr(feature = "openapi", schema(maximum = 23))]
    from_hour: u8,
    /// The hour at which calling ends, 1 to 24; later than the first.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 24))]
    to_hour: u8,
    /// Whether Saturdays and Sundays are among the days; false when not given.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    weekends: bool,
}

/// Hours before they are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    from_hour: u8,
    to_hour: u8,
    weekends: Option<bool>,
}

/// The hours are none of a day, or end before they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must begin at a full hour from 0 to 23 and end at a later one, at most 24")]
pub struct InvalidDiallingHours;

impl DiallingHours {
    /// Checks the hours: from one full hour of the day to a later one.
    pub fn new(from_hour: u8, to_hour: u8, weekends: bool) -> Result<Self, InvalidDiallingHours> {
        if from_hour < to_hour && to_hour <= 24 {
            Ok(Self { from_hour, to_hour, weekends })
        } else {
            Err(InvalidDiallingHours)
        }
    }

    /// The first hour.
    pub fn from_hour(&self) -> u8 {
        self.from_hour
    }

    /// The hour at which calling ends.
    pub fn to_hour(&self) -> u8 {
        self.to_hour
    }

    /// Whether Saturdays and Sundays are among the days.
    pub fn weekends(&self) -> bool {
        self.weekends
    }

    /// Whether the others are no wider.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.from_hour <= other.from_hour && other.to_hour <= self.to_hour && (self.weekends || !other.weekends)
    }
}

impl TryFrom<Unchecked> for DiallingHours {
    type Error = InvalidDiallingHours;

    fn try_from(from: Unchecked) -> Result<Self, InvalidDiallingHours> {
        Self::new(from.from_hour, from.to_hour, from.weekends.unwrap_or_default())
    }
}
