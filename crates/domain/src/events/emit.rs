use model::{Actor, EVENT_TYPES, Environment, InstallationId, KeyError, KeyId, Subject, SubjectKind};
use serde_json::{Map, Value};

use super::tell::{Draft, installation_subject};
use crate::{Keydesk, failure, turn::ONE};

/// Something that happened and is no change: a limit was reached, somebody guesses keys.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// Whose.
    pub installation: InstallationId,
    /// Its type, one of [`EVENT_TYPES`].
    pub kind: &'static str,
    /// The key that it is about, which is told of as it is now; `None`: it is about the installation.
    pub key: Option<KeyId>,
    /// That key's environment.
    pub environment: Option<Environment>,
    /// A name under which it is told once, by whichever node: the limit and its window, for example.
    pub once: Option<String>,
    /// What there is to tell. Never a secret.
    pub data: Map<String, Value>,
}

impl Keydesk {
    /// Tells receivers of something. False: nobody listens, or it was told before under the same name.
    pub async fn emit(&self, event: Emitted) -> Result<bool, KeyError> {
        debug_assert!(EVENT_TYPES.contains(&event.kind), "{}", event.kind);
        self.change(ONE, move |this, mut change| async move {
            let now = this.now();
            let Emitted { installation, kind, key, environment, once, data } = event;
            // By it is known whether anybody listens.
            change.audit_end(installation).await.map_err(failure::public)?;
            if !change.is_listened(installation) {
                return Ok(false);
            }
            let subject = key.map_or_else(
                || installation_subject(installation),
                |key| Subject { kind: SubjectKind::Key, id: key.0 },
            );
            if let Some(name) = &once
                && !change.tell_once(installation, subject.id, name, now).await.map_err(failure::public)?
            {
                return Ok(false);
            }
            let draft = Draft { kind, subject, environment, key, data };
            this.write_events(&mut change, installation, Actor::System, now, vec![draft]).await?;
            this.commit(change).await?;
            Ok(true)
        })
        .await
    }
}
