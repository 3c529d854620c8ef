//! API keys.

use model::{ClaimKind, KeyId, KeyKind, KeyLife, KeySettings, Selection, SettingsPatch};
use serde_json::{Map, Value, json};
use store::{StoredClaim, StoredKey};

use super::{
    ApplyError, FieldChange, LeftAlone, Step, StepAction, WantedKey,
    planning::{Act, Held, Item, Planning, Target, refused},
    words,
};
use crate::{Keydesk, NewKey, failure, issue::Draft, settings_audit::named, settings_rules::require_future};

/// A key that is given no end has one where the installation wants one.
const EXPIRES_AT: &str = "expires_at";

/// The settings that are another one, before and after.
fn changes(from: &KeySettings, to: &KeySettings) -> Vec<FieldChange> {
    let mut before = named(&SettingsPatch::diff(to, from));
    let mut changes = Vec::new();
    for (field, to) in named(&SettingsPatch::diff(from, to)) {
        let from = before.remove(&field).unwrap_or_default();
        // A patch names the scopes beside another preset even where they stay.
        if from != to {
            changes.push(FieldChange::of(field, from, to));
        }
    }
    changes.sort_by(|one, other| one.field.cmp(&other.field));
    changes
}

/// The names of the settings that a file says.
fn said(patch: &SettingsPatch) -> Vec<String> {
    let mut names: Vec<String> = named(patch).into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

/// The settings of a key as a file wants them: what it says, and what is usual of what it said before and says no longer. An end stays
/// where the installation wants one: `longest`.
fn wanted_settings(
    from: &KeySettings,
    said: &SettingsPatch,
    before: Option<&StoredClaim>,
    longest: Option<KeyLife>,
) -> Result<KeySettings, String> {
    let says = named(said);
    let held = before.map_or(&[][..], |claim| &claim.settings[..]);
    let goes_back =
        |name: &&String| !says.contains_key(name.as_str()) && (longest.is_none() || name.as_str() != EXPIRES_AT);
    let dropped: Vec<&String> = held.iter().filter(goes_back).collect();
    let mut patch = Map::new();
    if !dropped.is_empty() {
        let name = said.client_name.clone().unwrap_or_else(|| from.client_name.as_str().to_owned());
        let new = SettingsPatch { client_name: Some(name), ..said.clone() };
        let usual = new.build().map_err(|error| error.to_string())?;
        let back = named(&SettingsPatch::diff(from, &usual));
        patch.extend(back.into_iter().filter(|(name, _)| dropped.contains(&name)));
    }
    patch.extend(says);
    let patch: SettingsPatch = serde_json::from_value(Value::Object(patch)).map_err(|error| error.to_string())?;
    patch.apply(from).map_err(|error| error.to_string())
}

impl Keydesk {
    pub(super) async fn plan_keys(&self, on: &mut Planning<'_>) -> Result<(), ApplyError> {
        let wanted = on.wanted;
        let is_named = |name: &str| wanted.keys.iter().any(|key| key.name.as_str() == name);
        for key in &wanted.keys {
            let claim = key.claim.map(|id| id.to_string());
            match on.target(ClaimKind::Key, &key.name, claim, is_named)? {
                Target::New => self.plan_new_key(on, key)?,
                Target::Held(held) => self.plan_old_key(on, key, &held.object, Some(held), true).await?,
                Target::Taken { object, before } => self.plan_old_key(on, key, &object, before, false).await?,
            }
        }
        for claim in on.dropped(ClaimKind::Key, is_named) {
            self.plan_to_remove_key(on, claim).await?;
        }
        Ok(())
    }

    fn plan_new_key(&self, on: &mut Planning<'_>, wanted: &WantedKey) -> Result<(), ApplyError> {
        let name = wanted.name.as_str();
        let refuse = |reason: String| refused(ClaimKind::Key, name, reason);
        if wanted.settings.client_name.is_none() {
            return Err(refuse("a key that is made needs a client_name".to_owned()));
        }
        if wanted.secret.is_none() && !on.installation.recoverable {
            let once =
                "this installation shows secrets once, so say with secret_file or secret_command where this one goes";
            return Err(refuse(once.to_owned()));
        }
        let new = NewKey { environment: wanted.environment, settings: wanted.settings.clone() };
        let draft = Draft::of(on.caller, self.catalogue(), on.longest_life, new.clone(), on.now);
        let draft = draft.map_err(|error| refuse(error.to_string()))?;
        require_future(draft.settings.expires_at, on.now).map_err(|error| refuse(error.to_string()))?;
        let title = draft.settings.client_name.to_string();
        let mut changes = vec![
            FieldChange::of("client_name", Value::Null, json!(draft.settings.client_name)),
            FieldChange::of("environment", Value::Null, json!(draft.environment)),
        ];
        let usual = KeySettings::new(draft.settings.client_name.clone());
        let mut given = named(&SettingsPatch::diff(&usual, &draft.settings));
        if let Some(longest) = on.longest_life.filter(|_| wanted.settings.expires_at.is_none()) {
            // Which instant that is comes with the key, and a plan is the same whenever it is made.
            given.insert(EXPIRES_AT.to_owned(), json!(format!("in {} days", longest.days())));
        }
        changes.extend(given.into_iter().map(|(field, to)| FieldChange::of(field, Value::Null, to)));
        let step =
            Step { changes, secret: wanted.secret.clone(), ..Step::new(StepAction::Add, ClaimKind::Key, name, title) };
        let held = Some(Held { name: name.to_owned(), settings: said(&wanted.settings) });
        on.items.push(Item { step, act: Act::AddKey(Box::new(new)), object: None, held });
        Ok(())
    }

    async fn plan_old_key(
        &self,
        on: &mut Planning<'_>,
        wanted: &WantedKey,
        object: &str,
        claim: Option<&StoredClaim>,
        is_own: bool,
    ) -> Result<(), ApplyError> {
        let name = wanted.name.as_str();
        let refuse = |reason: String| refused(ClaimKind::Key, name, reason);
        let Some(before) = self.living_key(on, object).await? else {
            if !is_own {
                return Err(refuse(format!("there is no key {object} to claim")));
            }
            let reason = "it was deleted by hand. Restore it, or take it out of the file; an entry of another name makes another key";
            let reason = reason.to_owned();
            on.left_alone.push(LeftAlone { kind: ClaimKind::Key, name: name.to_owned(), reason });
            return Ok(());
        };
        if before.kind() == KeyKind::Default {
            return Err(refuse(
                "the Default API Key belongs to the installation itself, and no file can claim it".to_owned(),
            ));
        }
        if let Some(other) = wanted.environment.filter(|other| *other != before.environment()) {
            let reason =
                format!("it is a {} key, which stays so; give the {other} key another name", before.environment());
            return Err(refuse(reason));
        }
        let from = before.settings();
        let to = wanted_settings(from, &wanted.settings, claim, on.longest_life).map_err(&refuse)?;
        let changes = changes(from, &to);
        if !changes.is_empty() {
            let allowed = self.require_edit(on.caller, &before, &to, on.longest_life, on.now);
            allowed.map_err(|error| refuse(error.to_string()))?;
        }
        let said = said(&wanted.settings);
        let is_same = is_own && claim.is_some_and(|claim| claim.settings == said);
        if changes.is_empty() && is_same {
            return Ok(());
        }
        let action = if is_own && !changes.is_empty() { StepAction::Change } else { StepAction::Claim };
        let mut step = Step {
            id: Some(object.to_owned()),
            version: Some(before.version()),
            drifted: !changes.is_empty() && claim.is_some_and(|claim| claim.version != before.version()),
            changes,
            ..Step::new(action, ClaimKind::Key, name, before.client_name().as_str())
        };
        let act = if step.changes.is_empty() {
            Act::Nothing
        } else {
            if on.looks_at_calls() {
                let patch = SettingsPatch::diff(from, &to);
                let narrowing = self.narrowing(on.caller, before.id(), &patch, Some(before.version())).await?;
                step.stops = words::of_narrowing(&narrowing);
                if !step.stops.is_empty() {
                    step.calls_30_days = Some(narrowing.breaks.allowed);
                    step.last_used_at = narrowing.breaks.last_used_at;
                }
            }
            Act::ChangeKey { id: before.id(), version: before.version(), to: Box::new(to) }
        };
        let held = Some(Held { name: name.to_owned(), settings: said });
        on.items.push(Item { step, act, object: Some(object.to_owned()), held });
        Ok(())
    }

    async fn plan_to_remove_key(&self, on: &mut Planning<'_>, claim: &StoredClaim) -> Result<(), ApplyError> {
        let Some(before) = self.living_key(on, &claim.object).await? else {
            on.give_up(claim, "deleted by hand");
            return Ok(());
        };
        let mut step = Step {
            id: Some(claim.object.clone()),
            version: Some(before.version()),
            drifted: claim.version != before.version(),
            ..Step::new(StepAction::Remove, ClaimKind::Key, &claim.name, before.client_name().as_str())
        };
        if on.looks_at_calls() {
            let breaks = self.what_breaks(on.caller, &Selection::Ids(vec![before.id()])).await?;
            step.stops = words::of_removal(&breaks);
            (step.calls_30_days, step.last_used_at) = (Some(breaks.allowed), breaks.last_used_at);
        }
        let act = Act::RemoveKey { id: before.id(), version: before.version() };
        on.items.push(Item { step, act, object: Some(claim.object.clone()), held: None });
        Ok(())
    }

    /// A key that is not deleted.
    async fn living_key(&self, on: &Planning<'_>, object: &str) -> Result<Option<StoredKey>, ApplyError> {
        let Ok(id) = object.parse::<KeyId>() else { return Ok(None) };
        let found = self.inner.store.key(on.caller.installation, id).await.map_err(failure::public)?;
        Ok(found.filter(|key| key.life.deleted_at.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use model::{ClientName, Instant, Preset};

    use super::*;

    fn patch(value: Value) -> SettingsPatch {
        serde_json::from_value(value).unwrap()
    }

    fn claim(settings: &[&str]) -> StoredClaim {
        StoredClaim {
            kind: ClaimKind::Key,
            object: "1".to_owned(),
            file: "crm".to_owned(),
            name: "acme".to_owned(),
            settings: settings.iter().map(|name| (*name).to_owned()).collect(),
            version: 1,
            at: Instant::from_millis(0),
        }
    }

    fn key() -> KeySettings {
        KeySettings {
            preset: Preset::Crm,
            scopes: Preset::Crm.scopes(),
            rate_limits: Preset::Crm.rate_limits(),
            notes: Some("by hand".parse().unwrap()),
            allowed_ips: serde_json::from_value(json!(["10.0.0.0/8"])).unwrap(),
            ..KeySettings::new(ClientName::parse("Acme").unwrap())
        }
    }

    #[test]
    fn what_a_file_does_not_say_is_left_alone_and_what_it_no_longer_says_is_as_usual() {
        let says = patch(json!({ "client_name": "Acme", "preset": "crm" }));
        let wants = |before: &[&str]| wanted_settings(&key(), &says, Some(&claim(before)), None).unwrap();
        assert_eq!(wants(&["client_name", "preset"]), key());
        let freed = wants(&["allowed_ips", "client_name", "preset"]);
        assert!(freed.allowed_ips.is_empty() && freed.notes == key().notes);
        assert_eq!(
            changes(&key(), &freed).iter().map(|change| change.field.as_str()).collect::<Vec<_>>(),
            ["allowed_ips"]
        );
        // Limits go back to those of the preset.
        let none = KeySettings { rate_limits: Default::default(), ..key() };
        let back = wanted_settings(&none, &says, Some(&claim(&["rate_limits"])), None).unwrap();
        assert_eq!(back.rate_limits, Preset::Crm.rate_limits());
        assert_eq!(wanted_settings(&none, &says, None, None).unwrap(), none);
    }

    #[test]
    fn an_end_stays_where_the_installation_wants_one() {
        let says = patch(json!({ "client_name": "Acme" }));
        let ending = KeySettings { expires_at: Some(Instant::from_millis(1)), ..key() };
        let wants = |longest| wanted_settings(&ending, &says, Some(&claim(&["expires_at"])), longest).unwrap();
        assert_eq!((wants(None).expires_at, wants("90".parse().ok())), (None, ending));
    }

    #[test]
    fn a_preset_brings_its_scopes_and_a_note_is_not_told() {
        let says = patch(json!({ "preset": "quality-assurance", "notes": null }));
        let to = wanted_settings(&key(), &says, None, None).unwrap();
        assert_eq!((&to.scopes, &to.notes), (&Preset::QualityAssurance.scopes(), &None));
        let told = changes(&key(), &to);
        assert!(told.iter().any(|change| change.field == "notes" && change.private && change.to.is_null()));
        assert!(told.iter().any(|change| change.field == "scopes" && !change.private));
        assert_eq!(said(&says), ["notes", "preset"]);
    }
}
