use api::WebhookList;
use clap::Args;
use model::Webhook;

use crate::commands::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(in crate::commands) struct List {
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let items = context.keydesk.webhooks(&context.operator().await?).await?;
        if self.format.json {
            return Ok(output.json(&WebhookList { items })?);
        }
        let rows: Vec<_> = items.iter().map(row).collect();
        Ok(output.table(["ADDRESS", "TYPES", "STATUS", "WAITING", "PARKED", "LAST ACCEPTED", "ID"], &rows)?)
    }
}

fn row(webhook: &Webhook) -> [String; 7] {
    [
        webhook.url.clone(),
        webhook.types.iter().collect::<Vec<_>>().join(" "),
        if webhook.enabled { "enabled" } else { "disabled" }.to_owned(),
        webhook.health.pending.to_string(),
        webhook.health.parked.to_string(),
        webhook.health.last_delivered_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        webhook.id.to_string(),
    ]
}
