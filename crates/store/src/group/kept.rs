use std::collections::BTreeMap;

use model::InstallationId;

use crate::{AuditEnd, AuditHead, inserts::Inserts};

/// By how much the number of an installation's keys grows. A number that was wrong makes no change fail, least of all a
/// deletion; it is counted anew in time ([`crate::installation::RECOUNT_KEYS`]).
pub(crate) const COUNT_KEYS: &str = "UPDATE installation \
     SET key_count = CASE WHEN key_count + $2 < 0 THEN 0 ELSE key_count + $2 END WHERE id = $1";

/// The writes that a group makes once for all its changes, most of them just before COMMIT. Nothing that a caller sends
/// makes them fail.
///
/// Each change has one of its own, which its group takes in when the change is committed. So the writes of a change
/// that is rolled back are forgotten with it.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The ends of audit logs, those that are known.
    ends: BTreeMap<InstallationId, AuditEnd>,
    /// Rows that are written sooner if a later change has to ask the database something, since it must find them there.
    pub(crate) inserts: Inserts,
    /// Audit entries that continue the audit logs, in their order. No change reads them.
    pub(crate) entries: Inserts,
    /// The signed ends of the audit logs that grow: one row for each, however many changes the group has.
    pub(crate) heads: BTreeMap<InstallationId, AuditHead>,
    /// Whether anybody is told of what happens in an installation, where that is known.
    pub(crate) listened: BTreeMap<InstallationId, bool>,
    /// How many events the change has written. Of the change alone: the next one begins anew.
    pub(crate) events: i64,
    /// By how much each installation's number of keys grows.
    pub(crate) counts: BTreeMap<InstallationId, i64>,
}

impl Kept {
    /// The end of an audit log, if it is known.
    pub(crate) fn end(&self, installation: InstallationId) -> Option<&AuditEnd> {
        self.ends.get(&installation)
    }

    /// Remembers the end of an audit log.
    pub(crate) fn set_end(&mut self, installation: InstallationId, end: AuditEnd) {
        self.ends.insert(installation, end);
    }

    /// By how much the number of an installation's keys is to grow.
    pub(crate) fn count(&self, installation: InstallationId) -> i64 {
        self.counts.get(&installation).copied().unwrap_or(0)
    }

    /// Adds to the growth of the number of an installation's keys; a negative number takes back.
    pub(crate) fn add_count(&mut self, installation: InstallationId, more: i64) {
        *self.counts.entry(installation).or_default() += more;
    }

    /// Says by how much the number of an installation's keys is to grow.
    pub(crate) fn set_count(&mut self, installation: InstallationId, more: i64) {
        self.counts.insert(installation, more);
    }

    /// Takes in the writes of a later change.
    pub(crate) fn take_in(&mut self, later: Self) {
        self.ends.extend(later.ends);
        self.heads.extend(later.heads);
        self.listened.extend(later.listened);
        self.inserts.take_in(later.inserts);
        self.entries.take_in(later.entries);
        for (installation, more) in later.counts {
            self.add_count(installation, more);
        }
    }
}
