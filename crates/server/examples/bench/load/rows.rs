//! The rows of the tables, and the servers that they measure.

use std::path::Path;

use super::{
    keys::Keys,
    neighbours,
    wrk::{Call, Load},
};
use crate::{Failed, Programs, process::Server};

/// One line of a table.
pub(super) struct Row {
    pub(super) what: &'static str,
    /// Which of the servers.
    pub(super) server: usize,
    pub(super) load: Load,
    /// The row that this one is compared with.
    pub(super) base: usize,
}

impl Row {
    /// Whether the keys that are asked about have limits.
    pub(super) fn is_limited(&self) -> bool {
        self.server == KEYDESK_LIMITED
    }

    /// Whether server and generator share their cores.
    pub(super) fn shares_cores(&self) -> bool {
        self.load.cores != GENERATOR
    }
}

/// Connections for most measurements, and for some of them.
const USUAL: u32 = 32;
const UNUSUAL: [u32; 2] = [8, 256];
/// The core of the generator, where it has one of its own.
const GENERATOR: &str = "1";

const KEYDESK: usize = 0;
const BARE: usize = 1;
const BARE_THREADS: usize = 2;
const NGINX: usize = 3;
const HAPROXY: usize = 4;
const KEYDESK_TWO: usize = 5;
const BARE_TWO: usize = 6;
const KEYDESK_LIMITED: usize = 7;
const KEYDESK_UNRECORDED: usize = 8;

/// The servers, all running, and the rows in the order in which they are measured.
pub(super) fn plan(programs: &Programs, [keys, limited]: &[Keys; 2]) -> Result<(Vec<Server>, Vec<Row>), Failed> {
    let keydesk = |cores, keys: &Keys| {
        programs.serve_on(cores, &keys.database(), keys.folder(), &["--config", path(&keys.config())?])
    };
    let bare = |cores, flag: &[&str]| Server::start_on(cores, &programs.empty, &[&["LISTEN"], flag].concat());
    let servers = vec![
        keydesk("0", keys)?,
        bare("0", &["--current-thread"])?,
        bare("0", &[])?,
        neighbours::nginx(keys)?,
        neighbours::haproxy(keys)?,
        keydesk("0,1", keys)?,
        bare("0,1", &[])?,
        keydesk("0", limited)?,
        programs.serve_on("0", &keys.database(), keys.folder(), &["--config", path(&keys.config_without_usage())?])?,
    ];
    let mut rows = Vec::new();
    for connections in [&[USUAL][..], &UNUSUAL].concat() {
        one_core(connections, &mut rows);
    }
    two_cores(&mut rows);
    Ok((servers, rows))
}

/// Of these rows those that say what limits and usage cost, and what those are compared with.
pub(super) fn of_limits(rows: Vec<Row>) -> Vec<Row> {
    let chosen = |row: &Row| {
        let servers = [KEYDESK, BARE, KEYDESK_LIMITED, KEYDESK_UNRECORDED];
        row.load.connections == USUAL && !row.shares_cores() && servers.contains(&row.server)
    };
    let before: Vec<_> = rows.iter().enumerate().filter(|(_, row)| chosen(row)).map(|(at, _)| at).collect();
    let place = |base: usize| before.iter().position(|at| *at == base).unwrap_or_default();
    rows.into_iter().filter(chosen).map(|row| Row { base: place(row.base), ..row }).collect()
}

fn path(path: &Path) -> Result<&str, Failed> {
    Ok(path.to_str().ok_or("no text")?)
}

fn one_core(connections: u32, rows: &mut Vec<Row>) {
    let (by_scope, verify) = (rows.len(), rows.len() + 1);
    let mut row = |what, server, call, base| {
        rows.push(Row { what, server, load: Load { call, connections, threads: 1, cores: GENERATOR }, base });
    };
    row("bare axum, one thread", BARE, Call::ByScope, by_scope);
    row("bare axum, one thread, `POST`", BARE, Call::Verify, verify);
    row("Keydesk `/authz?scope=`", KEYDESK, Call::ByScope, by_scope);
    row("Keydesk verify", KEYDESK, Call::Verify, verify);
    row("nginx `map`", NGINX, Call::ByScope, by_scope);
    row("HAProxy `map`", HAPROXY, Call::ByScope, by_scope);
    row("bare axum, its usual runtime", BARE_THREADS, Call::ByScope, by_scope);
    if connections == USUAL {
        row("Keydesk `/authz`, one of 100 routes", KEYDESK, Call::ByRoute, by_scope);
        let (without, verify_without) = (by_scope + 2, by_scope + 3);
        row("Keydesk `/authz?scope=`, three limits (ratio to none)", KEYDESK_LIMITED, Call::ByScope, without);
        row("Keydesk verify, three limits (ratio to none)", KEYDESK_LIMITED, Call::Verify, verify_without);
        row(
            "Keydesk `/authz?scope=`, usage not recorded (ratio to recorded)",
            KEYDESK_UNRECORDED,
            Call::ByScope,
            without,
        );
        row("Keydesk verify, usage not recorded (ratio to recorded)", KEYDESK_UNRECORDED, Call::Verify, verify_without);
    }
}

fn two_cores(rows: &mut Vec<Row>) {
    for (one, two, what, call) in [
        (KEYDESK, KEYDESK_TWO, "Keydesk `/authz?scope=`", Call::ByScope),
        (KEYDESK, KEYDESK_TWO, "Keydesk verify", Call::Verify),
        (BARE_THREADS, BARE_TWO, "bare axum, its usual runtime", Call::ByScope),
    ] {
        let base = rows.len();
        for (server, threads, cores) in [(one, 1, "0"), (two, 2, "0,1")] {
            let load = Load { call, connections: 2 * USUAL, threads, cores };
            rows.push(Row { what, server, load, base });
        }
    }
}
