use std::str::FromStr;

use bytes::Bytes;
use serde_json::Value;

use super::{catalogue::Table, csv::Csv, error::EncodeError, ndjson::Ndjson, parquet::Parquet};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Ndjson,
    Csv,
    Parquet,
}

/// The text names no form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not one of ndjson, csv, parquet")]
pub(crate) struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            "parquet" => Ok(Self::Parquet),
            _ => Err(UnknownFormat),
        }
    }
}

impl Format {
    /// Its media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The form that `Accept` names first; none if it names none of them.
    pub(crate) fn accepted(accept: &str) -> Option<Self> {
        accept.split(',').find_map(|media| match media.split(';').next().unwrap_or_default().trim() {
            "text/csv" | "text/*" => Some(Self::Csv),
            "application/x-ndjson" => Some(Self::Ndjson),
            "application/vnd.apache.parquet" => Some(Self::Parquet),
            _ => None,
        })
    }

    /// The end of a file's name.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// Writes rows, some at a time.
pub(crate) enum Encoder {
    Ndjson(Ndjson),
    Csv(Box<Csv>),
    Parquet(Box<Parquet>),
}

impl Encoder {
    /// Of a table.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub(crate) fn of(format: Format, table: &'static Table) -> Result<Self, EncodeError> {
        Ok(match format {
            Format::Ndjson => Self::Ndjson(Ndjson),
            Format::Csv => Self::Csv(Box::new(Csv::of(table)?)),
            Format::Parquet => Self::Parquet(Box::new(Parquet::of(table)?)),
        })
    }

    /// Writes rows, and gives what can be sent already.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub(crate) fn rows(&mut self, rows: &[Value]) -> Result<Bytes, EncodeError> {
        match self {
            Self::Ndjson(ndjson) => ndjson.rows(rows),
            Self::Csv(csv) => csv.rows(rows),
            Self::Parquet(parquet) => parquet.rows(rows),
        }
    }

    /// What remains to be sent.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub(crate) fn end(self) -> Result<Bytes, EncodeError> {
        match self {
            Self::Ndjson(_) => Ok(Bytes::new()),
            Self::Csv(csv) => csv.end(),
            Self::Parquet(parquet) => parquet.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_named_by_a_parameter_or_by_a_media_type() {
        assert_eq!("csv".parse(), Ok(Format::Csv));
        assert_eq!("CSV".parse::<Format>(), Err(UnknownFormat));
        assert_eq!(Format::accepted("text/html, text/csv;q=0.9"), Some(Format::Csv));
        assert_eq!(Format::accepted("text/*"), Some(Format::Csv));
        assert_eq!(Format::accepted("*/*"), None);
    }
}
