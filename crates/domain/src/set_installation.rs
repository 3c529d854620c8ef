use model::{Action, Actor, KeyError, TimeZone};
use serde_json::{Map, Value, json};
use store::Change;

use crate::{Installation, Keydesk, audit::AuditEvent, failure, installations::title, turn::ONE};

/// What to change of an installation; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct InstallationPatch {
    /// Its name for people, 1 to 100 characters.
    pub title: Option<String>,
    /// Whose days are meant, where nobody says whose else. No key ends at another instant for it.
    pub time_zone: Option<TimeZone>,
}

impl InstallationPatch {
    /// The installation as this leaves it, and each setting that is another one, before and after.
    pub(crate) fn apply(&self, before: &Installation) -> Result<(Installation, Map<String, Value>), KeyError> {
        let mut after = before.clone();
        if let Some(text) = &self.title {
            after.title = title(text)?.into();
        }
        if let Some(zone) = &self.time_zone {
            after.time_zone = zone.clone();
        }
        let mut detail = Map::new();
        if before.title != after.title {
            detail.insert("title".to_owned(), json!({ "from": before.title, "to": after.title }));
        }
        if before.time_zone != after.time_zone {
            detail.insert("time_zone".to_owned(), json!({ "from": before.time_zone, "to": after.time_zone }));
        }
        Ok((after, detail))
    }
}

impl Keydesk {
    /// Gives an installation another title or time zone. What is so already makes no change.
    pub async fn set_installation(
        &self,
        actor: Actor,
        name: &str,
        patch: InstallationPatch,
    ) -> Result<Installation, KeyError> {
        let before = self.installation(name).await?.ok_or(KeyError::NoInstallation)?;
        let (after, detail) = patch.apply(&before)?;
        if detail.is_empty() {
            return Ok(after);
        }
        self.change(ONE, move |this, mut change| async move {
            this.set_installation_in(&mut change, actor, &patch, &after, detail).await?;
            this.commit(change).await?;
            this.changed_installation(after.clone()).await;
            Ok(after)
        })
        .await
    }

    /// Gives an installation what `patch` says, as part of a change. `after` and `detail`: what that comes to.
    pub(crate) async fn set_installation_in(
        &self,
        change: &mut Change,
        actor: Actor,
        patch: &InstallationPatch,
        after: &Installation,
        detail: Map<String, Value>,
    ) -> Result<(), KeyError> {
        // What was not asked for stays as somebody else may have set it meanwhile.
        let title = patch.title.as_ref().map(|_| after.title.as_str());
        let zone = patch.time_zone.as_ref().map(|_| &after.time_zone);
        if !change.set_installation(after.id, title, zone).await.map_err(failure::public)? {
            return Err(KeyError::NoInstallation);
        }
        let event = AuditEvent::of(Action::InstallationUpdate, detail.into());
        self.write_audit(change, after.id, actor, self.now(), vec![event]).await
    }
}
