use std::{
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;
use store::testing::TestDatabase;
use tokio::process::Command;

use crate::support::{Program, Ran, command, keydesk};

/// A deployment with a key that may do all that callers do.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) data: PathBuf,
    pub(crate) database: String,
    pub(crate) key: String,
}

impl Deployment {
    /// Makes one.
    pub(crate) async fn new(data: &Path, database: &str) -> Self {
        let mut deployment = Self { data: data.to_owned(), database: database.to_owned(), key: String::new() };
        deployment.succeed(&["init"]).await;
        let scopes = ["--scope", "keys:*", "--scope", "calls:*", "--scope", "contacts:*"];
        let create = [&["key", "create", "--client-name", "Caller", "--json"][..], &scopes].concat();
        let made = deployment.succeed(&create).await;
        let made: Value = serde_json::from_slice(&made.stdout).expect("a key");
        made["key"].as_str().expect("a secret").clone_into(&mut deployment.key);
        deployment
    }

    /// Makes one on a database of the tests.
    pub(crate) async fn on(database: &TestDatabase) -> Self {
        Self::new(&database.dir(), database.address()).await
    }

    /// Makes one in a folder.
    pub(crate) async fn in_folder(data: &Path) -> Self {
        Self::new(data, &format!("sqlite:{}", data.join("keydesk.db").display())).await
    }

    /// The same deployment at another place.
    pub(crate) fn moved_to(&self, data: &Path) -> Self {
        let database = format!("sqlite:{}", data.join("keydesk.db").display());
        Self { data: data.to_owned(), database, key: self.key.clone() }
    }

    /// Serves it.
    pub(crate) async fn serve(&self) -> Program {
        self.serve_by(command()).await
    }

    /// The same by a command that runs the binary.
    pub(crate) async fn serve_by(&self, command: Command) -> Program {
        Program::start(command, &self.data, &["--database", &self.database]).await
    }

    /// The same where it may end instead.
    pub(crate) async fn try_serve_by(&self, command: Command) -> Result<Program, Ran> {
        Program::try_start(command, &self.data, &["--database", &self.database]).await
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Output {
        keydesk(&self.data, &[args, &["--database", &self.database]].concat()).await
    }

    /// Likewise; it must succeed.
    pub(crate) async fn succeed(&self, args: &[&str]) -> Output {
        let output = self.run(args).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }
}
