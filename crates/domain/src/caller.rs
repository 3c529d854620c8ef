use model::{Actor, Administrator, Catalogue, InstallationId, KeyError, Role, Scope, ScopeSet};
use verify::Record;

/// The caller of a verb: the actor, its installation, and the scopes that it holds.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As the audit log will name them.
    pub actor: Actor,
    /// The installation that they act in.
    pub installation: InstallationId,
    /// The scopes that they hold. A caller can't grant a scope that it does not hold.
    pub grants: Grants,
}

/// Which scopes a caller holds, and so may grant.
#[derive(Clone, Debug)]
pub enum Grants {
    /// Every scope there is: the operator, the owner.
    All,
    /// Only these.
    Only(ScopeSet),
    /// None, and may change nothing: a viewer.
    None,
}

impl Caller {
    /// Whoever can run the command line on the data.
    pub fn operator(installation: InstallationId) -> Self {
        Self { actor: Actor::Operator, installation, grants: Grants::All }
    }

    /// A caller of the REST API.
    pub fn key(record: &Record) -> Self {
        Self {
            actor: Actor::Key { id: record.key_id() },
            installation: record.installation(),
            grants: Grants::Only(record.scopes().clone()),
        }
    }

    /// A person signed in to the Workspace.
    pub(crate) fn administrator(who: &Administrator, installation: InstallationId) -> Self {
        let grants = match who.role {
            Role::Owner | Role::Manager => Grants::All,
            Role::Viewer => Grants::None,
        };
        Self { actor: Actor::Administrator { id: who.id }, installation, grants }
    }

    /// Refuses a caller that may only read. The scopes of a calling key were checked before.
    pub(crate) fn require_change(&self) -> Result<(), KeyError> {
        if matches!(self.grants, Grants::None) { Err(KeyError::Forbidden) } else { Ok(()) }
    }

    /// Refuses scopes that are not in the catalogue, and scopes that the caller does not hold.
    pub(crate) fn require_to_give(&self, catalogue: &Catalogue, scopes: &ScopeSet) -> Result<(), KeyError> {
        if let Some(scope) = scopes.iter().find(|scope| !catalogue.knows(scope)) {
            return Err(KeyError::UnknownScope { scope: scope.clone() });
        }
        self.require_to_hold(scopes)
    }

    /// Refuses a caller that lacks any of these scopes, whether or not the catalogue still has it.
    pub(crate) fn require_to_hold(&self, scopes: &ScopeSet) -> Result<(), KeyError> {
        let missing = self.lacks(scopes);
        if missing.is_empty() { Ok(()) } else { Err(KeyError::ScopeEscalation { missing }) }
    }

    /// Those of `wanted` that the caller may not grant.
    pub(crate) fn lacks(&self, wanted: &ScopeSet) -> Vec<Scope> {
        match &self.grants {
            Grants::All => Vec::new(),
            Grants::Only(held) => held.missing(wanted),
            Grants::None => wanted.iter().cloned().collect(),
        }
    }
}
