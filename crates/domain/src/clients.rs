use std::collections::HashMap;

use model::{
    CeilingInfo, Client, ClientName, CursorValue, Environment, Instant, KeyError, KeyId, Permission, Search, Sort,
    SortColumn, UsageRange, UsageStep, name_order,
};
use store::{CLIENT_KEYS_COUNTED, KeyFilter, StoredClient};
use uuid::Uuid;

use crate::{Caller, CeilingOf, Keydesk, failure};

/// Client Names on a page of clients. Each has a row for live keys, for test keys, or both.
const NAMES_SHOWN: usize = 50;
/// Keys that are read at once, and how often, while clients are searched for a page. A client with more keys is skipped by its name.
const KEYS_READ: i64 = 200;
const READS: usize = 20;
/// For how long back calls are counted: 30 days.
const COUNTED_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A client with what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEntry {
    /// As one of its keys writes the name.
    pub client_name: ClientName,
    /// Which data its keys reach.
    pub environment: Environment,
    /// Its keys that are not deleted.
    pub keys: u64,
    /// There are more keys than were counted.
    pub keys_is_lower_bound: bool,
    /// The last allowed call with any of the keys that were counted.
    pub last_used_at: Option<Instant>,
    /// Allowed calls in the last 30 days, with all of its keys.
    pub allowed: u64,
    /// Refused calls in the same.
    pub refused: u64,
    /// Its ceiling.
    pub ceiling: CeilingInfo,
}

/// A page of clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientPage {
    /// By their folded names; those that are searched for as people sort names.
    pub items: Vec<ClientEntry>,
    /// After which folded name the next page begins; `None`: there is none.
    pub next: Option<String>,
}

impl Keydesk {
    /// A page of the installation's clients, of which each word of the search is in the name.
    pub async fn clients(&self, caller: &Caller, search: &str, after: &str) -> Result<ClientPage, KeyError> {
        self.require_open(caller)?;
        caller.require(Permission::ReadKeys)?;
        let search = Search::parse(search)?;
        let (mut names, more) = if search.is_empty() {
            let names = self.inner.store.client_names(caller.installation, after, NAMES_SHOWN as i64 + 1).await;
            let names = names.map_err(failure::public)?;
            let more = names.len() > NAMES_SHOWN;
            (names, more)
        } else {
            self.clients_found(caller, search, after).await?
        };
        names.truncate(NAMES_SHOWN);
        let next = names.last().filter(|_| more).cloned();
        let found = self.inner.store.clients(caller.installation, &names).await.map_err(failure::public)?;
        let found = found.into_iter().filter(|found| caller.sees(found.client.environment()));
        let mut found: Vec<StoredClient> = found.collect();
        // Those of one name stand together, and keep their order.
        found.sort_by_key(|found| names.iter().position(|name| name == found.client.folded()));
        let mut items: Vec<_> = found.into_iter().map(entry).collect();
        self.count_calls(caller, &mut items).await?;
        Ok(ClientPage { items, next })
    }

    /// Adds the calls of these clients.
    async fn count_calls(&self, caller: &Caller, items: &mut [ClientEntry]) -> Result<(), KeyError> {
        let range = UsageRange::last(COUNTED_MS, self.now().plus_millis(1), UsageStep::Day);
        let (parts, ..) = self.client_parts(caller, range).await?;
        let clients: Vec<_> = items.iter().map(|item| Client::of(&item.client_name, item.environment)).collect();
        let used = self.inner.store.usage_of_clients(caller.installation, &parts, &clients).await;
        let used = used.map_err(failure::public)?.into_iter();
        let used: HashMap<_, _> =
            used.map(|of| (Client::of(&of.client_name, of.environment), (of.allowed, of.refused))).collect();
        for (item, client) in items.iter_mut().zip(clients) {
            (item.allowed, item.refused) = used.get(&client).copied().unwrap_or_default();
        }
        Ok(())
    }

    /// Allowed calls of a client in the last 30 days.
    pub(crate) async fn calls_of_client(&self, caller: &Caller, client: &Client) -> Result<u64, KeyError> {
        let range = UsageRange::last(COUNTED_MS, self.now().plus_millis(1), UsageStep::Day);
        let (parts, ..) = self.client_parts(caller, range).await?;
        let used = self.inner.store.usage_of_clients(caller.installation, &parts, std::slice::from_ref(client)).await;
        Ok(used.map_err(failure::public)?.iter().map(|of| of.allowed).fold(0, u64::saturating_add))
    }

    /// The names that hold each word, and whether there may be more. Keys are found by the search of the list, which is fast however
    /// many there are, in the order of names. What it finds by an owner or a note is no name, and is left out.
    async fn clients_found(
        &self,
        caller: &Caller,
        search: Search,
        after: &str,
    ) -> Result<(Vec<String>, bool), KeyError> {
        if search.finds_nothing() {
            return Ok((Vec::new(), false));
        }
        let words = search.words().to_vec();
        let filter = KeyFilter {
            installation: caller.installation,
            search,
            search_notes: false,
            environment: None,
            status: None,
            preset: None,
            expiring_before: None,
            disabled: None,
            attention: None,
            now: self.now(),
        };
        let sort = Sort { column: SortColumn::ClientName, descending: false };
        let (mut names, mut last) = (Vec::<String>::new(), after.to_owned());
        for _ in 0..READS {
            // After all keys of that name.
            let place = (!last.is_empty()).then(|| (CursorValue::Name(name_order(&last)), KeyId(Uuid::max())));
            let rows =
                self.inner.store.list(&filter, sort, place.as_ref(), KEYS_READ).await.map_err(failure::public)?;
            let Some(newest) = rows.last() else { return Ok((names, false)) };
            newest.folded_name().clone_into(&mut last);
            let all = (rows.len() as i64) < KEYS_READ;
            for name in rows.iter().map(|row| row.folded_name()) {
                let held = words.iter().all(|word| name.contains(word.as_str()));
                if held && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
            if all || names.len() > NAMES_SHOWN {
                let more = names.len() > NAMES_SHOWN;
                return Ok((names, more));
            }
        }
        let more = !names.is_empty();
        Ok((names, more))
    }
}

fn entry(found: StoredClient) -> ClientEntry {
    let environment = found.client.environment();
    ClientEntry {
        client_name: found.client_name.clone(),
        environment,
        keys: found.keys.min(CLIENT_KEYS_COUNTED),
        keys_is_lower_bound: found.keys > CLIENT_KEYS_COUNTED,
        last_used_at: found.last_used_at,
        allowed: 0,
        refused: 0,
        ceiling: CeilingOf::Client(found.client_name, environment).info(found.ceiling),
    }
}
