use serde::Serialize;
use utoipa::ToSchema;

/// A field of the request that is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, for example `calls[2].key`.
    pub field: String,
    /// Why.
    pub message: String,
}

/// A name that the caller sent, if it is safe to repeat: too short to be a secret, and plain.
pub fn printable(name: &str) -> &str {
    let plain =
        (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    if plain { name } else { "(unknown)" }
}
