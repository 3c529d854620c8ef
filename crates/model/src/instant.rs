use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, not counting leap seconds.
///
/// Written as RFC 3339 in UTC with milliseconds, for example `2026-11-22T21:20:00.000Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(i64);

/// The text is not an RFC 3339 instant between the years 0001 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant such as 2026-11-22T21:20:00.000Z")]
pub struct InvalidInstant;

/// 9999-12-30T21:59:59.999Z, the last instant that every offset of RFC 3339 can still write.
const LAST_MS: i64 = 253_402_207_199_999;
/// 0001-01-01T00:00:00.000Z.
const FIRST_MS: i64 = -62_135_596_800_000;

impl Instant {
    /// From milliseconds since the epoch, clamped to what RFC 3339 can write.
    pub const fn from_millis(ms: i64) -> Self {
        if ms < FIRST_MS {
            Self(FIRST_MS)
        } else if ms > LAST_MS {
            Self(LAST_MS)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved by `ms` milliseconds.
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self::from_millis(self.0.saturating_add(ms))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Within FIRST_MS..=LAST_MS, which jiff can always hold.
        let timestamp = jiff::Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{timestamp:.3}")
    }
}

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        if !shaped(text) {
            return Err(InvalidInstant);
        }
        let Ok(timestamp) = text.parse::<jiff::Timestamp>() else { return far_end(text).ok_or(InvalidInstant) };
        let ms = timestamp.as_millisecond();
        if ms < FIRST_MS { Err(InvalidInstant) } else { Ok(Self::from_millis(ms)) }
    }
}

/// The last instant, for one that a text can write and jiff can't hold: the last hours of 9999, by which people mean "never".
fn far_end(text: &str) -> Option<Instant> {
    let rest = text.strip_prefix("9999").filter(|rest| rest.starts_with("-12-3"))?;
    // A year earlier jiff knows whether the rest is an instant at all.
    format!("9998{rest}").parse::<jiff::Timestamp>().ok().map(|_| Instant(LAST_MS))
}

/// Whether a text has the form of RFC 3339. jiff also reads other forms of ISO 8601 (a space, no seconds, an offset without a
/// colon, a bracketed zone) that clients of RFC 3339 can't read back.
fn shaped(text: &str) -> bool {
    let like = |text: &[u8], form: &[u8]| {
        text.len() == form.len()
            && text.iter().zip(form).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                form => byte.eq_ignore_ascii_case(form),
            })
    };
    let Some((time, rest)) = text.as_bytes().split_at_checked(19) else { return false };
    let zone = match rest {
        // At least one digit: a point by itself is no fraction, and jiff refuses it.
        [b'.', fraction @ ..] => &fraction[fraction.iter().take_while(|byte| byte.is_ascii_digit()).count()..],
        zone => zone,
    };
    like(time, b"0000-00-00T00:00:00") && (like(zone, b"Z") || like(zone, b"+00:00") || like(zone, b"-00:00"))
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

    impl utoipa::PartialSchema for super::Instant {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .description(Some("RFC 3339, UTC, with milliseconds."))
                .into()
        }
    }

    impl utoipa::ToSchema for super::Instant {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prints_utc_with_milliseconds() {
        assert_eq!(Instant::from_millis(1_795_382_400_007).to_string(), "2026-11-22T21:20:00.007Z");
        assert_eq!(Instant::from_millis(i64::MAX).to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(Instant::from_millis(i64::MIN).to_string(), "0001-01-01T00:00:00.000Z");
    }

    #[test]
    fn reads_offsets_and_refuses_other_forms() {
        assert_eq!("2026-11-22T22:20:00+01:00".parse(), Ok(Instant::from_millis(1_795_382_400_000)));
        for same in ["2026-11-22t21:20:00z", "2026-11-22T21:20:00.000999-00:00", "2026-11-22T16:20:00-05:00"] {
            assert_eq!(same.parse(), Ok(Instant::from_millis(1_795_382_400_000)), "{same}");
        }
        for bad in [
            "",
            "2026-11-22",
            "2026-11-22 21:20:00Z",
            "2026-11-22T21:20:00",
            "2026-13-22T21:20:00Z",
            "1795382400",
            "2026-11-22T21:20:00.Z",
            "2026-11-22T21:20:00,5Z",
            "2026-11-22T22:20+01:00",
            "2026-11-22T22:20:00+01",
            "2026-11-22T22:20:00+0100",
            "2026-11-22T22:20:00+01:00:00",
            "2026-11-22T22:20:00+01:00[Europe/Berlin]",
            "+002026-11-22T21:20:00Z",
            "2026-11-22T2120:00.000Z",
        ] {
            assert_eq!(bad.parse::<Instant>(), Err(InvalidInstant), "{bad}");
        }
    }

    #[test]
    fn the_end_of_9999_is_a_far_end() {
        let last = Ok(Instant::from_millis(LAST_MS));
        for far in [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T00:00:00Z",
            "9999-12-31T23:59:59-12:00",
            "9999-12-31T23:59:59+14:00",
            "9999-12-30T22:00:00Z",
        ] {
            assert_eq!(far.parse(), last, "{far}");
        }
        for bad in [
            "9999-12-32T00:00:00Z",
            "9999-12-31T24:00:00Z",
            "9999-12-31T23:60:00Z",
            "9999-12-31T00:00:00",
            "9999-12-31T00:00:00.Z",
            "9999-13-31T00:00:00Z",
        ] {
            assert_eq!(bad.parse::<Instant>(), Err(InvalidInstant), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_instant_reads_back(ms in FIRST_MS..=LAST_MS) {
            let instant = Instant::from_millis(ms);
            prop_assert_eq!(instant.to_string().parse(), Ok(instant));
        }
    }
}
