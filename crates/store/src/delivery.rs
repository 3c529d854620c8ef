//! Deliveries of events to receivers, and which process makes them. No truth: they move without epoch and audit.

use model::{
    Attempt, Delivery, DeliveryState, EventId, EventPatterns, InstallationId, Instant, Subject, SubjectKind, WebhookId,
};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError, StoredEvent,
    db::on_db,
    group::on_tx,
    row::row,
    sql::{CHUNK, Sql, instant, query},
    webhook::{environment, patterns},
    work::{on_writer, write_down},
};

/// A receiver that is switched on, and what there is to do for it.
#[derive(Clone, Debug)]
pub struct ReceiverDue {
    /// Which.
    pub id: WebhookId,
    /// Whose.
    pub installation: InstallationId,
    /// Whether it gets events about live keys, too.
    pub live: bool,
    /// Which types it wants.
    pub types: EventPatterns,
    /// The place of the last event that was looked at for it.
    pub seen: i64,
    /// The place of the newest event.
    pub newest: i64,
    /// Whether a delivery is due.
    pub due: bool,
}

/// A delivery that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDelivery {
    /// The place of its event.
    pub position: i64,
    /// The event.
    pub event: EventId,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it is tried.
    pub since: Instant,
    /// The event as it is sent.
    pub body: String,
}

/// How a try has ended.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The place of the event.
    pub position: i64,
    /// How the delivery stands now.
    pub state: DeliveryState,
    /// When it is tried next, if it is.
    pub next_at: Instant,
    /// The try.
    pub attempt: Attempt,
}

/// Which process delivers to a receiver: its id, and what it moves on while it lives.
pub type DeliveryLease = (Uuid, i64);

/// What is due in the far future is due now: the clock was set back. `$1` is now, `$2` the longest wait from now.
macro_rules! receivers_due {
    () => {
        "SELECT w.id, w.installation_id, w.environment, w.types, w.seen, \
         (SELECT COALESCE(MAX(position), 0) FROM event WHERE installation_id = w.installation_id) AS newest, \
         CAST(CASE WHEN EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_at <= $1) \
         OR EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_at > $2) \
         THEN 1 ELSE 0 END AS BIGINT) AS due FROM webhook w WHERE w.disabled_at IS NULL"
    };
}

pub(crate) const RECEIVERS_DUE: &str = receivers_due!();
pub(crate) const SEEN_UP_TO: &str = "UPDATE webhook SET seen = $3 WHERE id = $1 AND seen = $2";
macro_rules! deliveries_due {
    ($order:literal) => {
        concat!(
            "SELECT d.position, d.event_id, d.attempts, d.since, e.body FROM webhook_delivery d \
             JOIN event e ON e.position = d.position WHERE d.webhook_id = $1 AND d.state = 'pending' \
             AND (d.next_at <= $2 OR d.next_at > $3) ",
            $order,
            "ORDER BY d.position LIMIT $4"
        )
    };
}

pub(crate) const DELIVERIES_DUE: &str = deliveries_due!("");
/// Only the first of each subject: the others wait for it.
pub(crate) const DELIVERIES_DUE_IN_ORDER: &str = deliveries_due!(
    "AND NOT EXISTS (SELECT 1 FROM webhook_delivery b WHERE b.webhook_id = d.webhook_id AND b.subject = d.subject \
     AND b.state = 'pending' AND b.position < d.position) "
);
pub(crate) const SETTLE_DELIVERY: &str = "UPDATE webhook_delivery SET state = $3, attempts = attempts + 1, next_at = $4, \
     last_at = $5, last_status = $6, last_answer = $7, last_duration_ms = $8 \
     WHERE webhook_id = $1 AND position = $2 AND state = 'pending'";
pub(crate) const NOTE_DELIVERED: &str = "UPDATE webhook SET last_delivered_at = $2 WHERE id = $1";
pub(crate) const NOTE_FAILED: &str = "UPDATE webhook SET last_failed_at = $2 WHERE id = $1";
pub(crate) const LEASE: &str = "SELECT holder, beat FROM webhook_lease WHERE webhook_id = $1";
pub(crate) const ADD_LEASE: &str = "INSERT INTO webhook_lease (webhook_id, holder, beat) VALUES ($1, $2, 1) \
     ON CONFLICT (webhook_id) DO NOTHING";
pub(crate) const TAKE_LEASE: &str = "UPDATE webhook_lease SET holder = $2, beat = beat + 1 \
     WHERE webhook_id = $1 AND holder = $3 AND beat = $4";
pub(crate) const RENEW_LEASES: &str = "UPDATE webhook_lease SET beat = beat + 1 WHERE holder = $1 RETURNING webhook_id";
pub(crate) const RELEASE_LEASE: &str = "DELETE FROM webhook_lease WHERE webhook_id = $1 AND holder = $2";

