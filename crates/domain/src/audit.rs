use aws_lc_rs::digest::{Context, SHA256};
use model::{Action, Actor, AuditId, InstallationId, Instant, KeyId};
use serde_json::Value;
use store::{AuditEntry, Change, HASH_LEN, StoreError};

use crate::{Entropy, entropy};

/// Something that a change does, about to be written to the audit log.
pub(crate) struct AuditEvent {
    pub(crate) action: Action,
    pub(crate) key: Option<KeyId>,
    /// Never holds a secret.
    pub(crate) detail: Value,
}

impl AuditEvent {
    pub(crate) fn on_key(action: Action, key: KeyId, detail: Value) -> Self {
        Self { action, key: Some(key), detail }
    }
}

/// Appends the events to the installation's log, as part of the change that does them.
pub(crate) async fn write(
    change: &mut Change,
    entropy: &dyn Entropy,
    installation: InstallationId,
    actor: Actor,
    now: Instant,
    events: Vec<AuditEvent>,
) -> Result<(), StoreError> {
    let (mut seq, mut previous_hash) = change.audit_head(installation).await?.unwrap_or((0, [0; HASH_LEN]));
    let actor = serde_json::to_string(&actor).unwrap_or_default();
    let mut entries = Vec::with_capacity(events.len());
    for event in events {
        seq += 1;
        let mut entry = AuditEntry {
            seq,
            id: AuditId(entropy::id(entropy, now)),
            at: now,
            actor: actor.clone(),
            action: event.action.as_str().to_owned(),
            key: event.key,
            detail: event.detail.to_string(),
            previous_hash,
            hash: [0; HASH_LEN],
        };
        entry.hash = hash(installation, &entry);
        previous_hash = entry.hash;
        entries.push(entry);
    }
    change.append_audit(installation, &entries).await
}

/// SHA-256 over every field but the hash itself; texts are preceded by their length, so that no two entries are hashed
/// from the same bytes.
pub(crate) fn hash(installation: InstallationId, entry: &AuditEntry) -> [u8; HASH_LEN] {
    let mut context = Context::new(&SHA256);
    context.update(b"keydesk/audit/1\0");
    context.update(installation.0.as_bytes());
    context.update(&entry.seq.to_be_bytes());
    context.update(entry.id.0.as_bytes());
    context.update(&entry.at.as_millis().to_be_bytes());
    for text in [&entry.actor, &entry.action, &entry.detail] {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    match entry.key {
        None => context.update(&[0]),
        Some(key) => {
            context.update(&[1]);
            context.update(key.0.as_bytes());
        }
    }
    context.update(&entry.previous_hash);
    let mut hash = [0; HASH_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Checks that `entry` follows `previous`, the number and hash before it; returns its own, which the next must follow.
pub(crate) fn follows(
    installation: InstallationId,
    previous: (i64, [u8; HASH_LEN]),
    entry: &AuditEntry,
) -> Option<(i64, [u8; HASH_LEN])> {
    let chained = entry.seq == previous.0 + 1 && entry.previous_hash == previous.1;
    (chained && entry.hash == hash(installation, entry)).then_some((entry.seq, entry.hash))
}
