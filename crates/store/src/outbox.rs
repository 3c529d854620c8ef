//! The outbox: events that were committed with the changes that they tell of.

use std::collections::HashMap;

use model::{Environment, EventId, InstallationId, Instant, KeyId, Subject, WebhookId};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError,
    db::on_db,
    group::on_tx,
    inserts::Insert,
    live_keys::live_keys,
    sql::{CHUNK, Sql, Value, query},
    work::{on_writer, write_down},
};

/// Places for the events of one change: the place of an event is the epoch of its change, times this, and its number in it.
const PLACES: i64 = 1 << 20;

/// An event about to be written.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Its type.
    pub kind: &'static str,
    /// The environment of the key that it is about.
    pub environment: Option<Environment>,
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub at: Instant,
    /// The one receiver that it is for.
    pub target: Option<WebhookId>,
    /// As it is sent.
    pub body: String,
}

/// An event without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the outbox.
    pub position: i64,
    /// Its id.
    pub id: EventId,
    /// Its type.
    pub kind: String,
    /// The environment of the key that it is about.
    pub environment: Option<Environment>,
    /// What it is about, as text.
    pub subject: String,
    /// The one receiver that it is for.
    pub target: Option<WebhookId>,
}

pub(crate) const INSERT_EVENTS: Insert =
    Insert("INSERT INTO event (position, id, installation_id, type, environment, subject, at, target, body) VALUES ");
pub(crate) const EVENTS_AFTER: &str = "SELECT position, id, type, environment, subject, target FROM event \
     WHERE installation_id = $1 AND position > $2 ORDER BY position LIMIT $3";
pub(crate) const EVENTS_BETWEEN: &str = "SELECT position, id, type, environment, subject, target FROM event \
     WHERE installation_id = $1 AND at >= $2 AND at < $3 AND position <= $4 ORDER BY at, position LIMIT $5";
pub(crate) const EVENT_BODIES: &str = "SELECT position, body FROM event WHERE position > $1 AND target IS NULL \
     ORDER BY position LIMIT $2";
pub(crate) const NEWEST_EVENT: &str = "SELECT COALESCE(MAX(position), 0) FROM event";
pub(crate) const TELL_ONCE: &str = "INSERT INTO event_once (installation_id, subject_id, name, at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (installation_id, subject_id, name) DO NOTHING";
/// Keys that end between two instants, where anybody is told and that was not: of the least id first.
pub(crate) const ENDING_UNTOLD: &str = concat!(
    "SELECT k.installation_id, k.id, k.expires_at FROM api_key k \
     WHERE k.expires_at > $1 AND k.expires_at <= $2 AND k.expires_at IS NOT NULL AND k.deleted_at IS NULL AND k.kind = 'issued' AND ",
    live_keys!("k"),
    " AND (EXISTS (SELECT 1 FROM webhook w WHERE w.installation_id = k.installation_id) OR EXISTS (SELECT 1 FROM event_reader)) \
     AND NOT EXISTS (SELECT 1 FROM event_once o WHERE o.installation_id = k.installation_id AND o.subject_id = k.id \
         AND o.name = $3 || CAST(k.expires_at AS TEXT)) \
     ORDER BY k.expires_at LIMIT $4"
);
pub(crate) const READER: &str = "SELECT position FROM event_reader WHERE name = $1";
pub(crate) const ADD_READER: &str =
    "INSERT INTO event_reader (name, position) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
pub(crate) const MOVE_READER: &str = "UPDATE event_reader SET position = $3 WHERE name = $1 AND position = $2";
pub(crate) const REMOVE_READER: &str = "DELETE FROM event_reader WHERE name = $1";
/// The last event that is so old. Places and times grow together.
pub(crate) const OLD_EVENTS: &str = "SELECT COALESCE(MAX(position), 0) FROM event WHERE at < $1";
/// The end of the next few events.
pub(crate) const NEXT_EVENTS: &str = "SELECT COALESCE(MAX(position), 0) FROM \
     (SELECT position FROM event WHERE position > $1 AND position <= $2 ORDER BY position LIMIT 1000) AS few";
pub(crate) const PURGE_DELIVERED: &str =
    "DELETE FROM webhook_delivery WHERE position > $1 AND position <= $2 AND state = 'delivered'";
/// Those that a receiver still gets, or that are parked, stay.
pub(crate) const PURGE_EVENTS: &str = "DELETE FROM event WHERE position > $1 AND position <= $2 \
     AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.position = event.position) \
     AND NOT EXISTS (SELECT 1 FROM webhook w WHERE w.installation_id = event.installation_id AND w.disabled_at IS NULL \
         AND w.seen < event.position)";
pub(crate) const GIVE_UP_DELIVERIES: &str = "DELETE FROM webhook_delivery WHERE position <= $1";
pub(crate) const GIVE_UP_EVENTS: &str = "DELETE FROM event WHERE position <= $1";
pub(crate) const PURGE_ONCE: &str = "DELETE FROM event_once WHERE at < $1";
pub(crate) const PURGE_SUBJECTS: &str = "DELETE FROM event_subject WHERE at < $1";

