use model::{Action, Actor, KeyError, LeakRule, TimeZone};
use serde_json::{Map, json};

use crate::{Installation, Keydesk, audit::AuditEvent, failure, installations::title, turn::ONE};

/// What to change of an installation; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct InstallationPatch {
    /// Its name for people, 1 to 100 characters.
    pub title: Option<String>,
    /// Whose days are meant, where nobody says whose else. No key ends at another instant for it.
    pub time_zone: Option<TimeZone>,
    /// What becomes of its keys that a signed report says have leaked.
    pub leak_rule: Option<LeakRule>,
}

impl Keydesk {
    /// Gives an installation another title, time zone or rule for leaked keys. What is so already makes no change.
    pub async fn set_installation(
        &self,
        actor: Actor,
        name: &str,
        patch: InstallationPatch,
    ) -> Result<Installation, KeyError> {
        let before = self.installation(name).await?.ok_or(KeyError::NoInstallation)?;
        let mut after = before.clone();
        if let Some(text) = &patch.title {
            after.title = title(text)?.into();
        }
        if let Some(zone) = &patch.time_zone {
            after.time_zone = zone.clone();
        }
        after.leak_rule = patch.leak_rule.unwrap_or(before.leak_rule);
        let mut detail = Map::new();
        if before.title != after.title {
            detail.insert("title".to_owned(), json!({ "from": before.title, "to": after.title }));
        }
        if before.time_zone != after.time_zone {
            detail.insert("time_zone".to_owned(), json!({ "from": before.time_zone, "to": after.time_zone }));
        }
        if before.leak_rule != after.leak_rule {
            detail.insert("leak_rule".to_owned(), json!({ "from": before.leak_rule, "to": after.leak_rule }));
        }
        if detail.is_empty() {
            return Ok(after);
        }
        self.change(ONE, move |this, mut change| async move {
            // What was not asked for stays as somebody else may have set it meanwhile.
            let title = patch.title.map(|_| after.title.as_str());
            let zone = patch.time_zone.map(|_| &after.time_zone);
            let found =
                change.set_installation(after.id, title, zone, patch.leak_rule).await.map_err(failure::public)?;
            if !found {
                return Err(KeyError::NoInstallation);
            }
            let event = AuditEvent::of(Action::InstallationUpdate, detail.into());
            this.write_audit(&mut change, after.id, actor, this.now(), vec![event]).await?;
            this.commit(change).await?;
            this.changed_installation(after.clone()).await;
            Ok(after)
        })
        .await
    }
}
