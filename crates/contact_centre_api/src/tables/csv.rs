//! CSV as RFC 4180 has it, in UTF-8. A text that a spreadsheet would take for a formula gets a `'` before it.

use std::collections::BTreeMap;

use ::csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use bytes::Bytes;
use serde_json::Value;

use super::{
    catalogue::{Kind, Table},
    error::EncodeError,
};

/// Writes a table's rows.
pub(crate) struct Csv {
    table: &'static Table,
    writer: Writer<Vec<u8>>,
}

fn writer() -> Writer<Vec<u8>> {
    // Quotes around each cell keep numbers such as +61491570006 texts where quotes matter.
    WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(Vec::new())
}

impl Csv {
    pub(super) fn of(table: &'static Table) -> Result<Self, EncodeError> {
        let mut writer = writer();
        writer.write_record(table.columns.iter().map(|column| column.name))?;
        Ok(Self { table, writer })
    }

    pub(super) fn rows(&mut self, rows: &[Value]) -> Result<Bytes, EncodeError> {
        for row in rows {
            let cells = self.table.columns.iter().map(|column| cell(column.of(row), column.kind));
            self.writer.write_record(cells)?;
        }
        self.taken()
    }

    pub(super) fn end(mut self) -> Result<Bytes, EncodeError> {
        self.taken()
    }

    /// What was written so far.
    fn taken(&mut self) -> Result<Bytes, EncodeError> {
        self.writer.flush().map_err(::csv::Error::from)?;
        let written = std::mem::replace(&mut self.writer, writer());
        let bytes = written.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
        Ok(bytes.into())
    }
}

/// A cell: nothing for null and for what is not there.
fn cell(value: Option<&Value>, kind: Kind) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if kind == Kind::Phone => text.clone(),
        Some(Value::String(text)) => harmless(text),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        // A list begins with a bracket, and an object with a brace.
        Some(list) => list.to_string(),
    }
}

/// A text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    // A tab or a line feed before the sign is skipped by some.
    let is_formula = text.trim_start_matches(['\t', '\r', '\n']).starts_with(['=', '+', '-', '@']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// Rows of which nobody has said the columns: each value in a column of its name.
pub(crate) struct Flat(Vec<BTreeMap<String, Value>>);

impl Flat {
    pub(crate) fn of(rows: &[Value]) -> Self {
        let flat = |row: &Value| {
            let mut cells = BTreeMap::new();
            flatten("", row, &mut cells);
            cells
        };
        Self(rows.iter().map(flat).collect())
    }
}

/// Puts the members of objects in objects beside those of the outer one: `queue_name`. Lists stay as they are.
fn flatten(name: &str, value: &Value, cells: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let name = if name.is_empty() { member.clone() } else { format!("{name}_{member}") };
                flatten(&name, value, cells);
            }
        }
        value => {
            cells.insert(name.to_owned(), value.clone());
        }
    }
}

/// Writes such rows, with a line of the names of all columns that occur.
///
/// # Errors
/// [`EncodeError`].
pub(crate) fn flat_csv(rows: &Flat) -> Result<Bytes, EncodeError> {
    let mut names: Vec<&str> = rows.0.iter().flat_map(|row| row.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut writer = writer();
    writer.write_record(&names)?;
    for row in &rows.0 {
        writer.write_record(names.iter().map(|name| {
            let kind = if name.ends_with("e164") { Kind::Phone } else { Kind::Text };
            cell(row.get(*name), kind)
        }))?;
    }
    writer.flush().map_err(::csv::Error::from)?;
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_a_formula_and_numbers_stay_as_they_are() {
        let cell = |value: Value, kind| cell(Some(&value), kind);
        for text in ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1"] {
            assert_eq!(cell(json!(text), Kind::Text), format!("'{text}"));
        }
        assert_eq!(cell(json!("+61491570006"), Kind::Phone), "+61491570006");
        assert_eq!(cell(json!(-5), Kind::Integer), "-5");
        assert_eq!(cell(json!(null), Kind::Text), "");
        assert_eq!(cell(json!(["=1"]), Kind::Json), r#"["=1"]"#);
    }

    #[test]
    fn rows_are_as_the_standard_writes_them() {
        let rows = [json!({"a": {"b": "x, \"y\""}, "n": 1}), json!({"n": 2, "c": "ä\nö"})];
        let text = flat_csv(&Flat::of(&rows)).unwrap();
        let expected = "\"a_b\",\"c\",\"n\"\r\n\"x, \"\"y\"\"\",\"\",\"1\"\r\n\"\",\"ä\nö\",\"2\"\r\n";
        assert_eq!(std::str::from_utf8(&text).unwrap(), expected);
    }

    #[test]
    fn a_table_has_its_columns_once() {
        let table = Table::named("wraps").unwrap();
        let mut csv = Csv::of(table).unwrap();
        let first = csv.rows(&[json!({"call_id": "1", "by": {"agent_id": "2"}, "late": true})]).unwrap();
        let text = std::str::from_utf8(&first).unwrap();
        assert!(text.starts_with("\"call_id\",\"code\","), "{text}");
        assert_eq!(text.lines().count(), 2);
        assert_eq!(csv.rows(&[json!({})]).unwrap().iter().filter(|byte| **byte == b'\n').count(), 1);
    }
}
