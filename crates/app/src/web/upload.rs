//! The one form that takes a file: its body may be long, since it is read as it comes.

use axum::http::Method;
use model::IMPORT_BYTES_MAX;

/// Where the file is posted.
pub(crate) const PATH: &str = "/keys/import";

/// Longest body: the longest file, and what a form puts around it.
const BODY_MAX: usize = IMPORT_BYTES_MAX as usize + (1 << 20);

/// The longest body that this request may have; `None`: as any form.
pub fn longest(method: &Method, path: &str) -> Option<usize> {
    (*method == Method::POST && path == PATH).then_some(BODY_MAX)
}
