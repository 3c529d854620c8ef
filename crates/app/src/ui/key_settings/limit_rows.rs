//! The limits of a key, or a ceiling, as the rows of a form. Each row has its fields whether they are filled in or not, so that the
//! first values of all fields are the first row, and so on.

use model::{
    InvalidLimit, LimitName, Period, Preset, QUOTAS_MAX, Quota, Quotas, RATE_LIMITS_MAX, RateLimit, RateLimits, Scope,
    ScopeSet, TimeZoneName,
};
use serde::Serialize;

use super::posted::Form;

/// A rate limit as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RateRow {
    pub(super) name: String,
    pub(super) calls: String,
    /// How many of [`RateRow::unit`].
    pub(super) window: String,
    /// `s`, `m`, `h` or `d`.
    pub(super) unit: String,
    /// Empty: as many as the calls.
    pub(super) burst: String,
    /// Scopes, separated by spaces or commas; empty: every call counts.
    pub(super) scopes: String,
}

/// A quota as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuotaRow {
    pub(super) name: String,
    pub(super) calls: String,
    pub(super) period: String,
    /// Empty: the installation's.
    pub(super) zone: String,
    pub(super) scopes: String,
}

/// The rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LimitRows {
    /// A new key has the limits of its preset, and the rows show them.
    pub(crate) of_preset: bool,
    pub(super) rates: Vec<RateRow>,
    pub(super) quotas: Vec<QuotaRow>,
}

/// The units of a window: their letters, their seconds, and their names.
pub(super) const UNITS: [(&str, u32, &str); 4] =
    [("s", 1, "seconds"), ("m", 60, "minutes"), ("h", 3_600, "hours"), ("d", 86_400, "days")];

impl LimitRows {
    /// Limits as they are.
    pub(crate) fn of(rate_limits: &RateLimits, quotas: &Quotas) -> Self {
        let scopes = |scopes: &ScopeSet| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
        let rates = rate_limits.iter().map(|limit| {
            let seconds = limit.window_seconds();
            let fits = UNITS.iter().rev().find(|(_, unit, _)| seconds.is_multiple_of(*unit));
            let (unit, length, _) = fits.unwrap_or(&UNITS[0]);
            RateRow {
                name: limit.name().to_string(),
                calls: limit.limit().to_string(),
                window: (seconds / length).to_string(),
                unit: (*unit).to_owned(),
                burst: if limit.burst() == limit.limit() { String::new() } else { limit.burst().to_string() },
                scopes: scopes(limit.scopes()),
            }
        });
        let quotas = quotas.iter().map(|quota| QuotaRow {
            name: quota.name().to_string(),
            calls: quota.limit().to_string(),
            period: quota.period().to_string(),
            zone: quota.time_zone().map(|zone| zone.as_str().to_owned()).unwrap_or_default(),
            scopes: scopes(quota.scopes()),
        });
        Self { of_preset: false, rates: rates.collect(), quotas: quotas.collect() }
    }

    /// What was typed. Rows in which nothing is named and counted are none.
    pub(crate) fn of_form(form: Form<'_>) -> Self {
        let column = |name: &str| form.texts(name).map(|text| text.trim().to_owned()).collect::<Vec<_>>();
        let [names, calls, windows, units, bursts, scopes] =
            ["rate_name", "rate_calls", "rate_window", "rate_unit", "rate_burst", "rate_scopes"].map(column);
        let at = |column: &[String], row: usize| column.get(row).cloned().unwrap_or_default();
        // A form that somebody made up has no more rows than a key has limits, and one that is refused for it.
        let rates = (0..names.len().max(calls.len()).min(RATE_LIMITS_MAX + 1)).map(|row| RateRow {
            name: at(&names, row),
            calls: at(&calls, row),
            window: at(&windows, row),
            unit: at(&units, row),
            burst: at(&bursts, row),
            scopes: at(&scopes, row),
        });
        let rates = rates.filter(|row| !(row.name.is_empty() && row.calls.is_empty())).collect();
        let [names, calls, periods, zones, scopes] =
            ["quota_name", "quota_calls", "quota_period", "quota_zone", "quota_scopes"].map(column);
        let quotas = (0..names.len().max(calls.len()).min(QUOTAS_MAX + 1)).map(|row| QuotaRow {
            name: at(&names, row),
            calls: at(&calls, row),
            period: at(&periods, row),
            zone: at(&zones, row),
            scopes: at(&scopes, row),
        });
        let quotas = quotas.filter(|row| !(row.name.is_empty() && row.calls.is_empty())).collect();
        let mut rows = Self { of_preset: form.text("limits") == "preset" || !form.has("limits"), rates, quotas };
        // Whoever has written limits means them, also where the choice above them was left as it was.
        rows.of_preset &= rows.quotas.is_empty() && (rows.rates.is_empty() || rows.are_of_some_preset());
        rows
    }

