//! What a form says about a key, read in one place for every form: the dialogs' and the plain ones'.

use domain::{Caller, Keydesk, NewKey};
use model::{Expiry, Instant, Key, KeyError, KeyId, Scope, SettingsPatch, TimeZone, TimeZoneName};

use super::{limit_rows::LimitRows, narrowing, posted::Form, text_settings::TEXT_SETTINGS};
use crate::{ApiError, FieldProblem};

/// What is wrong with the fields of a form.
#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    /// The value that was read; its errors are noted down.
    fn take<T>(&mut self, field: &str, read: Result<T, Vec<String>>) -> Option<T> {
        let problem = |message: String| FieldProblem { field: field.to_owned(), message: sentence(&message) };
        read.map_err(|messages| self.0.extend(messages.into_iter().map(problem))).ok()
    }
}

/// What a form says of a key's settings, except which scopes are chosen; or all that is wrong with it. `home` is whose days are
/// meant where the form does not say.
fn read(form: Form<'_>, now: Instant, home: &TimeZone, new: bool) -> Result<SettingsPatch, ApiError> {
    let mut problems = Problems::default();
    if new {
        problems.take("preset", form.preset().ok_or_else(|| vec!["Choose an integration".to_owned()]));
        problems.take("scope", any_scope(form));
    }
    let mut patch = SettingsPatch {
        preset: form.preset(),
        enabled: Some(form.enabled()),
        // A form without the field says nothing of the end.
        expires_at: form
            .has("expires")
            .then(|| problems.take("expires", expiry(form, now, home).map_err(|message| vec![message])))
            .flatten(),
        ..SettingsPatch::name(form.text("client_name"))
    };
    for setting in &TEXT_SETTINGS {
        problems.take(setting.name, (setting.read)(form.text(setting.name), &mut patch));
    }
    let limits = LimitRows::of_form(form);
    // Where the form says nothing of limits, a new key has those of its preset, and another keeps its own.
    if form.has("limits") && !(new && limits.of_preset) {
        patch.rate_limits = problems.take("rate_limits", limits.rate_limits());
        patch.quotas = problems.take("quotas", limits.quotas());
    }
    if problems.0.is_empty() { Ok(patch) } else { Err(ApiError::Fields(problems.0)) }
}

/// A new key that may do nothing is a slip: whoever makes one would find out by its first call.
fn any_scope(form: Form<'_>) -> Result<(), Vec<String>> {
    let none = form.preset().is_some() && form.chosen() && form.scopes().is_empty();
    if none { Err(vec!["Choose at least one scope: without any the key may do nothing".to_owned()]) } else { Ok(()) }
}

/// `never`, a number of days from now, `date` with a day at whose end it is, or an instant.
fn expiry(form: Form<'_>, now: Instant, home: &TimeZone) -> Result<Option<Instant>, String> {
    let end = match form.text("expires") {
        "" | "never" => return Ok(None),
        "date" => {
            let day = form.text("expires_on").parse();
            Expiry::EndOf(day.map_err(|_| "Choose the day on which the key expires")?)
        }
        text => {
            let at = || text.parse().ok().map(Expiry::At);
            let no_time = || format!("“{text}” is not a time: choose when the key expires");
            Expiry::in_days(text).or_else(at).ok_or_else(no_time)?
        }
    };
    let zone = if matches!(end, Expiry::EndOf(_)) { &zone(form, home)? } else { home };
    Ok(Some(end.instant(now, zone)))
}

/// Whose days the form means. A zone that nobody here knows is refused: the page has told its reader another instant than the key
/// would end at.
fn zone(form: Form<'_>, home: &TimeZone) -> Result<TimeZone, String> {
    let name = form.text("time_zone");
    if name.is_empty() {
        return Ok(home.clone());
    }
    let named = TimeZoneName::parse(name).map_or_else(|_| String::new(), |name| format!(" “{}”", name.as_str()));
    name.parse().map_err(|_| format!("Keydesk does not know your browser's time zone{named}: choose a number of days"))
}

/// Reads a key to be made. `home`: whose days are meant where the form does not say.
pub(crate) fn new_key(form: Form<'_>, now: Instant, home: &TimeZone) -> Result<NewKey, ApiError> {
    let settings = SettingsPatch { scopes: form.chosen().then(|| form.scopes()), ..read(form, now, home, true)? };
    let environment = form.text("environment").parse().ok();
    Ok(NewKey { environment, settings })
}

