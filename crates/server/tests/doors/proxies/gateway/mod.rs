//! The gateway behind proxies, with the very files of `docs/proxies/gateway`, and in front of real servers.

mod apis;
mod bodies;
#[path = "../../../../../gate/tests/gateway/cases.rs"]
mod cases;
mod exchange;
mod fronts;
mod load;
mod recorder;
mod smuggling;

use tempfile::TempDir;

use super::gate::Key;
use crate::support::{Program, init};

/// A real Keydesk with a gateway in front of one API, and keys that may read contacts.
struct Gateway {
    program: Program,
    address: String,
    first: Key,
    second: Key,
    _folder: TempDir,
}

/// As the cases want them.
const ROUTES: &str = r#"
[[routes]]
method = "*"
path = "/v1/a/{*rest}"
scope = "contacts:read"

[[routes]]
method = "*"
path = "/v1/a"
scope = "contacts:read"

[[routes]]
method = "*"
path = "/v1/secret"
scope = "data:read"
"#;

impl Gateway {
    /// In front of an API at this address. `more`: what else `[upstreams.live]` says.
    async fn before(url: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("keydesk.toml");
        let trusted = "trusted_proxies = [\"127.0.0.1\"]";
        let file = format!("{trusted}\n[upstreams.live]\nurls = \"{url}\"\n{more}\n{ROUTES}");
        std::fs::write(&config, file).unwrap();
        let config = config.display().to_string();
        init(folder.path(), &[]).await;
        let first = Key::new(folder.path(), &["--client-name", "First", "--scope", "contacts:read"]).await;
        let second = Key::new(folder.path(), &["--client-name", "Second", "--scope", "contacts:read"]).await;
        let args = ["--config", &config, "--gateway-listen", "127.0.0.1:0"];
        let program = Program::serve(folder.path(), &args).await;
        let address = program.line("ready in").await["gateway_address"].as_str().unwrap().to_owned();
        Self { program, address, first, second, _folder: folder }
    }
}