row! {
    struct ReceiverRow {
        id: Uuid,
        installation_id: Uuid,
        environment: String,
        types: String,
        seen: i64,
        newest: i64,
        due: i64,
    }
}

impl TryFrom<ReceiverRow> for ReceiverDue {
    type Error = StoreError;

    fn try_from(row: ReceiverRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WebhookId(row.id),
            installation: InstallationId(row.installation_id),
            live: environment(&row.environment)? == model::Environment::Live,
            types: patterns(&row.types)?,
            seen: row.seen,
            newest: row.newest,
            due: row.due != 0,
        })
    }
}

row! {
    struct DeliveryRow {
        position: i64,
        event_id: Uuid,
        r#type: String,
        subject: String,
        at: i64,
        state: String,
        attempts: i64,
        next_at: i64,
        last_at: Option<i64>,
        last_status: Option<i64>,
        last_answer: Option<String>,
        last_duration_ms: Option<i64>,
    }
}

fn corrupt(column: &'static str) -> StoreError {
    StoreError::Corrupt { column }
}

fn subject(text: &str) -> Result<Subject, StoreError> {
    let (kind, id) = text.split_once(':').ok_or(corrupt("webhook_delivery.subject"))?;
    let kind = match kind {
        "key" => SubjectKind::Key,
        "administrator" => SubjectKind::Administrator,
        "webhook" => SubjectKind::Webhook,
        "installation" => SubjectKind::Installation,
        _ => return Err(corrupt("webhook_delivery.subject")),
    };
    Ok(Subject { kind, id: id.parse().map_err(|_| corrupt("webhook_delivery.subject"))? })
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let state: DeliveryState = row.state.parse().map_err(|_| corrupt("webhook_delivery.state"))?;
        let last_attempt = instant(row.last_at).map(|at| Attempt {
            at,
            status: row.last_status.and_then(|status| u16::try_from(status).ok()),
            answer: row.last_answer.unwrap_or_default(),
            duration_ms: row.last_duration_ms.and_then(|ms| u32::try_from(ms).ok()).unwrap_or(u32::MAX),
        });
        Ok(Self {
            event_id: EventId(row.event_id),
            kind: row.r#type,
            subject: subject(&row.subject)?,
            timestamp: Instant::from_millis(row.at),
            state,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            next_attempt_at: (state == DeliveryState::Pending).then(|| Instant::from_millis(row.next_at)),
            last_attempt,
        })
    }
}

/// Rows of deliveries that are tried from `now` on, in place of those that there are.
fn pending(webhook: WebhookId, events: &[StoredEvent], now: Instant) -> Sql {
    let mut sql = Sql::new(
        "INSERT INTO webhook_delivery (webhook_id, position, event_id, subject, state, attempts, since, next_at) VALUES ",
    );
    for (index, event) in events.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(webhook.0).push(", ").int(event.position).push(", ");
        sql.id(event.id.0).push(", ").text(&event.subject).push(", 'pending', 0, ").int(now.as_millis());
        sql.push(", ").int(now.as_millis()).push(")");
    }
    sql.push(
        " ON CONFLICT (webhook_id, position) DO UPDATE SET state = 'pending', attempts = 0, since = excluded.since, ",
    );
    sql.push("next_at = excluded.next_at");
    sql
}

impl Store {
    /// Every receiver that is switched on, with what there is to do. A delivery whose next try is after `far` is due, too.
    pub async fn receivers_due(&self, now: Instant, far: Instant) -> Result<Vec<ReceiverDue>, StoreError> {
        let rows: Vec<ReceiverRow> = on_db!(self, pool => {
            sqlx::query_as(RECEIVERS_DUE).bind(now.as_millis()).bind(far.as_millis()).fetch_all(pool).await?
        });
        rows.into_iter().map(ReceiverDue::try_from).collect()
    }

    /// Makes deliveries of these events, and notes that those up to `to` were looked at. False: another process was faster.
    pub async fn plan_deliveries(
        &self,
        webhook: WebhookId,
        (from, to): (i64, i64),
        events: &[StoredEvent],
        now: Instant,
    ) -> Result<bool, StoreError> {
        Ok(write_down!(self, connection => {
            let seen = sqlx::query(SEEN_UP_TO).bind(webhook.0).bind(from).bind(to);
            let moved = seen.execute(&mut *connection).await?.rows_affected() == 1;
            if moved {
                for chunk in events.chunks(CHUNK) {
                    let sql = pending(webhook, chunk, now);
                    query!(query, sql, connection).execute(&mut *connection).await?;
                }
            }
            moved
        }))
    }

