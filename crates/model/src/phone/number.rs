use super::{e164::E164, kind::PhoneKind, region::Region};

/// A valid number, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub e164: E164,
    /// What is dialled after the call is answered, in digits.
    pub extension: Option<String>,
    /// The region to which it belongs; `None` for numbers that belong to none, such as those of +800.
    pub region: Option<Region>,
    /// What is behind it.
    pub kind: PhoneKind,
    /// Whether the text has no country in it, so that the number rests on the region with which it was read.
    pub national: bool,
}
