//! Parquet: rows are gathered by columns into groups, and a group is written when it is large enough.

use std::{io, mem, sync::Arc};

use ::parquet::{
    basic::Compression,
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::parser::parse_message_type,
};
use bytes::Bytes;
use model::Instant;
use serde_json::Value;

use super::{
    catalogue::{Column, Kind, Table},
    error::EncodeError,
};

/// Bytes of values after which a group is written. A writer holds one group.
const GROUP_BYTES: usize = 8 << 20;
/// Rows of a group, at most.
const GROUP_ROWS: usize = 16_384;
/// Rows of the first group, which is what a reader waits for.
const FIRST_ROWS: usize = 1_024;

/// Writes a table's rows.
pub(crate) struct Parquet {
    writer: SerializedFileWriter<Sink>,
    sink: Sink,
    columns: Vec<(Column, Cells)>,
    rows: usize,
    bytes: usize,
    /// Rows after which the present group is written.
    rows_max: usize,
}

/// Where the writer writes to, and whence it is sent.
#[derive(Clone, Default)]
struct Sink(Arc<std::sync::Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)).into()
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The values of one column, without those that are null, and which of its rows have one.
#[derive(Default)]
struct Cells {
    present: Vec<i16>,
    whole: Vec<i64>,
    real: Vec<f64>,
    flags: Vec<bool>,
    texts: Vec<ByteArray>,
}

impl Cells {
    /// Adds the value of a row, and says how many bytes it has.
    fn push(&mut self, value: Option<&Value>, kind: Kind) -> usize {
        let bytes = match (kind, value) {
            (_, None | Some(Value::Null)) => None,
            (Kind::Integer, Some(value)) => value.as_i64().map(|whole| {
                self.whole.push(whole);
                8
            }),
            (Kind::Instant, Some(value)) => {
                let at = value.as_str().and_then(|text| text.parse::<Instant>().ok());
                at.map(|at| {
                    self.whole.push(at.as_millis());
                    8
                })
            }
            (Kind::Real, Some(value)) => value.as_f64().map(|real| {
                self.real.push(real);
                8
            }),
            (Kind::Flag, Some(value)) => value.as_bool().map(|flag| {
                self.flags.push(flag);
                1
            }),
            (Kind::Text | Kind::Phone | Kind::Json, Some(value)) => {
                let text = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let length = text.len();
                self.texts.push(ByteArray::from(text.into_bytes()));
                Some(length)
            }
        };
        self.present.push(i16::from(bytes.is_some()));
        bytes.unwrap_or_default()
    }

    /// Writes the column of a group.
    fn write(&self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let present = Some(self.present.as_slice());
        match column.untyped() {
            ColumnWriter::BoolColumnWriter(column) => column.write_batch(&self.flags, present, None)?,
            ColumnWriter::Int64ColumnWriter(column) => column.write_batch(&self.whole, present, None)?,
            ColumnWriter::DoubleColumnWriter(column) => column.write_batch(&self.real, present, None)?,
            ColumnWriter::ByteArrayColumnWriter(column) => column.write_batch(&self.texts, present, None)?,
            _ => return Err(ParquetError::General("no table has such a column".to_owned())),
        };
        Ok(())
    }
}

/// The message that describes a table.
fn message(table: &Table) -> String {
    let fields = table.columns.iter().map(|column| {
        let name = column.name;
        match column.kind {
            Kind::Text | Kind::Phone | Kind::Json => format!("OPTIONAL BYTE_ARRAY {name} (UTF8);"),
            Kind::Integer => format!("OPTIONAL INT64 {name};"),
            Kind::Instant => format!("OPTIONAL INT64 {name} (TIMESTAMP(MILLIS,true));"),
            Kind::Real => format!("OPTIONAL DOUBLE {name};"),
            Kind::Flag => format!("OPTIONAL BOOLEAN {name};"),
        }
    });
    format!("message {} {{ {} }}", table.name, fields.collect::<Vec<_>>().join(" "))
}

