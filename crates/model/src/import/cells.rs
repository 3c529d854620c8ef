//! Cells of a table (RFC 4180), and their values.

use std::str::FromStr;

use serde_json::{Value, json};

use super::fields::ENABLED;
use crate::{ContactCentreLimits, IssueBounds, Quota, RateLimit};

/// The cells of a whole record. A quotation mark that does not begin a cell is itself.
pub(super) fn cells(record: &str, delimiter: char) -> Vec<String> {
    let mut all = Vec::new();
    let mut cell = String::new();
    let mut chars = record.chars().peekable();
    loop {
        if chars.peek() == Some(&'"') {
            chars.next();
            while let Some(c) = chars.next() {
                match c {
                    '"' if chars.peek() == Some(&'"') => cell.extend(chars.next()),
                    '"' => break,
                    c => cell.push(c),
                }
            }
        }
        let ended = loop {
            match chars.next() {
                None => break true,
                Some(c) if c == delimiter => break false,
                Some(c) => cell.push(c),
            }
        };
        all.push(std::mem::take(&mut cell));
        if ended {
            return all;
        }
    }
}

/// The value of a setting in a cell, as JSON would have it; `None`: it has none of its forms. Lists are separated by blanks, as in the
/// table that is exported, or are JSON; limits are as on the command line, or JSON.
pub(super) fn value(name: &str, cell: &str) -> Option<Value> {
    let text = cell.trim();
    let is_json = text.starts_with(['[', '{']);
    match name {
        ENABLED => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(Value::Bool(true)),
            "false" | "0" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        "scopes" | "allowed_ips" | "allowed_origins" if !is_json => {
            Some(text.split_whitespace().map(|word| Value::String(word.to_owned())).collect())
        }
        "rate_limits" if !is_json => words::<RateLimit>(text),
        "quotas" if !is_json => words::<Quota>(text),
        "issue_bounds" if !is_json => text.parse::<IssueBounds>().ok().map(|bounds| json!(bounds)),
        "contact_centre" if !is_json => text.parse::<ContactCentreLimits>().ok().map(|limits| json!(limits)),
        "scopes" | "allowed_ips" | "allowed_origins" | "rate_limits" | "quotas" | "issue_bounds" | "contact_centre"
        | "metadata" => serde_json::from_str(text).ok(),
        // Notes keep their blanks.
        "notes" | "client_name" => Some(Value::String(cell.to_owned())),
        _ => Some(Value::String(text.to_owned())),
    }
}

/// Words of which each is a value.
fn words<T: FromStr + serde::Serialize>(text: &str) -> Option<Value> {
    text.split_whitespace().map(|word| word.parse::<T>().ok().map(|value| json!(value))).collect()
}
