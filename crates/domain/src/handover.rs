use model::{Action, Actor, HANDOVER_LIFE_MS, Handover, HandoverId, InstallationId, Key, KeyError, KeyId, PlainSecret};
use serde_json::json;
use store::{Change, HandoverSecret, NewHandover, TokenHash};

use crate::{
    Caller, Keydesk, Via,
    audit::AuditEvent,
    done::Done,
    failure, link_token, seal,
    turn::ONE,
    update::{found, living},
};

/// Hand-overs of a key that are listed.
const LISTED: i64 = 50;

/// A hand-over that was just made, with the token that its link carries. The token is kept nowhere but in the sealed answer
/// of a request that may be sent again.
#[derive(Clone, Debug)]
pub struct NewHandoverLink {
    /// The hand-over.
    pub handover: Handover,
    /// 256 bits, in base64url. Whoever has it can open the link, once.
    pub token: PlainSecret,
}

/// From whom a link is, for whoever has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverSender {
    /// The installation's name for people.
    pub organisation: String,
    /// The name of the administrator who made it; `None`: a program or the operator did, or they were forgotten.
    pub name: Option<String>,
}

/// What the holder of a link sees, once.
#[derive(Clone, Debug)]
pub struct HandedOver {
    /// The key. It has no notes.
    pub key: Key,
    /// Its secret.
    pub secret: PlainSecret,
    /// Whose key it is.
    pub installation: InstallationId,
    /// From whom it is.
    pub sender: HandoverSender,
}

