use std::collections::{HashMap, HashSet};

use model::{Action, AdministratorId, InstallationId, Instant, KeyId};
use store::{Backup, LostEntry, Store, StoreError, StoredInstallation};

use super::{
    key_fate::KeyFate,
    person_fate::{PersonFate, administrator, concerns_people},
    revoked::{Again, Revocation, RevokedSince, action},
};

/// Audit entries read at once.
const PAGE: i64 = 1_000;

/// What a database that is replaced knows and the restored one does not.
#[derive(Default)]
pub(super) struct Lost {
    pub(super) revoked: Vec<RevokedSince>,
    /// How many audit entries of each installation that the restored one has.
    pub(super) entries: HashMap<InstallationId, i64>,
    /// The names of those that it does not have, each with its number of entries.
    pub(super) installations: Vec<(String, i64)>,
    /// What is wrong with the audit log that says all this, in sentences without their full stops.
    pub(super) doubts: Vec<String>,
}

impl Lost {
    /// Reads it from the audit log of the database that is replaced.
    pub(super) async fn read(restored: &Store, replaced: &mut Backup) -> Result<Self, StoreError> {
        let mut lost = Self::default();
        let known = restored.installations().await?;
        let ids: HashSet<_> = known.iter().map(|installation| installation.id).collect();
        for (id, name) in replaced.installations().await? {
            if !ids.contains(&id) {
                let entries = replaced.audit_last(id).await?;
                lost.installations.push((name, entries));
            }
        }
        for installation in &known {
            let mut since = Since::default();
            let mut after = common(restored, replaced, installation.id).await?;
            let mut entries = 0;
            loop {
                let page = replaced.entries_after(installation.id, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.seq;
                entries += i64::try_from(page.len()).unwrap_or(i64::MAX);
                page.iter().for_each(|entry| since.take(entry));
            }
            lost.entries.insert(installation.id, entries);
            lost.revoked.extend(since.revocations(restored, installation).await?);
        }
        lost.revoked.sort_by(|one, other| {
            let key = |one: &RevokedSince| (one.at, one.key_id, one.administrator_id);
            (&one.installation, key(one)).cmp(&(&other.installation, key(other)))
        });
        Ok(lost)
    }

    /// All entries that are lost, of installations that are lost as a whole, too.
    pub(super) fn count(&self) -> i64 {
        self.entries.values().sum::<i64>() + self.installations.iter().map(|(_, entries)| entries).sum::<i64>()
    }
}

/// What happened in one installation.
#[derive(Default)]
struct Since {
    keys: HashMap<KeyId, KeyFate>,
    people: HashMap<AdministratorId, PersonFate>,
    disabled: Option<Instant>,
    /// Entries that don't say readably which key or person they concern.
    unknown: Vec<(Instant, String)>,
}

impl Since {
    fn take(&mut self, entry: &LostEntry) {
        if let Some(key) = entry.key {
            self.keys.entry(key).or_default().take(entry);
            return;
        }
        match action(&entry.action) {
            Some(Action::InstallationDisable) => self.disabled = Some(entry.at),
            Some(Action::InstallationEnable) => self.disabled = None,
            // Not every such entry is about a person.
            Some(Action::AdministratorForget) => {
                if let Some(id) = administrator(entry) {
                    self.people.entry(id).or_default().take(entry);
                }
            }
            _ if concerns_people(entry) => match administrator(entry) {
                Some(id) => self.people.entry(id).or_default().take(entry),
                None => self.unknown.push((entry.at, entry.action.clone())),
            },
            _ => {}
        }
    }

    async fn revocations(
        self,
        restored: &Store,
        installation: &StoredInstallation,
    ) -> Result<Vec<RevokedSince>, StoreError> {
        let mut found = Vec::new();
        let since = |at, again: Again, name: String| RevokedSince {
            installation_id: installation.id,
            installation: installation.name.clone(),
            key_id: None,
            administrator_id: None,
            name,
            how: again.how(),
            at,
            by_hand: again == Again::ByHand,
            again,
        };
        for (id, fate) in self.keys {
            let Some(key) = restored.key(installation.id, id).await? else { continue };
            if key.life.deleted_at.is_some() {
                continue;
            }
            let name = key.settings().client_name.as_str();
            let revoked = fate.revocations(id, key.settings()).into_iter();
            found.extend(
                revoked.map(|(at, again)| RevokedSince { key_id: Some(id), ..since(at, again, name.to_owned()) }),
            );
        }
        let mut names = restored.administrator_names(installation.id).await?;
        for (id, fate) in self.people {
            let person = restored.administrator(installation.id, id).await?;
            let named = names.remove(&id);
            let of = |one: RevokedSince| RevokedSince { administrator_id: Some(id), ..one };
            if let (Some(at), Some(name)) = (fate.forgotten, named) {
                // The command knows an address, and this list does not.
                found.push(of(RevokedSince { how: Revocation::Forgotten, ..since(at, Again::ByHand, name) }));
            }
            let Some(person) = person else { continue };
            let name = person.administrator.name.clone();
            found.extend(fate.revocations(&person).into_iter().map(|(at, again)| of(since(at, again, name.clone()))));
        }
        let disabled = self.disabled.filter(|_| installation.disabled_at.is_none());
        found.extend(disabled.map(|at| since(at, Again::DisableInstallation, installation.title.clone())));
        found.extend(self.unknown.into_iter().map(|(at, what)| since(at, Again::ByHand, what)));
        Ok(found)
    }
}

/// The number of the last audit entry that both have. Each entry is chained to the one before it, so they have all before, too.
async fn common(restored: &Store, replaced: &mut Backup, installation: InstallationId) -> Result<i64, StoreError> {
    let (mut same, mut most) =
        (0, restored.audit_last(installation).await?.min(replaced.audit_last(installation).await?));
    while same < most {
        let middle = (same + most + 1) / 2;
        let id = restored.audit_id(installation, middle).await?;
        if id.is_some() && id == replaced.audit_id(installation, middle).await? {
            same = middle;
        } else {
            most = middle - 1;
        }
    }
    Ok(same)
}
