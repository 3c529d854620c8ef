//! Each key of the keyring is the one that was in use under its id. A wrong pepper would find no key, and a wrong master key would
//! open no copy, and nobody would know until somebody asks for one.

use model::{Action, Actor, Instant};
use serde_json::json;
use store::{KeyringProof, KeyringUse, KnownKey};

use crate::{Finding, Keydesk, Keyring, KeyringError, OpenError, audit::AuditEvent, failure, seal, turn::ALONE};

/// A key of the keyring that was never in use, and since when it is.
pub(crate) type InUse = (KeyringProof, Instant);

/// The kinds of keys that are rotated while Keydesk runs.
pub(crate) const KINDS: [&str; 2] = ["pepper", "master"];

impl Keydesk {
    /// Proves every pepper and master key, and that the first ones were not given up. One that has no proof yet is tried on what was
    /// made under its id. Returns those.
    pub(crate) async fn prove(&self, keyring: &Keyring) -> Result<Vec<InUse>, OpenError> {
        let store = &self.inner.store;
        let known = store.known_keys().await?;
        for kind in KINDS {
            let first = keyring.newest(kind);
            if find(&known, kind, first).is_some_and(|known| known.retired_at.is_some()) {
                return Err(KeyringError::Retired { kind: kind.to_owned(), id: first.to_owned() }.into());
            }
        }
        let mut new = Vec::new();
        for own in keyring.proofs() {
            match store.keyring_proof(own.kind, &own.id).await? {
                Some(kept) if kept == own.proof => {}
                None if self.fits(keyring, &own).await? => {
                    let since = self.in_use_since(keyring, &known, &own).await?;
                    new.push((own, since));
                }
                Some(_) | None => return Err(KeyringError::ForeignKey { kind: own.kind, id: own.id }.into()),
            }
        }
        Ok(new)
    }

    /// The lines of a keyring stand in order, the newest first; what has secrets already, and is not the first, was before all. A
    /// clock that was set back makes nothing new older.
    async fn in_use_since(
        &self,
        keyring: &Keyring,
        known: &[KnownKey],
        own: &KeyringProof,
    ) -> Result<Instant, OpenError> {
        let ids = keyring.ids(own.kind);
        let place = ids.iter().position(|id| *id == own.id).unwrap_or_default();
        if place > 0 && self.inner.store.rests_on(own.kind, &own.id).await? {
            return Ok(Instant::from_millis(0));
        }
        let steps = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let latest = known.iter().filter(|known| known.kind == own.kind).map(|known| known.since).max();
        let after = latest.map_or(self.now(), |latest| self.now().max(latest.plus_millis(steps(ids.len()))));
        Ok(after.plus_millis(-steps(place)))
    }

    /// Keeps the proofs of keys that are in use from now on. One that takes the place of others is told in each audit log, once.
    pub(crate) async fn note_in_use(&self, actor: Actor, new: Vec<InUse>) -> Result<(), OpenError> {
        if new.is_empty() {
            return Ok(());
        }
        let known = self.inner.store.known_keys().await?;
        let installations = self.inner.store.installations().await?;
        let noted = self.change(ALONE, move |this, mut change| async move {
            let mut added = Vec::new();
            for (own, since) in &new {
                let inserted = change.insert_keyring_proof(own, *since).await.map_err(failure::public)?;
                if inserted && known.iter().any(|known| known.kind == own.kind) {
                    added.push(json!({ "kind": own.kind, "id": own.id }));
                }
            }
            for installation in installations {
                let events =
                    added.iter().map(|detail| AuditEvent::of(Action::KeyringKeyAdded, detail.clone())).collect();
                this.write_audit(&mut change, installation.id, actor, this.now(), events).await?;
            }
            this.commit(change).await
        });
        noted.await.map_err(OpenError::Audit)
    }

    /// Whether a key opens, or finds, what was made under its id. Where there is nothing to try it on, it does.
    async fn fits(&self, keyring: &Keyring, own: &KeyringProof) -> Result<bool, OpenError> {
        let Some(found) = self.inner.store.sealed_under(own.kind, &own.id).await? else { return Ok(true) };
        let row = seal::Row { installation: found.installation, key: found.key, secret: found.secret };
        Ok(match (own.kind, seal::open(keyring, row, &found.copy)) {
            ("pepper", Some(secret)) => keyring.peppers().digest_under(&own.id, secret.expose()) == Some(found.digest),
            // The master key, which is asked itself, does not open it: that says nothing of the pepper.
            ("pepper", None) => true,
            (_, opened) => opened.is_some(),
        })
    }

    /// How much rests on which key of the keyring.
    pub(crate) async fn examine_keyring(&self) -> Vec<Finding> {
        const WHAT: &str = "keys in use";
        let uses = match self.inner.store.keyring_uses(self.now()).await {
            Ok(uses) => uses,
            Err(error) => return vec![Finding::new(WHAT, false, error.to_string(), "check that the database runs")],
        };
        let keyring = self.keyring();
        let finding = |of: &KeyringUse| {
            let found = format!("{} on the {} key {}", resting(of), of.kind, of.id);
            if !keyring.has(&of.kind, &of.id) {
                let (ok, advice) = match of.what.as_str() {
                    "secrets" => (false, "restore its line of the keyring from your backup, or rotate those keys"),
                    "authenticator apps" => (
                        false,
                        "restore its line of the keyring from your backup; without it those people need a recovery code, or `keydesk \
                         admin reset-second-factor`",
                    ),
                    _ => (
                        true,
                        "restore its line of the keyring from your backup; without it they don't open, and end by themselves",
                    ),
                };
                let found = format!("{found}, which is missing");
                return Some(Finding { what: WHAT, ok, found, advice: Some(advice.to_owned()) });
            }
            (keyring.newest(&of.kind) != of.id).then(|| Finding {
                what: WHAT,
                ok: true,
                found: format!("{found}, which is no longer the newest"),
                advice: Some(still_needed(of).to_owned()),
            })
        };
        uses.iter().filter_map(finding).collect()
    }
}

/// How long an older key stays needed.
fn still_needed(of: &KeyringUse) -> &'static str {
    match of.what.as_str() {
        "secrets" => {
            "its line must stay in the keyring until none does: the running server moves those that it can open, others move when they are \
             used next; `keydesk keyring retire` lists the keys that are left"
        }
        "webhooks" | "authenticator apps" => {
            "its line must stay in the keyring until none does: the running server seals their secrets anew within an hour"
        }
        "kept answers" => "its line must stay in the keyring until none does: they end by themselves within 25 hours",
        "letters" => "its line must stay in the keyring until none does: they are sent or given up within 14 days",
        _ => "its line must stay in the keyring until none does: they end by themselves within 7 days",
    }
}

/// `3 secrets`
pub(crate) fn counted(of: &KeyringUse) -> String {
    let what = if of.count == 1 { of.what.strip_suffix('s').unwrap_or(&of.what) } else { &of.what };
    format!("{} {what}", of.count)
}

/// `3 secrets rest`
pub(crate) fn resting(of: &KeyringUse) -> String {
    format!("{} {}", counted(of), if of.count == 1 { "rests" } else { "rest" })
}

pub(crate) fn find<'a>(known: &'a [KnownKey], kind: &str, id: &str) -> Option<&'a KnownKey> {
    known.iter().find(|known| known.kind == kind && known.id == id)
}
