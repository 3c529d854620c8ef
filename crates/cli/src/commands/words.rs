//! Errors in words for the operator. Those that the Workspace shows send people to their owners, their Account Manager and to
//! Support; at the command line there is nobody else to ask.

use domain::NotWritable;
use model::{AdminError, KeyError, MODULE_UNAVAILABLE};
use store::StoreError;

use crate::logs;

const MODULE_OFF: &str =
    "The API Keys module is off for this installation; `keydesk installation enable NAME` switches it on.";
const REFUSED: &str = "The operator may not do this; the installation or the person is not the one that was meant.";
const UNAVAILABLE: &str =
    "The database did not answer or refused; the same command with --log-level error says why. Then run it again.";
const DISABLED: &str = "This account is disabled; `keydesk admin enable --email EMAIL` enables it.";
const TAKEN: &str =
    "An administrator with this email address exists; `keydesk admin reset-password` makes a link for a new password.";

/// Why the database refused, as far as it said so.
fn unavailable(reason: Option<String>) -> String {
    let Some(said) = reason else { return UNAVAILABLE.to_owned() };
    let said = match NotWritable::of(&StoreError::Database(said.clone())) {
        NotWritable::Failing => said,
        known => known.to_string(),
    };
    format!(
        "The database did not answer or refused: {}. Mend that, then run the command again.",
        said.trim_end_matches('.')
    )
}

/// What an error says, in which the words that are meant for others are the operator's, also where they are a part of it.
pub(super) fn for_operator(said: &str) -> String {
    with_reason(said, logs::reason())
}

fn with_reason(said: &str, reason: Option<String>) -> String {
    let unavailable = unavailable(reason);
    let words = [
        (KeyError::Forbidden.to_string(), REFUSED),
        (KeyError::Unavailable.to_string(), unavailable.as_str()),
        (AdminError::Forbidden.to_string(), REFUSED),
        (AdminError::Unavailable.to_string(), unavailable.as_str()),
        (AdminError::AccountDisabled.to_string(), DISABLED),
        (AdminError::EmailTaken.to_string(), TAKEN),
    ];
    words.iter().fold(module_off(said), |said, (theirs, ours)| said.replace(theirs, ours))
}

/// The same where the module is off: what follows its first sentence is whom the installation names.
fn module_off(said: &str) -> String {
    let begins = MODULE_UNAVAILABLE.split_inclusive('.').next().unwrap_or(MODULE_UNAVAILABLE);
    said.split_once(begins).map_or_else(|| said.to_owned(), |(before, _)| format!("{before}{MODULE_OFF}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_the_database_refused_is_in_the_sentence() {
        let said = |reason: Option<&str>| with_reason(&KeyError::Unavailable.to_string(), reason.map(str::to_owned));
        assert_eq!(said(None), UNAVAILABLE);
        for (reason, words) in [
            ("the database failed: (code: 13) database or disk is full", "refused: the database's disk is full. Mend"),
            (
                "the database failed: (code: 8) attempt to write a readonly database",
                "refused: the database can only be read.",
            ),
            ("cannot execute UPDATE in a read-only transaction", "refused: the database can only be read. Mend"),
            (&StoreError::Busy.to_string(), "another program holds the database's write lock. Mend"),
            ("the server closed the connection.", "refused: the server closed the connection. Mend"),
        ] {
            let sentence = said(Some(reason));
            assert!(sentence.contains(words), "{sentence}");
        }
    }

    #[test]
    fn the_operator_is_sent_to_nobody() {
        let all = [
            KeyError::ModuleUnavailable { contact: None }.to_string(),
            KeyError::ModuleUnavailable { contact: "Support at desk@example.com".parse().ok() }.to_string(),
            KeyError::Forbidden.to_string(),
            KeyError::Unavailable.to_string(),
            AdminError::Forbidden.to_string(),
            AdminError::Unavailable.to_string(),
            AdminError::AccountDisabled.to_string(),
            AdminError::LastOwner.to_string(),
            format!("the audit log could not be signed: {}", KeyError::Unavailable),
        ];
        for theirs in all {
            let ours = for_operator(&theirs);
            for words in ["Account Manager", "Support", "Your role", "Ask an owner", "lease try again"] {
                assert!(!ours.contains(words), "{ours}");
            }
        }
    }
}
