use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use model::{ClientName, Environment, InstallationId, fold_name};

use super::meters::{Meters, Owner};

/// A client, by a hash that nobody outside of this process can foresee. Two of a million clients have the same in one of
/// thirty million processes.
pub(crate) type ClientHash = u64;

/// The ceilings of clients and of installations. Most deployments have none, and then a call asks two flags.
#[derive(Debug, Default)]
pub(crate) struct Ceilings {
    clients: papaya::HashMap<(InstallationId, ClientHash), Arc<Meters>>,
    installations: papaya::HashMap<InstallationId, Arc<Meters>>,
    has_clients: AtomicBool,
    has_installations: AtomicBool,
    hasher: RandomState,
}

impl Ceilings {
    pub(crate) fn client_hash(&self, name: &ClientName, environment: Environment) -> ClientHash {
        self.hash_folded(&fold_name(name.as_str()), environment)
    }

    fn hash_folded(&self, folded: &str, environment: Environment) -> ClientHash {
        // 0 says that it was not asked for yet.
        self.hasher.hash_one((folded, environment)).max(1)
    }

    /// The meters of an owner, made if there are none.
    pub(crate) fn of(&self, installation: InstallationId, owner: &Owner) -> Option<Arc<Meters>> {
        let new = |owner: &Owner| Arc::new(Meters::new(installation, owner.clone()));
        match owner {
            Owner::Key(_) => None,
            Owner::Client(environment, folded) => {
                let hash = self.hash_folded(folded, *environment);
                let meters = self.clients.pin().get_or_insert_with((installation, hash), || new(owner)).clone();
                self.has_clients.store(true, Relaxed);
                Some(meters)
            }
            Owner::Installation => {
                let meters = self.installations.pin().get_or_insert_with(installation, || new(owner)).clone();
                self.has_installations.store(true, Relaxed);
                Some(meters)
            }
        }
    }

    pub(crate) fn has_clients(&self) -> bool {
        self.has_clients.load(Relaxed)
    }

    pub(crate) fn has_installations(&self) -> bool {
        self.has_installations.load(Relaxed)
    }

    pub(crate) fn of_client(&self, installation: InstallationId, client: ClientHash) -> Option<Arc<Meters>> {
        self.clients.pin().get(&(installation, client)).cloned()
    }

    pub(crate) fn of_installation(&self, installation: InstallationId) -> Option<Arc<Meters>> {
        if self.has_installations() { self.installations.pin().get(&installation).cloned() } else { None }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Meters>> {
        let clients = self.clients.pin();
        let installations = self.installations.pin();
        clients.values().chain(installations.values()).cloned().collect()
    }
}
