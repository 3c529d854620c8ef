use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CATALOGUE, Scope};

/// Longest description of a scope, in characters.
const DESCRIPTION_MAX: usize = 200;
/// Most scopes that a deployment adds.
const ADDED_MAX: usize = 500;
/// Resources of Keydesk's own: keys that already hold `keys:*` would hold an added action too.
const RESERVED: [&str; 3] = ["keys:", "usage:", "audit:"];

/// A scope with what it allows, in the words that an administrator reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeEntry {
    /// The scope.
    pub scope: Scope,
    /// What it allows.
    pub description: String,
}

/// Every scope that a key can be given: those that Keydesk knows from the start, and those that the deployment adds. Cheap to
/// clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    added: Arc<[ScopeEntry]>,
}

/// Why a scope can't be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCatalogue {
    /// The catalogue has it already.
    #[error("the scope {0} is given twice, or is one of Keydesk's own")]
    Twice(Scope),
    /// `resource:*` stands for all scopes of the resource, and is not a scope itself.
    #[error("the scope {0} ends in *; name each action")]
    Wildcard(Scope),
    /// `keys:`, `usage:` and `audit:` are Keydesk's.
    #[error("the scope {0} is of a resource of Keydesk's own")]
    Reserved(Scope),
    /// No description, a long one, or one with control characters.
    #[error("the description of the scope {0} must have 1 to 200 printable characters")]
    Description(Scope),
    /// More scopes than can be shown.
    #[error("at most 500 scopes can be added")]
    TooMany,
}

impl Catalogue {
    /// Keydesk's own scopes and these.
    pub fn with(added: Vec<ScopeEntry>) -> Result<Self, InvalidCatalogue> {
        if added.len() > ADDED_MAX {
            return Err(InvalidCatalogue::TooMany);
        }
        for (index, ScopeEntry { scope, description }) in added.iter().enumerate() {
            let (name, refused) = (scope.as_str(), scope.clone());
            if name.ends_with(":*") {
                return Err(InvalidCatalogue::Wildcard(refused));
            }
            if scope.is_known() || added[..index].iter().any(|other| other.scope == *scope) {
                return Err(InvalidCatalogue::Twice(refused));
            }
            if RESERVED.iter().any(|resource| name.starts_with(resource)) {
                return Err(InvalidCatalogue::Reserved(refused));
            }
            let shown = !description.trim().is_empty() && !description.contains(char::is_control);
            if !shown || description.chars().count() > DESCRIPTION_MAX {
                return Err(InvalidCatalogue::Description(refused));
            }
        }
        Ok(Self { added: added.into() })
    }

    /// Whether a key can be given this scope, or, for `resource:*`, any scope of the resource.
    pub fn knows(&self, scope: &Scope) -> bool {
        scope.is_known() || self.added.iter().any(|entry| scope.allows(&entry.scope))
    }

    /// Names and descriptions: Keydesk's own scopes first, then the deployment's, each in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let added = self.added.iter().map(|entry| (entry.scope.as_str(), entry.description.as_str()));
        CATALOGUE.into_iter().chain(added)
    }

    /// The scopes that the deployment adds.
    pub fn added(&self) -> &[ScopeEntry] {
        &self.added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(scope: &str, description: &str) -> ScopeEntry {
        ScopeEntry { scope: scope.parse().unwrap(), description: description.to_owned() }
    }

    #[test]
    fn added_scopes_are_known_beside_the_others() {
        let catalogue =
            Catalogue::with(vec![entry("billing:read", "Read bills"), entry("calls:park", "Park calls")]).unwrap();
        for (scope, known) in [
            ("billing:read", true),
            ("billing:*", true),
            ("billing:write", false),
            ("calls:park", true),
            ("calls:read", true),
            ("calls:*", true),
            ("bill:*", false),
        ] {
            assert_eq!(catalogue.knows(&scope.parse().unwrap()), known, "{scope}");
        }
        assert!(!Catalogue::default().knows(&"billing:*".parse().unwrap()));
        let names: Vec<_> = catalogue.iter().map(|(name, _)| name).collect();
        assert_eq!((names.len(), names[24..].to_vec()), (26, vec!["billing:read", "calls:park"]));
    }

    #[test]
    fn scopes_that_can_not_be_added() {
        let long = "x".repeat(201);
        for (entries, expected) in [
            (vec![entry("calls:read", "Again")], "Twice"),
            (vec![entry("billing:read", "A"), entry("billing:read", "B")], "Twice"),
            (vec![entry("billing:*", "All")], "Wildcard"),
            (vec![entry("keys:paint", "Paint")], "Reserved"),
            (vec![entry("audit:write", "Forge")], "Reserved"),
            (vec![entry("billing:read", " ")], "Description"),
            (vec![entry("billing:read", "a\nb")], "Description"),
            (vec![entry("billing:read", &long)], "Description"),
            ((0..501).map(|n| entry(&format!("billing:a{n}"), "A")).collect(), "TooMany"),
        ] {
            let refused = format!("{:?}", Catalogue::with(entries).unwrap_err());
            assert!(refused.starts_with(expected), "{refused}");
        }
    }
}
