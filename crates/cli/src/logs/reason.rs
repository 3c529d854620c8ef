//! Why the database refused, for the sentence with which a command fails. A verb tells its caller only that it failed, and the log
//! why; whoever runs a command may know it, and its log is off.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// The target of the lines that say it.
const TARGET: &str = "domain";

/// What the last of them said.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// What the database said when it last failed.
pub(crate) fn reason() -> Option<String> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Keeps the `error` of the last line of `domain` that has one, whether or not it is written.
pub(super) struct Reason;

impl<S: Subscriber> Layer<S> for Reason {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() != Level::ERROR || metadata.target().split("::").next() != Some(TARGET) {
            return;
        }
        let mut found = Found(None);
        event.record(&mut found);
        if let Some(error) = found.0 {
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

struct Found(Option<String>);

impl Visit for Found {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "error" {
            self.0 = Some(format!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn the_error_of_the_last_line_is_kept() {
        let lines = tracing_subscriber::registry().with(Reason);
        tracing::subscriber::with_default(lines, || {
            let full = "the disk is full";
            tracing::error!(target: "domain::failure", error = %full, "the store failed");
            tracing::error!(target: "domain::failure", "no error");
            tracing::warn!(target: "domain::failure", error = "a warning", "no failure");
            tracing::error!(target: "edge", error = "another's", "no failure of the store");
        });
        assert_eq!(reason().as_deref(), Some("the disk is full"));
    }
}
