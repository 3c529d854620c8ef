use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use domain::{Cleaned, OpenOptions, Restoring, RevokedSince};
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
    entries_lost: Option<i64>,
    revoked_since: Option<&'a [RevokedSince]>,
    revoked_again: u64,
    sessions_ended: u64,
    links_withdrawn: u64,
    answers_dropped: u64,
}

impl Restore {
    pub(super) async fn run(self, options: OpenOptions, output: &mut Output) -> Result<(), Failed> {
        let Some(file) = self.file else { return after(options, &self.format, output).await };
        let restoring = Restoring::prepare(options, &file).await?;
        let (entries_lost, since) = (restoring.entries_lost(), restoring.revoked_since().map(<[RevokedSince]>::to_vec));
        let revoked = since.as_deref().unwrap_or_default();
        if !self.format.json {
            tell(entries_lost, since.as_deref(), output)?;
        }
        let revoke_again = match self.revoke_again {
            Some(answer) => answer == Answer::Yes,
            None if revoked.is_empty() => true,
            None if !self.format.json && io::stdin().is_terminal() => ask()?,
            None => {
                if !self.format.json {
                    output.line("Nobody can be asked, so they are revoked again.")?;
                }
                true
            }
        };
        let restored = restoring.finish(revoke_again).await?;
        let replaced = restored.aside.map(|aside| aside.display().to_string());
        let cleaned = restored.cleaned;
        if self.format.json {
            return Ok(output.json(&report(replaced, entries_lost, since.as_deref(), cleaned))?);
        }
        if !revoked.is_empty() {
            output.line(if revoke_again { "They are revoked again." } else { "They work again, as in the backup." })?;
        }
        said(cleaned, output)?;
        output.line(&format!("{} is restored.", file.display()))?;
        if let Some(replaced) = replaced {
            output
                .line(&format!("The database of before is kept in {replaced}; remove it when you need it no more."))?;
        }
        Ok(())
    }
}

async fn after(options: OpenOptions, format: &Format, output: &mut Output) -> Result<(), Failed> {
    let cleaned = domain::after_restore(options).await?;
    if format.json {
        return Ok(output.json(&report(None, None, None, cleaned))?);
    }
    said(cleaned, output)?;
    output.line("What was revoked since the backup works again, and nobody here knows what that was: look for it.")?;
    Ok(())
}

fn report(
    replaced: Option<String>,
    entries_lost: Option<i64>,
    revoked_since: Option<&[RevokedSince]>,
    cleaned: Cleaned,
) -> Report<'_> {
    Report {
        replaced,
        entries_lost,
        revoked_since,
        revoked_again: cleaned.revoked,
        sessions_ended: cleaned.sessions,
        links_withdrawn: cleaned.handovers + cleaned.account_links,
        answers_dropped: cleaned.answers,
    }
}

/// Says what the backup does not know.
fn tell(entries_lost: Option<i64>, since: Option<&[RevokedSince]>, output: &mut Output) -> Result<(), Failed> {
    let Some(since) = since else {
        output
            .line("There is no database here that can be read, so nobody knows what was revoked since the backup.")?;
        return Ok(());
    };
    let lost = entries_lost.unwrap_or_default();
    output.line(&format!("The audit log has {lost} entries that the backup does not have."))?;
    if since.is_empty() {
        output.line("Nothing was revoked since the backup.")?;
        return Ok(());
    }
    output.line("Revoked since, and working in the backup:")?;
    let row = |one: &RevokedSince| {
        let name = one.client_name.as_str().to_owned();
        [one.installation.clone(), one.key_id.to_string(), name, one.how.as_str().to_owned(), one.at.to_string()]
    };
    Ok(output.table(["INSTALLATION", "ID", "CLIENT NAME", "HOW", "AT"], &since.iter().map(row).collect::<Vec<_>>())?)
}

fn said(cleaned: Cleaned, output: &mut Output) -> Result<(), Failed> {
    let Cleaned { sessions, handovers, account_links, answers, .. } = cleaned;
    Ok(output.line(&format!(
        "Sessions ended: {sessions}. Hand-over links withdrawn: {handovers}. Invitations and links for new passwords withdrawn: {account_links}. Kept answers dropped: {answers}."
    ))?)
}

/// The one question. Whoever only presses Enter has them revoked again.
fn ask() -> Result<bool, Failed> {
    let mut out = io::stdout();
    loop {
        write!(out, "Revoke them again? [Y/n] ")?;
        out.flush()?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            return Err(Failed::new("Nothing was answered, so nothing is restored."));
        }
        if let Some(answer) = understood(&line) {
            return Ok(answer);
        }
    }
}

fn understood(line: &str) -> Option<bool> {
    match line.trim().to_ascii_lowercase().as_str() {
        "" | "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_yes_no_or_asked_again() {
        for (line, expected) in
            [("\n", Some(true)), ("Y\n", Some(true)), ("yes", Some(true)), (" N \n", Some(false)), ("perhaps\n", None)]
        {
            assert_eq!(understood(line), expected, "{line:?}");
        }
    }
}
