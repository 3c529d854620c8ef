use domain::AuditState;
use model::{AdministratorId, AuditPage, Instant, TimeZone};

use super::filter::Filter;

/// Everything that the page shows.
#[derive(Clone, Debug)]
pub(super) struct AuditLog {
    pub(super) page: AuditPage,
    /// Numbers of entries on the page that are not as they were signed.
    pub(super) altered: Vec<i64>,
    pub(super) state: AuditState,
    /// The signed end, for whoever may export.
    pub(super) head: Option<String>,
    pub(super) may_export: bool,
    /// Whom entries can name.
    pub(super) people: Vec<(AdministratorId, String)>,
    pub(super) filter: Filter,
    /// The field of the filter that can't be read, and why.
    pub(super) problem: Option<(&'static str, String)>,
    pub(super) zone: TimeZone,
    pub(super) now: Instant,
    /// Somebody has just asked to verify the log.
    pub(super) verified: bool,
}
