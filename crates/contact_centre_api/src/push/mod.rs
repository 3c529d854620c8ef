//! Push: what happens, as it happens, and the same log read by pulling.

use crate::operation::Operation;

/// The routes of push.
pub(crate) static OPERATIONS: &[Operation] = &[];
