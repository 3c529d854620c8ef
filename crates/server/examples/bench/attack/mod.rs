//! What good callers feel while strangers push: `bench --attack [--seconds N]`.
//!
//! The server has core 0; good callers and attackers share core 1, so their own times are in all rows alike, and the first row
//! has no attack. Good callers come from 127.0.0.1, attackers from other addresses of this machine.

mod attacks;
mod callers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use self::{
    attacks::{Attack, Target},
    callers::{Felt, Good},
};
use crate::{Failed, Programs, say};

/// Seconds until an attack is under way.
const BEGINS: Duration = Duration::from_secs(2);

/// What an attack did.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) over: AtomicBool,
    /// Requests that were sent, or connections that were opened.
    pub(crate) acts: AtomicU64,
}

pub(crate) fn measure(programs: &Programs, args: &[String]) -> Result<(), Failed> {
    let seconds = match args.iter().position(|arg| arg == "--seconds") {
        Some(at) => args.get(at + 1).ok_or("--seconds wants a number")?.parse()?,
        None => 10,
    };
    for (name, database) in databases()? {
        say(&format!("{name}, {seconds} s each:\n"));
        on(programs, &database, Duration::from_secs(seconds))?;
    }
    Ok(())
}

fn databases() -> Result<Vec<(&'static str, Option<String>)>, Failed> {
    let mut databases = vec![("SQLite", None)];
    if let Ok(server) = std::env::var("TEST_POSTGRES_URL") {
        databases.push(("PostgreSQL", Some(crate::fresh_postgres(&server, "attack")?)));
    }
    Ok(databases)
}

fn on(programs: &Programs, database: &Option<String>, seconds: Duration) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let file = || format!("sqlite:{}", dir.path().join("keydesk.db").display());
    let database = database.clone().unwrap_or_else(file);
    programs.document(&database, dir.path(), &["init"])?;
    let key = |args: &[&str]| programs.secret(&database, dir.path(), &[&["key", "create"], args].concat());
    let caller = key(&["--client-name", "Caller", "--scope", "calls:read"])?;
    let manager = key(&["--client-name", "Manager", "--scope", "keys:*"])?;
    let server = programs.serve_with(&database, dir.path(), &[])?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    say(Felt::HEAD);
    for attack in Attack::ALL {
        let good = Good::new(server.address, &caller, &manager, seconds)?;
        let done = Arc::new(Done::default());
        let target = Target { address: server.address, manager: manager.clone().into(), done: Arc::clone(&done) };
        runtime.spawn(attack.run(target));
        std::thread::sleep(BEGINS);
        let before = done.acts.load(Relaxed);
        let felt = good.call()?;
        let acts = done.acts.load(Relaxed) - before;
        done.over.store(true, Relaxed);
        say(&felt.row(attack.name(), acts as f64 / seconds.as_secs_f64()));
    }
    runtime.shutdown_timeout(Duration::from_secs(1));
    say("");
    Ok(())
}
