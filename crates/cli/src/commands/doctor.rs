use clap::Args;
use domain::Finding;
use model::{Actor, Person, PersonStatus, Role};
use serde::Serialize;

use super::{CommandContext, Failed, Format, output::Output};
use crate::{
    config::{ServeFlags, UNNAMED_PROXY},
    set_up,
};

const NO_OWNER: &str = "nobody can manage people or the Default API Key; `keydesk admin create --role owner` makes an owner, \
                        and `keydesk admin set-role` makes an administrator an owner";

#[derive(Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    pub(super) serve: ServeFlags,
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
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let mut findings = context.keydesk.examine().await;
        findings.push(administrators(context).await);
        findings.extend(proxies(context));
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

/// How many owners can sign in. `None`: that can't be read.
async fn owners(context: &CommandContext) -> Option<usize> {
    let people = context.keydesk.people(&context.operator().await.ok()?).await.ok()?;
    let owner = |person: &&Person| person.role == Role::Owner && person.status == PersonStatus::Active;
    Some(people.iter().filter(owner).count())
}

/// Programs can use an installation without administrators, so this is no fault.
async fn administrators(context: &CommandContext) -> Finding {
    const WHAT: &str = "administrators";
    let link = set_up::link(&context.keydesk, Actor::Operator, &context.installation, &context.links).await;
    let (found, advice) = match link {
        Some((link, ends_at)) => {
            let found = format!("none yet; the set-up link works until {ends_at}");
            let note = context.links.note().map(|note| format!(" ({note})")).unwrap_or_default();
            (found, Some(format!("to make the first owner, open {link}{note}")))
        }
        None => match owners(context).await {
            Some(0) => ("no owner who can sign in".to_owned(), Some(NO_OWNER.to_owned())),
            Some(_) => ("at least one owner".to_owned(), None),
            None => return Finding { what: WHAT, ok: false, found: "they can't be read".to_owned(), advice: None },
        },
    };
    Finding { what: WHAT, ok: true, found, advice }
}

/// Whether client addresses can be trusted behind the https proxy. Nobody is kept out where they can't, so it is no fault.
fn proxies(context: &CommandContext) -> Option<Finding> {
    let advice = Some(UNNAMED_PROXY.to_owned());
    context.behind_unnamed_proxy.then(|| Finding { what: "proxy", ok: true, found: "not trusted".to_owned(), advice })
}

fn line(finding: &Finding) -> Line<'_> {
    Line { what: finding.what, ok: finding.ok, found: &finding.found, advice: finding.advice.as_deref() }
}
