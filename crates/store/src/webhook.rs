//! Receivers of events.

use model::{
    Environment, EventPatterns, InstallationId, Instant, Webhook, WebhookHealth, WebhookId, WebhookOrder,
    WebhookSignature,
};
use uuid::Uuid;

use crate::{
    Change, SealedCopy, Store, StoreError,
    db::on_db,
    group::on_tx,
    row::row,
    sql::{instant, json},
};

/// A receiver as its row holds it, with its sealed secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWebhook {
    /// Whose.
    pub installation: InstallationId,
    /// The receiver; its health is not counted.
    pub webhook: Webhook,
    /// The secret that signs.
    pub secret: SealedCopy,
    /// The secret before.
    pub former: Option<SealedCopy>,
    /// The place of the last event that was looked at for it.
    pub seen: i64,
}

macro_rules! webhook_select {
    ($rest:literal) => {
        concat!(
            "SELECT id, installation_id, environment, url, types, ordering, signature, disabled_at, seen, master_key_id, \
             wrapped_key, sealed_secret, public_key, former_master_key_id, former_wrapped_key, former_sealed_secret, \
             former_ends_at, last_delivered_at, last_failed_at, created_at, updated_at, version FROM webhook ",
            $rest
        )
    };
}

pub(crate) const WEBHOOKS: &str = webhook_select!("WHERE installation_id = $1 ORDER BY id");
pub(crate) const WEBHOOK: &str = webhook_select!("WHERE installation_id = $1 AND id = $2");
pub(crate) const WEBHOOK_BY_ID: &str = webhook_select!("WHERE id = $1");
pub(crate) const ALL_WEBHOOKS: &str = webhook_select!("ORDER BY id");
pub(crate) const COUNT_WEBHOOKS: &str = "SELECT COUNT(*) FROM webhook WHERE installation_id = $1";
pub(crate) const INSERT_WEBHOOK: &str = "INSERT INTO webhook (id, installation_id, environment, url, types, ordering, \
     signature, disabled_at, seen, master_key_id, wrapped_key, sealed_secret, public_key, created_at, updated_at, version) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, 1)";
pub(crate) const UPDATE_WEBHOOK: &str = "UPDATE webhook SET url = $3, types = $4, ordering = $5, disabled_at = $6, seen = $7, \
     updated_at = $8, version = version + 1 WHERE installation_id = $1 AND id = $2";
pub(crate) const ROTATE_WEBHOOK: &str = "UPDATE webhook SET former_master_key_id = master_key_id, \
     former_wrapped_key = wrapped_key, former_sealed_secret = sealed_secret, former_ends_at = $7, master_key_id = $3, \
     wrapped_key = $4, sealed_secret = $5, public_key = $6, updated_at = $8, version = version + 1 \
     WHERE installation_id = $1 AND id = $2";
pub(crate) const END_FORMER: &str = "UPDATE webhook SET former_master_key_id = NULL, former_wrapped_key = NULL, \
     former_sealed_secret = NULL, former_ends_at = NULL WHERE former_ends_at <= $1";
pub(crate) const RESEAL_WEBHOOK: &str = "UPDATE webhook SET master_key_id = $3, wrapped_key = $4, sealed_secret = $5 \
     WHERE id = $1 AND wrapped_key = $2";
pub(crate) const DELETE_WEBHOOK: &str = "DELETE FROM webhook WHERE installation_id = $1 AND id = $2";
pub(crate) const PENDING_OF: &str = "SELECT COUNT(*) FROM webhook_delivery WHERE webhook_id = $1 AND state = 'pending'";
pub(crate) const PARKED_OF: &str = "SELECT COUNT(*) FROM webhook_delivery WHERE webhook_id = $1 AND state = 'parked'";
pub(crate) const WAITING: &str =
    "SELECT state, COUNT(*) FROM webhook_delivery WHERE state IN ('pending', 'parked') GROUP BY state";

row! {
    struct WebhookRow {
        id: Uuid,
        installation_id: Uuid,
        environment: String,
        url: String,
        types: String,
        ordering: String,
        signature: String,
        disabled_at: Option<i64>,
        seen: i64,
        master_key_id: String,
        wrapped_key: Vec<u8>,
        sealed_secret: Vec<u8>,
        public_key: Option<String>,
        former_master_key_id: Option<String>,
        former_wrapped_key: Option<Vec<u8>>,
        former_sealed_secret: Option<Vec<u8>>,
        former_ends_at: Option<i64>,
        last_delivered_at: Option<i64>,
        last_failed_at: Option<i64>,
        created_at: i64,
        updated_at: i64,
        version: i64,
    }
}

