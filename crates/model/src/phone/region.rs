use std::{fmt, str::FromStr};

use rlibphonenumber::PHONE_NUMBER_UTIL;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A country or territory with a numbering plan, by its two letters of ISO 3166: `AU`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region(rlibphonenumber::Region);

/// The text names no region with a numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a region; write the two letters of ISO 3166, such as AU, US or DE")]
pub struct UnknownRegion;

impl Region {
    /// The region as the library knows it, if it has a plan.
    pub(super) fn known(region: rlibphonenumber::Region) -> Option<Self> {
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Self(region))
    }

    pub(super) fn of_library(self) -> rlibphonenumber::Region {
        self.0
    }

    /// The number of its country, such as 61 for Australia. Several regions share one.
    pub fn calling_code(self) -> u32 {
        let code = PHONE_NUMBER_UTIL.get_country_code_for_region(self.0);
        code.and_then(|code| u32::try_from(code).ok()).unwrap_or_default()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    /// Small letters do, too.
    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        // The library also knows a region 001, of numbers that belong to none.
        let region =
            Some(text).filter(|text| text.len() == 2).and_then(|text| rlibphonenumber::Region::from_code(text).ok());
        region.and_then(Self::known).ok_or(UnknownRegion)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regions_with_a_plan_are_known() {
        for (text, shown, code) in [("AU", "AU", 61), ("au", "AU", 61), ("KZ", "KZ", 7), ("CX", "CX", 61)] {
            let region: Region = text.parse().unwrap();
            assert_eq!((region.to_string().as_str(), region.calling_code()), (shown, code));
        }
        for bad in ["", "A", "AUS", "ZZ", "XX", "001", "ÄU", "A1"] {
            assert_eq!(bad.parse::<Region>(), Err(UnknownRegion), "{bad}");
        }
    }
}