    fn are_of_some_preset(&self) -> bool {
        Preset::ALL.iter().any(|preset| Self::of(&preset.rate_limits(), &Quotas::default()).rates == self.rates)
    }

    /// For a new key: the rows of its preset, where it has those.
    pub(super) fn or_of(self, preset: Option<Preset>) -> Self {
        if !self.of_preset {
            return self;
        }
        let brought = preset.map(Preset::rate_limits).unwrap_or_default();
        Self { of_preset: true, ..Self::of(&brought, &Quotas::default()) }
    }

    /// The rate limits that are meant, or all that is wrong with the rows.
    pub(crate) fn rate_limits(&self) -> Result<RateLimits, Vec<String>> {
        let rows = self.rates.iter().enumerate().map(|(row, rate)| rate.read().map_err(of_row("Rate limit", row)));
        all(rows, RateLimits::new, "The rate limits")
    }

    /// The same for the quotas.
    pub(crate) fn quotas(&self) -> Result<Quotas, Vec<String>> {
        let rows = self.quotas.iter().enumerate().map(|(row, quota)| quota.read().map_err(of_row("Quota", row)));
        all(rows, Quotas::new, "The quotas")
    }

    /// Both lists in words, by their labels.
    pub(super) fn facts(&self) -> [(&'static str, String); 2] {
        let lines = |lines: Vec<String>| if lines.is_empty() { "None".to_owned() } else { lines.join("; ") };
        let rates = self.rate_limits().map(|limits| limits.iter().map(RateLimit::words).collect());
        let quotas = self.quotas().map(|quotas| quotas.iter().map(Quota::words).collect());
        [
            ("Rate limits", lines(rates.unwrap_or_else(|wrong| wrong))),
            ("Quotas", lines(quotas.unwrap_or_else(|wrong| wrong))),
        ]
    }
}

/// All rows that can be read as a list, or what is wrong with each that can't.
fn all<T, L>(
    rows: impl Iterator<Item = Result<T, String>>,
    list: impl FnOnce(Vec<T>) -> Result<L, InvalidLimit>,
    named: &str,
) -> Result<L, Vec<String>> {
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Ok(row) => read.push(row),
            Err(error) => wrong.push(error),
        }
    }
    match list(read) {
        Ok(list) if wrong.is_empty() => Ok(list),
        Ok(_) => Err(wrong),
        Err(error) => {
            wrong.push(format!("{named} {error}"));
            Err(wrong)
        }
    }
}

/// Says of which row something is wrong.
fn of_row(what: &str, row: usize) -> impl FnOnce(String) -> String {
    let named = format!("{what} {}", row + 1);
    move |wrong| if wrong.starts_with(':') { named + &wrong } else { format!("{named} {wrong}") }
}

const CALLS: &str = "write how many calls may come, a whole number";

/// What is wrong with a row, to be read behind its name.
fn said(error: InvalidLimit) -> String {
    error.to_string()
}

fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    // As the form and the page write numbers.
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '\u{a0}' | '\u{202f}' | '’')).collect();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn scopes(text: &str) -> Result<ScopeSet, String> {
    let words = text.split([' ', ',', '+', '\n', '\t']).filter(|word| !word.is_empty());
    words.map(|word| Scope::parse(word).map_err(|_| format!("counts calls for “{word}”, which is no scope"))).collect()
}

