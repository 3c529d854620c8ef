use serde::{Deserialize, Deserializer, Serialize, de};

/// Most things of one kind that a token names.
pub const TOKEN_RESOURCES_MAX: usize = 50;

/// Which things of the API a token reaches. The API enforces it: Keydesk tells it which.
///
/// A kind that this release does not know is refused, and not left out: it narrows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenResources {
    /// Queues, by their ids: 1 to 50.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, min_items = 1, max_items = 50))]
    pub queue: ResourceIds,
}

/// Ids of things of one kind, in the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ResourceIds(Vec<String>);

/// Why ids are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResources {
    /// None, or too many.
    #[error("must have 1 to {TOKEN_RESOURCES_MAX} entries")]
    Length,
    /// Not an id.
    #[error("must be ids of 1 to 64 letters, digits, hyphens and underscores")]
    Id,
}

impl TryFrom<Vec<String>> for ResourceIds {
    type Error = InvalidResources;

    fn try_from(ids: Vec<String>) -> Result<Self, InvalidResources> {
        let is_id = |id: &String| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if !(1..=TOKEN_RESOURCES_MAX).contains(&ids.len()) {
            Err(InvalidResources::Length)
        } else if ids.iter().all(is_id) {
            Ok(Self(ids))
        } else {
            Err(InvalidResources::Id)
        }
    }
}

impl<'de> Deserialize<'de> for ResourceIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

impl TokenResources {
    /// Queues alone.
    pub fn queues(ids: ResourceIds) -> Self {
        Self { queue: ids }
    }

    /// As an API is told: `queue=ID,ID`. Visible ASCII.
    pub fn header(&self) -> String {
        format!("queue={}", self.queue.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_with_their_bounds() {
        let read = |json: &str| serde_json::from_str::<TokenResources>(json).ok();
        let two = read(r#"{"queue": ["b", "a-1_X"]}"#).unwrap();
        assert_eq!(two.header(), "queue=b,a-1_X");
        assert_eq!(serde_json::to_string(&two).unwrap(), r#"{"queue":["b","a-1_X"]}"#);
        let many = format!(r#"{{"queue": [{}]}}"#, vec!["\"a\""; 51].join(","));
        let long = format!(r#"{{"queue": ["{}"]}}"#, "a".repeat(65));
        for bad in [
            r#"{"queue": []}"#,
            r#"{"queue": ["a,b"]}"#,
            r#"{"queue": [""]}"#,
            r#"{"agent": ["a"]}"#,
            "{}",
            &many,
            &long,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
