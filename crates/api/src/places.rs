//! Where the API says what it is.

/// Where the description is.
pub(crate) const DESCRIPTION: &str = "/api/openapi.json";
/// Where its page is. Every problem document names it.
pub(crate) const PAGE: &str = "/api/docs";
