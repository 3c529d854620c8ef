use clap::Args;
use domain::Redelivery;
use model::{Delivery, DeliveryState, EventId, Instant, PAGE_MAX, WebhookId};

use crate::commands::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(in crate::commands) struct Deliveries {
    /// The webhook's id
    id: WebhookId,
    /// Only pending, delivered or parked ones
    #[arg(long)]
    state: Option<DeliveryState>,
    /// How many, 1 to 200
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_MAX)))]
    limit: u32,
    #[command(flatten)]
    format: Format,
}

impl Deliveries {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let page = context.keydesk.deliveries(&operator, self.id, self.state, self.limit, None).await?;
        if self.format.json {
            return Ok(output.json(&page)?);
        }
        let rows: Vec<_> = page.items.iter().map(row).collect();
        Ok(output.table(["TYPE", "HAPPENED", "STATE", "TRIES", "NEXT TRY", "LAST ANSWER", "EVENT"], &rows)?)
    }
}

fn row(delivery: &Delivery) -> [String; 7] {
    let answer = delivery.last_attempt.as_ref().map_or_else(String::new, |attempt| {
        let status = attempt.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        // A receiver chooses the words; a table has short ones.
        let beginning: String = attempt.answer.chars().take(60).collect();
        format!("{status} in {} ms {beginning}", attempt.duration_ms).trim_end().to_owned()
    });
    [
        delivery.kind.clone(),
        delivery.timestamp.to_string(),
        delivery.state.as_str().to_owned(),
        delivery.attempts.to_string(),
        delivery.next_attempt_at.map_or_else(String::new, |at| at.to_string()),
        answer,
        delivery.event_id.to_string(),
    ]
}

#[derive(Args)]
pub(in crate::commands) struct Redeliver {
    /// The webhook's id
    id: WebhookId,
    /// Events that happened from this instant on
    #[arg(long, value_name = "INSTANT", requires = "to", required_unless_present = "event")]
    from: Option<Instant>,
    /// Events that happened before this instant
    #[arg(long, value_name = "INSTANT", requires = "from")]
    to: Option<Instant>,
    /// This event; it can be given several times
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "to"])]
    event: Vec<EventId>,
    #[command(flatten)]
    format: Format,
}

impl Redeliver {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let wanted = match (self.from, self.to) {
            (Some(from), Some(to)) => Redelivery::Between(from, to),
            _ => Redelivery::Events(self.event),
        };
        let events = context.keydesk.redeliver(&operator, self.id, wanted).await?;
        output.told(&format!("{events} events are delivered again"), |output| {
            if self.format.json {
                return Ok(output.json(&serde_json::json!({ "events": events }))?);
            }
            Ok(output.line(&format!("{events} events are on their way."))?)
        })
    }
}
