use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::Instant,
};

use model::{Actor, AdministratorId, InstallationId};
use serde_json::Value;
use store::{AuditEntry, AuditHead, AuditPerson, Backup, HASH_LEN, Store, StoreError};

use super::{PAGE, head::AuditHeadLine};
use crate::{
    AuditChecked, Keydesk,
    audit::{actor_text, chain, keys::AuditKeys},
};

/// Unsigned entries whose content may not fit their hash until a later entry says why. More are a broken log.
const REDACTED_MOST: usize = 100_000;

/// A walk along a log.
struct Walk<'a> {
    keys: &'a AuditKeys,
    pace: Pace<'a>,
    installation: InstallationId,
    /// Number and hash of the entry before.
    previous: (i64, [u8; HASH_LEN]),
    /// The audit key that must sign the next entry; `None`: nothing was signed yet.
    key: Option<String>,
    /// Actors whose entries may have lost where they came from.
    forgotten: HashSet<String>,
    /// Actors of entries that have, each with the first such entry.
    erased: HashMap<String, i64>,
    /// Unsigned entries that are not as they were hashed, each with its present hash.
    altered: HashMap<i64, [u8; HASH_LEN]>,
    /// Those that may be altered, each with its hash after that.
    redacted: HashMap<i64, [u8; HASH_LEN]>,
    /// People whose names are signed: with which digest, under which audit key, in which entry.
    people: HashMap<AdministratorId, ([u8; HASH_LEN], String, i64)>,
    /// Installations that the log names, each with the entry.
    founded: HashMap<InstallationId, i64>,
}

/// How a walk goes.
#[derive(Clone, Copy)]
pub(super) struct Pace<'a> {
    /// Told how many entries were read.
    pub(super) read: &'a AtomicI64,
    /// Whether it rests after each part, for as long as that took: calls and people go first.
    pub(super) calm: bool,
}

impl<'a> Walk<'a> {
    fn begin(keys: &'a AuditKeys, installation: InstallationId, pace: Pace<'a>) -> Self {
        Self {
            keys,
            pace,
            installation,
            previous: (0, [0; HASH_LEN]),
            key: None,
            forgotten: HashSet::new(),
            erased: HashMap::new(),
            altered: HashMap::new(),
            redacted: HashMap::new(),
            people: HashMap::new(),
            founded: HashMap::new(),
        }
    }

    fn take(&mut self, entry: &AuditEntry) -> Result<(), String> {
        let seq = self.previous.0 + 1;
        if entry.seq != seq {
            return Err(format!("broken at entry {seq}: it is missing"));
        }
        if entry.previous_hash != self.previous.1 {
            return Err(format!("broken at entry {seq}: it does not follow the entry before it"));
        }
        match &entry.audit_key {
            None => self.take_unsigned(entry)?,
            Some(id) => self.take_signed(entry, id)?,
        }
        self.previous = (entry.seq, entry.hash);
        Ok(())
    }

    fn take_unsigned(&mut self, entry: &AuditEntry) -> Result<(), String> {
        let seq = entry.seq;
        if self.key.is_some() {
            return Err(format!("broken at entry {seq}: it is not signed"));
        }
        let hash = chain::hash_unsigned(self.installation, entry);
        if hash != entry.hash {
            self.altered.insert(seq, hash);
        }
        if self.altered.len() > REDACTED_MOST {
            return Err(format!("broken at entry {}: it was altered", self.altered.keys().min().unwrap_or(&seq)));
        }
        Ok(())
    }

    fn take_signed(&mut self, entry: &AuditEntry, id: &str) -> Result<(), String> {
        let seq = entry.seq;
        if self.key.as_deref().is_some_and(|key| key != id) {
            return Err(format!(
                "broken at entry {seq}: it is signed under another audit key than the entry before it"
            ));
        }
        let Some(key) = self.keys.get(id) else {
            return Err(format!("unverifiable from entry {seq} on: the keyring lacks the audit key {id}"));
        };
        if !chain::is_signed(key, self.installation, entry) {
            return Err(format!("broken at entry {seq}: it was altered"));
        }
        match (&entry.address, &entry.user_agent, &entry.via_digest) {
            (None, None, None) => {}
            (None, None, Some(_)) => _ = self.erased.entry(entry.actor.clone()).or_insert(seq),
            (address, user_agent, digest) => {
                let ours = chain::via(key, entry.id, address.as_deref(), user_agent.as_deref());
                if *digest != Some(ours) {
                    return Err(format!("broken at entry {seq}: where it came from was altered"));
                }
            }
        }
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
        let begins = self.key.is_none();
        self.key = Some(id.to_owned());
        match entry.action.as_str() {
            "installation.create" if seq == 1 => self.founds(seq, &detail),
            "installation.add" if !begins => self.founds(seq, &detail),
            "audit.adopt" if begins => self.adopted(seq, &detail)?,
            "audit.adopt" => return Err(format!("broken at entry {seq}: the log was signed before")),
            "audit.head_lost" => {
                return Err(format!("broken before entry {seq}: the end that was signed was missing or wrong"));
            }
            _ if begins => {
                return Err(format!("broken at entry {seq}: the entries before it are missing or not signed"));
            }
            "audit.key_rotated" => self.key = detail["to"].as_str().map(str::to_owned),
            "administrator.forget" => self.forgot(&detail),
            "administrator.create" | "administrator.rename" => self.introduces(seq, id, &detail),
            _ => {}
        }
        Ok(())
    }

