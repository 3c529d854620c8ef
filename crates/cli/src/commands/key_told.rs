//! What was done to keys, as it is printed.

use api::CreatedKey;
use domain::Issued;
use model::{Key, KeyId, KeyKind, TimeZone};

use super::{Failed, Format, key_shown::show, output::Output};

/// A key that was changed; `done` says how.
pub(super) fn show_changed(
    done: &str,
    key: &Key,
    format: &Format,
    zone: &TimeZone,
    output: &mut Output,
) -> Result<(), Failed> {
    output.told(done, |output| if format.json { Ok(output.json(key)?) } else { show(key, None, zone, output) })
}

/// Most keys that a sentence names.
const NAMED: usize = 20;

/// What was done to keys, in words.
pub(super) fn done_to(ids: &[KeyId], what: &str) -> String {
    match ids {
        [] => format!("no key was {what}"),
        [id] => format!("the key {id} was {what}"),
        ids if ids.len() <= NAMED => {
            format!("the keys {} were {what}", ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        ids => format!("{} keys were {what}", ids.len()),
    }
}

/// A key that was made or rotated, with its secret.
pub(super) fn show_secret(
    done: &str,
    issued: &Issued,
    format: &Format,
    zone: &TimeZone,
    output: &mut Output,
) -> Result<(), Failed> {
    let id = issued.key.id;
    let end = match issued.key.kind {
        KeyKind::Default => String::new(),
        KeyKind::Issued => format!(", and `keydesk key delete {id}` ends it"),
    };
    let otherwise = format!(
        "the key {id} was {done}, but its secret could not be printed: `keydesk key rotate {id} --overlap 0` gives it \
         another{end}"
    );
    output.once(&otherwise, |output| {
        if format.json {
            Ok(output.json(&CreatedKey::from(issued))?)
        } else {
            show(&issued.key, Some(&issued.secret), zone, output)
        }
    })
}
