use model::{
    CallCounts, ClientName, Code, Environment, InstallationId, Instant, KeyError, KeyId, Permission, Scope,
    UsageFilter, UsageStep, fold_name,
};
use store::{ScopeCount, UsageCount, UsageSpan};

use crate::{Caller, Keydesk, failure};

/// Keys of one client that are looked at. Whoever has more is told a lower bound.
const KEYS_OF_CLIENT: usize = 100;

/// Whose calls a question about usage is about, as far as its caller may see them.
#[derive(Clone, Debug)]
pub(crate) struct UsageTarget {
    installation: InstallationId,
    environment: Option<Environment>,
    code: Option<Code>,
    scope: Option<Scope>,
    /// `None`: all keys, by their totals.
    pub(crate) keys: Option<Vec<KeyId>>,
    pub(crate) is_lower_bound: bool,
}

impl Keydesk {
    /// The time zone of the caller's installation.
    pub fn time_zone(&self, caller: &Caller) -> Result<model::TimeZone, KeyError> {
        Ok(self.require_open(caller)?.time_zone)
    }

    /// Finds out which calls are meant. Of live keys a test key sees none.
    pub(crate) async fn usage_target(&self, caller: &Caller, filter: &UsageFilter) -> Result<UsageTarget, KeyError> {
        self.require_open(caller)?;
        caller.require(Permission::ReadUsage)?;
        let environment = match (caller.sees(Environment::Live), filter.environment) {
            (true, wanted) => wanted,
            (false, _) => Some(Environment::Test),
        };
        let mut target = UsageTarget {
            installation: caller.installation,
            environment,
            code: filter.code,
            scope: filter.scope.clone(),
            keys: None,
            is_lower_bound: false,
        };
        if environment != filter.environment && filter.environment.is_some() {
            target.keys = Some(Vec::new());
        } else if let Some(id) = filter.key {
            let key = self.get(caller, id).await?;
            let is_clients =
                |name: &ClientName| fold_name(name.as_str()) == fold_name(key.settings.client_name.as_str());
            let is_meant = environment.is_none_or(|environment| environment == key.environment)
                && filter.client.as_ref().is_none_or(is_clients);
            target.keys = Some(if is_meant { vec![id] } else { Vec::new() });
        } else if let Some(client) = &filter.client {
            let mut keys = self.keys_of_client(caller, client, environment, KEYS_OF_CLIENT + 1).await?;
            target.is_lower_bound = keys.len() > KEYS_OF_CLIENT;
            keys.truncate(KEYS_OF_CLIENT);
            target.keys = Some(keys);
        }
        Ok(target)
    }

    /// The keys of a client, deleted ones too, the newest first and at most so many. The Default API Key is a client of its own.
    pub(crate) async fn keys_of_client(
        &self,
        caller: &Caller,
        client: &ClientName,
        environment: Option<Environment>,
        most: usize,
    ) -> Result<Vec<KeyId>, KeyError> {
        let (store, installation, folded) = (&self.inner.store, caller.installation, fold_name(client.as_str()));
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut keys = store.keys_of_client(installation, &folded, environment, most).await.map_err(failure::public)?;
        if let Some(default) = store.default_key(installation).await.map_err(failure::public)?
            && fold_name(default.client_name().as_str()) == folded
        {
            let default = default.at(self.now());
            if environment.is_none_or(|environment| environment == default.environment) {
                keys.insert(0, default.id);
            }
        }
        Ok(keys)
    }

    /// The calls that are meant, by the rows that make up points of this step.
    pub(crate) async fn usage_counts(
        &self,
        target: &UsageTarget,
        (from, to): (Instant, Instant),
        step: UsageStep,
    ) -> Result<Vec<UsageCount>, KeyError> {
        let span = target.span(from, to);
        let store = &self.inner.store;
        let mut counts = match &target.keys {
            None => store.usage_totals(&span, step).await.map_err(failure::public)?,
            Some(keys) => {
                let counts = store.usage_of_keys(&span, keys, step).await.map_err(failure::public)?;
                counts.into_iter().map(|(_, count)| count).collect()
            }
        };
        counts.sort_by_key(|count| count.at);
        Ok(counts)
    }

    /// All calls that are meant, by their scopes.
    pub(crate) async fn usage_scopes(
        &self,
        target: &UsageTarget,
        (from, to): (Instant, Instant),
    ) -> Result<Vec<model::ScopeUsage>, KeyError> {
        let (span, store) = (target.span(from, to), &self.inner.store);
        let counts = match &target.keys {
            None => store.usage_by_scope(&span).await,
            Some(keys) => store.scopes_of_keys(&span, keys).await,
        };
        Ok(by_scope(counts.map_err(failure::public)?))
    }
}

impl UsageTarget {
    pub(crate) fn span(&self, from: Instant, to: Instant) -> UsageSpan<'_> {
        UsageSpan {
            installation: self.installation,
            from,
            to,
            code: self.code,
            scope: self.scope.as_ref(),
            environment: self.environment,
        }
    }

    pub(crate) fn environment(&self) -> Option<Environment> {
        self.environment
    }

    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }
}

/// Scopes that are shown.
const SCOPES: usize = 50;

/// Sums by scope, the most wanted first.
pub(crate) fn by_scope(counts: Vec<ScopeCount>) -> Vec<model::ScopeUsage> {
    let mut sums: std::collections::BTreeMap<Scope, CallCounts> = std::collections::BTreeMap::new();
    for (scope, code, calls) in counts {
        sums.entry(scope).or_default().add(code, calls);
    }
    let mut scopes: Vec<_> = sums.into_iter().map(|(scope, counts)| model::ScopeUsage { scope, counts }).collect();
    // Stable, so those that are wanted as often stand in the order of their names.
    scopes.sort_by_key(|of| std::cmp::Reverse(of.counts.calls()));
    scopes.truncate(SCOPES);
    scopes
}