impl Keydesk {
    /// Makes a link with which the newest secret of a key can be seen, once, within 7 days and without an account. Rotating
    /// or deleting the key withdraws it. For whoever may reveal the key, and a person who has proved lately who they are.
    pub async fn create_handover(&self, caller: &Caller, id: KeyId) -> Result<NewHandoverLink, KeyError> {
        self.change_as(caller, move |this, caller, mut change| async move {
            let installation = caller.installation;
            let now = this.now();
            caller.require_proof(now)?;
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::HandOver { handover, token }) => {
                    return this.handover_again(&mut change, &caller, handover, token).await;
                }
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let key = living(&mut change, &caller, id, None).await?;
            caller.require_secret(&key)?;
            let secret = this.unseal(&this.sealed_copy(&mut change, &caller, id).await?)?;
            let handover = Handover {
                id: HandoverId(this.new_id(now)),
                key_id: id,
                created_at: now,
                expires_at: now.plus_millis(HANDOVER_LIFE_MS),
                opened_at: None,
                withdrawn_at: None,
            };
            let (token, new) = this.seal_handover(&caller, &handover, &secret).ok_or(KeyError::Unavailable)?;
            change.insert_handover(&new, now).await.map_err(failure::public)?;
            let detail = json!({ "handover": handover.id, "expires_at": handover.expires_at });
            let event = AuditEvent::on_key(Action::HandoverCreate, id, detail);
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            let done = Done::HandOver { handover: handover.clone(), token: token.expose().to_owned() };
            this.keep(&mut change, &caller, done).await?;
            this.commit(change).await?;
            Ok(NewHandoverLink { handover, token })
        })
        .await
    }

    /// The link of an earlier answer, while it can be opened and its maker may have the secret.
    pub(crate) async fn handover_again(
        &self,
        change: &mut Change,
        caller: &Caller,
        handover: Handover,
        token: String,
    ) -> Result<NewHandoverLink, KeyError> {
        let key = living(change, caller, handover.key_id, None).await?;
        caller.require_secret(&key)?;
        let hash = link_token::hash(&token).ok_or(KeyError::HandoverOver)?;
        let found = change.handover_by_token(&hash, self.now()).await.map_err(failure::public)?;
        found.ok_or(KeyError::HandoverOver)?;
        Ok(NewHandoverLink { handover, token: PlainSecret::new(token) })
    }

    /// From whom the link with this token is; `None`: it can't be opened. Asking does not use the link up, so previews of links
    /// may ask.
    pub async fn handover_sender(&self, token: &str, via: &Via) -> Result<Option<HandoverSender>, KeyError> {
        let Some(hash) = link_token::hash(token) else { return Ok(None) };
        match self.look_for_handover(&hash, via).await? {
            Some(found) if self.module_enabled(found.installation) => Ok(Some(self.sender_of(&found).await?)),
            _ => Ok(None),
        }
    }

    async fn sender_of(&self, found: &HandoverSecret) -> Result<HandoverSender, KeyError> {
        let organisation = self.remembered(found.installation).map(|of| of.title).unwrap_or_default();
        let name = match found.administrator {
            None => None,
            Some(id) => {
                let names = self.inner.store.administrator_names(found.installation).await;
                names.map_err(failure::public)?.remove(&id)
            }
        };
        Ok(HandoverSender { organisation, name })
    }

    /// Looks on a reader, and counts who finds nothing: anybody may ask.
    async fn look_for_handover(&self, hash: &TokenHash, via: &Via) -> Result<Option<HandoverSecret>, KeyError> {
        let wait = |retry_after_seconds| KeyError::TooManyAttempts { retry_after_seconds };
        self.links_wait(via).map_or(Ok(()), |seconds| Err(wait(seconds)))?;
        let found = self.inner.store.handover_by_token(hash, self.now()).await.map_err(failure::public)?;
        self.link_looked_for(found.is_some(), via);
        Ok(found)
    }

    /// Opens the link with this token: shows the key and its secret, once. The opening is in the audit log before they
    /// are shown.
    pub async fn open_handover(&self, token: &PlainSecret, via: &Via) -> Result<HandedOver, KeyError> {
        let hash = link_token::hash(token.expose()).ok_or(KeyError::HandoverOver)?;
        // For a change others wait, so it is begun only for a link that is there.
        let found = self.look_for_handover(&hash, via).await?.ok_or(KeyError::HandoverOver)?;
        let sender = self.sender_of(&found).await?;
        let (token, via) = (token.clone(), via.clone());
        self.change(ONE, move |this, mut change| async move {
            let now = this.now();
            let found = change.handover_by_token(&hash, now).await.map_err(failure::public)?;
            let found = found.ok_or(KeyError::HandoverOver)?;
            this.require_module(found.installation)?;
            let key = change.key(found.installation, found.key).await.map_err(failure::public)?;
            let key = key.filter(|key| key.life.deleted_at.is_none()).ok_or(KeyError::HandoverOver)?;
            let key = key.at(now);
            let key = Key { settings: key.settings.for_client(), ..key };
            let secret = this.unseal_handover(&found, &token).ok_or_else(|| {
                tracing::error!(handover = %found.id, "a hand-over does not open; is its master key still in the keyring?");
                KeyError::Unavailable
            })?;
            let opened = change.open_handover(found.id, now).await.map_err(failure::public)?;
            if !opened {
                return Err(KeyError::HandoverOver);
            }
            let event = AuditEvent::on_key(Action::HandoverOpen, found.key, json!({ "handover": found.id }));
            this.write_audit(&mut change, found.installation, (Actor::Bearer, &via), now, vec![event]).await?;
            this.commit(change).await?;
            Ok(HandedOver { key, secret, installation: found.installation, sender })
        })
        .await
    }

    /// Withdraws a link that nobody has opened: it can't be opened any more, and the key stays as it is.
    pub async fn withdraw_handover(&self, caller: &Caller, id: KeyId, handover: HandoverId) -> Result<(), KeyError> {
        self.revoke_as(caller, move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Unit) => return Ok(()),
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let key = found(&mut change, &caller, id).await?;
            caller.require_to_end_secrets(&key)?;
            if !change.withdraw_handover(installation, id, handover, now).await.map_err(failure::public)? {
                let found = change.handover(installation, id, handover).await.map_err(failure::public)?;
                return Err(if found.is_some() { KeyError::HandoverOver } else { KeyError::NotFound });
            }
            let event = AuditEvent::on_key(Action::HandoverWithdraw, id, json!({ "handover": handover }));
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.keep(&mut change, &caller, Done::Unit).await?;
            this.commit(change).await
        })
        .await
    }

    /// The newest hand-overs of a key, the newest first.
    pub async fn handovers(&self, caller: &Caller, id: KeyId) -> Result<Vec<Handover>, KeyError> {
        self.get(caller, id).await?;
        self.inner.store.handovers(caller.installation, id, LISTED).await.map_err(failure::public)
    }

    fn seal_handover(
        &self,
        caller: &Caller,
        handover: &Handover,
        secret: &PlainSecret,
    ) -> Option<(PlainSecret, NewHandover)> {
        let installation = caller.installation;
        let administrator = match caller.actor {
            Actor::Administrator { id } => Some(id),
            Actor::System | Actor::Operator | Actor::Key { .. } | Actor::Bearer => None,
        };
        let (keyring, entropy) = (self.keyring(), &*self.inner.entropy);
        let token = link_token::new(entropy);
        let master_key_id = keyring.master_id().to_owned();
        let key = keyring.handover_key(&master_key_id, token.expose())?;
        let associated = associated(installation, handover.key_id, handover.id, &master_key_id);
        let new = NewHandover {
            id: handover.id,
            installation,
            key: handover.key_id,
            administrator,
            token_hash: link_token::hash(token.expose())?,
            sealed_secret: seal::seal_bytes(&key, entropy, &associated, secret.expose().as_bytes())?,
            master_key_id,
            expires_at: handover.expires_at,
        };
        Some((token, new))
    }

    fn unseal_handover(&self, found: &HandoverSecret, token: &PlainSecret) -> Option<PlainSecret> {
        let key = self.keyring().handover_key(&found.master_key_id, token.expose())?;
        let associated = associated(found.installation, found.key, found.id, &found.master_key_id);
        let plain = seal::open_bytes(&key, &associated, &found.sealed_secret)?;
        std::str::from_utf8(&plain).ok().map(|text| PlainSecret::new(text.to_owned()))
    }
}

/// Binds the sealed secret to its row.
fn associated(installation: InstallationId, key: KeyId, handover: HandoverId, master_id: &str) -> Vec<u8> {
    let ids = [installation.0, key.0, handover.0];
    let mut data = b"keydesk/handover/1\0".to_vec();
    ids.iter().for_each(|id| data.extend_from_slice(id.as_bytes()));
    data.extend_from_slice(master_id.as_bytes());
    data
}
