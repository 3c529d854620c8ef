use domain::{RecordedCalls, UsageOptions, UsageRetention};
use serde::Deserialize;

/// What is recorded of calls, and for how long it is kept: `[usage]` in the configuration file.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UsageEntry {
    quarter_days: Option<u16>,
    day_months: Option<u16>,
    record: Recorded,
}

#[derive(Clone, Copy, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Recorded {
    #[default]
    All,
    Refused,
}

/// A time for which usage can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[usage] {setting} is {bounds}.")]
pub(crate) struct InvalidRetention {
    setting: &'static str,
    bounds: &'static str,
}

impl UsageEntry {
    pub(crate) fn options(&self) -> Result<UsageOptions, InvalidRetention> {
        let recorded = match self.record {
            Recorded::All => RecordedCalls::All,
            Recorded::Refused => RecordedCalls::Refused,
        };
        Ok(UsageOptions { recorded, retention: self.retention()? })
    }

    /// What is kept for how long. The last 30 days are shown by the hour, so quarters can't go sooner.
    fn retention(&self) -> Result<UsageRetention, InvalidRetention> {
        let default = UsageRetention::default();
        let quarter_days = self.quarter_days.unwrap_or(default.quarter_days);
        let day_months = self.day_months.unwrap_or(default.day_months);
        if !(31..=400).contains(&quarter_days) {
            return Err(InvalidRetention { setting: "quarter_days", bounds: "31 to 400" });
        }
        if !(1..=120).contains(&day_months) {
            return Err(InvalidRetention { setting: "day_months", bounds: "1 to 120" });
        }
        Ok(UsageRetention { quarter_days, day_months })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_usage_is_kept_has_bounds() {
        let read = |quarter_days, day_months| {
            UsageEntry { quarter_days, day_months, ..UsageEntry::default() }
                .retention()
                .map_err(|error| error.to_string())
        };
        assert_eq!(read(None, None), Ok(UsageRetention { quarter_days: 90, day_months: 25 }));
        assert_eq!(read(Some(31), Some(120)), Ok(UsageRetention { quarter_days: 31, day_months: 120 }));
        for wrong in [30, 401] {
            assert_eq!(read(Some(wrong), None), Err("[usage] quarter_days is 31 to 400.".to_owned()));
        }
        for wrong in [0, 121] {
            assert_eq!(read(None, Some(wrong)), Err("[usage] day_months is 1 to 120.".to_owned()));
        }
    }

    #[test]
    fn calls_that_are_allowed_need_not_be_recorded() {
        let recorded = |text| toml::from_str::<UsageEntry>(text).map(|entry| entry.options().unwrap().recorded);
        assert_eq!(recorded("").unwrap(), RecordedCalls::All);
        assert_eq!(recorded("record = 'refused'").unwrap(), RecordedCalls::Refused);
        recorded("record = 'none'").unwrap_err();
    }
}
