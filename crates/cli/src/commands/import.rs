use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use clap::Args;
use domain::{Import, ImportOptions, ImportPart, ImportStopped};
use model::{ImportFault, ImportFormat, ImportLine, ImportSummary};
use serde::Deserialize;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{CommandContext, Failed, output::Output};

/// How much of a file is read at once.
const PART: usize = 64 * 1024;
/// Parts that are read ahead.
const AHEAD: usize = 4;

#[derive(Args)]
pub(super) struct ImportKeys {
    /// The file with a row for each key, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Say what would become of the rows, and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Import the rows that can be imported, also where others can't
    #[arg(long)]
    partial: bool,
    /// The form of the rows: csv or ndjson [default: as the file's name ends, or its text begins]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ImportFormat>,
    /// Print what became of each row, a JSON document a line
    #[arg(long)]
    json: bool,
}

/// A line of what became of the rows.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Summary { summary: ImportSummary },
    Line(ImportLine),
}

impl ImportKeys {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let from_stdin = self.file == Path::new("-");
        let format = self.format.or_else(|| ImportFormat::of_file(self.file.file_name()?.to_str()?));
        let options = ImportOptions { format, dry_run: self.dry_run, partial: self.partial };
        let (parts, reading) = if from_stdin {
            read(io::stdin())
        } else {
            read(File::open(&self.file).map_err(|error| self.unreadable(&error))?)
        };
        let mut import = context.keydesk.import(&operator, options, parts).await?;
        let told = self.tell(&mut import, output).await;
        drop(import);
        // Nobody else may be there to remove what was not kept.
        context.keydesk.remove_imports_given_up().await?;
        match told? {
            Ok(summary) if summary.dry_run && summary.left_out() > 0 && !self.partial => {
                Err(ImportFault::RowsRefused { rows: summary.left_out() }.into())
            }
            Ok(_) => Ok(()),
            Err(ImportStopped::Fault(ImportFault::BrokenOff)) => match reading.join() {
                Ok(Err(error)) => Err(self.unreadable(&error)),
                _ => Err(Failed::new("the rows broke off; nothing was kept")),
            },
            Err(stopped) => Err(stopped.into()),
        }
    }

    fn unreadable(&self, error: &io::Error) -> Failed {
        Failed::new(format!("{} can't be read: {error}", self.file.display()))
    }

    /// Prints what becomes of the rows. Of those that were taken, only how many, unless each is wanted.
    async fn tell(
        &self,
        import: &mut Import,
        output: &mut Output,
    ) -> Result<Result<ImportSummary, ImportStopped>, Failed> {
        let (mut pending, mut last) = (Vec::new(), None);
        loop {
            match import.next().await {
                Ok(Some(part)) => pending.extend_from_slice(&part),
                Ok(None) => break,
                Err(stopped) => return Ok(Err(stopped)),
            }
            let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') else { continue };
            let rest = pending.split_off(end + 1);
            let lines = std::mem::replace(&mut pending, rest);
            for line in String::from_utf8_lossy(&lines).lines() {
                let told: Told = serde_json::from_str(line)?;
                if self.json {
                    output.line(line)?;
                }
                match told {
                    Told::Summary { summary } => last = Some(summary),
                    Told::Line(line) if !self.json && line.result.is_left_out() => output.line(&left_out(&line))?,
                    Told::Line(_) => {}
                }
            }
        }
        let summary = last.ok_or_else(|| Failed::new("the import ended without a summary; nothing is known of it"))?;
        if !self.json {
            output.told("the keys were imported", |output| Ok(output.line(&sentence(&summary))?))?;
        }
        Ok(Ok(summary))
    }
}

/// Reads in a thread of its own: for standard input nobody may wait at the end.
fn read(mut from: impl Read + Send + 'static) -> (mpsc::Receiver<ImportPart>, JoinHandle<io::Result<()>>) {
    let (send, receive) = mpsc::channel(AHEAD);
    let reading = thread::spawn(move || {
        let mut buffer = Zeroizing::new(vec![0; PART]);
        loop {
            let part = match from.read(&mut buffer) {
                Ok(0) => ImportPart::End,
                Ok(count) => ImportPart::Bytes(buffer[..count].to_vec()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let was_end = part == ImportPart::End;
            if send.blocking_send(part).is_err() || was_end {
                return Ok(());
            }
        }
    });
    (receive, reading)
}

fn left_out(line: &ImportLine) -> String {
    let ImportLine { line, result, id, code, field } = line;
    let mut text = format!("line {line}: {}", result.as_str());
    if let Some(code) = code {
        text.push_str(&format!(", {}", code.as_str()));
        if let Some(field) = field {
            text.push_str(&format!(" ({field})"));
        }
        text.push_str(&format!(": {}", code.words()));
    }
    if let Some(id) = id {
        text.push_str(&format!(" It is the key {id}."));
    }
    text
}

fn sentence(summary: &ImportSummary) -> String {
    let ImportSummary { rows, imported, unchanged, conflict, exists, refused, dry_run, .. } = summary;
    let begin = if *dry_run { "Nothing was kept. It would be: " } else { "" };
    let rows = if *rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    format!(
        "{begin}{rows}: {imported} imported, {unchanged} unchanged, {conflict} in conflict, {exists} here already, {refused} refused."
    )
}

#[cfg(test)]
mod tests {
    use model::{ImportCode, ImportOutcome};

    use super::*;

    #[test]
    fn lines_are_told_in_words() {
        let line = ImportLine {
            line: 3,
            result: ImportOutcome::Refused,
            id: None,
            code: Some(ImportCode::UnknownScope),
            field: Some("scopes".to_owned()),
        };
        assert_eq!(left_out(&line), "line 3: refused, unknown_scope (scopes): There is no such scope.");
        let read = |text: &str| serde_json::from_str::<Told>(text).ok();
        assert!(matches!(read(&serde_json::to_string(&line).unwrap()), Some(Told::Line(read)) if read == line));
        let summary = ImportSummary { rows: 2, imported: 1, refused: 1, dry_run: true, ..ImportSummary::default() };
        let text = serde_json::json!({ "summary": summary }).to_string();
        assert!(matches!(read(&text), Some(Told::Summary { summary: read }) if read == summary));
        assert_eq!(
            sentence(&summary),
            "Nothing was kept. It would be: 2 rows: 1 imported, 0 unchanged, 0 in conflict, 0 here already, 1 refused."
        );
    }
}
