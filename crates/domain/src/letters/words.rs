//! What letters say, in words.

use mail::Letter;
use model::{AccountLinkKind, Role};
use uuid::Uuid;

use super::{
    document::{Part, html, text},
    says::Says,
};
use crate::Installation;

/// A letter to be sent; links are made by `link`, of a path.
pub(super) fn letter(id: Uuid, says: &Says, of: &Installation, link: impl Fn(&str) -> String) -> Letter {
    let (subject, parts) = match says {
        Says::Invitation { name, role, token, ends, .. } => {
            let until = of.time_zone.end_words(*ends);
            let (how, path, used) = match token {
                Some(token) => (
                    "Open this link and choose a password:",
                    format!("{}#{token}", AccountLinkKind::Invitation.path()),
                    format!("The link works once, until {until}."),
                ),
                None => (
                    "Sign in with your organisation's account:",
                    "/login".to_owned(),
                    format!("The invitation ends on {until}."),
                ),
            };
            let parts = vec![
                Part::Words(format!("Hello {name}")),
                Part::Words(format!(
                    "You are invited to Keydesk, where {} looks after its API keys. You will {}.",
                    of.title,
                    may(*role)
                )),
                Part::Words(how.to_owned()),
                Part::Link(link(&path)),
                Part::Words(format!("{used} If you expect no invitation, leave it alone.")),
            ];
            (format!("Your invitation to Keydesk: {}", of.title), parts)
        }
        Says::Reset { name, token, ends, .. } => {
            let path = format!("{}#{token}", AccountLinkKind::Reset.path());
            let until = of.time_zone.end_words(*ends);
            let parts = vec![
                Part::Words(format!("Hello {name}")),
                Part::Words(format!(
                    "An owner of {} has made a link by which you choose a new password for Keydesk:",
                    of.title
                )),
                Part::Link(link(&path)),
                Part::Words(format!(
                    "The link works once, until {until}. Until you use it your old password works. If you did not ask for it, \
                     tell them."
                )),
            ];
            (format!("A new password for Keydesk: {}", of.title), parts)
        }
        Says::Ending { keys, more, .. } => {
            let count = keys.len() as u64 + more;
            let subject = match (keys.as_slice(), count) {
                ([one], 1) => {
                    format!("The API key for {} ends on {}", one.client_name, of.time_zone.end_day_words(one.ends))
                }
                _ => format!("{count} API keys end soon"),
            };
            let mut parts = vec![Part::Words(format!(
                "You are named as the owner of {} of {}. From its end on, calls with a key are refused.",
                if count == 1 { "this API key" } else { "these API keys" },
                of.title
            ))];
            parts.extend(keys.iter().map(|key| {
                let ends = format!("ends {}", of.time_zone.end_words(key.ends));
                Part::Thing(key.client_name.clone(), ends, link(&format!("/keys/{}", key.id)))
            }));
            if *more > 0 {
                parts.push(Part::Words(format!("And {more} more.")));
            }
            parts.push(Part::Words(
                "If a key is still needed, ask whoever manages API keys to give it a later end, or a new key in its place."
                    .to_owned(),
            ));
            (subject, parts)
        }
    };
    Letter { id, to: says.to().to_owned(), text: text(&parts), html: html(&subject, &parts), subject }
}

const fn may(role: Role) -> &'static str {
    match role {
        Role::Owner => "be an owner: you may do everything, and you manage people and settings",
        Role::Manager => "be a manager: you create, change and delete API keys",
        Role::Viewer => "be a viewer: you see API keys and how they are used",
    }
}