    fn adopted(&self, seq: i64, detail: &Value) -> Result<(), String> {
        let fits =
            detail["entries"] == self.previous.0 && detail["head"].as_str() == Some(&chain::hex(&self.previous.1));
        if !fits {
            return Err(format!("broken before entry {seq}: it signs another log"));
        }
        match detail["broken_at"].as_i64() {
            Some(at) => Err(format!("broken at entry {at}, before it was first signed")),
            None => Ok(()),
        }
    }

    fn forgot(&mut self, detail: &Value) {
        if let Some(id) = detail["administrator"].as_str().and_then(|id| id.parse().ok()) {
            self.forgotten.insert(actor_text(Actor::Administrator { id }));
        }
        for (seq, hash) in detail["redacted"].as_object().into_iter().flatten() {
            if let (Ok(seq), Some(hash)) = (seq.parse(), hash.as_str().and_then(chain::unhex)) {
                self.redacted.insert(seq, hash);
            }
        }
    }

    fn founds(&mut self, seq: i64, detail: &Value) {
        for id in detail["installations"].as_array().into_iter().flatten() {
            if let Some(id) = id.as_str().and_then(|id| id.parse().ok()) {
                self.founded.entry(id).or_insert(seq);
            }
        }
    }

    fn introduces(&mut self, seq: i64, key: &str, detail: &Value) {
        let id = detail["id"].as_str().and_then(|id| id.parse().ok());
        if let (Some(id), Some(digest)) = (id, detail["person"].as_str().and_then(chain::unhex)) {
            self.people.insert(id, (digest, key.to_owned(), seq));
        }
    }

    /// Names stand beside the log, so that they can be forgotten: each must be the one that was signed, and one that is missing
    /// must have been forgotten.
    fn check_people(&self, there: &[AuditPerson]) -> Result<(), String> {
        let by_id: HashMap<_, _> = there.iter().map(|person| (person.id, person)).collect();
        let mut wrong: Vec<(i64, &str)> = Vec::new();
        for (id, (digest, key, seq)) in &self.people {
            let same = |person: &AuditPerson| {
                self.keys
                    .get(key)
                    .is_some_and(|key| chain::same(&chain::person(key, *id, &person.email, &person.name), digest))
            };
            let forgotten = || self.forgotten.contains(&actor_text(Actor::Administrator { id: *id }));
            match by_id.get(id) {
                Some(person) if !same(person) => wrong.push((*seq, "was altered")),
                None if !forgotten() => wrong.push((*seq, "was removed")),
                _ => {}
            }
        }
        match wrong.into_iter().min() {
            Some((seq, how)) => Err(format!("broken at entry {seq}: the name that it gave a person {how}")),
            None => Ok(()),
        }
    }

    /// What only the whole log tells.
    fn end(&self) -> Result<(), String> {
        if let Some(seq) =
            self.altered.iter().filter(|(seq, hash)| self.redacted.get(seq) != Some(hash)).map(|(seq, _)| seq).min()
        {
            return Err(format!("broken at entry {seq}: it was altered"));
        }
        if let Some((_, seq)) = self.erased.iter().find(|(actor, _)| !self.forgotten.contains(*actor)) {
            return Err(format!("broken at entry {seq}: where it came from was erased"));
        }
        Ok(())
    }
}

/// What is wrong where an installation is not there that a log names.
fn missing(founded: &HashMap<InstallationId, i64>, there: &HashSet<InstallationId>) -> Option<String> {
    let (id, seq) = founded.iter().filter(|(id, _)| !there.contains(id)).min_by_key(|(_, seq)| **seq)?;
    Some(format!("incomplete: installation {id}, named by entry {seq}, was removed"))
}

/// Where a log is read from.
enum Source<'a> {
    Open(&'a Store),
    /// A database that is looked at and not brought up to date.
    Aside(&'a mut Backup),
}

impl Source<'_> {
    async fn installations(&mut self) -> Result<Vec<(InstallationId, String)>, StoreError> {
        match self {
            Self::Open(store) => {
                let installations = store.installations().await?;
                Ok(installations.into_iter().map(|installation| (installation.id, installation.name)).collect())
            }
            Self::Aside(backup) => backup.installations().await,
        }
    }

    async fn after(
        &mut self,
        installation: InstallationId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        match self {
            Self::Open(store) => store.audit_after(installation, seq, limit).await,
            Self::Aside(backup) => backup.audit_after(installation, seq, limit).await,
        }
    }

    async fn head(&mut self, installation: InstallationId) -> Result<Option<AuditHead>, StoreError> {
        match self {
            Self::Open(store) => store.audit_head(installation).await,
            Self::Aside(backup) => backup.audit_head(installation).await,
        }
    }

    async fn people(&mut self, installation: InstallationId) -> Result<Vec<AuditPerson>, StoreError> {
        match self {
            Self::Open(store) => store.audit_people(installation).await,
            Self::Aside(backup) => backup.audit_people(installation).await,
        }
    }
}

