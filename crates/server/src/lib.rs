//! The binary: listeners, their start and end, and the composition of all other rooms.
//!
//! Invariants:
//! - it decides nothing: `gate`, `api` and `app` answer calls, and only `domain` changes anything;
//! - every answer passes [`edge::Edge`], whichever room gave it;
//! - the REST API knows keys and no cookies; the browser's server functions know cookies and no keys.

mod assets;
mod dispatcher;
mod documentation;
mod listen;
mod metrics_page;
mod process;
mod router;
mod sandbox;
mod sbom;
mod serve;
mod telemetry;

pub use dispatcher::Dispatcher;
pub use gate::Gateway;
pub use router::{dispatcher, dispatcher_behind, endpoints, operations};

/// Runs the command that the arguments name. To be called at the start of the program, before it has any other thread.
pub fn main() -> std::process::ExitCode {
    cli::main(cli::Binary { serve: serve::run, sandbox: sandbox::run, contents: &sbom::SECTION })
}
