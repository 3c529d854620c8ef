//! A throwaway PostgreSQL for tests, from whatever is installed.

use crate::lifeline::{Lifeline, Owner, Stop};
use crate::process::{self, Failure, Result};
use crate::step::say;
use crate::{apt, lint, port, scratch};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// The variable in which tests find it.
pub(crate) const URL: &str = "TEST_POSTGRES_URL";

/// A PostgreSQL with us as superuser. When this is dropped, it is stopped and its data removed.
pub(crate) struct Postgres {
    pub(crate) url: String,
    _cluster: Option<Lifeline>,
}

/// `cargo xtask postgres -- COMMAND`
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let Some((program, args)) = words.split_first() else {
        return Err(Failure::new("say what to run: `cargo xtask postgres -- cargo nextest run -p store`"));
    };
    let postgres = start()?;
    let mut command = process::command(program);
    // Else cargo would compile anew what `cargo xtask test` has compiled.
    lint::compile_with(&mut command);
    let status = command
        .args(args)
        .env(URL, &postgres.url)
        .status()
        .map_err(|error| Failure::new(format!("`{program}` could not be started: {error}")))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The PostgreSQL that the environment names, else a new one.
pub(crate) fn start() -> Result<Postgres> {
    if let Ok(url) = std::env::var(URL) {
        return Ok(Postgres { url, _cluster: None });
    }
    let programs = programs()?;
    let owner = if apt::is_root() { Some(owner()?) } else { None };
    let folder = folder(owner)?;
    init(&programs, &folder, owner)?;
    let port = port::free()?;
    let log = folder.join("log");
    let mut lifeline = Lifeline::start(&server(&programs, &folder, port), Stop::AtOnce, &folder, owner)?;
    wait_until_ready(&programs, port, &mut lifeline, &log)?;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    say(&format!("  PostgreSQL at {url}"));
    Ok(Postgres { url, _cluster: Some(lifeline) })
}

/// Installs what `start` will need, if it needs anything.
pub(crate) fn fetch() -> Result<()> {
    if std::env::var_os(URL).is_some() { Ok(()) } else { programs().map(drop) }
}

/// The folder with `initdb` and `postgres`, newest release first.
fn programs() -> Result<PathBuf> {
    if let Some(found) = installed() {
        return Ok(found);
    }
    if apt::available() {
        apt::install(&["postgresql"])?;
    }
    installed().ok_or_else(|| {
        Failure::new(format!(
            "no PostgreSQL here: install it (on Debian `apt-get install postgresql`), or name one in {URL}"
        ))
    })
}

fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .max();
    if let Some((_, bin)) = newest {
        return Some(bin);
    }
    let bin = PathBuf::from(process::capture(process::command("pg_config").arg("--bindir")).ok()?.trim());
    bin.join("initdb").is_file().then_some(bin)
}

/// PostgreSQL refuses to run as root; its package makes a user for it.
fn owner() -> Result<Owner> {
    let id = |flag: &str| -> Result<u32> {
        process::capture(process::command("id").args([flag, "postgres"]))?
            .trim()
            .parse()
            .map_err(|_| Failure::new("`id postgres` is not a number"))
    };
    Ok(Owner { uid: id("-u")?, gid: id("-g")? })
}

/// Not below the workspace, which PostgreSQL's user may be unable to read.
fn folder(owner: Option<Owner>) -> Result<PathBuf> {
    let folder = scratch::folder().join(format!("keydesk-postgres-{}", std::process::id()));
    fs::create_dir(&folder).map_err(Failure::at(&folder))?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(Failure::at(&folder))?;
    if let Some(owner) = owner {
        chown(&folder, Some(owner.uid), Some(owner.gid)).map_err(Failure::at(&folder))?;
    }
    Ok(folder)
}

fn init(programs: &Path, folder: &Path, owner: Option<Owner>) -> Result<()> {
    use std::os::unix::process::CommandExt;
    // Trigrams and case folding follow the database's character type, so a plain `C` would test something else.
    let locale = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };
    let mut initdb = process::command(programs.join("initdb"));
    initdb
        .current_dir(folder)
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale", locale, "--pgdata"])
        .arg(folder.join("data"));
    if let Some(owner) = owner {
        initdb.uid(owner.uid).gid(owner.gid);
    }
    process::capture(&mut initdb).map(drop)
}

/// Durability is not under test, and it would make every test wait for the disk.
fn server(programs: &Path, folder: &Path, port: u16) -> Command {
    let mut server = Command::new(programs.join("postgres"));
    server.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    for setting in [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "autovacuum=off",
        "jit=off",
        "max_connections=300",
        "dynamic_shared_memory_type=mmap",
        "logging_collector=on",
        "log_filename=log",
    ] {
        server.args(["-c", setting]);
    }
    server.args(["-c", &format!("log_directory={}", folder.display())]);
    server
}

fn wait_until_ready(programs: &Path, port: u16, lifeline: &mut Lifeline, log: &Path) -> Result<()> {
    let patience = Instant::now() + Duration::from_secs(60);
    let port = port.to_string();
    let mut ready = process::command(programs.join("pg_isready"));
    ready.args(["-q", "-h", "127.0.0.1", "-p", &port, "-t", "1"]);
    loop {
        if process::capture(&mut ready).is_ok() {
            return Ok(());
        }
        let ended = !matches!(lifeline.ended(), Ok(None));
        if ended || Instant::now() > patience {
            let log = fs::read_to_string(log).unwrap_or_default();
            let last = log.lines().last().unwrap_or("it left no log");
            return Err(Failure::new(format!("the throwaway PostgreSQL did not start: {last}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
