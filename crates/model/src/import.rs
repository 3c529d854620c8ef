//! Keys that another system issued, and files in which they are handed over: what is taken, and how it is read. Nothing here knows
//! what Keydesk has already.

mod cells;
mod columns;
mod fault;
mod fields;
mod given_hash;
mod given_key;
mod invalid_hash;
mod line;
mod reader;
mod row;
mod slow_hash;

pub use self::{
    fault::{IMPORT_BYTES_MAX, IMPORT_ROWS_MAX, ImportFault},
    given_hash::GivenHash,
    given_key::{IMPORTED_KEY_MAX, IMPORTED_KEY_MIN, InvalidKeyPrefix, KEY_PREFIX_MAX, KeyPrefix, may_be_imported},
    invalid_hash::InvalidHash,
    line::{ImportCode, ImportLine, ImportOutcome, ImportSummary},
    reader::{ImportFormat, ImportReader, ReadRow, UnknownFormat},
    row::{Given, ImportRow, RowFault},
    slow_hash::{Pbkdf2Digest, SLOW_MEMORY_KIB_MAX, SlowHash, SlowKind},
};

#[cfg(test)]
mod tests;
