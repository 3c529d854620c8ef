use clap::Args;
use model::{Attention, Environment, Instant, Key, KeyPage, KeyStatus, ListQuery, Preset, TimeZone};

use super::{CommandContext, Failed, Format, ZoneFlag, output::Output};

#[derive(Args)]
pub(super) struct KeyList {
    /// Only keys whose name, owner, notes or metadata hold these words, or whose id or end of hint this is
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    search: String,
    /// Only active, disabled, expired or revoked keys; revoked are those that can be restored
    #[arg(long)]
    status: Option<KeyStatus>,
    /// Only live or test keys
    #[arg(long)]
    environment: Option<Environment>,
    /// Only keys of this preset
    #[arg(long)]
    preset: Option<Preset>,
    /// Only keys that have not expired yet, and will before this instant
    #[arg(long, value_name = "INSTANT")]
    expiring_before: Option<Instant>,
    /// Only keys that work and will expire within 14 days (ending_soon), were used and not for 90 days (unused), were never_used, or
    /// never_handed_over
    #[arg(long)]
    attention: Option<Attention>,
    #[command(flatten)]
    zone: ZoneFlag,
    #[command(flatten)]
    format: Format,
}

impl KeyList {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let page = self.all(context).await?;
        if self.format.json {
            return Ok(output.json(&page)?);
        }
        let zone = context.time_zone(self.zone.time_zone).await?;
        let recorded = context.keydesk.records_allowed_calls();
        let rows: Vec<_> = page.items.iter().map(|key| row(key, &zone, recorded)).collect();
        let head = ["CLIENT NAME", "KEY", "PRESET", "STATUS", "EXPIRES", "LAST USED", "CREATED", "ID"];
        output.table(head, &rows)?;
        Ok(())
    }

    /// All of one instant: a list that is piped must be whole.
    async fn all(&self, context: &CommandContext) -> Result<KeyPage, Failed> {
        let operator = context.operator().await?;
        let query = ListQuery {
            search: self.search.clone(),
            status: self.status,
            environment: self.environment,
            preset: self.preset,
            expiring_before: self.expiring_before,
            attention: self.attention,
            ..ListQuery::default()
        };
        let items = context.keydesk.list_all(&operator, &query).await?;
        let total = items.len() as u64;
        Ok(KeyPage { items, next_cursor: None, total, total_is_lower_bound: false })
    }
}

fn row(key: &Key, zone: &TimeZone, recorded: bool) -> [String; 8] {
    let unused = if recorded { "never" } else { "not recorded" };
    [
        key.settings.client_name.to_string(),
        key.hint.to_string(),
        key.settings.preset.to_string(),
        key.status.to_string(),
        key.settings.expires_at.map_or_else(|| "never".to_owned(), |end| zone.end_words(end)),
        key.last_used_at.map_or_else(|| unused.to_owned(), |at| at.to_string()),
        key.created_at.to_string(),
        key.id.to_string(),
    ]
}