/// Changes a key as a form says, unless somebody has changed it since the form's version. A form without the settings
/// gives another Client Name only. One that would refuse calls which the key makes is asked about first.
///
/// `home` is the installation's time zone, for a form that names none.
pub(crate) async fn save(
    keydesk: &Keydesk,
    caller: &Caller,
    home: &TimeZone,
    id: KeyId,
    form: Form<'_>,
) -> Result<Key, ApiError> {
    let version = form.version()?;
    let patch = if form.has("settings") {
        SettingsPatch { scopes: Some(form.scopes()), ..read(form, keydesk.now(), home, false)? }
    } else {
        SettingsPatch::name(form.text("client_name"))
    };
    let narrowed = keydesk.narrowing(caller, id, &patch, Some(version)).await.map_err(refusal)?;
    narrowing::ask(&narrowed, form, &zone(form, home).unwrap_or_else(|_| home.clone()))?;
    keydesk.update(caller, id, patch, Some(version)).await.map_err(refusal)
}

/// Names the field that a verb refused, where there is one.
pub(crate) fn refusal(error: KeyError) -> ApiError {
    let (field, message) = match &error {
        KeyError::InvalidSetting { field, reason } => (in_form(field), reason.clone()),
        KeyError::BoundsEscalation { field } => (in_form(field), error.to_string()),
        KeyError::UnknownScope { .. } => ("scope", error.to_string()),
        KeyError::ScopeEscalation { missing } => {
            let names: Vec<_> = missing.iter().map(Scope::as_str).collect();
            ("scope", format!("{} Missing: {}", error, names.join(", ")))
        }
        _ => return error.into(),
    };
    ApiError::Fields(vec![FieldProblem { field: field.to_owned(), message: sentence(&message) }])
}

