//! The settings of a key that people type as text: the one list of them. Forms draw, read and compare them by it, and whatever
//! else names a setting takes its label from here.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use model::{EMAIL_MAX, KeySettings, Metadata, NOTES_MAX, NetworkSet, OriginSet, SettingsPatch};

/// A setting that is typed as text.
pub(crate) struct TextSetting {
    /// Its name in the API.
    pub(crate) name: &'static str,
    /// Its name for people.
    pub(crate) label: &'static str,
    /// The placeholder of the field.
    pub(super) example: &'static str,
    /// What to type.
    pub(super) hint: &'static str,
    /// Its field.
    pub(super) field: TextField,
    /// Where it stands among the fields.
    pub(super) part: Part,
    /// The text for these settings.
    pub(crate) write: fn(&KeySettings) -> String,
    /// Reads the text into the patch, or returns all its errors.
    pub(super) read: fn(&str, &mut SettingsPatch) -> Result<(), Vec<String>>,
}

/// The kind of field that a text is typed into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TextField {
    /// One line.
    Line {
        /// The keyboard that a phone shows (`inputmode`).
        keyboard: &'static str,
        /// Most characters.
        most: usize,
    },
    /// One value a line.
    Lines,
    /// One network a line, among which the reader may put their own address.
    Addresses,
    /// Text for people.
    Prose {
        /// Most characters, as browsers count them.
        most: usize,
    },
}

/// The parts of a form with texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Restrictions: from where the key is used.
    Places,
    /// Restrictions, behind the limits: what else it may do no more than.
    Bounds,
    /// What is noted down about it.
    About,
}

/// In the order in which a part shows them.
pub(crate) static TEXT_SETTINGS: [TextSetting; 8] = [
    TextSetting {
        name: "allowed_ips",
        label: "Allowed addresses",
        example: "203.0.113.0/24",
        hint: "IP addresses and networks that may use the key, one per line. Leave this empty to allow every address.",
        field: TextField::Addresses,
        part: Part::Places,
        write: |settings| joined(settings.allowed_ips.iter().map(ToString::to_string)),
        read: |text, patch| {
            patch.allowed_ips = Some(lines(text, NetworkSet::new)?);
            Ok(())
        },
    },
    TextSetting {
        name: "allowed_origins",
        label: "Allowed origins",
        example: "https://*.example.com",
        hint: "Origins of the web pages that may use the key, one per line. Leave this empty to allow every web page and every server.",
        field: TextField::Lines,
        part: Part::Places,
        write: |settings| joined(settings.allowed_origins.iter().map(ToString::to_string)),
        read: |text, patch| {
            patch.allowed_origins = Some(lines(text, OriginSet::new)?);
            Ok(())
        },
    },
    TextSetting {
        name: "owner_email",
        label: "Owner email",
        example: "",
        hint: "",
        field: TextField::Line { keyboard: "email", most: EMAIL_MAX },
        part: Part::About,
        write: |settings| settings.owner_email.as_ref().map(ToString::to_string).unwrap_or_default(),
        read: |text, patch| {
            patch.owner_email = Some(optional(text)?);
            Ok(())
        },
    },
    TextSetting {
        name: "metadata",
        label: "Metadata",
        example: "crm_account: 4711",
        hint: "Names and values of your own, one pair per line: a name, a colon, a value.",
        field: TextField::Lines,
        part: Part::About,
        write: |settings| joined(settings.metadata.iter().map(|(name, value)| pair(name, value))),
        read: |text, patch| {
            patch.metadata = Some(pairs(text).map_err(|message| vec![message])?);
            Ok(())
        },
    },
    TextSetting {
        name: "notes",
        label: "Notes",
        example: "",
        hint: "Whoever manages keys can read the notes. The client never sees them.",
        field: TextField::Prose { most: NOTES_MAX * 2 },
        part: Part::About,
        write: |settings| settings.notes.as_ref().map(ToString::to_string).unwrap_or_default(),
        read: |text, patch| {
            patch.notes = Some(optional(text)?);
            Ok(())
        },
    },
    TextSetting {
        name: "issue_bounds",
        label: "Restrictions on keys it issues",
        example: "203.0.113.0/24",
        hint: "For a key that manages others: networks, origins, and a longest life such as 90d, one per line, or “any”. Leave this empty to give those keys the same restrictions as this key.",
        field: TextField::Lines,
        part: Part::Bounds,
        write: |settings| {
            settings.issue_bounds.as_ref().map(|bounds| bounds.to_string().replace(' ', "\n")).unwrap_or_default()
        },
        read: |text, patch| {
            let some = !text.trim().is_empty();
            patch.issue_bounds = Some(
                some.then(|| text.parse())
                    .transpose()
                    .map_err(|error: model::InvalidBounds| vec![error.to_string()])?,
            );
            Ok(())
        },
    },
    TextSetting {
        name: "contact_centre",
        label: "In the contact centre",
        example: "calls=60/hour",
        hint: "One per line: calls=60/hour, +61=20/hour for numbers that begin so, hours=9-20 of the callee’s working days (or hours=9-20,weekends), streams=5, recordings=500MB/day, and agent=ID for each agent that the key may act for, or agent=none. What is not here is not limited.",
        field: TextField::Lines,
        part: Part::Bounds,
        write: |settings| settings.contact_centre.to_string().replace(' ', "\n"),
        read: |text, patch| {
            let read = text.parse().map_err(|error: model::InvalidContactCentreText| vec![error.to_string()]);
            patch.contact_centre = Some(read?);
            Ok(())
        },
    },
    TextSetting {
        name: "sandbox_world",
        label: "Sandbox world",
        example: "acme-ci",
        hint: "For a test key: the world of the sandbox that it reaches. Leave this empty for the one that all test keys share.",
        field: TextField::Line { keyboard: "text", most: 64 },
        part: Part::Bounds,
        write: |settings| settings.sandbox_world.as_ref().map(ToString::to_string).unwrap_or_default(),
        read: |text, patch| {
            patch.sandbox_world = Some(optional(text)?);
            Ok(())
        },
    },
];

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

