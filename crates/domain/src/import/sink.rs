use model::KeyError;

use super::report::{ImportReport, ReportedLine};
use crate::spool::Writer;

/// Where rows are told.
pub(super) enum Sink {
    /// Each in a line of a text.
    Text(Writer),
    /// In a report.
    Report(Box<ImportReport>),
}

impl Sink {
    pub(super) async fn take(&mut self, judged: Vec<ReportedLine>) -> Result<(), KeyError> {
        match self {
            Self::Text(writer) => {
                let mut text = String::new();
                for ReportedLine { line, .. } in &judged {
                    text.push_str(&serde_json::to_string(line).expect("numbers and texts, which JSON can always hold"));
                    text.push('\n');
                }
                writer.write(text).await
            }
            Self::Report(report) => {
                judged.into_iter().for_each(|judged| report.note(judged));
                Ok(())
            }
        }
    }
}
