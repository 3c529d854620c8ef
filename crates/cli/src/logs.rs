//! Structured logs on standard error.

use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

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

/// Starts logging; panics are logged as well, in the same form.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    let filter = EnvFilter::new(level.directives());
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    // Only one subscriber can be set, and a second start in the same process keeps the first.
    let _ = match format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let said = panic.payload_as_str().unwrap_or("a panic without words");
        tracing::error!(target: "panic", place, "{said}");
    }));
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