    /// Up to `limit` deliveries to a receiver that are due. In order: of each subject the first that is not done with, if that is due.
    pub async fn deliveries_due(
        &self,
        webhook: WebhookId,
        in_order: bool,
        (now, far): (Instant, Instant),
        limit: i64,
    ) -> Result<Vec<StoredDelivery>, StoreError> {
        let sql = if in_order { DELIVERIES_DUE_IN_ORDER } else { DELIVERIES_DUE };
        let rows: Vec<(i64, Uuid, i64, i64, String)> = on_db!(self, pool => {
            let due = sqlx::query_as(sql).bind(webhook.0).bind(now.as_millis()).bind(far.as_millis());
            due.bind(limit).fetch_all(pool).await?
        });
        let due = |(position, event, attempts, since, body)| StoredDelivery {
            position,
            event: EventId(event),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            since: Instant::from_millis(since),
            body,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// Writes down how tries have ended.
    pub async fn settle_deliveries(&self, webhook: WebhookId, tried: &[Tried]) -> Result<(), StoreError> {
        let newest = |delivered: bool| {
            let of = tried.iter().filter(|of| (of.state == DeliveryState::Delivered) == delivered);
            of.map(|of| of.attempt.at.as_millis()).max()
        };
        let notes = [(NOTE_DELIVERED, newest(true)), (NOTE_FAILED, newest(false))];
        write_down!(self, connection => {
            for of in tried {
                sqlx::query(SETTLE_DELIVERY)
                    .bind(webhook.0)
                    .bind(of.position)
                    .bind(of.state.as_str())
                    .bind(of.next_at.as_millis())
                    .bind(of.attempt.at.as_millis())
                    .bind(of.attempt.status.map(i64::from))
                    .bind(&of.attempt.answer)
                    .bind(i64::from(of.attempt.duration_ms))
                    .execute(&mut *connection)
                    .await?;
            }
            for (sql, at) in notes {
                if let Some(at) = at {
                    sqlx::query(sql).bind(webhook.0).bind(at).execute(&mut *connection).await?;
                }
            }
        });
        Ok(())
    }

    /// Deliveries to a receiver before this place, the newest event first, with the place of each.
    pub async fn deliveries(
        &self,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Delivery)>, StoreError> {
        let mut sql = Sql::new(
            "SELECT d.position, d.event_id, e.type, d.subject, e.at, d.state, d.attempts, d.next_at, d.last_at, d.last_status, \
             d.last_answer, d.last_duration_ms FROM webhook_delivery d JOIN event e ON e.position = d.position \
             WHERE d.webhook_id = ",
        );
        sql.id(webhook.0).push(" AND d.position < ").int(before);
        // Spelled out, so that an index of one state serves.
        sql.push(match state {
            None => "",
            Some(DeliveryState::Pending) => " AND d.state = 'pending'",
            Some(DeliveryState::Delivered) => " AND d.state = 'delivered'",
            Some(DeliveryState::Parked) => " AND d.state = 'parked'",
        });
        sql.push(" ORDER BY d.position DESC LIMIT ").int(limit);
        let rows: Vec<DeliveryRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        rows.into_iter().map(|row| Ok((row.position, row.try_into()?))).collect()
    }

    /// Which process delivers to a receiver.
    pub async fn delivery_lease(&self, webhook: WebhookId) -> Result<Option<DeliveryLease>, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_as(LEASE).bind(webhook.0).fetch_optional(pool).await?))
    }

    /// Takes the lease of a receiver, if it still is `from`. False: another process was faster.
    pub async fn take_delivery_lease(
        &self,
        webhook: WebhookId,
        holder: Uuid,
        from: Option<DeliveryLease>,
    ) -> Result<bool, StoreError> {
        let mut taken = 0;
        on_writer!(self, connection => {
            let query = match from {
                None => sqlx::query(ADD_LEASE).bind(webhook.0).bind(holder),
                Some((held_by, beat)) => sqlx::query(TAKE_LEASE).bind(webhook.0).bind(holder).bind(held_by).bind(beat),
            };
            taken = query.execute(connection).await?.rows_affected();
        });
        Ok(taken == 1)
    }

    /// Moves all leases of a process on, and gives their receivers.
    pub async fn renew_delivery_leases(&self, holder: Uuid) -> Result<Vec<WebhookId>, StoreError> {
        let ids: Vec<Uuid> = write_down!(self, connection => {
            sqlx::query_scalar(RENEW_LEASES).bind(holder).fetch_all(&mut *connection).await?
        });
        Ok(ids.into_iter().map(WebhookId).collect())
    }

    /// Gives a lease back.
    pub async fn release_delivery_lease(&self, webhook: WebhookId, holder: Uuid) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(RELEASE_LEASE).bind(webhook.0).bind(holder).execute(connection).await?;
        });
        Ok(())
    }
}

impl Change {
    /// Has these events delivered to a receiver, whether they were before or not.
    pub async fn deliver_again(
        &mut self,
        webhook: WebhookId,
        events: &[StoredEvent],
        now: Instant,
    ) -> Result<(), StoreError> {
        for chunk in events.chunks(CHUNK) {
            let sql = pending(webhook, chunk, now);
            on_tx!(self, connection => {
                query!(query, sql, connection).execute(connection).await?;
            });
        }
        Ok(())
    }
}
