use clap::Args;
use domain::{USAGE_GROUPS_MAX, UsageAsked, UsageFormat};
use model::{
    ClientName, ClientNameError, Environment, Instant, KeyId, Scope, UsageFilter, UsageGroup, UsagePoint, UsageRange,
    UsageStep,
};
use serde::Serialize;

use super::{CommandContext, Failed, Format, ZoneFlag, output::Output};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Args)]
pub(super) struct Usage {
    /// From this instant on [default: 24 hours before the end]
    #[arg(long, value_name = "INSTANT")]
    from: Option<Instant>,
    /// Before this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    to: Option<Instant>,
    /// How long a point is: minute, quarter, hour or day
    #[arg(long, default_value_t = UsageStep::Hour)]
    step: UsageStep,
    /// By what calls are told apart: key, client, code, scope or environment
    #[arg(long, value_name = "GROUP")]
    group_by: Option<UsageGroup>,
    /// Only calls with this key
    #[arg(long, value_name = "ID")]
    key: Option<KeyId>,
    /// Only calls with keys of this Client Name
    #[arg(long, value_name = "NAME", value_parser = client)]
    client: Option<ClientName>,
    /// Only calls with live or test keys
    #[arg(long)]
    environment: Option<Environment>,
    /// Only calls that wanted this scope
    #[arg(long)]
    scope: Option<Scope>,
    #[command(flatten)]
    zone: ZoneFlag,
    #[command(flatten)]
    format: Format,
}

fn client(text: &str) -> Result<ClientName, ClientNameError> {
    ClientName::parse(text)
}

#[derive(Serialize)]
struct Points {
    points: Vec<UsagePoint>,
}

impl Usage {
    /// A table, of groups by key whole; as JSON what REST answers, its first page.
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let (keydesk, operator) = (&context.keydesk, context.operator().await?);
        let to = self.to.unwrap_or_else(|| keydesk.now());
        let range = UsageRange::new(self.from.unwrap_or_else(|| to.plus_millis(-DAY_MS)), to, self.step);
        let range = range.map_err(|error| Failed::new(format!("--from {error}.")))?;
        let filter = UsageFilter {
            key: self.key,
            client: self.client,
            environment: self.environment,
            code: None,
            scope: self.scope,
        };
        let zone = context.time_zone(self.zone.time_zone).await?;
        if !self.format.json {
            let asked = UsageAsked { range, filter, zone, group: self.group_by };
            let mut export = keydesk.export_usage(&operator, asked, UsageFormat::Csv);
            while let Some(part) = export.next().await? {
                if output.is_left() {
                    break;
                }
                output.text(&String::from_utf8_lossy(&part))?;
            }
            return Ok(());
        }
        match self.group_by {
            None => {
                let points = keydesk.usage_points(&operator, range, &filter, &zone).await?;
                output.json(&Points { points })?;
            }
            Some(group) => {
                let page = (None, USAGE_GROUPS_MAX);
                output.json(&keydesk.usage_groups(&operator, range, &filter, &zone, group, page).await?)?;
            }
        }
        Ok(())
    }
}
