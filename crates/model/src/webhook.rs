use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Environment, EventId, EventPatterns, Instant, Subject, WebhookId};

/// Most receivers of an installation.
pub const WEBHOOKS_MAX: usize = 20;
/// Most characters of a receiver's address.
pub const WEBHOOK_URL_MAX: usize = 2_048;
/// Most events that are delivered again by one request.
pub const REDELIVERED_MAX: usize = 10_000;

/// In which order a receiver gets events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WebhookOrder {
    /// Those of one subject one after another: the next waits until the one before was accepted or parked.
    #[default]
    Subject,
    /// As they come: none waits for another.
    None,
}

/// How deliveries are signed: a scheme of Standard Webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WebhookSignature {
    /// HMAC-SHA256 with a secret that both sides have, `whsec_...`.
    #[default]
    V1,
    /// Ed25519: the receiver has a public key alone, `whpk_...`, with which nobody can sign.
    V1a,
}

/// How the deliveries to a receiver go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookHealth {
    /// Deliveries that are still tried.
    pub pending: u64,
    /// Deliveries that were given up after 3 days. They can be delivered again.
    pub parked: u64,
    /// When a delivery was accepted last.
    pub last_delivered_at: Option<Instant>,
    /// When a delivery failed last.
    pub last_failed_at: Option<Instant>,
}

/// A receiver of events. Its secret is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where events are sent.
    #[cfg_attr(feature = "openapi", schema(examples("https://example.com/hooks/keydesk")))]
    pub url: String,
    /// Which types of events.
    pub types: EventPatterns,
    /// In which order.
    pub order: WebhookOrder,
    /// How they are signed.
    pub signature: WebhookSignature,
    /// `test`: it gets events about test keys alone. `live`: it gets all.
    pub environment: Environment,
    /// Whether events are sent.
    pub enabled: bool,
    /// With which deliveries are checked, where `signature` is `v1a`.
    #[cfg_attr(feature = "openapi", schema(examples("whpk_...")))]
    pub public_key: Option<String>,
    /// Until when deliveries are signed with the former secret, too.
    pub former_secret_ends_at: Option<Instant>,
    /// How deliveries go.
    pub health: WebhookHealth,
    /// When it was made.
    pub created_at: Instant,
    /// When it was changed last.
    pub updated_at: Instant,
    /// Grows with each change.
    pub version: i64,
}

/// What to change of a receiver; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// Where events are sent.
    pub url: Option<String>,
    /// Which types of events.
    pub types: Option<EventPatterns>,
    /// In which order.
    pub order: Option<WebhookOrder>,
    /// Whether events are sent.
    pub enabled: Option<bool>,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried, or will be.
    Pending,
    /// The receiver has accepted it.
    Delivered,
    /// It was given up after 3 days, and waits for somebody who has it delivered again.
    Parked,
}

impl DeliveryState {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Parked => "parked",
        }
    }
}

/// The text names no state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is pending, delivered or parked")]
pub struct UnknownDeliveryState;

impl FromStr for DeliveryState {
    type Err = UnknownDeliveryState;

    fn from_str(text: &str) -> Result<Self, UnknownDeliveryState> {
        [Self::Pending, Self::Delivered, Self::Parked]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownDeliveryState)
    }
}

/// One try to deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// When.
    pub at: Instant,
    /// The status of the answer; null: there was none.
    pub status: Option<u16>,
    /// The first bytes of the answer, or why there was none.
    pub answer: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
}

/// An event on its way to a receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// The event.
    pub event_id: EventId,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub timestamp: Instant,
    /// How the delivery stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; null: it is not.
    pub next_attempt_at: Option<Instant>,
    /// The last try.
    pub last_attempt: Option<Attempt>,
}

/// A page of deliveries, newest event first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryPage {
    /// The deliveries.
    pub items: Vec<Delivery>,
    /// Where the next page begins; null: this was the last.
    pub next_cursor: Option<String>,
}

/// Where the next page of deliveries begins: before the event at this place. Opaque to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryCursor(pub i64);

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of deliveries; start again without one")]
pub struct InvalidDeliveryCursor;

impl fmt::Display for DeliveryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for DeliveryCursor {
    type Err = InvalidDeliveryCursor;

    fn from_str(text: &str) -> Result<Self, InvalidDeliveryCursor> {
        let digits = text.strip_prefix("1.").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Self).ok_or(InvalidDeliveryCursor)
    }
}
