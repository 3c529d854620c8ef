//! Usage as a text, in parts: a table or one JSON object a line.

use std::borrow::Cow;

use model::{KeyError, KeyId, SeriesOf, TimeZone, UsageFilter, UsageGroup, UsagePoint, UsageRange};
use serde::Serialize;

use crate::{Caller, Keydesk, USAGE_GROUPS_MAX, export::line};

/// The form of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageFormat {
    /// RFC 4180, a row for each code of a point.
    Csv,
    /// One JSON object a line: a point.
    Ndjson,
}

/// What is asked of usage.
#[derive(Clone, Debug)]
pub struct UsageAsked {
    /// The range, and the step of its points.
    pub range: UsageRange,
    /// Which calls.
    pub filter: UsageFilter,
    /// Whose hours and days.
    pub zone: TimeZone,
    /// By what they are told apart; `None`: all together.
    pub group: Option<UsageGroup>,
}

/// Usage, read part by part. Of groups by key all, and of others as many as one answer has.
#[derive(Debug)]
pub struct UsageExport {
    keydesk: Keydesk,
    caller: Caller,
    asked: UsageAsked,
    format: UsageFormat,
    begun: bool,
    after: Option<KeyId>,
    ended: bool,
}

const COLUMNS: [&str; 8] = ["at", "key_id", "client_name", "environment", "scope", "code", "calls", "step"];

impl Keydesk {
    /// Streams usage.
    pub fn export_usage(&self, caller: &Caller, asked: UsageAsked, format: UsageFormat) -> UsageExport {
        let (keydesk, caller) = (self.clone(), caller.clone());
        UsageExport { keydesk, caller, asked, format, begun: false, after: None, ended: false }
    }
}

impl UsageExport {
    /// The next part of the text. `None`: that was all.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, KeyError> {
        if self.ended {
            return Ok(None);
        }
        let mut text = String::new();
        if !std::mem::replace(&mut self.begun, true) && self.format == UsageFormat::Csv {
            line(&mut text, &COLUMNS.map(Cow::Borrowed));
        }
        let UsageAsked { range, filter, zone, group } = &self.asked;
        match group {
            None => {
                let points = self.keydesk.usage_points(&self.caller, *range, filter, zone).await?;
                points.iter().try_for_each(|point| self.write(&mut text, &SeriesOf::default(), point))?;
                self.ended = true;
            }
            Some(group) => {
                let page = (self.after, USAGE_GROUPS_MAX);
                let groups = self.keydesk.usage_groups(&self.caller, *range, filter, zone, *group, page).await?;
                for series in &groups.groups {
                    series.points.iter().try_for_each(|point| self.write(&mut text, &series.of, point))?;
                }
                self.after = groups.next_cursor;
                self.ended = groups.next_cursor.is_none();
            }
        }
        Ok(Some(text.into_bytes()))
    }

    fn write(&self, text: &mut String, of: &SeriesOf, point: &UsagePoint) -> Result<(), KeyError> {
        if self.format == UsageFormat::Ndjson {
            text.push_str(&serde_json::to_string(&Line { of, point }).map_err(|_| KeyError::Unavailable)?);
            text.push('\n');
            return Ok(());
        }
        let allowed = (point.counts.allowed > 0).then_some((model::Code::Valid, point.counts.allowed));
        for (code, calls) in allowed.into_iter().chain(point.counts.denied.iter().map(|(code, calls)| (*code, *calls)))
        {
            let at = point.at.to_string();
            let key = of.key_id.map(|key| key.to_string()).unwrap_or_default();
            let (calls, step) = (calls.to_string(), self.asked.range.step());
            let cells = [
                at.as_str(),
                key.as_str(),
                of.client_name.as_ref().map_or("", |name| name.as_str()),
                of.environment.map_or("", model::Environment::as_str),
                of.scope.as_ref().map_or("", |scope| scope.as_str()),
                code.as_str(),
                calls.as_str(),
                step.as_str(),
            ];
            line(text, &cells.map(Cow::Borrowed));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    of: &'a SeriesOf,
    #[serde(flatten)]
    point: &'a UsagePoint,
}
