use clap::Args;
use model::{Cursor, Environment, Instant, Key, KeyPage, KeyStatus, ListQuery, PAGE_MAX, Preset};

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct KeyList {
    /// Only keys with this in their Client Name
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
    #[command(flatten)]
    format: Format,
}

impl KeyList {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let page = self.all(context).await?;
        if self.format.json {
            return Ok(output.json(&page)?);
        }
        let rows: Vec<_> = page.items.iter().map(row).collect();
        let head = ["CLIENT NAME", "KEY", "PRESET", "STATUS", "LAST USED", "CREATED", "ID"];
        output.table(head, &rows)?;
        Ok(())
    }

    /// All pages in one: a list that is piped must be whole.
    async fn all(&self, context: &CommandContext) -> Result<KeyPage, Failed> {
        let operator = context.operator().await?;
        let mut query = ListQuery {
            search: self.search.clone(),
            status: self.status,
            environment: self.environment,
            preset: self.preset,
            expiring_before: self.expiring_before,
            limit: PAGE_MAX,
            ..ListQuery::default()
        };
        let mut all = context.keydesk.list(&operator, &query).await?;
        while let Some(next) = all.next_cursor.take() {
            query.cursor = Some(next.parse::<Cursor>()?);
            let page = context.keydesk.list(&operator, &query).await?;
            all.items.extend(page.items);
            all.next_cursor = page.next_cursor;
        }
        all.total = all.items.len() as u64;
        all.total_is_lower_bound = false;
        Ok(all)
    }
}

fn row(key: &Key) -> [String; 7] {
    [
        key.settings.client_name.to_string(),
        key.hint.to_string(),
        key.settings.preset.to_string(),
        key.status.to_string(),
        key.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        key.created_at.to_string(),
        key.id.to_string(),
    ]
}
