use model::{
    Action, Actor, Contact, InstallationId, KeyError, KeyLife, LeakRule, Permission, Preset, RequiredSecondFactor,
    TimeZone,
};
use serde_json::{Map, Value, json};
use store::{Change, StoredInstallation};

use crate::{
    Caller, Installation, Keydesk,
    audit::{AuditEvent, By},
    failure,
    installations::title,
    turn::ONE,
};

/// What to change of an installation; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct InstallationPatch {
    /// Its name for people, 1 to 100 characters.
    pub title: Option<String>,
    /// Whose days are meant, where nobody says whose else. No key ends at another instant for it.
    pub time_zone: Option<TimeZone>,
    /// Whom people ask where the module is off; `Some(None)`: nobody in particular.
    pub contact: Option<Option<Contact>>,
    /// Whether secrets are shown once. From then on none is sealed and none can be shown again, and the sealed copies that there are
    /// are erased. To seal them again brings none back.
    pub show_once: Option<bool>,
    /// Within how many days a key must end; `Some(None)`: it needs no end. No key that is there ends at another instant for it.
    pub longest_life: Option<Option<KeyLife>>,
    /// What the form of a new key begins with; `Some(None)`: nothing is chosen.
    pub default_preset: Option<Option<Preset>>,
    /// Who of its people must have a second factor. Whoever must and has none can do nothing until they have set one up.
    pub required_second_factor: Option<RequiredSecondFactor>,
    /// What becomes of its keys that a signed report says have leaked.
    pub leak_rule: Option<LeakRule>,
}

impl Keydesk {
    /// Changes the settings of an installation by its name, as whoever has been asked already. What is so already makes no change.
    pub async fn set_installation(
        &self,
        actor: Actor,
        name: &str,
        patch: InstallationPatch,
    ) -> Result<Installation, KeyError> {
        let id = self.installation(name).await?.ok_or(KeyError::NoInstallation)?.id;
        let patch = patch.checked()?;
        self.change(ONE, move |this, change| async move { this.put_settings(change, id, actor, patch, None).await })
            .await
    }

    /// Changes the settings of the caller's installation; with `if_version`, only if nobody else has changed them since. For owners who
    /// have proved lately who they are, also where the module is off. What is so already makes no change, so it may be sent again.
    pub async fn set_settings(
        &self,
        caller: &Caller,
        patch: InstallationPatch,
        if_version: Option<i64>,
    ) -> Result<Installation, KeyError> {
        caller.require(Permission::ManageInstallation)?;
        caller.require_proof(self.now())?;
        let (patch, mut caller) = (patch.checked()?, caller.clone());
        self.change(ONE, move |this, mut change| async move {
            this.ask_again(&mut caller, &mut change).await?;
            caller.require(Permission::ManageInstallation)?;
            this.put_settings(change, caller.installation, &caller, patch, if_version).await
        })
        .await
    }

    async fn put_settings(
        &self,
        mut change: Change,
        id: InstallationId,
        by: impl Into<By> + Send,
        patch: InstallationPatch,
        if_version: Option<i64>,
    ) -> Result<Installation, KeyError> {
        let (after, changed) = self.set_installation_in(&mut change, id, by, patch, if_version).await?;
        if changed {
            self.commit(change).await?;
            self.installation_was_set(after.clone()).await;
        }
        Ok(after)
    }

    /// Changes the settings of an installation as part of a change. Gives it as it then is, and whether it was another one.
    pub(crate) async fn set_installation_in(
        &self,
        change: &mut Change,
        id: InstallationId,
        by: impl Into<By> + Send,
        patch: InstallationPatch,
        if_version: Option<i64>,
    ) -> Result<(Installation, bool), KeyError> {
        let before = change.installation(id).await.map_err(failure::public)?.ok_or(KeyError::NoInstallation)?;
        let mut after = patch.apply(&before);
        let detail = told(&before, &after);
        if detail.is_empty() {
            return Ok((before.into(), false));
        }
        let version = before.settings_version;
        if if_version.is_some_and(|wanted| wanted != version) {
            return Err(KeyError::VersionMoved { current: version });
        }
        let now = self.now();
        if before.recoverable && !after.recoverable {
            after.erase_copies_since = Some(now);
            // They may hold secrets. Whoever sends such a request again makes another key.
            change.drop_answers_of(id).await.map_err(failure::public)?;
        } else if after.recoverable {
            after.erase_copies_since = None;
        }
        if !change.set_installation(&after).await.map_err(failure::public)? {
            return Err(KeyError::NoInstallation);
        }
        after.settings_version = version + 1;
        let event = AuditEvent::of(Action::InstallationUpdate, detail.into());
        self.write_audit(change, id, by, now, vec![event]).await?;
        Ok((after.into(), true))
    }

    /// The change is committed that has set an installation so.
    pub(crate) async fn installation_was_set(&self, after: Installation) {
        self.changed_installation(after).await;
        self.inner.copies_due.notify_one();
    }
}

impl InstallationPatch {
    fn checked(self) -> Result<Self, KeyError> {
        let title = self.title.as_deref().map(title).transpose()?.map(String::from);
        Ok(Self { title, ..self })
    }

    /// An installation with what is changed of it.
    fn apply(self, before: &StoredInstallation) -> StoredInstallation {
        let Self {
            title,
            time_zone,
            contact,
            show_once,
            longest_life,
            default_preset,
            required_second_factor,
            leak_rule,
        } = self;
        StoredInstallation {
            title: title.unwrap_or_else(|| before.title.clone()),
            time_zone: time_zone.unwrap_or_else(|| before.time_zone.clone()),
            contact: contact.unwrap_or_else(|| before.contact.clone()),
            recoverable: show_once.map_or(before.recoverable, |once| !once),
            longest_life: longest_life.unwrap_or(before.longest_life),
            default_preset: default_preset.unwrap_or(before.default_preset),
            required_second_factor: required_second_factor.unwrap_or(before.required_second_factor),
            leak_rule: leak_rule.unwrap_or(before.leak_rule),
            ..before.clone()
        }
    }

    /// Whether an installation is already as this says.
    pub(crate) fn holds_in(&self, now: &StoredInstallation) -> bool {
        self.clone().apply(now) == *now
    }
}

/// The details of the audit entry: each setting that has changed. Whom people ask may be a person, who can be forgotten; so of that
/// only the change is told.
fn told(from: &StoredInstallation, to: &StoredInstallation) -> Map<String, Value> {
    let pairs = [
        ("title", json!(from.title), json!(to.title)),
        ("time_zone", json!(from.time_zone), json!(to.time_zone)),
        ("show_once", json!(!from.recoverable), json!(!to.recoverable)),
        ("longest_life_days", json!(from.longest_life), json!(to.longest_life)),
        ("default_preset", json!(from.default_preset), json!(to.default_preset)),
        ("required_second_factor", json!(from.required_second_factor), json!(to.required_second_factor)),
        ("leak_rule", json!(from.leak_rule), json!(to.leak_rule)),
    ];
    let changed = pairs.into_iter().filter(|(_, from, to)| from != to);
    let mut detail: Map<_, _> =
        changed.map(|(name, from, to)| (name.to_owned(), json!({ "from": from, "to": to }))).collect();
    if from.contact != to.contact {
        detail.insert("contact".to_owned(), json!({ "changed": true }));
    }
    detail
}
