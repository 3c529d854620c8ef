//! Tables, as they are downloaded whole: their columns, their rows at one `seq`, and the forms in which they are written.

mod body;
mod catalogue;
mod csv;
mod encode;
mod error;
mod ndjson;
mod parquet;
mod quarters;
mod source;

pub(crate) use body::{Body, Feed, channel};
pub(crate) use catalogue::{TABLES, Table};
pub(crate) use csv::{Flat, flat_csv};
pub(crate) use encode::{Encoder, Format};
pub(crate) use error::EncodeError;
pub(crate) use source::{By, Selection, Source};
