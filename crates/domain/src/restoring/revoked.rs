use std::collections::HashMap;

use model::{Action, ClientName, InstallationId, Instant, KeyId};
use serde::Serialize;
use serde_json::Value;
use store::{Backup, LostEntry, Store, StoreError};

/// Audit entries read at once.
const PAGE: i64 = 1_000;

/// How a key, or a secret of it, was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    /// The key was deleted.
    Deleted,
    /// The key was disabled.
    Disabled,
    /// The key was rotated: the backup has a secret that was to end.
    Rotated,
    /// A secret of the key that a newer one had replaced was ended before its time.
    OverlapEnded,
}

impl Revocation {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Disabled => "disabled",
            Self::Rotated => "rotated",
            Self::OverlapEnded => "overlap ended",
        }
    }
}

/// A revocation that a backup does not know, because it was made later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevokedSince {
    /// Whose key.
    #[serde(skip)]
    pub(super) installation_id: InstallationId,
    /// Whose key, by name.
    pub installation: String,
    /// The key.
    pub key_id: KeyId,
    /// Whom it was generated for, as the backup has it.
    pub client_name: ClientName,
    /// How.
    pub how: Revocation,
    /// When.
    pub at: Instant,
    /// From when on the secret that the backup has was to be refused.
    #[serde(skip)]
    pub(super) ends: Instant,
}

/// What a database that is replaced knows and the restored one does not.
#[derive(Default)]
pub(super) struct Lost {
    pub(super) revoked: Vec<RevokedSince>,
    /// How many audit entries of each installation.
    pub(super) entries: HashMap<InstallationId, i64>,
}

