//! The limits in words, for people.

use super::{CallPrefix, ContactCentreLimits, text::size};

impl ContactCentreLimits {
    /// A sentence or so for each limit; none where nothing is limited.
    pub fn words(&self) -> Vec<String> {
        let Self { calls_per_hour, call_prefixes, dialling_hours, max_streams, recording_bytes_per_day, agent_ids } =
            self;
        let mut words = Vec::new();
        words.extend(calls_per_hour.map(|calls| format!("{} an hour", counted(calls.into(), "outbound call"))));
        words.extend(call_prefixes.iter().map(prefix));
        words.extend(dialling_hours.map(|hours| {
            let days = if hours.weekends() { "on every day" } else { "from Monday to Friday" };
            format!("Calls from {}:00 to {}:00 where the callee is, {days}", hours.from_hour(), hours.to_hour())
        }));
        words.extend(max_streams.map(|streams| format!("{} open at once", counted(streams.into(), "stream"))));
        words.extend(recording_bytes_per_day.map(|bytes| {
            let size = size(bytes);
            let unit = if size.ends_with('B') { "" } else { " bytes" };
            format!("{size}{unit} of recordings a day")
        }));
        match agent_ids {
            Some(agents) if agents.is_empty() => words.push("Acts for no agent".to_owned()),
            agents => words.extend(agents.iter().flatten().map(|id| format!("Acts for agent {id}"))),
        }
        words
    }
}

fn prefix(CallPrefix { prefix, calls_per_hour }: &CallPrefix) -> String {
    let calls = match calls_per_hour.map(u64::from) {
        None => "as many calls as come".to_owned(),
        Some(0) => "no calls".to_owned(),
        Some(calls) => format!("{} an hour", counted(calls, "call")),
    };
    match prefix.as_str() {
        "+" => format!("To all other numbers: {calls}"),
        prefix => format!("To {prefix}: {calls}"),
    }
}

/// `1 call`, `2 calls`.
fn counted(number: u64, noun: &str) -> String {
    match number {
        0 => format!("No {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_said_in_words() {
        let agent = "01940000-0000-7000-8000-000000000001";
        let all = format!(
            "calls=1/hour +=0/hour +61=any +6149=20/hour hours=9-20 streams=5 recordings=500MB/day agent={agent}"
        );
        let words = all.parse::<ContactCentreLimits>().unwrap().words();
        let expected = [
            "1 outbound call an hour",
            "To all other numbers: no calls",
            "To +61: as many calls as come",
            "To +6149: 20 calls an hour",
            "Calls from 9:00 to 20:00 where the callee is, from Monday to Friday",
            "5 streams open at once",
            "500MB of recordings a day",
            "Acts for agent 01940000-0000-7000-8000-000000000001",
        ];
        assert_eq!(words, expected);
        let few = "hours=0-24,weekends recordings=7/day streams=0 agent=none".parse::<ContactCentreLimits>().unwrap();
        let expected = [
            "Calls from 0:00 to 24:00 where the callee is, on every day",
            "No streams open at once",
            "7 bytes of recordings a day",
            "Acts for no agent",
        ];
        assert_eq!(few.words(), expected);
        assert!(ContactCentreLimits::default().words().is_empty());
    }
}
