//! Server functions, one a file. They are called under `/api/_fn`, by POST, from our own pages only.

mod module_state;

pub use module_state::{Availability, ModuleState, module_state};