impl Lost {
    /// Reads it from the audit log of the database that is replaced.
    pub(super) async fn read(restored: &Store, replaced: &mut Backup) -> Result<Self, StoreError> {
        let mut lost = Self::default();
        for installation in restored.installations().await? {
            let mut after = common(restored, replaced, installation.id).await?;
            let (mut entries, mut fates) = (0, HashMap::<KeyId, Fate>::new());
            loop {
                let page = replaced.entries_after(installation.id, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.seq;
                entries += i64::try_from(page.len()).unwrap_or(i64::MAX);
                for entry in &page {
                    if let Some(key) = entry.key {
                        fates.entry(key).or_default().take(entry);
                    }
                }
            }
            lost.entries.insert(installation.id, entries);
            for (id, fate) in fates {
                let Some(key) = restored.key(installation.id, id).await? else { continue };
                if key.life.deleted_at.is_some() {
                    continue;
                }
                for (how, at, ends) in fate.revocations(key.life.disabled_at.is_some()) {
                    lost.revoked.push(RevokedSince {
                        installation_id: installation.id,
                        installation: installation.name.clone(),
                        key_id: id,
                        client_name: key.settings().client_name.clone(),
                        how,
                        at,
                        ends,
                    });
                }
            }
        }
        lost.revoked.sort_by(|one, other| {
            (&one.installation, one.at, one.key_id).cmp(&(&other.installation, other.at, other.key_id))
        });
        Ok(lost)
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

/// What happened to one key.
#[derive(Default)]
struct Fate {
    deleted: Option<Instant>,
    disabled: Option<Instant>,
    /// When first, and when the secret of before was to end.
    rotated: Option<(Instant, Instant)>,
    overlap_ended: Option<Instant>,
}

impl Fate {
    fn take(&mut self, entry: &LostEntry) {
        let at = entry.at;
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
        match serde_json::from_value(Value::String(entry.action.clone())) {
            Ok(Action::KeyDelete) => self.deleted = Some(at),
            Ok(Action::KeyRestore) => self.deleted = None,
            Ok(Action::KeyDisable) => self.disabled = Some(at),
            Ok(Action::KeyEnable) => self.disabled = None,
            Ok(Action::KeyUpdate) => match detail["enabled"]["to"].as_bool() {
                Some(true) => self.disabled = None,
                Some(false) => self.disabled = Some(at),
                None => {}
            },
            Ok(Action::KeyRotate) => {
                let overlap = detail["overlap_seconds"].as_i64().unwrap_or_default();
                self.rotated = Some(match self.rotated {
                    None => (at, at.plus_millis(overlap.saturating_mul(1_000))),
                    // More than two secrets never work: this one ends the one that the backup has.
                    Some((first, end)) => (first, end.min(at)),
                });
            }
            Ok(Action::KeyEndOverlap) => match &mut self.rotated {
                Some((_, end)) => *end = at.min(*end),
                None => self.overlap_ended = Some(at),
            },
            _ => {}
        }
    }

    /// Those that are not undone since, and go beyond what the backup has: of a key that was deleted the rest does not matter.
    fn revocations(&self, disabled_already: bool) -> Vec<(Revocation, Instant, Instant)> {
        if let Some(at) = self.deleted {
            return vec![(Revocation::Deleted, at, at)];
        }
        let disabled = self.disabled.filter(|_| !disabled_already).map(|at| (Revocation::Disabled, at, at));
        let secret = match (self.rotated, self.overlap_ended) {
            (Some((at, end)), _) => Some((Revocation::Rotated, at, end)),
            (None, ended) => ended.map(|at| (Revocation::OverlapEnded, at, at)),
        };
        disabled.into_iter().chain(secret).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(entries: &[(&str, &str)]) -> Vec<(Revocation, i64, i64)> {
        let mut fate = Fate::default();
        for (number, (action, detail)) in (1..).zip(entries) {
            let at = Instant::from_millis(number * 1_000);
            let (action, detail) = ((*action).to_owned(), (*detail).to_owned());
            fate.take(&LostEntry { seq: number, at, action, key: None, detail });
        }
        let shown = |(how, at, end): (_, Instant, Instant)| (how, at.as_millis(), end.as_millis());
        fate.revocations(false).into_iter().map(shown).collect()
    }

    #[test]
    fn what_was_undone_since_is_no_revocation() {
        use Revocation::{Deleted, Disabled, OverlapEnded, Rotated};
        let rotate = |seconds: &'static str| ("key.rotate", seconds);
        for (entries, expected) in [
            (&[("key.reveal", "{}"), ("key.from_the_future", "{}")][..], vec![]),
            (&[("key.delete", "{}")], vec![(Deleted, 1_000, 1_000)]),
            (&[("key.delete", "{}"), ("key.restore", "{}")], vec![]),
            (&[("key.disable", "{}"), ("key.delete", "{}")], vec![(Deleted, 2_000, 2_000)]),
            (&[("key.disable", "{}"), ("key.enable", "{}"), ("key.disable", "{}")], vec![(Disabled, 3_000, 3_000)]),
            (&[("key.update", r#"{"enabled":{"from":true,"to":false}}"#)], vec![(Disabled, 1_000, 1_000)]),
            (&[("key.disable", "{}"), ("key.update", r#"{"enabled":{"from":false,"to":true}}"#)], vec![]),
            (&[("key.update", r#"{"notes":{"changed":true}}"#)], vec![]),
            (&[rotate(r#"{"overlap_seconds":60}"#)], vec![(Rotated, 1_000, 61_000)]),
            (
                &[rotate(r#"{"overlap_seconds":60}"#), rotate(r#"{"overlap_seconds":60}"#)],
                vec![(Rotated, 1_000, 2_000)],
            ),
            (&[rotate(r#"{"overlap_seconds":60}"#), ("key.end_overlap", "{}")], vec![(Rotated, 1_000, 2_000)]),
            (&[("key.end_overlap", "{}")], vec![(OverlapEnded, 1_000, 1_000)]),
            (
                &[rotate(r#"{"overlap_seconds":0}"#), ("key.disable", "{}")],
                vec![(Disabled, 2_000, 2_000), (Rotated, 1_000, 1_000)],
            ),
        ] {
            assert_eq!(fate(entries), expected, "{entries:?}");
        }
    }
}
