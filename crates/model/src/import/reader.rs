//! Rows out of bytes that come in pieces, with no more in memory than the row that is not whole yet.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

use super::{
    columns::Columns,
    fault::{IMPORT_ROWS_MAX, ImportFault},
    line::ImportCode,
    row::{self, ImportRow, RowFault},
};

/// Longest row, in bytes.
const ROW_MAX: usize = 64 * 1024;

/// The form of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    /// A table (RFC 4180), whose first record names the columns.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// The text names no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a format is `csv` or `ndjson`")]
pub struct UnknownFormat;

impl FromStr for ImportFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "csv" => Ok(Self::Csv),
            "ndjson" => Ok(Self::Ndjson),
            _ => Err(UnknownFormat),
        }
    }
}

impl ImportFormat {
    /// By how the name of a file ends.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// By how the text begins: no name of a column begins as a JSON object does.
    pub fn of_beginning(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        if text.trim_ascii_start().starts_with(b"{") { Self::Ndjson } else { Self::Csv }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A row, and where it begins.
#[derive(Clone, Debug)]
pub struct ReadRow {
    /// The line; the first is 1.
    pub line: u32,
    /// The row, or why it can't be imported.
    pub row: Result<ImportRow, RowFault>,
}

/// Where a record of a table stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first character of a cell.
    Begin,
    /// Within a cell without quotation marks, or behind its closing one.
    Plain,
    Quoted,
    /// Behind a quotation mark within quotation marks: it closed them, or is the first half of one.
    Quote,
}

/// Reads rows. Prints nothing of them.
pub struct ImportReader {
    format: ImportFormat,
    /// What is here of the row that is not whole.
    pending: Zeroizing<Vec<u8>>,
    /// The line in which it begins.
    line: u32,
    /// Ends of lines within it.
    inside: u32,
    /// More came of it than a row may have.
    too_long: bool,
    place: Place,
    /// Whether the beginning was read.
    begun: bool,
    columns: Option<Columns>,
    rows: u32,
}

impl fmt::Debug for ImportReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImportReader(line {})", self.line)
    }
}

impl ImportReader {
    /// At the beginning.
    pub fn new(format: ImportFormat) -> Self {
        Self {
            format,
            pending: Zeroizing::new(Vec::new()),
            line: 1,
            inside: 0,
            too_long: false,
            place: Place::Begin,
            begun: false,
            columns: None,
            rows: 0,
        }
    }

    /// Takes more bytes, and adds the rows that are whole by then.
    pub fn push(&mut self, bytes: &[u8], rows: &mut impl Extend<ReadRow>) -> Result<(), ImportFault> {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if self.ends_row(*byte) {
                self.take(&bytes[from..at]);
                self.end_row(rows)?;
                self.line += self.inside + 1;
                (self.inside, from) = (0, at + 1);
            } else if *byte == b'\n' {
                self.inside += 1;
            }
        }
        self.take(&bytes[from..]);
        Ok(())
    }

    /// All bytes have come.
    pub fn finish(&mut self, rows: &mut impl Extend<ReadRow>) -> Result<(), ImportFault> {
        if self.place == Place::Quoted {
            return Err(ImportFault::UnclosedQuote { line: self.line });
        }
        self.end_row(rows)?;
        if self.rows == 0 { Err(ImportFault::Empty) } else { Ok(()) }
    }

    /// Whether a row ends with this byte.
    fn ends_row(&mut self, byte: u8) -> bool {
        if self.format == ImportFormat::Ndjson {
            return byte == b'\n';
        }
        // Before the columns are known, both may separate cells.
        let separates = match &self.columns {
            Some(columns) => char::from(byte) == columns.delimiter,
            None => matches!(byte, b',' | b';'),
        };
        self.place = match (self.place, byte) {
            (Place::Begin, b'"') | (Place::Quote, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) => Place::Quoted,
            (_, b'\n') => {
                self.place = Place::Begin;
                return true;
            }
            // A byte order mark is no part of the first cell.
            (Place::Begin, 0xEF | 0xBB | 0xBF) if !self.begun => Place::Begin,
            _ if separates => Place::Begin,
            _ => Place::Plain,
        };
        false
    }

    fn take(&mut self, bytes: &[u8]) {
        self.too_long |= self.pending.len() + bytes.len() > ROW_MAX;
        if self.too_long {
            self.pending.clear();
        } else {
            self.pending.extend_from_slice(bytes);
        }
    }

    fn end_row(&mut self, rows: &mut impl Extend<ReadRow>) -> Result<(), ImportFault> {
        let pending = std::mem::replace(&mut self.pending, Zeroizing::new(Vec::new()));
        let mut bytes = &pending[..];
        if !std::mem::replace(&mut self.begun, true) {
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let too_long = std::mem::take(&mut self.too_long);
        if bytes.trim_ascii().is_empty() && !too_long {
            return Ok(());
        }
        let text = if too_long {
            Err(RowFault::from(ImportCode::RowTooLong))
        } else {
            std::str::from_utf8(bytes).map_err(|_| ImportCode::NotUtf8.into())
        };
        if self.format == ImportFormat::Csv && self.columns.is_none() {
            let record = text.map_err(|_| ImportFault::HeaderNotUtf8)?;
            self.columns = Some(Columns::read(record)?);
            return Ok(());
        }
        let row = match &self.columns {
            Some(columns) => text.and_then(|record| row::of_record(record, columns)),
            None => text.and_then(row::of_json),
        };
        if self.rows >= IMPORT_ROWS_MAX {
            return Err(ImportFault::TooManyRows);
        }
        self.rows += 1;
        rows.extend([ReadRow { line: self.line, row }]);
        Ok(())
    }
}
