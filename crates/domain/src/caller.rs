use model::{
    Actor, AdministratorId, Bounds, Catalogue, Environment, InstallationId, Instant, Key, KeyError, KeyId, KeyKind,
    KeySettings, Permission, Role, Scope, ScopeSet, SecretId, SessionId,
};
use store::StoredKey;
use verify::Record;

use crate::{Once, Via, proof_life::is_recent};

/// The caller of a verb: the actor, its installation, and what it may do there.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As the audit log will name them.
    pub actor: Actor,
    /// The installation that they act in.
    pub installation: InstallationId,
    /// What they may do.
    pub authority: Authority,
    /// Where the call came from.
    pub via: Via,
    /// The token of a request that may be sent again, if it has one.
    pub once: Option<Once>,
}

/// What a caller may do.
#[derive(Clone, Debug)]
pub enum Authority {
    /// Everything: whoever can run the command line on the data.
    Operator,
    /// What the role of a person allows, while they are signed in.
    Person {
        /// The role that they had when it was last asked for.
        role: Role,
        /// The session in which they act.
        session: SessionId,
        /// When they last proved who they are.
        proved_at: Instant,
        /// Their installation asks them for a second factor, and they have none: until then they may do nothing.
        second_factor_due: bool,
    },
    /// What a calling key holds. Which scope a verb needs is asked at the door that it comes through.
    Key(Box<KeyAuthority>),
}

/// What a calling key holds, and so may give to others.
#[derive(Clone, Debug)]
pub struct KeyAuthority {
    /// A test key sees, makes and changes test keys alone.
    pub environment: Environment,
    /// A key can't grant a scope that it does not hold.
    pub scopes: ScopeSet,
    /// The secret that was sent. A key has two of them during an overlap.
    pub secret: SecretId,
    /// Within what the keys that it issues must lie, and as of when. `None`: they are read when its change begins, and
    /// until then it may give nothing.
    pub bounds: Option<(Bounds, Instant)>,
}

impl Caller {
    /// Whoever can run the command line on the data.
    pub fn operator(installation: InstallationId) -> Self {
        Self { actor: Actor::Operator, installation, authority: Authority::Operator, via: Via::default(), once: None }
    }

    /// A caller of the REST API.
    pub fn key(record: &Record) -> Self {
        let authority = KeyAuthority {
            environment: record.environment(),
            scopes: record.scopes().clone(),
            secret: record.secret(),
            bounds: None,
        };
        Self {
            actor: Actor::Key { id: record.key_id() },
            installation: record.installation(),
            authority: Authority::Key(Box::new(authority)),
            via: Via::default(),
            once: None,
        }
    }

    /// A person signed in to the Workspace.
    pub(crate) fn person(id: AdministratorId, authority: Authority, installation: InstallationId, via: Via) -> Self {
        Self { actor: Actor::Administrator { id }, installation, authority, via, once: None }
    }

    /// Whether it may do this. What a role decides for a person, a scope has decided for a key at the door; what no
    /// scope gives, no key may do.
    pub fn may(&self, permission: Permission) -> bool {
        use Permission as P;
        match &self.authority {
            Authority::Operator => true,
            Authority::Person { role, second_factor_due, .. } => !second_factor_due && role.may(permission),
            Authority::Key(_) => match permission {
                P::ReadKeys | P::ReadUsage | P::ReadKeyNotes | P::ManageKeys | P::ManageWebhooks | P::ReadAudit => true,
                P::UseDefaultKey | P::ExportAudit | P::ManagePeople | P::ManageInstallation => false,
            },
        }
    }

    /// Refuses a caller that may not do this.
    pub fn require(&self, permission: Permission) -> Result<(), KeyError> {
        self.require_no_factor_due()?;
        if self.may(permission) { Ok(()) } else { Err(KeyError::Forbidden) }
    }

    /// Refuses a person who lacks the second factor that the installation asks of them.
    pub(crate) fn require_no_factor_due(&self) -> Result<(), KeyError> {
        match &self.authority {
            Authority::Person { second_factor_due: true, .. } => Err(KeyError::SecondFactorDue),
            _ => Ok(()),
        }
    }

    /// Refuses a person who has not proved lately who they are. The command line and keys prove it with each call; and what is taken
    /// back is not done.
    pub fn require_proof(&self, now: Instant) -> Result<(), KeyError> {
        match &self.authority {
            Authority::Person { proved_at, .. } if !self.recalls() && !is_recent(*proved_at, now) => {
                Err(KeyError::StepUpNeeded)
            }
            _ => Ok(()),
        }
    }

    /// Whether keys of this environment exist for it.
    pub fn sees(&self, environment: Environment) -> bool {
        match &self.authority {
            Authority::Key(key) => key.environment == Environment::Live || environment == Environment::Test,
            Authority::Operator | Authority::Person { .. } => true,
        }
    }