type EventRow = (i64, Uuid, String, Option<String>, String, Option<Uuid>);

fn event((position, id, kind, environment, subject, target): EventRow) -> Result<StoredEvent, StoreError> {
    let environment = environment
        .map(|text| text.parse().map_err(|_| StoreError::Corrupt { column: "event.environment" }))
        .transpose()?;
    Ok(StoredEvent { position, id: EventId(id), kind, environment, subject, target: target.map(WebhookId) })
}

fn event_row(installation: InstallationId, position: i64, event: NewEvent) -> Sql {
    let mut sql = Sql::new("(");
    sql.int(position).push(", ").id(event.id.0).push(", ").id(installation.0).push(", ").word(event.kind).push(", ");
    sql.bind(Value::MaybeText(event.environment.map(|environment| environment.as_str().to_owned()))).push(", ");
    sql.text(&event.subject.to_string()).push(", ").int(event.at.as_millis()).push(", ");
    sql.bind(Value::MaybeId(event.target.map(|target| target.0))).push(", ").bind(Value::Text(event.body)).push(")");
    sql
}

impl Store {
    /// Up to `limit` events of an installation after this place, in their order.
    pub async fn events_after(
        &self,
        installation: InstallationId,
        position: i64,
        limit: i64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let rows: Vec<EventRow> = on_db!(self, pool => {
            sqlx::query_as(EVENTS_AFTER).bind(installation.0).bind(position).bind(limit).fetch_all(pool).await?
        });
        rows.into_iter().map(event).collect()
    }

    /// Up to `limit` events of all installations after this place, as they are sent.
    pub async fn event_bodies(&self, position: i64, limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_as(EVENT_BODIES).bind(position).bind(limit).fetch_all(pool).await?))
    }

    /// Up to `limit` keys that end between two instants, of which nobody was told under a name that begins so and goes on with their
    /// end, in milliseconds.
    pub async fn keys_ending(
        &self,
        (after, upto): (Instant, Instant),
        name: &str,
        limit: i64,
    ) -> Result<Vec<(InstallationId, KeyId, Instant)>, StoreError> {
        let rows: Vec<(Uuid, Uuid, i64)> = on_db!(self, pool => {
            let ending = sqlx::query_as(ENDING_UNTOLD).bind(after.as_millis()).bind(upto.as_millis());
            ending.bind(name).bind(limit).fetch_all(pool).await?
        });
        let key = |(installation, key, at)| (InstallationId(installation), KeyId(key), Instant::from_millis(at));
        Ok(rows.into_iter().map(key).collect())
    }

    /// How far a reader of all events has come; `None`: there is none of this name.
    pub async fn event_reader(&self, name: &str) -> Result<Option<i64>, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_scalar(READER).bind(name).fetch_optional(pool).await?))
    }

    /// Adds a reader of all events that come from now on, unless it is there.
    pub async fn add_event_reader(&self, name: &str) -> Result<(), StoreError> {
        let newest: i64 = on_db!(self, pool => sqlx::query_scalar(NEWEST_EVENT).fetch_one(pool).await?);
        on_writer!(self, connection => {
            sqlx::query(ADD_READER).bind(name).bind(newest).execute(connection).await?;
        });
        Ok(())
    }

    /// Moves a reader on, if it still is at `from`. False: another process was faster.
    pub async fn move_event_reader(&self, name: &str, from: i64, to: i64) -> Result<bool, StoreError> {
        let mut moved = 0;
        on_writer!(self, connection => {
            moved = sqlx::query(MOVE_READER).bind(name).bind(from).bind(to).execute(connection).await?.rows_affected();
        });
        Ok(moved == 1)
    }

    /// Removes a reader: events are no longer kept for it.
    pub async fn remove_event_reader(&self, name: &str) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(REMOVE_READER).bind(name).execute(connection).await?;
        });
        Ok(())
    }

    /// Removes some of the events between `from` and those that are older than `history`, with what was delivered of them. Gives
    /// where it goes on; `None`: nothing is left.
    pub async fn purge_events(&self, from: i64, history: Instant) -> Result<Option<i64>, StoreError> {
        let next: i64 = on_db!(self, pool => {
            let old: i64 = sqlx::query_scalar(OLD_EVENTS).bind(history.as_millis()).fetch_one(pool).await?;
            sqlx::query_scalar(NEXT_EVENTS).bind(from).bind(old).fetch_one(pool).await?
        });
        if next == 0 {
            return Ok(None);
        }
        write_down!(self, connection => {
            sqlx::query(PURGE_DELIVERED).bind(from).bind(next).execute(&mut *connection).await?;
            sqlx::query(PURGE_EVENTS).bind(from).bind(next).execute(&mut *connection).await?;
        });
        Ok(Some(next))
    }

    /// Removes events that are older than `limit`, whoever still waits for them, and what is remembered of what was told. Gives how
    /// many deliveries were given up so.
    pub async fn give_up_events(&self, limit: Instant, remembered: Instant) -> Result<u64, StoreError> {
        let old: i64 =
            on_db!(self, pool => sqlx::query_scalar(OLD_EVENTS).bind(limit.as_millis()).fetch_one(pool).await?);
        Ok(write_down!(self, connection => {
            sqlx::query(PURGE_ONCE).bind(remembered.as_millis()).execute(&mut *connection).await?;
            sqlx::query(PURGE_SUBJECTS).bind(remembered.as_millis()).execute(&mut *connection).await?;
            if old == 0 {
                0
            } else {
                let given_up = sqlx::query(GIVE_UP_DELIVERIES).bind(old).execute(&mut *connection).await?.rows_affected();
                sqlx::query(GIVE_UP_EVENTS).bind(old).execute(&mut *connection).await?;
                given_up
            }
        }))
    }
}

