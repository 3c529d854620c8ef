//! The audit log as it is read, checked, signed at a start, and made to forget.

mod adopt;
mod check;
mod export;
mod forget;
mod head;
mod list;
mod watch;

pub use export::{AuditExport, AuditFormat};
pub use forget::{ForgetError, Forgotten};
pub use head::{AuditHeadLine, InstallationHead, InvalidHead};
pub use list::AuditView;
pub use watch::AuditState;

/// Entries read at once.
const PAGE: i64 = 1_000;
