//! `keydesk webhook`: who is told of what happens.

mod create;
mod deliveries;
mod list;
mod update;

use api::CreatedWebhook;
use clap::{Args, Subcommand};
use domain::WebhookSecret;
use model::{EventPatterns, Webhook, WebhookId, WebhookOrder, WebhookSignature};

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Subcommand)]
pub(super) enum WebhookCommand {
    /// Make a receiver of events and print its secret
    Create(create::Create),
    /// List receivers, with how their deliveries go
    List(list::List),
    /// Change a receiver
    Update(update::Update),
    /// Switch a receiver off: nothing is sent to it
    Disable(Named),
    /// Switch a receiver on again: it gets what happens from then on
    Enable(Named),
    /// Give a receiver another secret and print it; for a day deliveries are signed with both
    RotateSecret(Named),
    /// Send a test event
    Test(Named),
    /// List deliveries, the newest event first
    Deliveries(deliveries::Deliveries),
    /// Deliver events again
    Redeliver(deliveries::Redeliver),
    /// Delete a receiver, with all its deliveries
    Delete(Named),
}

/// A receiver, by its id.
#[derive(Args)]
pub(super) struct Named {
    /// The webhook's id
    id: WebhookId,
    #[command(flatten)]
    format: Format,
}

impl WebhookCommand {
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::List(_) | Self::Deliveries(_))
    }

    pub(super) fn prints_once(&self) -> bool {
        matches!(self, Self::Create(_) | Self::RotateSecret(_))
    }

    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        match self {
            Self::Create(command) => command.run(context, output).await,
            Self::List(command) => command.run(context, output).await,
            Self::Update(command) => command.run(context, output).await,
            Self::Disable(named) => update::switch(&named, false, context, output).await,
            Self::Enable(named) => update::switch(&named, true, context, output).await,
            Self::RotateSecret(named) => named.rotate(context, output).await,
            Self::Test(named) => named.test(context, output).await,
            Self::Deliveries(command) => command.run(context, output).await,
            Self::Redeliver(command) => command.run(context, output).await,
            Self::Delete(named) => named.delete(context, output).await,
        }
    }
}

impl Named {
    async fn rotate(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let made = context.keydesk.rotate_webhook_secret(&operator, self.id, None).await?;
        show_secret("rotated", &made, &self.format, output)
    }

    async fn test(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        context.keydesk.send_test_event(&operator, self.id).await?;
        output.told("a test event was sent", |output| {
            if self.format.json {
                return Ok(output.json(&serde_json::json!({ "id": self.id }))?);
            }
            Ok(output.line("A test event is on its way; `keydesk webhook deliveries` shows how it was answered.")?)
        })
    }

    async fn delete(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        context.keydesk.delete_webhook(&operator, self.id, None).await?;
        output.told(&format!("the webhook {} was deleted", self.id), |output| {
            if self.format.json {
                return Ok(output.json(&serde_json::json!({ "id": self.id }))?);
            }
            Ok(output.line(&format!("{}  deleted", self.id))?)
        })
    }
}

/// Types of events, with commas between them.
fn patterns(text: &str) -> Result<EventPatterns, String> {
    let patterns = text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()).map(str::to_owned).collect();
    EventPatterns::new(patterns).map_err(|error| format!("it {error}"))
}

fn order(text: &str) -> Result<WebhookOrder, String> {
    match text {
        "subject" => Ok(WebhookOrder::Subject),
        "none" => Ok(WebhookOrder::None),
        _ => Err("it is subject or none".to_owned()),
    }
}

fn signature(text: &str) -> Result<WebhookSignature, String> {
    match text {
        "v1" => Ok(WebhookSignature::V1),
        "v1a" => Ok(WebhookSignature::V1a),
        _ => Err("it is v1 or v1a".to_owned()),
    }
}

/// A receiver for people, with its secret if it has just been made.
fn show(webhook: &Webhook, secret: Option<&str>, output: &mut Output) -> Result<(), Failed> {
    let (id, types) = (webhook.id.to_string(), webhook.types.iter().collect::<Vec<_>>().join(" "));
    let order = match webhook.order {
        WebhookOrder::Subject => "subject",
        WebhookOrder::None => "none",
    };
    let mut pairs = vec![
        ("Id", id.as_str()),
        ("Address", webhook.url.as_str()),
        ("Types", types.as_str()),
        ("Order", order),
        ("Environment", webhook.environment.as_str()),
    ];
    if !webhook.enabled {
        pairs.push(("Status", "disabled"));
    }
    pairs.extend(webhook.public_key.as_deref().map(|key| ("Public key", key)));
    pairs.extend(secret.map(|secret| ("Secret", secret)));
    Ok(output.pairs(&pairs)?)
}

/// A receiver that was made or rotated, with its secret.
fn show_secret(done: &str, made: &WebhookSecret, format: &Format, output: &mut Output) -> Result<(), Failed> {
    let id = made.webhook.id;
    let otherwise = format!(
        "the webhook {id} was {done}, but its secret could not be printed: `keydesk webhook rotate-secret {id}` gives it another"
    );
    output.once(&otherwise, |output| {
        if format.json {
            return Ok(output.json(&CreatedWebhook::from(made))?);
        }
        show(&made.webhook, made.secret.as_ref().map(|secret| secret.expose()), output)
    })
}
