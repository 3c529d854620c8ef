use model::{ImportCode, ImportOutcome, Instant, KeyId, KeyLife, RowFault};

use super::{
    draft::{Draft, fault},
    found::{Found, Here},
    seen::Seen,
};
use crate::settings_rules::require_within_life;

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is a new key.
    New,
    /// There is none.
    None { result: ImportOutcome, id: Option<KeyId>, code: Option<ImportCode>, field: Option<String> },
}

impl Fate {
    pub(super) fn refused(RowFault { code, field }: RowFault) -> Self {
        Self::None { result: ImportOutcome::Refused, id: None, code: Some(code), field }
    }

    fn here(result: ImportOutcome, id: Option<KeyId>, code: Option<ImportCode>) -> Self {
        Self::None { result, id, code, field: None }
    }

    /// The key was imported before, by a row of this import or another.
    fn before(id: Option<KeyId>, before: u64, now: u64) -> Self {
        match before == now {
            true => Self::here(ImportOutcome::Unchanged, id, None),
            false => Self::here(ImportOutcome::Conflict, id, Some(ImportCode::DifferentSettings)),
        }
    }

    /// What becomes of this row, after those that were seen, beside what was found. `longest`: within how many days a new key must end.
    pub(super) fn of(draft: &Draft, seen: &Seen, found: &Found, longest: Option<KeyLife>, now: Instant) -> Self {
        if let Some(before) = seen.find(draft) {
            return Self::before(before.id, before.print, draft.print);
        }
        let exists = |id, code| Self::here(ImportOutcome::Exists, id, Some(code));
        match found.of(&draft.forms) {
            Some(Here::Imported { id, print, endless }) => {
                let before = if draft.ends_by_rule { endless } else { print };
                return Self::before(Some(id), before, draft.print);
            }
            Some(Here::Issued(id)) => return exists(Some(id), ImportCode::IssuedHere),
            Some(Here::Deleted(id)) => return exists(Some(id), ImportCode::DeletedHere),
            Some(Here::Elsewhere) => return exists(None, ImportCode::Elsewhere),
            None => {}
        }
        let refused = |code, field: &str| Self::refused(RowFault { code, field: Some(field.to_owned()) });
        if draft.settings.expires_at.is_some_and(|end| end <= now) {
            return refused(ImportCode::AlreadyExpired, "expires_at");
        }
        if let Err(error) = require_within_life(longest, None, draft.settings.expires_at, now) {
            return Self::refused(fault(&error));
        }
        if draft.slow_prefix().is_some_and(|prefix| seen.is_crowded(prefix)) {
            return refused(ImportCode::PrefixCrowded, "prefix");
        }
        Self::New
    }
}