fn corrupt(column: &'static str) -> StoreError {
    StoreError::Corrupt { column }
}

/// Patterns, as a row holds them.
pub(crate) fn patterns(text: &str) -> Result<EventPatterns, StoreError> {
    serde_json::from_str(text).map(EventPatterns::known).map_err(|_| corrupt("webhook.types"))
}

pub(crate) fn environment(text: &str) -> Result<Environment, StoreError> {
    text.parse().map_err(|_| corrupt("webhook.environment"))
}

const fn order_text(order: WebhookOrder) -> &'static str {
    match order {
        WebhookOrder::Subject => "subject",
        WebhookOrder::None => "none",
    }
}

const fn signature_text(signature: WebhookSignature) -> &'static str {
    match signature {
        WebhookSignature::V1 => "v1",
        WebhookSignature::V1a => "v1a",
    }
}

impl TryFrom<WebhookRow> for StoredWebhook {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        let order = match row.ordering.as_str() {
            "subject" => WebhookOrder::Subject,
            "none" => WebhookOrder::None,
            _ => return Err(corrupt("webhook.ordering")),
        };
        let signature = match row.signature.as_str() {
            "v1" => WebhookSignature::V1,
            "v1a" => WebhookSignature::V1a,
            _ => return Err(corrupt("webhook.signature")),
        };
        let former = match (row.former_master_key_id, row.former_wrapped_key, row.former_sealed_secret) {
            (Some(master_key_id), Some(wrapped_key), Some(sealed_secret)) => {
                Some(SealedCopy { master_key_id, wrapped_key, sealed_secret })
            }
            _ => None,
        };
        let webhook = Webhook {
            id: WebhookId(row.id),
            url: row.url,
            types: patterns(&row.types)?,
            order,
            signature,
            environment: environment(&row.environment)?,
            enabled: row.disabled_at.is_none(),
            public_key: row.public_key,
            former_secret_ends_at: instant(row.former_ends_at),
            health: WebhookHealth {
                last_delivered_at: instant(row.last_delivered_at),
                last_failed_at: instant(row.last_failed_at),
                ..WebhookHealth::default()
            },
            created_at: Instant::from_millis(row.created_at),
            updated_at: Instant::from_millis(row.updated_at),
            version: row.version,
        };
        Ok(Self {
            installation: InstallationId(row.installation_id),
            webhook,
            secret: SealedCopy {
                master_key_id: row.master_key_id,
                wrapped_key: row.wrapped_key,
                sealed_secret: row.sealed_secret,
            },
            former,
            seen: row.seen,
        })
    }
}

impl Store {
    /// The receivers of an installation, the oldest first.
    pub async fn webhooks(&self, installation: InstallationId) -> Result<Vec<StoredWebhook>, StoreError> {
        let rows: Vec<WebhookRow> =
            on_db!(self, pool => sqlx::query_as(WEBHOOKS).bind(installation.0).fetch_all(pool).await?);
        rows.into_iter().map(StoredWebhook::try_from).collect()
    }

    /// A receiver of an installation.
    pub async fn webhook(
        &self,
        installation: InstallationId,
        id: WebhookId,
    ) -> Result<Option<StoredWebhook>, StoreError> {
        let row: Option<WebhookRow> =
            on_db!(self, pool => sqlx::query_as(WEBHOOK).bind(installation.0).bind(id.0).fetch_optional(pool).await?);
        row.map(StoredWebhook::try_from).transpose()
    }

    /// A receiver, whosever it is: for whoever delivers.
    pub async fn webhook_by_id(&self, id: WebhookId) -> Result<Option<StoredWebhook>, StoreError> {
        let row: Option<WebhookRow> =
            on_db!(self, pool => sqlx::query_as(WEBHOOK_BY_ID).bind(id.0).fetch_optional(pool).await?);
        row.map(StoredWebhook::try_from).transpose()
    }

    /// Every receiver of the deployment.
    pub async fn all_webhooks(&self) -> Result<Vec<StoredWebhook>, StoreError> {
        let rows: Vec<WebhookRow> = on_db!(self, pool => sqlx::query_as(ALL_WEBHOOKS).fetch_all(pool).await?);
        rows.into_iter().map(StoredWebhook::try_from).collect()
    }

    /// Deliveries to a receiver that are still tried, and those that are parked.
    pub async fn webhook_waiting(&self, id: WebhookId) -> Result<(u64, u64), StoreError> {
        let (pending, parked): (i64, i64) = on_db!(self, pool => (
            sqlx::query_scalar(PENDING_OF).bind(id.0).fetch_one(pool).await?,
            sqlx::query_scalar(PARKED_OF).bind(id.0).fetch_one(pool).await?,
        ));
        Ok((pending.unsigned_abs(), parked.unsigned_abs()))
    }

