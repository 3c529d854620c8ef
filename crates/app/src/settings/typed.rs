//! The settings as the values of the form.

use domain::{Installation, InstallationPatch};
use model::{Contact, KeyLife, LeakRule, Preset, RequiredSecondFactor, TimeZone};

use crate::{ApiError, FieldProblem, ui::key_settings::Form};

/// What is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) title: String,
    pub(super) time_zone: String,
    pub(super) contact: String,
    pub(super) show_once: bool,
    /// In days; empty: keys need no end.
    pub(super) longest_life: String,
    /// Empty: nothing is chosen.
    pub(super) default_preset: String,
    pub(super) required_second_factor: String,
    pub(super) leak_rule: String,
}

impl Typed {
    /// An installation as it is.
    pub(super) fn of(now: &Installation) -> Self {
        Self {
            title: now.title.clone(),
            time_zone: now.time_zone.to_string(),
            contact: now.contact.as_ref().map(ToString::to_string).unwrap_or_default(),
            show_once: !now.recoverable,
            longest_life: now.longest_life.map(|life| life.days().to_string()).unwrap_or_default(),
            default_preset: now.default_preset.map(|preset| preset.to_string()).unwrap_or_default(),
            required_second_factor: now.required_second_factor.to_string(),
            leak_rule: now.leak_rule.to_string(),
        }
    }

    pub(super) fn of_form(form: Form<'_>) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            title: text("title"),
            time_zone: text("time_zone"),
            contact: text("contact"),
            show_once: form.text("secrets") == "once",
            longest_life: text("longest_life_days"),
            default_preset: text("default_preset"),
            required_second_factor: text("required_second_factor"),
            leak_rule: text("leak_rule"),
        }
    }

    /// What it asks for, or all that is wrong with it.
    pub(super) fn read(&self) -> Result<InstallationPatch, ApiError> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String| {
            problems.push(FieldProblem { field: field.to_owned(), message });
        };
        let time_zone = self.time_zone.parse::<TimeZone>();
        let time_zone = time_zone.map_err(|error| wrong("time_zone", format!("“{}” {error}.", self.time_zone))).ok();
        let contact = optional(&self.contact, Contact::parse)
            .map_err(|error| wrong("contact", format!("Whom people ask {error}.")))
            .ok();
        let longest_life = optional(&self.longest_life, str::parse::<KeyLife>)
            .map_err(|error| wrong("longest_life_days", format!("The longest life {error}.")))
            .ok();
        let default_preset = optional(&self.default_preset, str::parse::<Preset>)
            .map_err(|error| wrong("default_preset", format!("{error}.")))
            .ok();
        let required_second_factor = self.required_second_factor.parse::<RequiredSecondFactor>();
        let required_second_factor =
            required_second_factor.map_err(|error| wrong("required_second_factor", format!("{error}."))).ok();
        let leak_rule = self.leak_rule.parse::<LeakRule>();
        let leak_rule = leak_rule.map_err(|error| wrong("leak_rule", format!("{error}."))).ok();
        if !problems.is_empty() {
            return Err(ApiError::Fields(problems));
        }
        Ok(InstallationPatch {
            title: Some(self.title.clone()),
            time_zone,
            contact,
            show_once: Some(self.show_once),
            longest_life,
            default_preset,
            required_second_factor,
            leak_rule,
        })
    }
}

/// A value that may be left out.
fn optional<T, E>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            title: "Ours".to_owned(),
            time_zone: "Europe/Zurich".to_owned(),
            required_second_factor: "none".to_owned(),
            leak_rule: "notify".to_owned(),
            ..Typed::default()
        }
    }

    #[test]
    fn what_is_left_empty_is_taken_away() {
        let patch = typed().read().unwrap();
        assert_eq!((patch.contact, patch.longest_life, patch.default_preset), (Some(None), Some(None), Some(None)));
        assert_eq!((patch.title.as_deref(), patch.show_once), (Some("Ours"), Some(false)));
        assert_eq!(patch.required_second_factor, Some(RequiredSecondFactor::None));
        assert_eq!(patch.leak_rule, Some(LeakRule::Notify));
        let full = Typed {
            contact: "the Service Desk".to_owned(),
            show_once: true,
            longest_life: "365".to_owned(),
            default_preset: "crm".to_owned(),
            required_second_factor: "owners".to_owned(),
            leak_rule: "revoke".to_owned(),
            ..typed()
        };
        let patch = full.read().unwrap();
        assert_eq!(patch.longest_life.flatten().map(KeyLife::days), Some(365));
        assert_eq!((patch.default_preset.flatten(), patch.show_once), (Some(Preset::Crm), Some(true)));
        assert_eq!(patch.required_second_factor, Some(RequiredSecondFactor::Owners));
        assert_eq!(patch.leak_rule, Some(LeakRule::Revoke));
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        let wrong = Typed {
            time_zone: "Mars/Base".to_owned(),
            contact: "\u{202e}".to_owned(),
            longest_life: "0".to_owned(),
            default_preset: "teleport".to_owned(),
            required_second_factor: "all".to_owned(),
            leak_rule: "forget".to_owned(),
            ..typed()
        };
        let Err(ApiError::Fields(problems)) = wrong.read() else { panic!("not refused") };
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        let all =
            ["time_zone", "contact", "longest_life_days", "default_preset", "required_second_factor", "leak_rule"];
        assert_eq!(fields, all);
        assert!(problems.iter().all(|problem| problem.message.ends_with('.')), "{problems:?}");
    }
}
