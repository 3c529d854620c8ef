//! Settings of the installation.

use model::ClaimKind;
use serde_json::{Value, json};

use super::{
    ApplyError, FieldChange, Step, StepAction,
    planning::{Act, Held, Item, Planning, refused},
};
use crate::InstallationPatch;

const TITLE: &str = "title";
const TIME_ZONE: &str = "time_zone";
const ENABLED: &str = "enabled";

impl Planning<'_> {
    /// The settings that the file says.
    pub(super) fn plan_settings(&mut self) -> Result<(), ApplyError> {
        let (wanted, now) = (&self.wanted.settings, self.installation);
        if let Some(enabled) = wanted.enabled {
            let act = Act::Module(enabled);
            let stops = "nobody can manage keys, in the Workspace and over the API; calls with them go on";
            self.plan_setting(ENABLED, json!(now.enabled), json!(enabled), act, (!enabled).then_some(stops))?;
        }
        if let Some(title) = &wanted.title {
            let patch = InstallationPatch { title: Some(title.clone()), time_zone: None };
            let (after, _) = patch.apply(now).map_err(|error| refused(ClaimKind::Setting, TITLE, error.to_string()))?;
            self.plan_setting(TITLE, json!(now.title), json!(after.title), Act::Installation(patch), None)?;
        }
        if let Some(zone) = &wanted.time_zone {
            let patch = InstallationPatch { title: None, time_zone: Some(zone.clone()) };
            let stops = "quotas of a day or a month begin anew at another instant";
            let act = Act::Installation(patch);
            self.plan_setting(TIME_ZONE, json!(now.time_zone), json!(zone), act, Some(stops))?;
        }
        let named = |name: &str| match name {
            TITLE => wanted.title.is_some(),
            TIME_ZONE => wanted.time_zone.is_some(),
            ENABLED => wanted.enabled.is_some(),
            _ => false,
        };
        // A setting has always a value, so what the file no longer says stays as it is.
        for claim in self.dropped(ClaimKind::Setting, named) {
            self.give_up(claim, &claim.name);
        }
        Ok(())
    }

    fn plan_setting(
        &mut self,
        name: &str,
        from: Value,
        to: Value,
        act: Act,
        stops: Option<&str>,
    ) -> Result<(), ApplyError> {
        let holder = self.holder(ClaimKind::Setting, name);
        if let Some(other) = holder.filter(|holder| holder.file != self.wanted.file.as_str()) {
            return Err(refused(ClaimKind::Setting, name, format!("the file {} holds it", other.file)));
        }
        let value = to.to_string();
        let is_other = from != to;
        if !is_other && holder.is_some_and(|holder| holder.settings == [value.clone()]) {
            return Ok(());
        }
        let action = if is_other && holder.is_some() { StepAction::Change } else { StepAction::Claim };
        let step = Step {
            drifted: is_other && holder.is_some_and(|holder| holder.settings != [from.to_string()]),
            stops: stops.filter(|_| is_other).map(str::to_owned).into_iter().collect(),
            changes: if is_other { vec![FieldChange::of(name, from, to)] } else { Vec::new() },
            ..Step::new(action, ClaimKind::Setting, name, "the installation")
        };
        // The value stands in the place of settings: an installation has no version by which a change by hand shows.
        let held = Some(Held { name: name.to_owned(), settings: vec![value] });
        let act = if is_other { act } else { Act::Nothing };
        self.items.push(Item { step, act, object: Some(name.to_owned()), held });
        Ok(())
    }
}
