use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number as the whole world dials it: country and subscriber, 6 to 16 digits, written `+61491570006`.
///
/// It is kept as the number that its digits are: no country begins with 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(u64);

/// The text is not `+` and 6 to 16 digits of which the first is no zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a number such as +61491570006")]
pub struct InvalidE164;

/// The shortest numbers in use have 6 digits, with their country: companies in Iran.
const FEWEST: usize = 6;
/// E.164 allows 15. Toll-free numbers in Germany have 16 all the same.
const MOST: usize = 16;

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl FromStr for E164 {
    type Err = InvalidE164;

    fn from_str(text: &str) -> Result<Self, InvalidE164> {
        let digits = text.strip_prefix('+').ok_or(InvalidE164)?;
        let well_formed = (FEWEST..=MOST).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { digits.parse().map(Self).map_err(|_| InvalidE164) } else { Err(InvalidE164) }
    }
}

impl Serialize for E164 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for E164 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_writes_and_nothing_else() {
        for text in ["+61491570006", "+2901234", "+989601", "+391234567890123", "+4980012345678907"] {
            assert_eq!(text.parse::<E164>().unwrap().to_string(), text);
        }
        for bad in
            ["", "+", "61491570006", "+0491570006", "+61 491570006", "+12345", "+12345678901234567", "+６１491570006"]
        {
            assert_eq!(bad.parse::<E164>(), Err(InvalidE164), "{bad}");
        }
    }
}
