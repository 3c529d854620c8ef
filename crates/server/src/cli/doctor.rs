use clap::Args;
use domain::Finding;
use serde::Serialize;

use super::{Desk, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    findings: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    what: &'a str,
    ok: bool,
    found: &'a str,
    advice: Option<&'a str>,
}

impl Doctor {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let findings = desk.keydesk.examine().await;
        let bad = findings.iter().filter(|finding| !finding.ok).count();
        if self.format.json {
            output.json(&Report { ok: bad == 0, findings: findings.iter().map(line).collect() })?;
        } else {
            for finding in &findings {
                let mark = if finding.ok { "ok " } else { "BAD" };
                output.line(&format!("{mark}  {}: {}", finding.what, finding.found))?;
                if let Some(advice) = &finding.advice {
                    output.line(&format!("     {advice}"))?;
                }
            }
        }
        match bad {
            0 => Ok(()),
            1 => Err(Failed::new("One finding needs attention.")),
            several => Err(Failed::new(format!("{several} findings need attention."))),
        }
    }
}

fn line(finding: &Finding) -> Line<'_> {
    Line { what: finding.what, ok: finding.ok, found: &finding.found, advice: finding.advice.as_deref() }
}