    /// Deliveries of the deployment that are still tried, and those that are parked.
    pub async fn deliveries_waiting(&self) -> Result<(u64, u64), StoreError> {
        let rows: Vec<(String, i64)> = on_db!(self, pool => sqlx::query_as(WAITING).fetch_all(pool).await?);
        let of = |state: &str| rows.iter().filter(|(of, _)| of == state).map(|(_, count)| count.unsigned_abs()).sum();
        Ok((of("pending"), of("parked")))
    }
}

impl Change {
    /// A receiver of an installation, as this change sees it.
    pub async fn webhook(
        &mut self,
        installation: InstallationId,
        id: WebhookId,
    ) -> Result<Option<StoredWebhook>, StoreError> {
        let row: Option<WebhookRow> = on_tx!(self, connection => {
            sqlx::query_as(WEBHOOK).bind(installation.0).bind(id.0).fetch_optional(connection).await?
        });
        row.map(StoredWebhook::try_from).transpose()
    }

    /// How many receivers an installation has.
    pub async fn count_webhooks(&mut self, installation: InstallationId) -> Result<u64, StoreError> {
        let count: i64 = on_tx!(self, connection => {
            sqlx::query_scalar(COUNT_WEBHOOKS).bind(installation.0).fetch_one(connection).await?
        });
        Ok(count.unsigned_abs())
    }

    /// Writes a new receiver. It gets events from now on.
    pub async fn insert_webhook(&mut self, new: &StoredWebhook) -> Result<(), StoreError> {
        let of = &new.webhook;
        on_tx!(self, connection => {
            sqlx::query(INSERT_WEBHOOK)
                .bind(of.id.0)
                .bind(new.installation.0)
                .bind(of.environment.as_str())
                .bind(&of.url)
                .bind(json!(&of.types))
                .bind(order_text(of.order))
                .bind(signature_text(of.signature))
                .bind((!of.enabled).then_some(of.created_at.as_millis()))
                .bind(new.seen)
                .bind(&new.secret.master_key_id)
                .bind(&new.secret.wrapped_key)
                .bind(&new.secret.sealed_secret)
                .bind(&of.public_key)
                .bind(of.created_at.as_millis())
                .execute(connection)
                .await?;
        });
        self.kept().listened.insert(new.installation, true);
        Ok(())
    }

    /// Writes what can be edited of a receiver, and from which event on it gets them.
    pub async fn update_webhook(&mut self, new: &StoredWebhook, now: Instant) -> Result<bool, StoreError> {
        let of = &new.webhook;
        let done = on_tx!(self, connection => {
            sqlx::query(UPDATE_WEBHOOK)
                .bind(new.installation.0)
                .bind(of.id.0)
                .bind(&of.url)
                .bind(json!(&of.types))
                .bind(order_text(of.order))
                .bind((!of.enabled).then_some(now.as_millis()))
                .bind(new.seen)
                .bind(now.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Gives a receiver another secret. The one before signs beside it until `end`.
    pub async fn rotate_webhook(
        &mut self,
        installation: InstallationId,
        id: WebhookId,
        secret: &SealedCopy,
        public_key: Option<&str>,
        end: Instant,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(ROTATE_WEBHOOK)
                .bind(installation.0)
                .bind(id.0)
                .bind(&secret.master_key_id)
                .bind(&secret.wrapped_key)
                .bind(&secret.sealed_secret)
                .bind(public_key)
                .bind(end.as_millis())
                .bind(now.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Forgets former secrets whose time is over.
    pub async fn end_former_webhook_secrets(&mut self, now: Instant) -> Result<u64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query(END_FORMER).bind(now.as_millis()).execute(connection).await?.rows_affected()
        }))
    }

    /// Seals the secret of a receiver anew, unless it is another one meanwhile.
    pub async fn reseal_webhook(&mut self, id: WebhookId, was: &[u8], secret: &SealedCopy) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(RESEAL_WEBHOOK)
                .bind(id.0)
                .bind(was)
                .bind(&secret.master_key_id)
                .bind(&secret.wrapped_key)
                .bind(&secret.sealed_secret)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Removes a receiver, with all its deliveries.
    pub async fn delete_webhook(&mut self, installation: InstallationId, id: WebhookId) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(DELETE_WEBHOOK).bind(installation.0).bind(id.0).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }
}
