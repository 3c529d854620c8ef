use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a key may do, as `resource:action`; `resource:*` holds every action of the resource. There is no bare `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(Arc<str>);

/// The text is not `resource:action` in lower-case words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is `resource:action` in lower-case letters, digits and hyphens, for example contacts:read")]
pub struct InvalidScope;

/// Every scope that Keydesk knows from the start, with what it allows, in the words an administrator reads.
pub const CATALOGUE: [(&str, &str); 24] = [
    ("contacts:read", "Look up callers and contacts"),
    ("contacts:write", "Create and change contacts"),
    ("calls:read", "Read calls and their details"),
    ("calls:make", "Start calls"),
    ("wraps:read", "Read wraps"),
    ("wraps:write", "Write wraps back"),
    ("recordings:read", "Listen to recordings"),
    ("agents:read", "Read agents and their teams"),
    ("agent-states:subscribe", "Be told when an agent's state changes"),
    ("metrics:read", "Read metrics"),
    ("queues:read", "Read queues"),
    ("live:read", "Receive live wait times"),
    ("reports:read", "Read reports"),
    ("users:impersonate", "Act as a user"),
    ("data:read", "Read data in bulk"),
    ("data:write", "Write data in bulk"),
    ("keys:verify", "Verify API keys"),
    ("keys:read", "List API keys"),
    ("keys:write", "Create, edit and delete API keys"),
    ("keys:reveal", "Reveal the secret of an API key"),
    ("usage:read", "Read the usage of API keys"),
    ("audit:read", "Read the audit log"),
    ("webhooks:read", "Read webhooks and their deliveries"),
    ("webhooks:write", "Create, change and delete webhooks, and deliver events again"),
];

/// Longest scope, in bytes.
const SCOPE_MAX: usize = 64;

impl Scope {
    /// Checks the form only; the catalogue says whether the scope exists.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let word = |word: &str| {
            word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && word.starts_with(|c: char| c.is_ascii_lowercase())
        };
        match text.split_once(':') {
            Some((resource, action))
                if text.len() <= SCOPE_MAX && word(resource) && (action == "*" || word(action)) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(InvalidScope),
        }
    }

    /// The scope as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn resource(&self) -> &str {
        self.0.split_once(':').map_or("", |(resource, _)| resource)
    }

    /// Whether Keydesk's catalogue has this scope, or, for `resource:*`, any scope of the resource.
    pub fn is_known(&self) -> bool {
        match self.0.strip_suffix('*') {
            Some(resource) => CATALOGUE.iter().any(|(name, _)| name.starts_with(resource)),
            None => CATALOGUE.iter().any(|(name, _)| *name == &*self.0),
        }
    }

    /// Whether holding `self` gives `wanted`.
    pub fn allows(&self, wanted: &Self) -> bool {
        self == wanted || (self.0.ends_with(":*") && self.resource() == wanted.resource())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        Self::parse(text)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A canonical set of scopes: sorted, without repetition. Its JSON is canonical too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ScopeSet(Vec<Scope>);

impl ScopeSet {
    /// Whether every one of `wanted` is held.
    pub fn allows_all<'a>(&self, wanted: impl IntoIterator<Item = &'a Scope>) -> bool {
        wanted.into_iter().all(|scope| self.allows(scope))
    }

    /// Whether `wanted` is held, by itself or through `resource:*`.
    pub fn allows(&self, wanted: &Scope) -> bool {
        self.0.iter().any(|held| held.allows(wanted))
    }

    /// Those of `wanted` that are not held, in the order in which they were asked.
    pub fn missing<'a>(&self, wanted: impl IntoIterator<Item = &'a Scope>) -> Vec<Scope> {
        wanted.into_iter().filter(|scope| !self.allows(scope)).cloned().collect()
    }

    /// What both sets hold, by themselves or through `resource:*`.
    pub fn common(&self, other: &Self) -> Self {
        let own = self.0.iter().filter(|scope| other.allows(scope));
        own.chain(other.0.iter().filter(|scope| self.allows(scope))).cloned().collect()
    }

    /// In canonical order.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.iter()
    }

    /// How many scopes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set gives nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }
}

impl<'a> IntoIterator for &'a ScopeSet {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Scope>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type},
    };

    impl PartialSchema for super::Scope {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some(r"^[a-z][a-z0-9-]*:([a-z][a-z0-9-]*|\*)$"))
                .max_length(Some(super::SCOPE_MAX))
                .examples(["contacts:read"])
                .into()
        }
    }

    impl ToSchema for super::Scope {}

    impl PartialSchema for super::ScopeSet {
        fn schema() -> RefOr<Schema> {
            ArrayBuilder::new().items(super::Scope::schema()).into()
        }
    }

    impl ToSchema for super::ScopeSet {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(scopes: &[&str]) -> ScopeSet {
        scopes.iter().map(|text| Scope::parse(text).unwrap()).collect()
    }

    #[test]
    fn scopes_have_the_form_of_resource_and_action() {
        for good in ["contacts:read", "agent-states:subscribe", "keys:*", "v2:a1"] {
            assert!(Scope::parse(good).is_ok(), "{good}");
        }
        let long = format!("a:{}", "b".repeat(63));
        for bad in [
            "",
            "*",
            "*:*",
            "contacts",
            "contacts:",
            ":read",
            "Contacts:read",
            "a:b:c",
            "a:b*",
            "*:read",
            "a b:c",
            &long,
        ] {
            assert_eq!(Scope::parse(bad), Err(InvalidScope), "{bad}");
        }
    }

    #[test]
    fn which_scopes_allow_which() {
        let rows = [
            (&["contacts:read"][..], "contacts:read", true),
            (&["contacts:read"], "contacts:write", false),
            (&["contacts:*"], "contacts:write", true),
            (&["contacts:*"], "contacts:*", true),
            (&["contacts:read", "contacts:write"], "contacts:*", false),
            (&["calls:*"], "callsx:read", false),
            (&[], "contacts:read", false),
        ];
        for (held, wanted, want) in rows {
            assert_eq!(set(held).allows(&wanted.parse().unwrap()), want, "{held:?} {wanted}");
        }
    }

    #[test]
    fn scopes_of_the_catalogue_are_known() {
        for (name, _) in CATALOGUE {
            assert!(Scope::parse(name).unwrap().is_known(), "{name}");
        }
        assert!(Scope::parse("keys:*").unwrap().is_known());
        assert!(!Scope::parse("key:*").unwrap().is_known());
        assert!(!Scope::parse("keys:paint").unwrap().is_known());
    }

    #[test]
    fn what_two_sets_have_in_common_is_what_both_allow() {
        for (one, other, expected) in [
            (&["contacts:read", "calls:read"][..], &["contacts:read"][..], &["contacts:read"][..]),
            (&["contacts:*"], &["contacts:read", "calls:read"], &["contacts:read"]),
            (&["contacts:*", "calls:read"], &["contacts:*"], &["contacts:*"]),
            (&["contacts:read"], &["calls:*"], &[]),
            (&[], &["calls:*"], &[]),
        ] {
            assert_eq!(set(one).common(&set(other)), set(expected), "{one:?} {other:?}");
            assert_eq!(set(other).common(&set(one)), set(expected), "{other:?} {one:?}");
        }
    }

    #[test]
    fn a_set_is_canonical() {
        let json = serde_json::to_string(&set(&["wraps:read", "calls:read", "wraps:read"])).unwrap();
        assert_eq!(json, r#"["calls:read","wraps:read"]"#);
    }
}
