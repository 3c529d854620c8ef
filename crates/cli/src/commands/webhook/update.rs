use clap::Args;
use model::{EventPatterns, Webhook, WebhookId, WebhookOrder, WebhookPatch};

use super::{Named, order, patterns, show};
use crate::commands::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(in crate::commands) struct Update {
    /// The webhook's id
    id: WebhookId,
    /// Where events are sent
    #[arg(long)]
    url: Option<String>,
    /// Which types of events, such as key.*,limit.reached
    #[arg(long, value_name = "TYPES", value_parser = patterns)]
    types: Option<EventPatterns>,
    /// subject: events of one key one after another; none: as they come
    #[arg(long, value_name = "ORDER", value_parser = order)]
    order: Option<WebhookOrder>,
    #[command(flatten)]
    format: Format,
}

impl Update {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let patch = WebhookPatch { url: self.url, types: self.types, order: self.order, enabled: None };
        let operator = context.operator().await?;
        let webhook = context.keydesk.update_webhook(&operator, self.id, patch, None).await?;
        changed(&webhook, &self.format, output)
    }
}

pub(super) async fn switch(
    named: &Named,
    enabled: bool,
    context: &CommandContext,
    output: &mut Output,
) -> Result<(), Failed> {
    let patch = WebhookPatch { enabled: Some(enabled), ..WebhookPatch::default() };
    let operator = context.operator().await?;
    let webhook = context.keydesk.update_webhook(&operator, named.id, patch, None).await?;
    changed(&webhook, &named.format, output)
}

fn changed(webhook: &Webhook, format: &Format, output: &mut Output) -> Result<(), Failed> {
    output.told(&format!("the webhook {} was changed", webhook.id), |output| {
        if format.json { Ok(output.json(webhook)?) } else { show(webhook, None, output) }
    })
}
