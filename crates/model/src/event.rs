use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

/// Most patterns of one receiver.
pub const PATTERNS_MAX: usize = 50;

/// Every type of event that Keydesk itself tells.
pub const EVENT_TYPES: &[&str] = &[
    "key.created",
    "key.updated",
    "key.rotated",
    "key.disabled",
    "key.enabled",
    "key.deleted",
    "key.restored",
    "key.revealed",
    "key.token_created",
    "key.webhook_disabled",
    "key.imported",
    "key.expiring",
    "key.leaked",
    "limit.reached",
    "guessing.detected",
    "administrator.created",
    "administrator.invited",
    "administrator.invitation_withdrawn",
    "administrator.role_changed",
    "administrator.identity_linked",
    "administrator.password_reset",
    "administrator.password_changed",
    "administrator.disabled",
    "administrator.enabled",
    "administrator.removed",
    "administrator.sessions_ended",
    "administrator.renamed",
    "administrator.second_factor_added",
    "administrator.second_factor_removed",
    "administrator.second_factor_reset",
    "administrator.recovery_codes_renewed",
    "administrator.forgotten",
    "administrator.signed_in",
    "administrator.signed_out",
    "webhook.created",
    "webhook.updated",
    "webhook.enabled",
    "webhook.disabled",
    "webhook.secret_rotated",
    "webhook.redelivered",
    "webhook.deleted",
    "webhook.test",
];

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An API key.
    Key,
    /// A person who signs in to the Workspace.
    Administrator,
    /// A receiver of events.
    Webhook,
    /// The installation itself.
    Installation,
}

/// The one thing that an event is about. Events of one subject are delivered in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its id.
    pub id: Uuid,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            SubjectKind::Key => "key",
            SubjectKind::Administrator => "administrator",
            SubjectKind::Webhook => "webhook",
            SubjectKind::Installation => "installation",
        };
        write!(f, "{kind}:{}", self.id)
    }
}

/// Which types of events a receiver wants: `key.deleted` for one, `key.*` for all that begin so, `*` for all there are. In one
/// order, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EventPatterns(Vec<String>);

/// Why texts are no patterns of types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPatterns {
    /// None, or too many.
    #[error("must have 1 to {PATTERNS_MAX} entries")]
    Length,
    /// One that matches no type of event.
    #[error(
        "must name types of events, such as key.deleted, or all that begin alike, such as key.*, or all there are: *"
    )]
    Unknown,
}

impl Default for EventPatterns {
    fn default() -> Self {
        Self(vec!["*".to_owned()])
    }
}

impl EventPatterns {
    /// Patterns, each of which matches at least one type.
    pub fn new(patterns: Vec<String>) -> Result<Self, InvalidPatterns> {
        if patterns.is_empty() || patterns.len() > PATTERNS_MAX {
            return Err(InvalidPatterns::Length);
        }
        if !patterns.iter().all(|pattern| EVENT_TYPES.iter().any(|kind| fits(pattern, kind))) {
            return Err(InvalidPatterns::Unknown);
        }
        Ok(Self::known(patterns))
    }

    /// As they were kept: those of a later release are left as they are.
    pub fn known(mut patterns: Vec<String>) -> Self {
        patterns.sort_unstable();
        patterns.dedup();
        Self(patterns)
    }

    /// Whether one of them matches this type.
    pub fn wants(&self, kind: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, kind))
    }

    /// The patterns.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn fits(pattern: &str, kind: &str) -> bool {
    pattern == "*" || pattern == kind || pattern.strip_suffix('*').is_some_and(|head| of_group(head, kind))
}

/// Whether a type begins with `key.`: whole words alone.
fn of_group(head: &str, kind: &str) -> bool {
    head.ends_with('.') && kind.starts_with(head)
}

impl<'de> Deserialize<'de> for EventPatterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type},
    };

    impl PartialSchema for super::EventPatterns {
        fn schema() -> RefOr<Schema> {
            let pattern = ObjectBuilder::new().schema_type(Type::String).examples(["key.*", "limit.reached", "*"]);
            ArrayBuilder::new().items(pattern).min_items(Some(1)).max_items(Some(super::PATTERNS_MAX)).into()
        }
    }

    impl ToSchema for super::EventPatterns {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Result<EventPatterns, InvalidPatterns> {
        EventPatterns::new(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn patterns_name_types_or_groups_of_them() {
        let some = patterns(&["limit.reached", "key.*", "key.*"]).unwrap();
        assert_eq!(some.iter().collect::<Vec<_>>(), ["key.*", "limit.reached"]);
        for (kind, wanted) in
            [("key.deleted", true), ("limit.reached", true), ("keys.x", false), ("webhook.test", false)]
        {
            assert_eq!(some.wants(kind), wanted, "{kind}");
        }
        assert!(EVENT_TYPES.iter().all(|kind| EventPatterns::default().wants(kind)));
    }

    #[test]
    fn patterns_that_match_nothing_are_refused() {
        for bad in ["", "key", "key.", "key.paint", "ke*", "k*", "*.created", "key.*.x", "KEY.*", "**"] {
            assert_eq!(patterns(&[bad]), Err(InvalidPatterns::Unknown), "{bad}");
        }
        assert_eq!(patterns(&[]), Err(InvalidPatterns::Length));
        assert_eq!(patterns(&["*"; PATTERNS_MAX + 1]), Err(InvalidPatterns::Length));
    }
}
