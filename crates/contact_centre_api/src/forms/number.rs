use contact_centre::{objects::PhoneNumber, phone};

use crate::{centre::Settings, protocol::Problem};

/// Characters of a number as it is written.
const RAW_MAX: usize = 200;
/// Digits of an extension.
const EXTENSION_MAX: usize = 20;

/// A number as somebody wrote it. One that is not valid is kept as it is, without E.164.
///
/// # Errors
/// 422 of one that is no text of a number at all.
pub(crate) fn number(
    field: &'static str,
    raw: &str,
    extension: Option<&str>,
    settings: &Settings,
) -> Result<PhoneNumber, Problem> {
    if raw.trim().is_empty() || raw.chars().count() > RAW_MAX || raw.chars().any(char::is_control) {
        return Err(Problem::field(field, "must have a number of 1 to 200 characters"));
    }
    let mut number = phone::number(raw, settings.region, &settings.withheld);
    if let Some(extension) = extension {
        let digits = (1..=EXTENSION_MAX).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err(Problem::field(field, "has an extension that is not 1 to 20 digits"));
        }
        number.extension = Some(extension.into());
    }
    Ok(number)
}
