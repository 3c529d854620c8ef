use leptos::prelude::*;
use model::{Catalogue, Environment, KeyId, Preset, Scope};

use crate::ui::{Notice, Tone, key_settings::Form};

/// Most characters that are repeated of a value in an address.
const SHOWN: usize = 60;

/// Names the values for a new key in an address that can't be read, so that nobody takes the defaults for them. An
/// expiry that can't be read is shown in its own field.
pub(crate) fn unknown_values(form: Form<'_>, catalogue: &Catalogue) -> Option<AnyView> {
    let sentences = sentences(form, catalogue);
    (!sentences.is_empty()).then(|| {
        view! {
            <Notice tone=Tone::Warning>
                "The link that opened this form has values that Keydesk does not know: " {sentences.join(" ")}
            </Notice>
        }
        .into_any()
    })
}

fn sentences(form: Form<'_>, catalogue: &Catalogue) -> Vec<String> {
    let unknown = |name: &str, known: &dyn Fn(&str) -> bool, what: &str| {
        let values = form.texts(name).filter(|value| !value.is_empty() && !known(value));
        values.map(|value| format!("“{}” {what}", clipped(value))).collect::<Vec<_>>()
    };
    let is_scope = |text: &str| Scope::parse(text).is_ok_and(|scope| catalogue.knows(&scope));
    [
        unknown("preset", &|text| text.parse::<Preset>().is_ok(), "is not an integration: choose one."),
        unknown(
            "environment",
            &|text| text.parse::<Environment>().is_ok(),
            "is not an environment: choose live or test.",
        ),
        unknown("scope", &is_scope, "is not a scope: tick what the key may do."),
        unknown("from", &|text| text.parse::<KeyId>().is_ok(), "is not a key whose settings can be copied."),
    ]
    .concat()
}

fn clipped(text: &str) -> String {
    let mut letters = text.chars();
    let mut clipped: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() {
        clipped.push('…');
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(fields: &[(&str, &str)]) -> Vec<String> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        sentences(Form(&fields), &Catalogue::default())
    }

    #[test]
    fn every_value_that_can_not_be_read_is_named() {
        let read = [("preset", "crm"), ("environment", "test"), ("scope", "calls:read"), ("scope", "calls:*")];
        assert_eq!(named(&read), [""; 0]);
        assert_eq!(named(&[("preset", ""), ("new", ""), ("expires", "7d")]), [""; 0]);
        let unknown =
            [("preset", "crmm"), ("environment", "prod"), ("scope", "Calls"), ("scope", "a:b"), ("from", "1")];
        let unknown = named(&unknown);
        assert_eq!(unknown.len(), 5, "{unknown:?}");
        assert_eq!(unknown[0], "“crmm” is not an integration: choose one.");
        assert!(named(&[("preset", &"x".repeat(61))])[0].starts_with(&format!("“{}…”", "x".repeat(60))));
    }
}
