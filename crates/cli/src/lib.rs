//! The command line: what flags, variables and the configuration file say, and the commands of the operator.
//!
//! Invariants:
//! - it knows no listener: what `keydesk serve` and `keydesk sandbox` do is handed in by the binary ([`Binary`]);
//! - a command decides nothing: it reads what is asked, calls one verb of `domain` as the operator, and prints;
//! - a secret is printed only by the command that was asked for it, and no argument may hold the database's password;
//! - `apply` prints none: it hands new secrets over to files and commands (`secret_out`), before anything is changed.

mod apply_file;
mod commands;
mod config;
mod docs_entry;
mod events_config;
mod given;
mod leaks_entry;
mod links;
mod logs;
mod mail_entry;
mod oidc_entry;
mod open;
mod otlp;
mod process;
mod routes_file;
mod sandbox_entry;
mod secret_file;
mod secret_out;
mod set_up;
mod usage_entry;

pub use commands::{Binary, main};
pub use config::{Settings, UNNAMED_PROXY};
pub use docs_entry::Docs;
pub use links::Links;
pub use logs::{LostLines, lost_lines};
pub use open::options as open_options;
pub use otlp::Otlp;
pub use sandbox_entry::{Sandbox, Standalone};
pub use set_up::link as set_up_link;
