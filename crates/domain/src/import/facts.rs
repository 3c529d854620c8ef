use model::{Environment, Scope, ScopeSet};
use serde::{Deserialize, Serialize};

use super::build::New;

/// What the keys of an import may do, all together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// How many there are.
    pub(super) keys: u32,
    pub(super) environments: Vec<Environment>,
    pub(super) scopes: ScopeSet,
}

impl Facts {
    pub(super) fn add(&mut self, new: &New) {
        self.keys += 1;
        let environment = new.key.environment;
        if !self.environments.contains(&environment) {
            self.environments.push(environment);
            self.environments.sort_unstable();
        }
        let scopes = &new.key.settings.scopes;
        if !self.scopes.missing(scopes).is_empty() {
            self.scopes =
                self.scopes.iter().chain(scopes.iter()).cloned().collect::<Vec<Scope>>().into_iter().collect();
        }
    }

    /// The environment of all; `None`: they have different ones, or there are none.
    pub(super) fn environment(&self) -> Option<Environment> {
        match self.environments[..] {
            [environment] => Some(environment),
            _ => None,
        }
    }
}
