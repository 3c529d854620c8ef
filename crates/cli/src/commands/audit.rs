use clap::{Args, Subcommand, ValueEnum};
use domain::{AuditChecked, AuditFormat, AuditHeadLine, InstallationHead};
use model::{Action, ActorFilter, AuditQuery, ClientName, Instant, KeyId};
use serde::Serialize;

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Check that no entry of any audit log was altered or removed
    Verify(Verify),
    /// Print the signed ends of the audit logs, to be kept elsewhere
    Head(Format),
    /// Print the audit log of an installation, oldest first
    Export(Export),
}

#[derive(Args)]
pub(super) struct Verify {
    /// A head that was kept elsewhere: the log must still contain it. May be given several times
    #[arg(long = "head", value_name = "HEAD")]
    heads: Vec<AuditHeadLine>,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
pub(super) struct Export {
    /// From this instant on
    #[arg(long, value_name = "INSTANT")]
    from: Option<Instant>,
    /// Before this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<Instant>,
    /// Only this action, for example key.reveal
    #[arg(long)]
    action: Option<Action>,
    /// Only this actor: system, operator, bearer, or the id of a key or of an administrator
    #[arg(long)]
    actor: Option<ActorFilter>,
    /// Only about this key
    #[arg(long, value_name = "ID")]
    key: Option<KeyId>,
    /// Only about keys of this Client Name
    #[arg(long, value_name = "NAME", value_parser = ClientName::parse)]
    client_name: Option<ClientName>,
    /// One JSON object a line, or a table
    #[arg(long, value_enum, default_value_t = ExportFormat::Ndjson)]
    format: ExportFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum ExportFormat {
    Ndjson,
    Csv,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    logs: &'a [AuditChecked],
    /// What is wrong with heads that were given.
    heads: &'a [String],
}

#[derive(Serialize)]
struct Heads<'a> {
    items: &'a [InstallationHead],
}

impl AuditCommand {
    /// An export is written into the log.
    pub(super) fn only_reads(&self) -> bool {
        !matches!(self, Self::Export(_))
    }

    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        match self {
            Self::Verify(verify) => verify.run(context, output).await,
            Self::Head(format) => head(&context.keydesk.audit_heads().await?, &format, output),
            Self::Export(export) => export.run(context, output).await,
        }
    }
}

impl Verify {
    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let logs = context.keydesk.check_audit().await?;
        let mut heads = Vec::new();
        for head in &self.heads {
            heads.extend(context.keydesk.check_audit_head(head).await?);
        }
        let bad = logs.iter().filter(|log| log.broken.is_some()).count() + heads.len();
        if self.format.json {
            output.json(&Report { ok: bad == 0, logs: &logs, heads: &heads })?;
        } else {
            for log in &logs {
                let found = match &log.broken {
                    None => format!("ok   {}: {} entries, unbroken", log.installation, log.entries),
                    Some(broken) => format!("BAD  {}: {broken}", log.installation),
                };
                output.line(&found)?;
            }
            heads.iter().try_for_each(|wrong| output.line(&format!("BAD  {wrong}")))?;
        }
        match bad {
            0 => Ok(()),
            1 => Err(Failed::new("One problem was found in the audit logs.")),
            several => Err(Failed::new(format!("{several} problems were found in the audit logs."))),
        }
    }
}

fn head(heads: &[InstallationHead], format: &Format, output: &mut Output) -> Result<(), Failed> {
    if format.json {
        output.json(&Heads { items: heads })?;
    } else {
        let there = heads.iter().filter_map(|head| head.head.as_ref().map(|line| (head, line)));
        there.into_iter().try_for_each(|(head, line)| output.line(&format!("{} {line}", head.installation)))?;
    }
    match heads.iter().find(|head| head.head.is_none()) {
        None => Ok(()),
        Some(head) => Err(Failed::new(format!(
            "The signed end of the audit log of {} is missing or wrong; run keydesk audit verify.",
            head.installation
        ))),
    }
}

impl Export {
    async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let Self { from, to, action, actor, key, client_name: client, format } = self;
        let query = AuditQuery { from, to, action, actor, key, client, ..AuditQuery::default() };
        let format = match format {
            ExportFormat::Ndjson => AuditFormat::Ndjson,
            ExportFormat::Csv => AuditFormat::Csv,
        };
        let mut export = context.keydesk.export_audit(&context.operator().await?, &query, format);
        while let Some(part) = export.next().await? {
            if output.is_left() {
                break;
            }
            output.text(&part)?;
        }
        Ok(())
    }
}