    /// The environment of a new key: the one that is wanted, else its own.
    pub(crate) fn environment_of_new(&self, wanted: Option<Environment>) -> Result<Environment, KeyError> {
        let wanted = self.environment_of(wanted);
        if self.sees(wanted) { Ok(wanted) } else { Err(KeyError::EnvironmentEscalation) }
    }

    /// Which environment is meant where a request names none: that of a calling key, live data for everyone else.
    pub fn environment_of(&self, wanted: Option<Environment>) -> Environment {
        match &self.authority {
            Authority::Key(key) => wanted.unwrap_or(key.environment),
            Authority::Operator | Authority::Person { .. } => wanted.unwrap_or(Environment::Live),
        }
    }

    /// A key as this caller is shown it.
    pub(crate) fn shown(&self, key: Key) -> Key {
        if self.may(Permission::ReadKeyNotes) { key } else { Key { settings: key.settings.without_notes(), ..key } }
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
    fn lacks(&self, wanted: &ScopeSet) -> Vec<Scope> {
        match &self.authority {
            Authority::Operator => Vec::new(),
            Authority::Person { role, .. } if role.may(Permission::ManageKeys) => Vec::new(),
            Authority::Person { .. } => wanted.iter().cloned().collect(),
            Authority::Key(key) => key.scopes.missing(wanted),
        }
    }

    /// Refuses a caller that may not have this key to itself, with all that the key may do: because it gets the secret,
    /// or because whoever has the secret can use it again. The caller must hold every scope of it, and a calling key could
    /// have issued it.
    pub(crate) fn require_to_have(&self, id: KeyId, settings: &KeySettings) -> Result<(), KeyError> {
        self.require_to_hold(&settings.scopes)?;
        self.require_within_bounds(id, settings)
    }

    /// Refuses a calling key that could not have issued this key, unless it is itself.
    pub(crate) fn require_within_bounds(&self, id: KeyId, settings: &KeySettings) -> Result<(), KeyError> {
        let Authority::Key(held) = &self.authority else { return Ok(()) };
        if self.actor == (Actor::Key { id }) {
            return Ok(());
        }
        let (bounds, now) = held.bounds.as_ref().ok_or(KeyError::Forbidden)?;
        bounds.beyond_with_issued(settings, *now).map_or(Ok(()), |field| Err(beyond(field)))
    }

    /// Refuses a caller that may not have the secret of this key, or end it. The contact centre's own services call with
    /// that of the Default API Key: it is the owners' and the operator's, and no other key's.
    pub(crate) fn require_secret(&self, key: &StoredKey) -> Result<(), KeyError> {
        self.require_to_end_secrets(key)?;
        self.require_to_have(key.id(), key.settings())
    }

    /// Refuses a caller that may not end secrets and hand-overs of this key: there it is about the Default API Key alone.
    pub(crate) fn require_to_end_secrets(&self, key: &StoredKey) -> Result<(), KeyError> {
        match (key.kind(), &self.authority) {
            (KeyKind::Issued, _) => Ok(()),
            (KeyKind::Default, Authority::Key(_)) => Err(KeyError::DefaultKeyProtected),
            (KeyKind::Default, _) => self.require(Permission::UseDefaultKey),
        }
    }

    /// Refuses a new key that lies beyond what this caller may issue.
    pub(crate) fn require_to_issue(&self, new: &KeySettings) -> Result<(), KeyError> {
        let Authority::Key(key) = &self.authority else { return Ok(()) };
        let (bounds, _) = key.bounds.as_ref().ok_or(KeyError::Forbidden)?;
        if new.issue_bounds.is_some() {
            return Err(beyond("issue_bounds"));
        }
        bounds.beyond(new).map_or(Ok(()), |field| Err(beyond(field)))
    }

    /// Refuses an edit of the key `id` that widens it beyond what this caller may issue. A key may narrow itself, and
    /// never widen itself.
    pub(crate) fn require_to_edit(&self, id: KeyId, old: &KeySettings, new: &KeySettings) -> Result<(), KeyError> {
        let Authority::Key(key) = &self.authority else { return Ok(()) };
        let (bounds, _) = key.bounds.as_ref().ok_or(KeyError::Forbidden)?;
        if new.issue_bounds != old.issue_bounds {
            return Err(beyond("issue_bounds"));
        }
        let field = if self.actor == (Actor::Key { id }) { new.widens(old) } else { bounds.beyond_both(old, new) };
        field.map_or(Ok(()), |field| Err(beyond(field)))
    }
}

fn beyond(field: &str) -> KeyError {
    KeyError::BoundsEscalation { field: field.to_owned() }
}
