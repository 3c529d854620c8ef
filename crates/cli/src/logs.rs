//! Structured logs on standard error. One place in the code writes a bounded number of lines in a second; the others are left out
//! and counted. Whoever logs never waits for whoever reads: lines go through a queue with a bound, and one that can't be written
//! is dropped and counted. So each line is written, or counted once.

mod rate;
mod reason;
mod writer;

use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan, layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub(crate) use self::reason::reason;

use self::{rate::LogRate, reason::Reason};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    pub(crate) const NAMES: [(&str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// Nothing.
    Off,
    /// What an operator must look at.
    Error,
    /// What an operator should know.
    Warn,
    /// Starts, stops and the like.
    Info,
    /// Every call.
    Debug,
    /// Everything.
    Trace,
}

/// Keydesk's own crates, by their targets in `tracing`.
const OURS: [&str; 11] =
    ["keydesk", "server", "cli", "domain", "store", "verify", "app", "api", "gate", "edge", "panic"];

impl LogLevel {
    pub(crate) const NAMES: [(&str, Self); 6] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, level)| *level == self).map_or("off", |(name, _)| name)
    }

    /// The level applies to Keydesk's own crates, which log no secret at any level. Others might print what they
    /// transport, so only their warnings are ever shown.
    fn directives(self) -> String {
        let level = self.as_str();
        let others = if matches!(self, Self::Off | Self::Error) { level } else { "warn" };
        OURS.iter().fold(others.to_owned(), |all, target| format!("{all},{target}={level}"))
    }
}

/// How long the last lines may take at the end of the process.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Starts logging; panics are logged as well, in the same form.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    if level == LogLevel::Off {
        // Nothing may be printed by a panic either: it goes to nobody.
        std::panic::set_hook(Box::new(|_| {}));
        let _ = tracing_subscriber::registry().with(LevelFilter::ERROR).with(Reason).try_init();
        return;
    }
    let filter = EnvFilter::new(level.directives());
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer::start())
        // That a line could not be written would be printed to the same place, with a panic when that fails.
        .log_internal_errors(false)
        .with_span_events(FmtSpan::NONE);
    // Only one subscriber can be set, and a second start in the same process keeps the first.
    let _ = match format {
        LogFormat::Text => {
            let lines = lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
            lines.finish().with(LogRate::new()).with(Reason).try_init()
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false);
            lines.finish().with(LogRate::new()).with(Reason).try_init()
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let said = panic.payload_as_str().unwrap_or("a panic without a message");
        tracing::error!(target: "panic", place, "{said}");
    }));
}

/// Waits until what was logged is written, but not for long.
pub(crate) fn finish() {
    writer::finish(LAST_LINES);
}

/// Lines that nobody gets to read. Each is counted in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostLines {
    /// Left out, since there were too many of their kind in a second.
    pub left_out: u64,
    /// Dropped, since they could not be written.
    pub dropped: u64,
}

/// Lines that were lost since the start.
pub fn lost_lines() -> LostLines {
    LostLines { left_out: rate::left_out(), dropped: writer::dropped() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_are_never_shown_below_warnings() {
        assert!(LogLevel::Trace.directives().starts_with("warn,keydesk=trace,"));
        assert!(LogLevel::Off.directives().starts_with("off,keydesk=off,"));
        for (_, level) in LogLevel::NAMES {
            assert!(EnvFilter::builder().parse(level.directives()).is_ok());
        }
    }
}
