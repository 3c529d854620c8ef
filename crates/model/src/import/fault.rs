use crate::{ErrorKind, error_kind};

/// Most bytes of an import: 64 MiB.
pub const IMPORT_BYTES_MAX: u64 = 64 << 20;
/// Most rows of it.
pub const IMPORT_ROWS_MAX: u32 = 500_000;

/// Why a whole import is refused. Nothing of it is kept. No text says what was sent, which may be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    /// There is no row.
    #[error("There is nothing to import: send a row for each key.")]
    Empty,
    /// The first line is not UTF-8.
    #[error("The first line is not UTF-8.")]
    HeaderNotUtf8,
    /// The first line lacks columns.
    #[error("The first line names the columns; client_name, and key or hash, must be among them.")]
    MissingColumn,
    /// A column is no field.
    #[error("Column {column} of the first line is no field of a key. The first line names the columns.")]
    UnknownColumn {
        /// The first is 1.
        column: usize,
    },
    /// A column is named twice.
    #[error("Column {column} of the first line is named twice.")]
    DoubledColumn {
        /// The first is 1.
        column: usize,
    },
    /// A quotation mark was never closed, so nobody knows where rows end.
    #[error("The row that begins in line {line} has a quotation mark that is never closed.")]
    UnclosedQuote {
        /// Where the row begins.
        line: u32,
    },
    /// There are too many rows.
    #[error("An import has at most {IMPORT_ROWS_MAX} rows. Send the rest in another.")]
    TooManyRows,
    /// It is too long.
    #[error("An import has at most 64 MiB. Send the rest in another.")]
    TooLarge,
    /// It ended in the middle.
    #[error("The body broke off, or nothing of it came for 20 seconds.")]
    BrokenOff,
    /// Not every row could be imported, and it was not to be imported in part.
    #[error(
        "Rows that can't be imported: {rows}. So none was. Correct them, or have the others imported without them (partial)."
    )]
    RowsRefused {
        /// How many.
        rows: u32,
    },
}

impl ImportFault {
    /// Its status and code.
    pub fn kind(self) -> &'static ErrorKind {
        match self {
            Self::TooManyRows | Self::TooLarge => &error_kind::PAYLOAD_TOO_LARGE,
            Self::BrokenOff => &error_kind::REQUEST_TIMEOUT,
            Self::RowsRefused { .. } => &error_kind::ROWS_REFUSED,
            _ => &error_kind::INVALID_REQUEST,
        }
    }
}
