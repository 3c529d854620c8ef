use bytes::Bytes;
use serde_json::Value;

use super::error::EncodeError;

/// A row is a line, in the form that it has everywhere else.
pub(crate) struct Ndjson;

impl Ndjson {
    pub(super) fn rows(&mut self, rows: &[Value]) -> Result<Bytes, EncodeError> {
        let mut lines = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut lines, row)?;
            lines.push(b'\n');
        }
        Ok(lines.into())
    }
}
