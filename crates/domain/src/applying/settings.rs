//! Settings of the installation.

use model::{ClaimKind, LeakRule, RequiredSecondFactor};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    ApplyError, FieldChange, Step, StepAction, WantedSettings,
    planning::{Act, Held, Item, Planning, refused},
};
use crate::{Installation, InstallationPatch, audit::chain::hex, fingerprint, installations::title};

const TITLE: &str = "title";

/// A setting that a file says.
struct Setting {
    name: &'static str,
    /// What it is.
    from: Value,
    /// What it is to be.
    to: Value,
    act: Act,
    /// What stops working with it.
    stops: Option<&'static str>,
    /// It may name a person, so neither value is told.
    is_private: bool,
}

impl Setting {
    /// One that a patch sets.
    fn of<T: Serialize>(name: &'static str, from: T, to: T, patch: fn(T) -> InstallationPatch) -> Self {
        let (was, becomes) = (json!(from), json!(to));
        let act = Act::Installation { from: Box::new(patch(from)), to: Box::new(patch(to)) };
        Self { name, from: was, to: becomes, act, stops: None, is_private: false }
    }

    /// What a file holds of a value: itself, or a digest by which it is known again.
    fn mark(&self, value: &Value) -> String {
        if self.is_private { hex(&fingerprint(value.to_string().as_bytes())) } else { value.to_string() }
    }
}

/// The settings that a file says, in the order in which they are set.
fn said(wanted: &WantedSettings, now: &Installation) -> Result<Vec<Setting>, ApplyError> {
    let mut all = Vec::new();
    if let Some(enabled) = wanted.enabled {
        let stops = "nobody can manage keys, in the Workspace and over the API; calls with them go on";
        all.push(Setting {
            name: "enabled",
            from: json!(now.enabled),
            to: json!(enabled),
            act: Act::Module(enabled),
            stops: (!enabled).then_some(stops),
            is_private: false,
        });
    }
    if let Some(text) = &wanted.title {
        let to = title(text).map_err(|error| refused(ClaimKind::Setting, TITLE, error.to_string()))?;
        let set = |title| InstallationPatch { title: Some(title), ..InstallationPatch::default() };
        all.push(Setting::of(TITLE, now.title.clone(), String::from(to), set));
    }
    if let Some(zone) = &wanted.time_zone {
        let set = |time_zone| InstallationPatch { time_zone: Some(time_zone), ..InstallationPatch::default() };
        let stops = Some("quotas of a day or a month begin anew at another instant");
        all.push(Setting { stops, ..Setting::of("time_zone", now.time_zone.clone(), zone.clone(), set) });
    }
    if let Some(contact) = &wanted.contact {
        let set = |contact| InstallationPatch { contact: Some(contact), ..InstallationPatch::default() };
        all.push(Setting { is_private: true, ..Setting::of("contact", now.contact.clone(), contact.clone(), set) });
    }
    if let Some(life) = wanted.longest_life {
        let set = |life| InstallationPatch { longest_life: Some(life), ..InstallationPatch::default() };
        all.push(Setting::of("longest_life_days", now.longest_life, life, set));
    }
    if let Some(preset) = wanted.default_preset {
        let set = |preset| InstallationPatch { default_preset: Some(preset), ..InstallationPatch::default() };
        all.push(Setting::of("default_preset", now.default_preset, preset, set));
    }
    if let Some(who) = wanted.required_second_factor {
        let set = |who| InstallationPatch { required_second_factor: Some(who), ..InstallationPatch::default() };
        let stops = asks_more(now.required_second_factor, who)
            .then_some("whoever must have a second factor and has none can do nothing until they have set one up");
        let setting = Setting::of("required_second_factor", now.required_second_factor, who, set);
        all.push(Setting { stops, ..setting });
    }
    if let Some(rule) = wanted.leak_rule {
        let set = |rule| InstallationPatch { leak_rule: Some(rule), ..InstallationPatch::default() };
        let stops = match rule {
            LeakRule::Notify => None,
            LeakRule::Disable => Some("keys that a signed report says have leaked are disabled"),
            LeakRule::Revoke => Some("keys that a signed report says have leaked are deleted"),
        };
        all.push(Setting { stops, ..Setting::of("leak_rule", now.leak_rule, rule, set) });
    }
    Ok(all)
}

/// Whether anybody needs a second factor who did not.
fn asks_more(from: RequiredSecondFactor, to: RequiredSecondFactor) -> bool {
    use RequiredSecondFactor as Who;
    matches!((from, to), (Who::None, Who::Owners | Who::Everyone) | (Who::Owners, Who::Everyone))
}

impl Planning<'_> {
    /// The settings that the file says.
    pub(super) fn plan_settings(&mut self) -> Result<(), ApplyError> {
        let said = said(&self.wanted.settings, self.installation)?;
        let names: Vec<&str> = said.iter().map(|setting| setting.name).collect();
        for setting in said {
            self.plan_setting(setting)?;
        }
        // A setting has always a value, so what the file no longer says stays as it is.
        for claim in self.dropped(ClaimKind::Setting, |name| names.contains(&name)) {
            self.give_up(claim, &claim.name);
        }
        Ok(())
    }

    fn plan_setting(&mut self, setting: Setting) -> Result<(), ApplyError> {
        let name = setting.name;
        let holder = self.holder(ClaimKind::Setting, name);
        if let Some(other) = holder.filter(|holder| holder.file != self.wanted.file.as_str()) {
            return Err(refused(ClaimKind::Setting, name, format!("the file {} holds it", other.file)));
        }
        let (was, becomes) = (setting.mark(&setting.from), setting.mark(&setting.to));
        let Setting { from, to, act, stops, is_private, .. } = setting;
        let is_other = from != to;
        if !is_other && holder.is_some_and(|holder| holder.settings == [becomes.clone()]) {
            return Ok(());
        }
        let action = if is_other && holder.is_some() { StepAction::Change } else { StepAction::Claim };
        let change = if is_private { FieldChange::private(name) } else { FieldChange::of(name, from, to) };
        let step = Step {
            drifted: is_other && holder.is_some_and(|holder| holder.settings != [was]),
            stops: stops.filter(|_| is_other).map(str::to_owned).into_iter().collect(),
            changes: if is_other { vec![change] } else { Vec::new() },
            ..Step::new(action, ClaimKind::Setting, name, "the installation")
        };
        // The value stands in the place of settings: the installation's version is that of all of them.
        let held = Some(Held { name: name.to_owned(), settings: vec![becomes] });
        let act = if is_other { act } else { Act::Nothing };
        self.items.push(Item { step, act, object: Some(name.to_owned()), held });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_people_are_asked_for_a_second_factor_or_not() {
        use RequiredSecondFactor as Who;
        let more: Vec<_> = Who::ALL.map(|from| Who::ALL.map(|to| asks_more(from, to))).into();
        assert_eq!(more, [[false, true, true], [false, false, true], [false; 3]]);
    }
}