impl RateRow {
    pub(super) fn read(&self) -> Result<RateLimit, String> {
        let name = LimitName::parse(&self.name).map_err(said)?;
        let calls = number(&self.calls).ok_or_else(|| format!(": {CALLS}"))?;
        let unit = UNITS.iter().find(|(unit, ..)| *unit == self.unit).map_or(60, |(_, seconds, _)| *seconds);
        let window = if self.window.is_empty() { Some(1) } else { number::<u32>(&self.window) };
        let window =
            window.and_then(|window| window.checked_mul(unit)).ok_or(": write in how much time, a whole number")?;
        let burst = if self.burst.is_empty() { Some(calls) } else { number(&self.burst) };
        let burst = burst.ok_or(": write how many calls may come at once, a whole number, or nothing")?;
        RateLimit::new(name, calls, window, burst, scopes(&self.scopes)?).map_err(|error| match error {
            InvalidLimit::Limit => "must allow between 1 and 9,007,199,254,740,991 calls".to_owned(),
            InvalidLimit::Window => "must have a window of at least a second and at most a day".to_owned(),
            InvalidLimit::Burst => "must allow at least 1 call at once, and no more than its calls".to_owned(),
            other => said(other),
        })
    }
}

impl QuotaRow {
    pub(super) fn read(&self) -> Result<Quota, String> {
        let name = LimitName::parse(&self.name).map_err(said)?;
        let calls = number(&self.calls).ok_or_else(|| format!(": {CALLS}"))?;
        let period: Period = self.period.parse().map_err(|_| ": choose its period")?;
        let zone = (!self.zone.is_empty()).then(|| TimeZoneName::parse(&self.zone)).transpose();
        let zone = zone.map_err(|_| "must have a time zone such as Europe/Berlin, or none")?;
        Quota::new(name, calls, period, zone, scopes(&self.scopes)?).map_err(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_are_drawn() {
        let rates: Vec<RateLimit> = ["a=600/60s,burst=10,scopes=calls:make+calls:read", "b=5/90s", "c=1/86400s"]
            .map(|text| text.parse().unwrap())
            .into();
        let quotas = ["q=0/day", "r=9/month,zone=Europe/Berlin,scopes=calls:*"].map(|text| text.parse().unwrap());
        let (rates, quotas) = (RateLimits::new(rates).unwrap(), Quotas::new(quotas.into()).unwrap());
        let rows = LimitRows::of(&rates, &quotas);
        assert_eq!((rows.rate_limits(), rows.quotas()), (Ok(rates), Ok(quotas)));
        let drawn: Vec<_> = rows.rates.iter().map(|row| (row.window.as_str(), row.unit.as_str())).collect();
        assert_eq!(drawn, [("1", "m"), ("90", "s"), ("1", "d")]);
    }

    #[test]
    fn empty_rows_are_none_and_numbers_are_read_as_people_write_them() {
        let typed = [
            ("limits", "own"),
            ("rate_name", ""),
            ("rate_calls", ""),
            ("rate_window", "1"),
            ("rate_unit", "m"),
            ("rate_name", "b"),
            ("rate_calls", " 1,200 "),
            ("rate_window", ""),
            ("rate_unit", "h"),
        ];
        let typed: Vec<_> = typed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let rows = LimitRows::of_form(Form(&typed));
        let limits = rows.rate_limits().map(|limits| limits.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(limits.as_deref(), Ok(&["b=1200/3600s".to_owned()][..]));
        assert!(!rows.of_preset && rows.quotas.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_of_its_row() {
        let row = |calls: &str, window: &str, burst: &str, scopes: &str| {
            let texts = [calls, window, burst, scopes].map(str::to_owned);
            let [calls, window, burst, scopes] = texts;
            RateRow { name: "a".to_owned(), calls, window, unit: "m".to_owned(), burst, scopes }.read().unwrap_err()
        };
        for (wrong, said) in [
            (row("", "1", "", ""), ": write how many calls"),
            (row("-1", "1", "", ""), ": write how many calls"),
            (row("0", "1", "1", ""), "must allow between 1"),
            (row("5", "1441", "", ""), "must have a window"),
            (row("5", "x", "", ""), ": write in how much time"),
            (row("5", "1", "6", ""), "must allow at least 1 call at once"),
            (row("5", "1", "", "calls"), "counts calls for “calls”"),
        ] {
            assert!(wrong.starts_with(said), "{wrong}");
        }
    }
}
