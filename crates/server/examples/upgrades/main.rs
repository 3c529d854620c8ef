//! The trial of `cargo xtask upgrades`: the folder of what releases left behind, the new binary, and then each old one, are its
//! arguments.
//!
//! On SQLite they follow each other on one file; on PostgreSQL the new one starts beside the old one, as when nodes are replaced
//! one by one. What was told a caller must stay true on both, and what they can't do together must be refused.

#[path = "../bench/http.rs"]
mod http;
mod kept;
mod node;

use std::path::{Path, PathBuf};

use kept::Kept;
use node::{Deployment, Failed, Node};

fn main() -> Result<(), Failed> {
    let mut programs = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = programs.next().ok_or("the folder of releases is missing")?;
    let new = programs.next().ok_or("the new binary is missing")?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut failed = false;
    for old in programs {
        let name = old.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = runtime.block_on(Deployment::on_postgres()).and_then(|on| beside(&old, &new, &on));
        for (what, outcome) in [("after, SQLite", after(&old, &new)), ("beside, PostgreSQL", beside)] {
            failed |= outcome.is_err();
            let said = outcome.unwrap_or_else(|error| format!("FAILED: {error}"));
            say(&format!("{name:<16} {what:<20} {said}"));
        }
        for release in kept::of(&folder, &name)? {
            for on_postgres in [false, true] {
                let outcome =
                    runtime.block_on(release.put_in_place(on_postgres)).and_then(|on| again(&release, &old, &new, &on));
                failed |= outcome.is_err();
                let said = outcome.unwrap_or_else(|error| format!("FAILED: {error}"));
                let what = format!("{}, {}", release.version, if on_postgres { "PostgreSQL" } else { "SQLite" });
                say(&format!("{name:<16} {what:<20} {said}"));
            }
        }
    }
    if failed { Err("an upgrade went wrong".into()) } else { Ok(()) }
}

fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The old one makes keys, the new one takes over, the old one is started on the new tables by mistake, and the new one goes on.
fn after(old: &Path, new: &Path) -> Result<String, Failed> {
    let on = Deployment::on_sqlite()?;
    let node = Node::start(old, &on)?;
    let manager = on.manager(old)?;
    let (stays, goes) = (node.create(&manager, "Stays")?, node.create(&manager, "Goes")?);
    let later = node.create(&manager, "Later")?;
    node.delete(&manager, &goes)?;
    node.until_works(&stays, true)?;
    node.until_works(&goes, false)?;
    node.stop()?;

    let node = Node::start(new, &on)?;
    let check = |node: &Node| {
        node.until_works(&stays, true)?;
        node.until_works(&goes, false)
    };
    check(&node)?;
    node.delete(&manager, &later)?;
    let made = node.create(&manager, "Made by the new one")?;
    node.until_works(&later, false)?;
    node.stop()?;
    on.examine(new)?;

    let refusal = match Node::start(old, &on) {
        Ok(node) => {
            // It may serve if it tells no lies.
            check(&node)?;
            node.until_works(&later, false)?;
            node.stop()?;
            "the old one served on the new tables".to_owned()
        }
        Err(refusal) => format!("the old one was refused: {refusal}"),
    };
    let node = Node::start(new, &on)?;
    check(&node)?;
    node.until_works(&later, false)?;
    node.until_works(&made, true)?;
    node.stop()?;
    on.examine(new)?;
    Ok(refusal)
}

/// What a release left behind: it verifies its own keys, the new one does, and so does the old one once more, if it is not refused.
fn again(release: &Kept, old: &Path, new: &Path, on: &Deployment) -> Result<String, Failed> {
    let node = Node::start(old, on)?;
    release.verify(&node)?;
    node.stop()?;
    let node = Node::start(new, on)?;
    release.verify(&node)?;
    node.stop()?;
    on.examine(new)?;
    let node = match Node::start(old, on) {
        Ok(node) => node,
        Err(refusal) => return Ok(format!("verified by both; once more the old one was refused: {refusal}")),
    };
    release.verify(&node)?;
    node.stop()?;
    Ok("verified by both, and by the old one once more".to_owned())
}

/// Both at once. Whatever one of them acknowledges holds on the other within the time that a revocation may take.
fn beside(old: &Path, new: &Path, on: &Deployment) -> Result<String, Failed> {
    let before = Node::start(old, on)?;
    let manager = on.manager(old)?;
    let stays = before.create(&manager, "Stays")?;
    let (by_new, by_old) =
        (before.create(&manager, "Deleted on the new")?, before.create(&manager, "Deleted on the old")?);
    let now = Node::start(new, on)?;
    now.until_works(&stays, true)?;
    now.delete(&manager, &by_new)?;
    for node in [&now, &before] {
        node.until_works(&by_new, false)?;
        node.until_works(&stays, true)?;
    }
    let made = now.create(&manager, "Made on the new")?;
    now.until_works(&made, true)?;
    let reads = if before.until_works(&made, true).is_ok() { "reads" } else { "does not read" };

    // What the old one can still write, it writes as a whole; what it can't, it refuses.
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    match before.delete(&manager, &by_old) {
        Ok(()) => {
            now.until_works(&by_old, false)?;
            done.push("deletes");
        }
        Err(_) => {
            now.until_works(&by_old, true)?;
            refused.push("to delete");
        }
    }
    match before.create(&manager, "Made on the old") {
        Ok(made) => {
            now.until_works(&made, true)?;
            done.push("creates");
        }
        Err(_) => refused.push("to create"),
    }
    // Its changes after those of the old one.
    now.delete(&manager, &stays)?;
    for node in [&now, &before] {
        node.until_works(&stays, false)?;
    }
    before.stop()?;
    now.stop()?;
    on.examine(new)?;
    let refuses = if refused.is_empty() { String::new() } else { format!(", refuses {}", refused.join(" and ")) };
    Ok(format!("the old one {reads} new keys, {}{refuses}", done.join(" and ")))
}
