use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use domain::{Cleaned, OpenOptions, Restoring, Revocation, RevokedSince};
use serde::Serialize;

use super::{Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct Restore {
    /// The backup, as `keydesk backup` writes it
    #[arg(required_unless_present = "after")]
    file: Option<PathBuf>,
    /// Make a database ready that another tool has restored, such as pg_restore
    #[arg(long, conflicts_with = "file")]
    after: bool,
    /// Whether to revoke again what was revoked since the backup [default: a terminal is asked, else yes]
    #[arg(long, value_enum, value_name = "ANSWER", conflicts_with = "after")]
    revoke_again: Option<Answer>,
    /// Whether to restore a file that somebody has altered outside Keydesk [default: a terminal is asked, else no]
    #[arg(long, value_enum, value_name = "ANSWER", conflicts_with = "after")]
    altered: Option<Answer>,
    #[command(flatten)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Answer {
    Yes,
    No,
}

#[derive(Serialize)]
struct Report<'a> {
    replaced: Option<String>,
    /// What somebody has altered in the backup.
    altered: &'a [String],
    entries_lost: Option<i64>,
    installations_lost: &'a [String],
    revoked_since: Option<&'a [RevokedSince]>,
    /// Why the list may be too short.
    doubts: &'a [String],
    revoked_again: u64,
    /// Those that would leave an installation without an owner.
    not_revoked: u64,
    sessions_ended: u64,
    links_withdrawn: u64,
    answers_dropped: u64,
}

impl Restore {
    pub(super) async fn run(self, options: OpenOptions, output: &mut Output) -> Result<(), Failed> {
        let Some(file) = &self.file else { return after(options, &self.format, output).await };
        let restoring = Restoring::prepare(options, file).await?;
        let known = Known::of(&restoring);
        self.ask_about_altered(&known.altered, output)?;
        let revoked = known.since.as_deref().unwrap_or_default();
        let can_be_made = revoked.iter().any(|one| !one.by_hand);
        if !self.format.json {
            print_lost(&known, output).map_err(nothing_restored)?;
        }
        let revoke_again = match self.revoke_again {
            Some(answer) => answer == Answer::Yes,
            None if !can_be_made => true,
            None if self.may_ask() => ask("Revoke them again? [Y/n] ", true)?,
            None => {
                if !self.format.json {
                    let printed = output.line("There is no terminal to ask at, so they are revoked again.");
                    printed.map_err(|error| nothing_restored(error.into()))?;
                }
                true
            }
        };
        let restored = restoring.finish(revoke_again).await?;
        let replaced = restored.aside.map(|aside| aside.display().to_string());
        let cleaned = restored.cleaned;
        let mut done = format!("{} is restored", file.display());
        if cleaned.not_revoked > 0 {
            let _ = write!(done, ", {} were not revoked again", cleaned.not_revoked);
        }
        if let Some(replaced) = &replaced {
            let _ = write!(done, ", the replaced database is kept as {replaced}");
        }
        output.told(&done, |output| self.print(file, &known, revoke_again, replaced, cleaned, output))
    }

    /// Prints what was done.
    fn print(
        &self,
        file: &Path,
        known: &Known,
        revoke_again: bool,
        replaced: Option<String>,
        cleaned: Cleaned,
        output: &mut Output,
    ) -> Result<(), Failed> {
        let revoked = known.since.as_deref().unwrap_or_default();
        let can_be_made = revoked.iter().any(|one| !one.by_hand);
        if self.format.json {
            return Ok(output.json(&known.report(replaced, cleaned))?);
        }
        if can_be_made {
            output.line(if revoke_again { "They are revoked again." } else { "They work again, as in the backup." })?;
        }
        if cleaned.not_revoked > 0 {
            output.line(&format!(
                "Not revoked: {}, because an installation would have no owner left who can sign in. Create another owner, then revoke them by hand.",
                cleaned.not_revoked
            ))?;
        }
        let passwords = |one: &RevokedSince| one.how == Revocation::PasswordChanged;
        if revoke_again && revoked.iter().any(passwords) {
            output.line("Passwords that were changed since the backup no longer work. Make a link for a new one with `keydesk admin reset-password`.")?;
        }
        print_cleaned(cleaned, output)?;
        output.line(&format!("{} is restored.", file.display()))?;
        if let Some(replaced) = replaced {
            output
                .line(&format!("The replaced database is kept as {replaced}. Remove it when you no longer need it."))?;
        }
        Ok(())
    }
}

impl Restore {
    fn may_ask(&self) -> bool {
        !self.format.json && io::stdin().is_terminal()
    }

    /// Goes on with a file that was altered only if somebody says so.
    fn ask_about_altered(&self, altered: &[String], output: &mut Output) -> Result<(), Failed> {
        if altered.is_empty() {
            return Ok(());
        }
        if !self.format.json {
            print_altered(altered, output).map_err(nothing_restored)?;
        }
        let go_on = match self.altered {
            Some(answer) => answer == Answer::Yes,
            None if self.may_ask() => ask("Restore it all the same? [y/N] ", false)?,
            None => false,
        };
        if go_on {
            return Ok(());
        }
        Err(Failed::new(format!(
            "this backup was altered outside Keydesk, or its log can't be checked ({}), so nothing was restored; use another backup, or pass --altered yes.",
            altered.join("; ")
        )))
    }
}

