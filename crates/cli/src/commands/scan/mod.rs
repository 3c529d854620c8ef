//! `keydesk scan`: keys where they must not be. What is found is told by its hint, never whole.

mod here;
mod revoke;
mod sarif;
mod server;
mod text;
mod told;
mod whose;

use std::{
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use clap::Args;
use scan::{Finder, Report};
use serde::Serialize;

use self::{
    revoke::{NotRevoked, Outcome, Revoked},
    told::Told,
    whose::{Target, Whose},
};
use super::{Failed, output::Output};
use crate::{
    config::Settings,
    given::{path, printable},
};

/// Something was found.
const FOUND: u8 = 1;
/// Something could not be read, asked or revoked, so that there may be more.
const INCOMPLETE: u8 = 2;

#[derive(Args)]
pub(super) struct Scan {
    /// Files and folders to look in, or - for standard input: `git log -p --all | keydesk scan -` looks in a repository's history
    #[arg(required = true, value_name = "PATH", value_parser = path())]
    paths: Vec<PathBuf>,
    /// Delete the keys that are found and work, or would again. You are asked before, at a terminal
    #[arg(long)]
    revoke: bool,
    /// With --revoke: do not ask
    #[arg(long, requires = "revoke")]
    yes: bool,
    /// Tell only of what works, or would again
    #[arg(long)]
    working: bool,
    /// Ask the Keydesk at this address, and not the database: with a key that has keys:read or keys:verify, and keys:write for --revoke
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The file with that key [default: the variable KEYDESK_KEY]
    #[arg(long, requires = "server", value_name = "FILE", value_parser = path())]
    key_file: Option<PathBuf>,
    /// Certificates in PEM, of authorities that are trusted besides those of browsers
    #[arg(long, requires = "server", value_name = "FILE", value_parser = path())]
    server_ca: Option<PathBuf>,
    /// Ask nobody: tell what has the form of a key that begins with --key-prefix
    #[arg(long, conflicts_with_all = ["server", "revoke", "working"])]
    offline: bool,
    /// Print one JSON document
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0, for code hosts and editors
    #[arg(long)]
    sarif: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    findings: &'a [Told],
    /// Found, and not among the findings, since there were too many.
    left_out: u64,
    scanned: Scanned,
    unread: Vec<NotRead<'a>>,
    unread_count: u64,
    /// Null without `--revoke`.
    revocation: Option<&'a Outcome>,
}

/// In how much was looked.
#[derive(Serialize)]
struct Scanned {
    files: u64,
    bytes: u64,
    /// Compressed files, which were read as they are.
    packed: u64,
    /// Files of a history that git took for no text.
    hidden: u64,
    /// Symbolic links that were not followed.
    links: u64,
    /// Sockets, pipes and devices that were not opened.
    special: u64,
}

#[derive(Serialize)]
struct NotRead<'a> {
    /// Null: standard input.
    path: Option<String>,
    why: &'a str,
}

/// A key to be taken away, and where its first secret was found.
struct Doomed {
    target: Target,
    id: String,
    words: String,
    place: String,
}

impl Scan {
    /// Ends with 0 where nothing was found, 1 where something was, and 2 where that is not all.
    pub(super) async fn run(self, settings: &Settings, output: &mut Output) -> Result<ExitCode, Failed> {
        if self.paths.len() > 1 && self.paths.iter().any(|path| path == Path::new("-")) {
            return Err(Failed::new(
                "- stands for standard input, and stands alone; look in files by a run of their own",
            ));
        }
        let whose = Whose::open(&self, settings).await?;
        let outcome = self.scan(&whose, settings, output).await;
        whose.close().await;
        outcome
    }

    fn reads_input(&self) -> bool {
        self.paths == [Path::new("-")]
    }

