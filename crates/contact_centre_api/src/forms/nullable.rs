use serde::{Deserialize, Deserializer};

/// Tells a field that is null from one that is not there, with `#[serde(default)]`.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