/// What is known before the backup is put in place.
#[derive(Default)]
struct Known {
    altered: Vec<String>,
    entries_lost: Option<i64>,
    installations_lost: Vec<String>,
    since: Option<Vec<RevokedSince>>,
    doubts: Vec<String>,
}

impl Known {
    fn of(restoring: &Restoring) -> Self {
        Self {
            altered: restoring.altered().to_vec(),
            entries_lost: restoring.entries_lost(),
            installations_lost: restoring.installations_lost(),
            since: restoring.revoked_since().map(<[RevokedSince]>::to_vec),
            doubts: restoring.doubts().to_vec(),
        }
    }

    fn report(&self, replaced: Option<String>, cleaned: Cleaned) -> Report<'_> {
        Report {
            replaced,
            altered: &self.altered,
            entries_lost: self.entries_lost,
            installations_lost: &self.installations_lost,
            revoked_since: self.since.as_deref(),
            doubts: &self.doubts,
            revoked_again: cleaned.revoked,
            not_revoked: cleaned.not_revoked,
            sessions_ended: cleaned.sessions,
            links_withdrawn: cleaned.handovers + cleaned.account_links,
            answers_dropped: cleaned.answers,
        }
    }
}

async fn after(options: OpenOptions, format: &Format, output: &mut Output) -> Result<(), Failed> {
    let cleaned = domain::after_restore(options).await?;
    let done = "the restored database was made ready, and everything revoked since the backup works again";
    output.told(done, |output| {
        if format.json {
            return Ok(output.json(&Known::default().report(None, cleaned))?);
        }
        print_cleaned(cleaned, output)?;
        Ok(output.line("Everything revoked since the backup works again. Keydesk has no list of it; compare with your exported audit log.")?)
    })
}

/// A failure before anything is restored.
fn nothing_restored(Failed(said): Failed) -> Failed {
    Failed::new(format!("{said}, so nothing was restored"))
}

fn print_altered(altered: &[String], output: &mut Output) -> Result<(), Failed> {
    output.line(
        "This backup was altered outside Keydesk, or its log can't be checked, so its content can't be trusted:",
    )?;
    Ok(altered.iter().try_for_each(|what| output.line(&format!("  {what}")))?)
}

/// Prints what the backup does not have.
fn print_lost(known: &Known, output: &mut Output) -> Result<(), Failed> {
    let Some(since) = &known.since else {
        output.line(
            "There is no database here that can be read, so Keydesk has no list of what was revoked since the backup.",
        )?;
        return Ok(());
    };
    let lost = known.entries_lost.unwrap_or_default();
    output.line(&format!("The audit log has {lost} entries that the backup does not have."))?;
    if !known.installations_lost.is_empty() {
        let names = known.installations_lost.join(" ");
        output.line(&format!("The backup does not have these installations: {names}"))?;
    }
    if !known.doubts.is_empty() {
        let doubts = known.doubts.join("; ");
        output.line(&format!("The list below may be incomplete: {doubts}."))?;
    }
    if since.is_empty() {
        output.line("Nothing was revoked since the backup.")?;
        return Ok(());
    }
    for (by_hand, head) in [(false, "Revoked since the backup:"), (true, "Changed since the backup; repeat by hand:")] {
        let rows: Vec<_> = since.iter().filter(|one| one.by_hand == by_hand).map(row).collect();
        if !rows.is_empty() {
            output.line(head)?;
            output.table(["INSTALLATION", "ID", "NAME", "HOW", "AT"], &rows)?;
        }
    }
    Ok(())
}

fn row(one: &RevokedSince) -> [String; 5] {
    let id = one.key_id.map(|id| id.to_string()).or(one.administrator_id.map(|id| id.to_string()));
    let (id, how) = (id.unwrap_or_else(|| "-".to_owned()), one.how.as_str().to_owned());
    [one.installation.clone(), id, one.name.clone(), how, one.at.to_string()]
}

fn print_cleaned(cleaned: Cleaned, output: &mut Output) -> Result<(), Failed> {
    let Cleaned { sessions, handovers, account_links, answers, .. } = cleaned;
    Ok(output.line(&format!(
        "Sessions ended: {sessions}. Hand-over links withdrawn: {handovers}. Invitations and links for new passwords withdrawn: {account_links}. Kept answers dropped: {answers}."
    ))?)
}

/// Asks at the terminal. Whoever only presses Enter takes what is `usual`.
fn ask(question: &str, usual: bool) -> Result<bool, Failed> {
    let mut out = io::stdout();
    loop {
        let asked = write!(out, "{question}").and_then(|()| out.flush());
        asked.map_err(|error| nothing_restored(Failed::new(format!("the question can't be printed: {error}"))))?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            return Err(Failed::new("No answer was given, so nothing was restored."));
        }
        if let Some(answer) = understood(&line, usual) {
            return Ok(answer);
        }
    }
}

fn understood(line: &str, usual: bool) -> Option<bool> {
    match line.trim().to_ascii_lowercase().as_str() {
        "" => Some(usual),
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_neither_yes_nor_no_is_asked_for_again() {
        for (line, expected) in
            [("\n", Some(true)), ("Y\n", Some(true)), ("yes", Some(true)), (" N \n", Some(false)), ("perhaps\n", None)]
        {
            assert_eq!(understood(line, true), expected, "{line:?}");
        }
        assert_eq!(understood("\n", false), Some(false));
    }
}