    async fn scan(&self, whose: &Whose, settings: &Settings, output: &mut Output) -> Result<ExitCode, Failed> {
        let finder = Finder::new(whose.format(settings)?);
        let (paths, reads_input) = (self.paths.clone(), self.reads_input());
        // Reading takes as long as there is to read.
        let report = tokio::task::spawn_blocking(move || {
            if reads_input {
                return scan::stream(&finder, io::stdin().lock());
            }
            scan::files(&finder, &paths, thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
        });
        let report = report.await?;
        let (mut told, mut doomed) = (Vec::new(), Vec::new());
        for finding in &report.findings {
            let Some((one, target)) = whose.ask(finding).await? else { continue };
            if self.working && !one.state.is_living() {
                continue;
            }
            if let Some(target) = target {
                doom(&mut doomed, target, &one);
            }
            told.push(one);
        }
        if !self.json && !self.sarif {
            text::findings(&told, output)?;
            text::summary(&told, &report, output)?;
        }
        let revocation = if self.revoke { Some(self.revoke(whose, &doomed, output).await?) } else { None };
        self.print(&told, &report, revocation.as_ref(), output)?;
        unread(&report, output);
        let failed = revocation.is_some_and(|outcome| !outcome.failed.is_empty());
        if report.unread_count > 0 || report.left_out > 0 || failed {
            return Ok(ExitCode::from(INCOMPLETE));
        }
        Ok(if told.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
    }

    /// Lists what would be deleted, asks, and deletes it.
    async fn revoke(&self, whose: &Whose, doomed: &[Doomed], output: &mut Output) -> Result<Outcome, Failed> {
        let mut outcome = Outcome::default();
        if doomed.is_empty() {
            return Ok(outcome);
        }
        let list: String = doomed.iter().map(|one| format!("  {}  {}\n", one.id, one.words)).collect();
        let keys = if doomed.len() == 1 { "this key".to_owned() } else { format!("these {} keys", doomed.len()) };
        let question =
            format!("To be deleted:\n{list}Every call with {keys} is refused from then on. Delete {keys}? [y/N] ");
        if !self.yes && !revoke::ask(&question, self.reads_input())? {
            if !self.json && !self.sarif {
                output.line("Nothing was deleted.")?;
            }
            return Ok(outcome);
        }
        for Doomed { target, id, place, .. } in doomed {
            let said = match whose.revoke(target, place).await {
                Ok(Revoked::Now) => {
                    outcome.revoked.push(id.clone());
                    format!("{id}  deleted")
                }
                Ok(Revoked::Before) => format!("{id}  was deleted meanwhile"),
                Err(Failed(why)) => {
                    let said = format!("{id}  not deleted: {why}");
                    outcome.failed.push(NotRevoked { key_id: id.clone(), why });
                    said
                }
            };
            if !self.json && !self.sarif {
                output.line(&said)?;
            }
        }
        Ok(outcome)
    }

    /// Prints the whole as one document, where that is wanted.
    fn print(
        &self,
        told: &[Told],
        report: &Report,
        revocation: Option<&Outcome>,
        output: &mut Output,
    ) -> Result<(), Failed> {
        let done = format!("{} were deleted", revocation.map_or(0, |outcome| outcome.revoked.len()));
        output.told(&done, |output| {
            if self.sarif {
                return Ok(output.json(&sarif::log(told, report))?);
            }
            if self.json {
                return Ok(output.json(&document(told, report, revocation))?);
            }
            Ok(())
        })
    }
}

/// Notes a key to be taken away, once.
fn doom(doomed: &mut Vec<Doomed>, target: Target, told: &Told) {
    if doomed.iter().any(|known| known.target.is_same(&target)) {
        return;
    }
    let id = told.owner.key_id.clone().unwrap_or_default();
    let place = told.places.first().map(text::place).unwrap_or_default();
    doomed.push(Doomed { target, id, words: printable(&format!("{}  {}", told.hint, told.whose())), place });
}

fn document<'a>(told: &'a [Told], report: &'a Report, revocation: Option<&'a Outcome>) -> Document<'a> {
    let Report { files, bytes, packed, hidden, links, special, left_out, unread_count, .. } = *report;
    let unread = report
        .unread
        .iter()
        .map(|one| NotRead { path: one.path.as_ref().map(|path| path.to_string_lossy().into_owned()), why: &one.why });
    Document {
        findings: told,
        left_out,
        scanned: Scanned { files, bytes, packed, hidden, links, special },
        unread: unread.collect(),
        unread_count,
        revocation,
    }
}

/// Says on standard error what could not be read, whatever is printed.
fn unread(report: &Report, output: &mut Output) {
    for one in &report.unread {
        let name = one.path.as_ref().map_or("standard input".to_owned(), |path| path.display().to_string());
        output.fail(&format!("{name} can't be read: {}", one.why));
    }
    let more = report.unread_count.saturating_sub(report.unread.len() as u64);
    if more > 0 {
        output.fail(&format!("{more} more files can't be read"));
    }
    if report.left_out > 0 {
        output.fail(&format!("{} more places hold secrets, and too many were found to keep them all", report.left_out));
    }
}