/// The field of a form that has the setting of this name, which may be a part of one, such as `quotas[0].time_zone`.
fn in_form(field: &str) -> &str {
    match field.split(['[', '.']).next().unwrap_or_default() {
        "expires_at" => "expires",
        setting => setting,
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::key_settings::form::SettingsForm;

    const NOW: Instant = Instant::from_millis(1_795_382_405_999);
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn problems(given: &[(&str, &str)]) -> Vec<(String, String)> {
        match read(Form(&fields(given)), NOW, &TimeZone::UTC, false) {
            Err(ApiError::Fields(problems)) => problems.into_iter().map(|p| (p.field, p.message)).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_line_that_is_wrong_is_named_with_its_reason() {
        let found = problems(&[("allowed_ips", "10.0.0.0/8\n010.0.0.1\n\n10.1.0.0/8"), ("owner_email", "ada")]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].1.starts_with("Line 2: 010.0.0.1 has a number that begins with 0"), "{found:?}");
        assert!(found[1].1.ends_with("the network is 10.0.0.0/8."), "{found:?}");
        assert_eq!(found[2], ("owner_email".into(), "It must be an email address such as ada@example.com.".into()));
    }

    #[test]
    fn limits_that_are_wrong_are_named_by_their_rows() {
        let wrong =
            [("limits", "own"), ("rate_name", "A"), ("rate_calls", "60"), ("rate_window", "1"), ("rate_unit", "m")];
        let quota = [("quota_name", "daily"), ("quota_calls", ""), ("quota_period", "day")];
        let found = problems(&[&wrong[..], &quota[..]].concat());
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].0 == "rate_limits" && found[0].1.starts_with("Rate limit 1 must have a name"), "{found:?}");
        assert_eq!(found[1], ("quotas".into(), "Quota 1: write how many calls may come, a whole number.".into()));
    }

    #[test]
    fn a_new_key_has_its_presets_limits_until_others_are_written() {
        let limits = |given: &[(&str, &str)]| {
            let given = [&[("preset", "crm")], given].concat();
            let new = new_key(Form(&fields(&given)), NOW, &TimeZone::UTC);
            new.map(|key| key.settings.rate_limits.map(|limits| limits.iter().len()))
        };
        let row = [("rate_name", "a"), ("rate_calls", "60"), ("rate_window", "1"), ("rate_unit", "m")];
        assert_eq!(limits(&[]), Ok(None));
        let of_widget = [("rate_name", "default"), ("rate_calls", "1200"), ("rate_window", "1"), ("rate_unit", "m")];
        assert_eq!(limits(&[&[("limits", "preset")], &of_widget[..]].concat()), Ok(None), "as a page fills it in");
        assert_eq!(limits(&[&[("limits", "preset")], &row[..]].concat()), Ok(Some(1)), "what is written is meant");
        assert_eq!(limits(&[("limits", "own")]), Ok(Some(0)));
        assert_eq!(limits(&[&[("limits", "own")], &row[..]].concat()), Ok(Some(1)));
    }

    #[test]
    fn an_expiry_field_takes_a_number_of_days_a_date_or_an_instant() {
        let expiry = |value: &str, day: &str| {
            expiry(Form(&fields(&[("expires", value), ("expires_on", day)])), NOW, &TimeZone::UTC)
        };
        let day = |text: &str| Ok(Some(text.parse().unwrap_or_default()));
        assert_eq!(expiry("never", ""), Ok(None));
        assert_eq!(expiry("30", ""), Ok(Some(NOW.plus_millis(30 * DAY_MS))));
        assert_eq!(expiry("date", "2026-12-31"), day("2027-01-01T00:00:00Z"));
        assert_eq!(expiry("2027-02-03T04:05:06.789Z", ""), day("2027-02-03T04:05:06.789Z"));
        for (value, day) in [("date", ""), ("date", "2026-02-30"), ("soon", ""), ("-3", ""), ("0", "")] {
            assert!(expiry(value, day).is_err(), "{value} {day}");
        }
    }

    #[test]
    fn a_key_is_enabled_unless_its_box_is_there_and_not_ticked() {
        for (given, expected) in [
            (&[][..], true),
            (&[("settings", "1"), ("enabled", "on")], true),
            (&[("settings", "1")], false),
            // As an address has it.
            (&[("enabled", "false")], false),
            (&[("enabled", "true")], true),
        ] {
            let fields = fields(given);
            let form = Form(&fields);
            let read = read(form, NOW, &TimeZone::UTC, false).map(|patch| patch.enabled);
            assert_eq!(read, Ok(Some(expected)), "{given:?}");
            assert_eq!(SettingsForm::of_form(form, None).enabled, expected, "{given:?}");
        }
    }

    #[test]
    fn scopes_are_the_presets_until_they_are_chosen() {
        let scopes = |given: &[(&str, &str)]| {
            let new = new_key(Form(&fields(given)), NOW, &TimeZone::UTC);
            new.map(|key| key.settings.scopes.map(|scopes| scopes.len()))
        };
        assert_eq!(scopes(&[("preset", "crm"), ("access", "preset"), ("scope", "calls:read")]), Ok(None));
        assert_eq!(scopes(&[("preset", "crm"), ("access", "chosen"), ("scope", "calls:read")]), Ok(Some(1)));
        assert_eq!(scopes(&[("preset", "custom"), ("scope", "calls:read")]), Ok(Some(1)));
    }

    #[test]
    fn a_new_key_has_an_integration_and_may_do_something() {
        let refused = |given: &[(&str, &str)]| match new_key(Form(&fields(given)), NOW, &TimeZone::UTC) {
            Err(ApiError::Fields(problems)) => problems.into_iter().map(|p| (p.field, p.message)).collect(),
            _ => Vec::new(),
        };
        let integration = [("preset".to_owned(), "Choose an integration.".to_owned())];
        let nothing =
            [("scope".to_owned(), "Choose at least one scope: without any the key may do nothing.".to_owned())];
        assert_eq!(refused(&[]), integration);
        assert_eq!(refused(&[("preset", "nonsense"), ("scope", "calls:read")]), integration);
        assert_eq!(refused(&[("preset", "custom")]), nothing);
        assert_eq!(refused(&[("preset", "crm"), ("access", "chosen")]), nothing);
        for fine in [
            &[("preset", "crm")][..],
            &[("preset", "crm"), ("access", "preset")],
            &[("preset", "custom"), ("scope", "calls:read")],
        ] {
            assert_eq!(refused(fine), [], "{fine:?}");
        }
    }

    #[test]
    fn a_day_is_one_of_the_zone_that_the_form_names_or_of_the_installation() {
        let sydney: TimeZone = "Australia/Sydney".parse().unwrap();
        let end = |zone: &str, value: &str| {
            let given = [("expires", value), ("expires_on", "2026-12-31"), ("time_zone", zone)];
            expiry(Form(&fields(&given)), NOW, &sydney).map(|end| end.unwrap_or_default().to_string())
        };
        for (zone, expected) in [
            ("", "2026-12-31T13:00:00.000Z"),
            ("UTC", "2027-01-01T00:00:00.000Z"),
            ("America/Los_Angeles", "2027-01-01T08:00:00.000Z"),
            ("Pacific/Kiritimati", "2026-12-31T10:00:00.000Z"),
        ] {
            assert_eq!(end(zone, "date"), Ok(expected.to_owned()), "{zone}");
            // What is no day stays as it is, whoever saves it.
            assert_eq!(end(zone, "2027-02-03T04:05:06.789Z"), Ok("2027-02-03T04:05:06.789Z".to_owned()), "{zone}");
        }
        let unknown = |zone: &str| end(zone, "date").unwrap_err();
        assert!(unknown("Mars/Base").contains("your browser's time zone “Mars/Base”: choose"));
        assert!(unknown("<b>").contains("your browser's time zone: choose"));
        assert!(end("Mars/Base", "30").is_ok());
    }
}
