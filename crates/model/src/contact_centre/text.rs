//! The limits as people type them, one word for each.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use super::{
    AgentIds, CallPrefix, CallPrefixes, CallsPerHour, ContactCentreLimits, DialPrefix, DiallingHours, RecordingBytes,
};

/// A word that is no limit of the contact centre.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word} {reason}")]
pub struct InvalidContactCentreText {
    /// The word, or what the words say together.
    pub word: String,
    /// What is wrong with it.
    pub reason: String,
}

/// In place of a number: without a limit.
const ANY: &str = "any";
/// In place of an agent: for none.
const NONE: &str = "none";
/// Sizes by which bytes are written, the largest first.
const SIZES: [(&str, u64); 4] = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];

const FORM: &str = "is none of calls=60/hour, +61=20/hour, hours=9-20, streams=5, recordings=500MB/day and agent=ID";

impl fmt::Display for ContactCentreLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        words.extend(self.calls_per_hour.map(|calls| format!("calls={calls}/hour")));
        words.extend(self.call_prefixes.iter().map(|CallPrefix { prefix, calls_per_hour }| match calls_per_hour {
            Some(calls) => format!("{prefix}={calls}/hour"),
            None => format!("{prefix}={ANY}"),
        }));
        words.extend(self.dialling_hours.map(|hours| {
            let weekends = if hours.weekends() { ",weekends" } else { "" };
            format!("hours={}-{}{weekends}", hours.from_hour(), hours.to_hour())
        }));
        words.extend(self.max_streams.map(|streams| format!("streams={streams}")));
        words.extend(self.recording_bytes_per_day.map(|bytes| format!("recordings={}/day", size(bytes))));
        match &self.agent_ids {
            Some(agents) if agents.is_empty() => words.push(format!("agent={NONE}")),
            agents => words.extend(agents.iter().flatten().map(|id| format!("agent={id}"))),
        }
        f.write_str(&words.join(" "))
    }
}

/// Bytes, by the largest unit that leaves no rest.
pub(super) fn size(bytes: RecordingBytes) -> String {
    let bytes = u64::from(bytes);
    match SIZES.iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{}{name}", bytes / unit),
        None => bytes.to_string(),
    }
}

impl FromStr for ContactCentreLimits {
    type Err = InvalidContactCentreText;

    /// Reads words that are separated by white space, in any order; none at all limit nothing.
    fn from_str(text: &str) -> Result<Self, InvalidContactCentreText> {
        let (mut limits, mut read) = (Self::default(), Words::default());
        for word in text.split_whitespace() {
            let wrong = |reason: String| InvalidContactCentreText { word: word.to_owned(), reason };
            let (name, value) = word.split_once('=').ok_or_else(|| wrong(FORM.to_owned()))?;
            match name {
                "calls" => put(&mut limits.calls_per_hour, calls(value)),
                "hours" => put(&mut limits.dialling_hours, hours(value)),
                "streams" => put(&mut limits.max_streams, whole(value).and_then(|streams| checked(streams.try_into()))),
                "recordings" => put(&mut limits.recording_bytes_per_day, bytes(value)),
                "agent" => read.agent(value),
                prefix if prefix.starts_with('+') => read.prefix(prefix, value),
                _ => Err(FORM.to_owned()),
            }
            .map_err(wrong)?;
        }
        let together = |word: &str| {
            let word = word.to_owned();
            move |reason: String| InvalidContactCentreText { word, reason }
        };
        limits.call_prefixes = checked(CallPrefixes::new(read.prefixes)).map_err(together("The prefixes"))?;
        if let Some(agents) = read.agents {
            limits.agent_ids = Some(checked(AgentIds::new(agents)).map_err(together("The agents"))?);
        }
        Ok(limits)
    }
}

/// Words of which there may be several.
#[derive(Default)]
struct Words {
    prefixes: Vec<CallPrefix>,
    agents: Option<Vec<Uuid>>,
}

impl Words {
    fn agent(&mut self, value: &str) -> Result<(), String> {
        let agents = self.agents.get_or_insert_default();
        if value != NONE {
            agents.push(value.parse().map_err(|_| format!("must have the id of an agent, or {NONE}"))?);
        }
        Ok(())
    }

    fn prefix(&mut self, prefix: &str, value: &str) -> Result<(), String> {
        let prefix = checked(DialPrefix::parse(prefix))?;
        let calls_per_hour = if value == ANY { None } else { Some(calls(value)?) };
        self.prefixes.push(CallPrefix { prefix, calls_per_hour });
        Ok(())
    }
}

/// Sets what was not set yet.
fn put<T>(place: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    match place.replace(value?) {
        None => Ok(()),
        Some(_) => Err("is the second of its kind".to_owned()),
    }
}

fn checked<T, E: fmt::Display>(value: Result<T, E>) -> Result<T, String> {
    value.map_err(|error| error.to_string())
}

/// Digits alone: no sign, and no blank.
fn whole(text: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| "must have a whole number".to_owned())
}

fn calls(value: &str) -> Result<CallsPerHour, String> {
    let calls = value.strip_suffix("/hour").ok_or("must end with /hour")?;
    checked(whole(calls)?.try_into())
}

fn bytes(value: &str) -> Result<RecordingBytes, String> {
    let value = value.strip_suffix("/day").ok_or("must end with /day")?;
    let sized = SIZES.iter().find_map(|(name, unit)| Some((value.strip_suffix(name)?, *unit)));
    let (number, unit) = sized.unwrap_or((value, 1));
    checked(whole(number)?.saturating_mul(unit).try_into())
}

fn hours(value: &str) -> Result<DiallingHours, String> {
    let form = || "must have hours of the day, such as 9-20 or 9-20,weekends".to_owned();
    let (span, weekends) = match value.split_once(',') {
        None => (value, false),
        Some((span, "weekends")) => (span, true),
        Some(_) => return Err(form()),
    };
    let (from, to) = span.split_once('-').ok_or_else(form)?;
    let hour = |text: &str| u8::try_from(whole(text).ok()?).ok();
    let (from, to) = hour(from).zip(hour(to)).ok_or_else(form)?;
    checked(DiallingHours::new(from, to, weekends))
}