impl Change {
    /// Whether it has written events.
    pub fn has_events(&mut self) -> bool {
        self.kept().events > 0
    }

    /// Whether anybody is told of what happens in an installation. Known once its audit log's end is.
    pub fn is_listened(&mut self, installation: InstallationId) -> bool {
        let own = self.kept().listened.get(&installation).copied();
        let before = self.kept_before().and_then(|kept| kept.listened.get(&installation).copied());
        own.or(before).unwrap_or_default()
    }

    /// The place that the next event of this change gets.
    pub fn next_event(&mut self) -> i64 {
        self.epoch() * PLACES + self.kept().events
    }

    /// The last place that an event of this change can have.
    pub fn last_event(&self) -> i64 {
        self.epoch() * PLACES + PLACES - 1
    }

    /// Counts one event for each of these subjects, and gives their numbers: 1, 2, 3, .. without a gap for each.
    pub async fn number_events(
        &mut self,
        installation: InstallationId,
        subjects: &[Subject],
        at: Instant,
    ) -> Result<Vec<i64>, StoreError> {
        let mut counts: HashMap<String, i64> = HashMap::new();
        let texts: Vec<String> = subjects.iter().map(Subject::to_string).collect();
        texts.iter().for_each(|text| *counts.entry(text.clone()).or_default() += 1);
        let mut ordered: Vec<(&String, &i64)> = counts.iter().collect();
        ordered.sort_unstable();
        let mut next = HashMap::with_capacity(ordered.len());
        for chunk in ordered.chunks(CHUNK) {
            let mut sql = Sql::new("INSERT INTO event_subject (installation_id, subject, seq, at) VALUES ");
            for (index, (subject, count)) in chunk.iter().enumerate() {
                sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").text(subject);
                sql.push(", ").int(**count).push(", ").int(at.as_millis()).push(")");
            }
            sql.push(" ON CONFLICT (installation_id, subject) DO UPDATE SET seq = event_subject.seq + excluded.seq, ");
            sql.push("at = excluded.at RETURNING subject, seq");
            let rows: Vec<(String, i64)> =
                on_tx!(self, connection => query!(query_as, sql, connection).fetch_all(connection).await?);
            next.extend(rows.into_iter().map(|(subject, last)| {
                let first = last - counts.get(&subject).copied().unwrap_or(1);
                (subject, first)
            }));
        }
        Ok(texts
            .iter()
            .map(|text| {
                let number = next.entry(text.clone()).or_default();
                *number += 1;
                *number
            })
            .collect())
    }

    /// Writes events, in their order. Nothing that a caller sends makes that fail.
    pub fn append_events(&mut self, installation: InstallationId, events: Vec<NewEvent>) {
        for event in events {
            let row = event_row(installation, self.next_event(), event);
            let kept = self.kept();
            kept.events += 1;
            kept.entries.add(INSERT_EVENTS, row);
        }
    }

    /// Notes that something is told. False: it was told before.
    pub async fn tell_once(
        &mut self,
        installation: InstallationId,
        subject: Uuid,
        name: &str,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let told = on_tx!(self, connection => {
            sqlx::query(TELL_ONCE)
                .bind(installation.0)
                .bind(subject)
                .bind(name)
                .bind(now.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(told == 1)
    }

    /// Up to `limit` events of an installation between two instants that are not after this place, as this change sees them.
    pub async fn events_between(
        &mut self,
        installation: InstallationId,
        (from, to): (Instant, Instant),
        upto: i64,
        limit: i64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let rows: Vec<EventRow> = on_tx!(self, connection => {
            sqlx::query_as(EVENTS_BETWEEN)
                .bind(installation.0)
                .bind(from.as_millis())
                .bind(to.as_millis())
                .bind(upto)
                .bind(limit)
                .fetch_all(connection)
                .await?
        });
        rows.into_iter().map(event).collect()
    }

    /// These events of an installation, as this change sees them.
    pub async fn events_by_id(
        &mut self,
        installation: InstallationId,
        ids: &[EventId],
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            let mut sql =
                Sql::new("SELECT position, id, type, environment, subject, target FROM event WHERE installation_id = ");
            sql.id(installation.0).push(" AND id IN ").list(ids, |sql, id| {
                sql.id(id.0);
            });
            let rows: Vec<EventRow> =
                on_tx!(self, connection => query!(query_as, sql, connection).fetch_all(connection).await?);
            for row in rows {
                found.push(event(row)?);
            }
        }
        Ok(found)
    }
}