fn optional<T: FromStr<Err: Display>>(text: &str) -> Result<Option<T>, Vec<String>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error: T::Err| vec![format!("It {error}")])
}

/// Reads one value a line; an error names its line.
fn lines<T: FromStr<Err: Display>, S, E: Display>(
    text: &str,
    set: impl FnOnce(Vec<T>) -> Result<S, E>,
) -> Result<S, Vec<String>> {
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
        match line.parse() {
            Ok(value) => read.push(value),
            Err(error) => wrong.push(format!("Line {}: {line} {error}", index + 1)),
        }
    }
    match set(read) {
        Ok(set) if wrong.is_empty() => Ok(set),
        Ok(_) => Err(wrong),
        Err(error) => {
            wrong.push(error.to_string());
            Err(wrong)
        }
    }
}

/// Reads one `name: value` a line. Name and value may be quoted, as strings of JSON.
fn pairs(text: &str) -> Result<Metadata, String> {
    let mut pairs = BTreeMap::new();
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() {
            continue;
        }
        let number = index + 1;
        let form = || format!("Line {number} must be a name, a colon and a value");
        let (name, rest) = match quoted(line).ok_or_else(form)? {
            Some((name, rest)) => (name, rest.trim_start().strip_prefix(':').ok_or_else(form)?),
            None => line.split_once(':').map(|(name, rest)| (name.trim().to_owned(), rest)).ok_or_else(form)?,
        };
        let value = match quoted(rest.trim()).ok_or_else(form)? {
            Some((value, "")) => value,
            Some(_) => return Err(form()),
            None => rest.trim().to_owned(),
        };
        if pairs.contains_key(&name) {
            return Err(format!("Line {number}: {name} appears twice"));
        }
        pairs.insert(name, value);
    }
    Metadata::new(pairs).map_err(|error| format!("They {error}"))
}

/// The quoted text at the beginning, and the rest; `Some(None)`: nothing is quoted; `None`: the quotes don't end.
fn quoted(text: &str) -> Option<Option<(String, &str)>> {
    if !text.starts_with('"') {
        return Some(None);
    }
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let string = strings.next()?.ok()?;
    Some(Some((string, &text[strings.byte_offset()..])))
}

/// A line of metadata, quoted where it would not be read back unchanged.
fn pair(name: &str, value: &str) -> String {
    let written = |text: &str, quoted: bool| {
        let quoted = quoted || text.starts_with('"') || text.trim() != text;
        if quoted { serde_json::to_string(text).unwrap_or_default() } else { text.to_owned() }
    };
    format!("{}: {}", written(name, name.contains(':')), written(value, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_pairs_one_a_line() {
        let read: Vec<_> = pairs("account: 4711\n\nurl: https://a.example").map(BTreeMap::from).into_iter().collect();
        assert_eq!(read[0]["url"], "https://a.example");
        let odd =
            BTreeMap::from([("a:b", "c"), ("\"q\"", "\"x\" y"), (" outer ", " spaces "), ("plain", "say \"hi\": now")]);
        let odd = odd.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let odd = Metadata::new(odd).unwrap();
        let written: Vec<_> = odd.iter().map(|(name, value)| pair(name, value)).collect();
        assert_eq!(pairs(&written.join("\n")), Ok(odd), "{written:?}");
        assert!(pairs("\"a: 1").is_err() && pairs("\"a\" 1").is_err() && pairs("a: \"1\" 2").is_err());
        assert!(pairs("account").is_err() && pairs("a: 1\na: 2").is_err() && pairs(": 1").is_err());
    }
}
