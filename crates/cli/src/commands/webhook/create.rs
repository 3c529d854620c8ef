use clap::Args;
use domain::NewWebhook;
use model::{Environment, EventPatterns, WebhookOrder, WebhookSignature};

use super::{order, patterns, show_secret, signature};
use crate::commands::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(in crate::commands) struct Create {
    /// Where events are sent, such as https://example.com/hooks/keydesk
    #[arg(long)]
    url: String,
    /// Which types of events, such as key.*,limit.reached [default: all]
    #[arg(long, value_name = "TYPES", value_parser = patterns)]
    types: Option<EventPatterns>,
    /// subject: events of one key one after another; none: as they come [default: subject]
    #[arg(long, value_name = "ORDER", value_parser = order)]
    order: Option<WebhookOrder>,
    /// v1: with a secret that both sides have; v1a: with a key whose public half the receiver gets [default: v1]
    #[arg(long, value_name = "SCHEME", value_parser = signature)]
    signature: Option<WebhookSignature>,
    /// live: all events; test: those about test keys [default: live]
    #[arg(long)]
    environment: Option<Environment>,
    #[command(flatten)]
    format: Format,
}

impl Create {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let new = NewWebhook {
            url: self.url,
            types: self.types.unwrap_or_default(),
            order: self.order.unwrap_or_default(),
            signature: self.signature.unwrap_or_default(),
            environment: self.environment,
            disabled: false,
        };
        let made = context.keydesk.create_webhook(&operator, new, None).await?;
        show_secret("made", &made, &self.format, output)
    }
}
