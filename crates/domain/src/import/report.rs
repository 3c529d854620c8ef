use model::{ImportLine, ImportSummary};
use serde::{Deserialize, Serialize};

use super::facts::Facts;

/// Rows that were left out of which a report tells.
const LEFT_OUT: usize = 200;
/// Rows that were taken of which it tells.
const TAKEN: usize = 20;

/// A row, as people are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedLine {
    /// What became of it.
    #[serde(flatten)]
    pub line: ImportLine,
    /// The Client Name, if it could be read.
    pub client_name: Option<String>,
}

/// What became of an import's rows: of all how many, and the first of them one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// How many.
    pub summary: ImportSummary,
    /// The first that are left out.
    pub left_out: Vec<ReportedLine>,
    /// The first that are not.
    pub taken: Vec<ReportedLine>,
    pub(super) facts: Facts,
}

impl ImportReport {
    pub(super) fn note(&mut self, judged: ReportedLine) {
        let (lines, most) = match judged.line.result {
            result if result.is_left_out() => (&mut self.left_out, LEFT_OUT),
            _ => (&mut self.taken, TAKEN),
        };
        if lines.len() < most {
            lines.push(judged);
        }
    }

    /// How many of the rows that were left out it does not tell.
    pub fn left_out_more(&self) -> u32 {
        self.summary.left_out().saturating_sub(u32::try_from(self.left_out.len()).unwrap_or(u32::MAX))
    }

    /// The same without rows: what is kept of an import whose keys work. Names of those that were left out are nobody's any more.
    pub(super) fn without_lines(&self) -> Self {
        Self { left_out: Vec::new(), taken: Vec::new(), summary: self.summary, facts: self.facts.clone() }
    }

    /// As it is kept.
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts, which JSON can always hold")
    }
}