impl Keydesk {
    /// Reads every audit log to its end.
    pub async fn check_audit(&self) -> Result<Vec<AuditChecked>, StoreError> {
        self.check(Source::Open(&self.inner.store)).await
    }

    /// The same for another database of this deployment.
    pub(crate) async fn check_audit_of(&self, database: &mut Backup) -> Result<Vec<AuditChecked>, StoreError> {
        self.check(Source::Aside(database)).await
    }

    async fn check(&self, mut source: Source<'_>) -> Result<Vec<AuditChecked>, StoreError> {
        let (mut checked, mut founded) = (Vec::new(), Vec::new());
        let installations = source.installations().await?;
        let keyring = self.keyring();
        for (id, name) in &installations {
            let read = AtomicI64::new(0);
            let mut walk = Walk::begin(keyring.audit(), *id, Pace { read: &read, calm: false });
            let broken = self.walk(&mut walk, &mut source).await?.err();
            founded.push(walk.founded);
            checked.push(AuditChecked {
                installation: name.clone(),
                entries: walk.previous.0,
                audit_key: walk.key,
                broken,
            });
        }
        // Read again, because an installation may have been created meanwhile.
        let there: HashSet<_> = source.installations().await?.into_iter().map(|(id, _)| id).collect();
        for (log, founded) in checked.iter_mut().zip(founded) {
            log.broken = log.broken.take().or_else(|| missing(&founded, &there));
        }
        Ok(checked)
    }

    async fn walk(&self, walk: &mut Walk<'_>, source: &mut Source<'_>) -> Result<Result<(), String>, StoreError> {
        loop {
            loop {
                let began = Instant::now();
                let page = source.after(walk.installation, walk.previous.0, PAGE).await?;
                if page.is_empty() {
                    break;
                }
                for entry in page {
                    if let Err(broken) = walk.take(&entry) {
                        return Ok(Err(broken));
                    }
                }
                walk.pace.read.store(walk.previous.0, Relaxed);
                if walk.pace.calm {
                    tokio::time::sleep(began.elapsed()).await;
                }
            }
            // Read after the entries, and before the end, which tells whether entries came meanwhile: then it goes on.
            let people = source.people(walk.installation).await?;
            // Read after the entries: entries that were written meanwhile come with their end, so it is never behind.
            let Some(head) = source.head(walk.installation).await? else {
                return Ok(Err("not signed at its end: the signed end was removed".to_owned()));
            };
            let signed =
                walk.keys.get(&head.audit_key).is_some_and(|key| chain::is_head(key, walk.installation, &head));
            let other_key = walk.key.as_ref() != Some(&head.audit_key) && head.entries <= walk.previous.0;
            if !signed || other_key {
                return Ok(Err("not signed at its end: the signed end was altered".to_owned()));
            }
            if head.entries > walk.previous.0 {
                if source.after(walk.installation, walk.previous.0, 1).await?.is_empty() {
                    let missing = head.entries - walk.previous.0;
                    return Ok(Err(format!("cut off after entry {}: {missing} entries are missing", walk.previous.0)));
                }
                continue;
            }
            if (head.entries, head.hash) != walk.previous {
                return Ok(Err(format!("not signed after entry {}", head.entries)));
            }
            return Ok(walk.end().and_then(|()| walk.check_people(&people)));
        }
    }

    /// Reads the log of one installation to its end.
    pub(super) async fn check_log(
        &self,
        id: InstallationId,
        name: &str,
        pace: Pace<'_>,
    ) -> Result<AuditChecked, StoreError> {
        let keyring = self.keyring();
        let mut source = Source::Open(&self.inner.store);
        let mut walk = Walk::begin(keyring.audit(), id, pace);
        let mut broken = self.walk(&mut walk, &mut source).await?.err();
        let there: HashSet<_> = source.installations().await?.into_iter().map(|(id, _)| id).collect();
        broken = broken.or_else(|| missing(&walk.founded, &there));
        Ok(AuditChecked { installation: name.to_owned(), entries: walk.previous.0, audit_key: walk.key, broken })
    }

    /// Looks whether a log still contains an end that was kept elsewhere. What is wrong, as a part of a sentence; `None`: it does.
    pub async fn check_audit_head(&self, line: &AuditHeadLine) -> Result<Option<String>, StoreError> {
        let AuditHeadLine { installation, head } = line;
        let keyring = self.keyring();
        let Some(key) = keyring.audit().get(&head.audit_key) else {
            return Ok(Some(format!("the keyring lacks the audit key {}", head.audit_key)));
        };
        if !chain::is_head(key, *installation, head) {
            return Ok(Some("this head was not signed by this deployment".to_owned()));
        }
        let found = self.inner.store.audit_after(*installation, head.entries - 1, 1).await?;
        let there = found.first().is_some_and(|entry| (entry.seq, entry.hash) == (head.entries, head.hash));
        Ok((!there).then(|| format!("the log no longer contains entry {} as it was at {}", head.entries, head.at)))
    }
}