impl Parquet {
    pub(super) fn of(table: &'static Table) -> Result<Self, EncodeError> {
        let schema = Arc::new(parse_message_type(&message(table))?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let sink = Sink::default();
        let mut writer = SerializedFileWriter::new(sink.clone(), schema, Arc::new(properties))?;
        // Whoever reads knows at once that something comes.
        writer.flush().map_err(ParquetError::from)?;
        let columns = table.columns.iter().map(|column| (*column, Cells::default())).collect();
        Ok(Self { writer, sink, columns, rows: 0, bytes: 0, rows_max: FIRST_ROWS })
    }

    pub(super) fn rows(&mut self, rows: &[Value]) -> Result<Bytes, EncodeError> {
        for row in rows {
            for (column, cells) in &mut self.columns {
                self.bytes += cells.push(column.of(row), column.kind);
            }
            self.rows += 1;
            if self.bytes >= GROUP_BYTES || self.rows >= self.rows_max {
                self.write_group()?;
            }
        }
        Ok(self.sink.take())
    }

    fn write_group(&mut self) -> Result<(), EncodeError> {
        let mut group = self.writer.next_row_group()?;
        for (_, cells) in &mut self.columns {
            let Some(mut column) = group.next_column()? else { break };
            mem::take(cells).write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        // The writer keeps back the last 8 KiB otherwise, and so the whole of a small group.
        self.writer.flush().map_err(ParquetError::from)?;
        (self.rows, self.bytes, self.rows_max) = (0, 0, GROUP_ROWS);
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Bytes, EncodeError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        let sink = self.sink.clone();
        self.writer.close()?;
        Ok(sink.take())
    }
}

#[cfg(test)]
mod tests {
    use ::parquet::file::{
        metadata::RowGroupMetaData,
        reader::{FileReader as _, SerializedFileReader},
    };
    use serde_json::json;

    use super::*;
    use crate::tables::catalogue::TABLES;

    #[test]
    fn every_table_can_be_written() {
        for table in TABLES {
            let bytes = Parquet::of(table).unwrap().end().unwrap();
            let reader = SerializedFileReader::new(bytes).unwrap();
            assert_eq!(reader.metadata().file_metadata().num_rows(), 0, "{}", table.name);
        }
    }

    #[test]
    fn rows_are_read_back_with_their_types() {
        let mut parquet = Parquet::of(Table::named("wraps").unwrap()).unwrap();
        let row = json!({"call_id": "c", "data": {"a": "1"}, "callback_at": "2026-03-04T02:00:00.000Z", "late": true, "seq": 7});
        let mut bytes = parquet.rows(&[row, json!({})]).unwrap().to_vec();
        bytes.extend_from_slice(&parquet.end().unwrap());
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].contains("late: true") && rows[0].contains("seq: 7"), "{}", rows[0]);
        assert!(rows[1].contains("call_id: null"), "{}", rows[1]);
    }

    #[test]
    fn a_reader_has_the_first_rows_early_and_no_group_is_large() {
        let mut parquet = Parquet::of(Table::named("wraps").unwrap()).unwrap();
        assert_eq!(&*parquet.rows(&[]).unwrap(), b"PAR1");
        let row = |n: usize| json!({"call_id": n.to_string(), "seq": n});
        let few: Vec<_> = (0..FIRST_ROWS).map(row).collect();
        let first = parquet.rows(&few).unwrap();
        assert!(!first.is_empty());
        let mut bytes = [&b"PAR1"[..], &first[..]].concat();
        let many: Vec<_> = (FIRST_ROWS..FIRST_ROWS + GROUP_ROWS + 5).map(row).collect();
        bytes.extend_from_slice(&parquet.rows(&many).unwrap());
        assert_eq!(parquet.rows, 5);
        bytes.extend_from_slice(&parquet.end().unwrap());
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let groups: Vec<_> = reader.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect();
        assert_eq!(groups, [1_024, 16_384, 5]);
        assert_eq!(reader.get_row_iter(None).unwrap().count(), FIRST_ROWS + GROUP_ROWS + 5);
    }

    #[test]
    fn a_group_is_written_when_it_is_large() {
        let mut parquet = Parquet::of(Table::named("wraps").unwrap()).unwrap();
        let comments = "x".repeat(1 << 20);
        let rows: Vec<_> = (0..9).map(|n| json!({"call_id": n.to_string(), "comments": comments})).collect();
        assert!(!parquet.rows(&rows).unwrap().is_empty());
        assert!(parquet.bytes < GROUP_BYTES && parquet.rows == 1);
    }
}
