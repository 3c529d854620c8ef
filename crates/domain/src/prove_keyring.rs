//! Each key of the keyring is the one that was in use under its id. A wrong pepper would find no key, and a wrong master key would
//! open no copy, and nobody would know until somebody asks for one.

use store::{KeyringProof, KeyringUse};

use crate::{Finding, Keydesk, KeyringError, OpenError, seal};

impl Keydesk {
    /// Proves every pepper and master key. One that has no proof yet is tried on what was made under its id, and gets one where the
    /// database can be written.
    pub(crate) async fn prove_keyring(&self) -> Result<(), OpenError> {
        let store = &self.inner.store;
        for own in self.inner.keyring.proofs() {
            match store.keyring_proof(own.kind, &own.id).await? {
                Some(kept) if kept == own.proof => {}
                None if self.fits(&own).await? => {
                    if !store.is_read_only() {
                        store.insert_keyring_proof(&own, self.now()).await?;
                    }
                }
                Some(_) | None => return Err(foreign(&own)),
            }
        }
        Ok(())
    }

    /// Whether a key opens, or finds, what was made under its id. Where there is nothing to try it on, it does.
    async fn fits(&self, own: &KeyringProof) -> Result<bool, OpenError> {
        let Some(found) = self.inner.store.sealed_under(own.kind, &own.id).await? else { return Ok(true) };
        let row = seal::Row { installation: found.installation, key: found.key, secret: found.secret };
        let keyring = &self.inner.keyring;
        Ok(match (own.kind, seal::open(keyring, row, &found.copy)) {
            ("pepper", Some(secret)) => keyring.peppers().digest_under(&own.id, secret.expose()) == Some(found.digest),
            // The master key, which is asked itself, does not open it: that says nothing of the pepper.
            ("pepper", None) => true,
            (_, opened) => opened.is_some(),
        })
    }

    /// Logs each key on which secrets rest and which the keyring does not have.
    pub(crate) async fn log_missing_keys(self) {
        match self.inner.store.keyring_uses().await {
            Ok(uses) => {
                for KeyringUse { kind, id, secrets } in uses.iter().filter(|of| !self.has(of)) {
                    tracing::error!(
                        secrets,
                        "secrets rest on the {kind} key {id}, which is missing in the keyring; restore its line from your backup, \
                         or rotate those keys"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "nobody knows whether the keyring has every key that is in use"),
        }
    }

    /// Whether the keyring has the key on which these secrets rest.
    fn has(&self, of: &KeyringUse) -> bool {
        self.inner.keyring.proofs().iter().any(|own| own.kind == of.kind && own.id == of.id)
    }

    /// How many secrets rest on which key of the keyring.
    pub(crate) async fn examine_keyring(&self) -> Vec<Finding> {
        const WHAT: &str = "keys in use";
        let uses = match self.inner.store.keyring_uses().await {
            Ok(uses) => uses,
            Err(error) => return vec![Finding::new(WHAT, false, error.to_string(), "check that the database runs")],
        };
        let newest = |of: &KeyringUse| self.inner.keyring.newest(&of.kind) == of.id;
        uses.iter()
            .filter_map(|of| {
                let found = format!("{} secrets rest on the {} key {}", of.secrets, of.kind, of.id);
                if !self.has(of) {
                    let advice = "restore its line of the keyring from your backup, or rotate those keys";
                    Some(Finding::new(WHAT, false, format!("{found}, which is missing"), advice))
                } else if !newest(of) {
                    let advice = Some(
                        "its line must stay in the keyring until none does: rotate those keys, or wait".to_owned(),
                    );
                    Some(Finding {
                        what: WHAT,
                        ok: true,
                        found: format!("{found}, which is no longer the newest"),
                        advice,
                    })
                } else {
                    None
                }
            })
            .collect()
    }
}

fn foreign(own: &KeyringProof) -> OpenError {
    KeyringError::ForeignKey { kind: own.kind, id: own.id.clone() }.into()
}
