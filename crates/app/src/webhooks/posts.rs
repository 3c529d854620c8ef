//! What the forms of these pages do.

use domain::{Caller, Keydesk, NewWebhook, Redelivery, WebhookSecret};
use model::{Environment, EventPatterns, KeyError, Webhook, WebhookId, WebhookOrder, WebhookPatch, WebhookSignature};

use super::details::{Flash, WebhookForm};
use crate::{ApiError, FieldProblem, ui::key_settings::Form};

/// The hours that events are kept.
const HOURS_MOST: i64 = 7 * 24;

/// The outcome of a form.
pub(super) enum Outcome {
    /// Done: the page says so, under this name.
    Done(&'static str),
    /// The receiver is gone.
    Deleted,
    /// It gave a secret, which this answer shows, and no other page.
    Secret(WebhookId, Flash),
}

/// A form as it was typed.
pub(super) fn typed(form: Form<'_>) -> WebhookForm {
    WebhookForm {
        url: form.text("url").trim().to_owned(),
        types: form.text("types").to_owned(),
        unordered: form.has("unordered"),
        asymmetric: form.text("signature") == "v1a",
        test: form.has("test"),
    }
}

fn patterns(text: &str) -> Result<EventPatterns, ApiError> {
    let typed = text.split([',', '\n', '\r', ' ']).filter(|pattern| !pattern.is_empty()).map(str::to_owned).collect();
    EventPatterns::new(typed).map_err(|error| {
        let message = format!("The types {error}.");
        ApiError::Fields(vec![FieldProblem { field: "types".to_owned(), message }])
    })
}

/// A refusal as a problem of its field, where it is about one.
pub(super) fn problems(error: ApiError) -> Result<Vec<FieldProblem>, ApiError> {
    match error {
        ApiError::Fields(problems) => Ok(problems),
        ApiError::Key(KeyError::InvalidSetting { field, reason }) if field == "url" => {
            Ok(vec![FieldProblem { field, message: reason }])
        }
        error => Err(error),
    }
}

pub(super) async fn create(keydesk: &Keydesk, caller: &Caller, form: Form<'_>) -> Result<Outcome, ApiError> {
    let WebhookForm { url, types, unordered, asymmetric, test } = typed(form);
    let new = NewWebhook {
        url,
        types: patterns(&types)?,
        order: order(unordered),
        signature: if asymmetric { WebhookSignature::V1a } else { WebhookSignature::V1 },
        environment: test.then_some(Environment::Test),
        disabled: false,
    };
    Ok(secret(keydesk.create_webhook(caller, new, None).await?))
}

const fn order(unordered: bool) -> WebhookOrder {
    if unordered { WebhookOrder::None } else { WebhookOrder::Subject }
}

fn secret(made: WebhookSecret) -> Outcome {
    let shown = made.secret.map(|secret| secret.expose().to_owned());
    Outcome::Secret(made.webhook.id, Flash::Secret(shown))
}

pub(super) async fn carry_out(
    keydesk: &Keydesk,
    caller: &Caller,
    webhook: &Webhook,
    form: Form<'_>,
) -> Result<Outcome, ApiError> {
    let id = webhook.id;
    match form.text("intent") {
        "save" => {
            let WebhookForm { url, types, unordered, .. } = typed(form);
            let types = Some(patterns(&types)?);
            let patch = WebhookPatch { url: Some(url), types, order: Some(order(unordered)), enabled: None };
            keydesk.update_webhook(caller, id, patch, Some(form.version()?)).await?;
            Ok(Outcome::Done("saved"))
        }
        "enable" => switch(keydesk, caller, id, true).await,
        "disable" => switch(keydesk, caller, id, false).await,
        "rotate" => Ok(secret(keydesk.rotate_webhook_secret(caller, id, None).await?)),
        "test" => {
            keydesk.send_test_event(caller, id).await?;
            Ok(Outcome::Done("tested"))
        }
        "again" => {
            let event = form.text("event").parse().map_err(|_| ApiError::Malformed)?;
            keydesk.redeliver(caller, id, Redelivery::Events(vec![event])).await?;
            Ok(Outcome::Done("again"))
        }
        "redeliver" => {
            let hours: i64 = form.text("hours").parse().map_err(|_| ApiError::Malformed)?;
            let now = keydesk.now();
            let from = now.plus_millis(-hours.clamp(1, HOURS_MOST) * 60 * 60 * 1_000);
            let sent = keydesk.redeliver(caller, id, Redelivery::Between(from, now.plus_millis(1))).await?;
            Ok(Outcome::Done(if sent == 0 { "none" } else { "again" }))
        }
        "delete" => {
            keydesk.delete_webhook(caller, id, None).await?;
            Ok(Outcome::Deleted)
        }
        _ => Err(ApiError::Malformed),
    }
}

async fn switch(keydesk: &Keydesk, caller: &Caller, id: WebhookId, enabled: bool) -> Result<Outcome, ApiError> {
    let patch = WebhookPatch { enabled: Some(enabled), ..WebhookPatch::default() };
    keydesk.update_webhook(caller, id, patch, None).await?;
    Ok(Outcome::Done(if enabled { "enabled" } else { "disabled" }))
}
