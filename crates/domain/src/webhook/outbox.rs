//! The outbox as the engine sees it: the tables of the store, and the keyring.

use std::{
    sync::{PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use delivery::{Batch, Due, Engine, Lease, Next, Outbox, OutboxError, Outcome, WebhookUrl};
use model::{Action, Actor, Attempt, DeliveryState, Instant, KeyError, WebhookId, WebhookOrder};
use serde_json::json;
use store::{ReceiverDue, StoreError, StoredEvent, Tried};
use tokio::{sync::watch, time};
use uuid::Uuid;

use crate::{Keydesk, audit::AuditEvent, failure, turn::ONE};

/// Longer than any wait for the next try, which is a day and a fifth: what is due later was put off by a clock that was set back.
const FAR_MS: i64 = 30 * 60 * 60 * 1_000;
/// Events that are looked at in one step.
const STEP: i64 = 500;
/// Deliveries to one receiver that wait. Beyond that its events stay in the outbox, so the table of deliveries stays small.
const WAITING_MOST: u64 = 1_000;
/// Events that a receiver does not want until it is written down that they were looked at.
const UNWRITTEN_MOST: usize = 100;
/// How often it is counted what waits.
const COUNTED: Duration = Duration::from_secs(30);
/// How often it is looked whether events wait for the log.
const LOG: Duration = Duration::from_millis(500);
/// The place of the event log among the leases.
const LOG_LEASE: Uuid = Uuid::nil();

impl Keydesk {
    pub(crate) fn engine(&self) -> Engine<Self> {
        let holder = self.new_id(self.now());
        let out = &self.inner.out;
        Engine::new(self.clone(), out.client.clone(), holder, out.signals.clone())
    }

    /// Sends events out until it is told to stop.
    pub(crate) async fn deliver_until(self, mut stop: watch::Receiver<bool>) {
        let engine = self.engine();
        let running = tokio::spawn(engine.clone().run(stop.clone()));
        let mut counts = time::interval(COUNTED);
        let mut logs = time::interval(LOG);
        logs.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let writes_log = self.writes_event_log().await;
        loop {
            tokio::select! {
                () = until(&mut stop) => break,
                _ = counts.tick() => self.count_waiting().await,
                _ = logs.tick(), if writes_log => self.log_events(&engine).await,
            }
        }
        let _ = running.await;
    }

    /// Looks once for deliveries that are due, and makes them. For whoever does without the background.
    pub async fn deliver_due(&self) {
        self.engine().deliver().await;
    }

    async fn log_events(&self, engine: &Engine<Self>) {
        if self.event_log_waits().await {
            // It has been logged.
            let _ = engine.alone(LOG_LEASE, self.write_event_log()).await;
        }
    }

    async fn count_waiting(&self) {
        if let Ok((pending, parked)) = self.inner.store.deliveries_waiting().await {
            self.inner.out.pending.store(pending, Relaxed);
            self.inner.out.parked.store(parked, Relaxed);
        }
    }

    /// Makes deliveries of the events that a receiver has not got yet. Whether there are any.
    async fn plan(&self, of: &ReceiverDue) -> Result<bool, StoreError> {
        let store = &self.inner.store;
        let mut seen = of.seen;
        let looked_at = self.looked_at(of.id);
        let mut from = seen.max(looked_at);
        let (mut any, mut unwanted) = (false, 0);
        while from < of.newest {
            let (waiting, _) = store.webhook_waiting(of.id).await?;
            if waiting >= WAITING_MOST {
                break;
            }
            let events = store.events_after(of.installation, from, STEP).await?;
            let Some(last) = events.last().map(|event| event.position) else { break };
            unwanted += events.len();
            let wanted: Vec<StoredEvent> = events.into_iter().filter(|event| wants(of, event)).collect();
            from = last;
            if wanted.is_empty() && unwanted < UNWRITTEN_MOST {
                self.inner.out.looked_at.lock().unwrap_or_else(PoisonError::into_inner).insert(of.id, last);
                continue;
            }
            if !store.plan_deliveries(of.id, (seen, last), &wanted, self.now()).await? {
                // Another node was faster, with these or more.
                return Ok(true);
            }
            any |= !wanted.is_empty();
            (seen, unwanted) = (last, 0);
        }
        Ok(any)
    }

    fn looked_at(&self, id: WebhookId) -> i64 {
        let looked_at = self.inner.out.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        looked_at.get(&id).copied().unwrap_or_default()
    }

    /// Switches a receiver off that says that it is gone for good.
    async fn gone(&self, id: WebhookId) -> Result<(), KeyError> {
        self.change(ONE, move |this, mut change| async move {
            let stored = this.inner.store.webhook_by_id(id).await.map_err(failure::public)?;
            let Some(stored) = stored else { return Ok(()) };
            let (installation, now) = (stored.installation, this.now());
            // As this change sees it.
            let found = change.webhook(installation, id).await.map_err(failure::public)?;
            let Some(mut found) = found.filter(|found| found.webhook.enabled) else { return Ok(()) };
            found.webhook.enabled = false;
            change.update_webhook(&found, now).await.map_err(failure::public)?;
            let event = AuditEvent::of(Action::WebhookDisable, json!({ "webhook": id, "by": "410 Gone" }));
            this.write_audit(&mut change, installation, Actor::System, now, vec![event]).await?;
            this.commit(change).await
        })
        .await
    }
}

/// Waits until it is time to stop, and holds nothing afterwards.
async fn until(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn wants(of: &ReceiverDue, event: &StoredEvent) -> bool {
    match event.target {
        Some(target) => target == of.id,
        None => (of.live || event.environment == Some(model::Environment::Test)) && of.types.wants(&event.kind),
    }
}

fn failed(error: &StoreError) -> OutboxError {
    tracing::warn!(%error, "events wait: the outbox can't be read or written");
    OutboxError
}

impl Outbox for Keydesk {
    fn now(&self) -> Instant {
        Self::now(self)
    }

    async fn receivers(&self) -> Result<Vec<Uuid>, OutboxError> {
        let now = self.now();
        let all = self.inner.store.receivers_due(now, now.plus_millis(FAR_MS)).await.map_err(|error| failed(&error))?;
        let known = |id: &WebhookId| all.iter().any(|of| of.id == *id);
        self.inner.out.looked_at.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| known(id));
        let mut due = Vec::new();
        for of in all {
            let planned = of.newest > of.seen && self.plan(&of).await.map_err(|error| failed(&error))?;
            if of.due || planned {
                due.push(of.id.0);
            }
        }
        Ok(due)
    }

    async fn batch(&self, receiver: Uuid, most: usize) -> Result<Option<Batch>, OutboxError> {
        let (store, now) = (&self.inner.store, self.now());
        let id = WebhookId(receiver);
        let found = store.webhook_by_id(id).await.map_err(|error| failed(&error))?;
        let Some(found) = found.filter(|found| found.webhook.enabled) else { return Ok(None) };
        let in_order = found.webhook.order == WebhookOrder::Subject;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let due = store.deliveries_due(id, in_order, (now, now.plus_millis(FAR_MS)), most).await;
        let due = due.map_err(|error| failed(&error))?.into_iter().map(|due| Due {
            position: due.position,
            event: due.event.0,
            attempts: due.attempts,
            since: due.since,
            body: Bytes::from(due.body),
        });
        Ok(Some(Batch {
            url: WebhookUrl::parse(&found.webhook.url, self.inner.out.client.policy()),
            secrets: self.webhook_secrets(&found),
            due: due.collect(),
        }))
    }

    async fn settle(&self, receiver: Uuid, outcomes: Vec<Outcome>) -> Result<(), OutboxError> {
        let id = WebhookId(receiver);
        let gone = outcomes.iter().any(|outcome| outcome.answer.is_gone());
        let tried: Vec<Tried> = outcomes.into_iter().map(tried).collect();
        self.inner.store.settle_deliveries(id, &tried).await.map_err(|error| failed(&error))?;
        if gone {
            self.gone(id).await.map_err(|_| OutboxError)?;
        }
        Ok(())
    }

    async fn lease(&self, receiver: Uuid) -> Result<Option<Lease>, OutboxError> {
        let lease = self.inner.store.delivery_lease(WebhookId(receiver)).await.map_err(|error| failed(&error))?;
        Ok(lease.map(|(holder, beat)| Lease { holder, beat }))
    }

    async fn take(&self, receiver: Uuid, holder: Uuid, from: Option<Lease>) -> Result<bool, OutboxError> {
        let from = from.map(|lease| (lease.holder, lease.beat));
        let taken = self.inner.store.take_delivery_lease(WebhookId(receiver), holder, from).await;
        taken.map_err(|error| failed(&error))
    }

    async fn renew(&self, holder: Uuid) -> Result<Vec<Uuid>, OutboxError> {
        let renewed = self.inner.store.renew_delivery_leases(holder).await.map_err(|error| failed(&error))?;
        Ok(renewed.into_iter().map(|id| id.0).collect())
    }

    async fn release(&self, receiver: Uuid, holder: Uuid) -> Result<(), OutboxError> {
        let released = self.inner.store.release_delivery_lease(WebhookId(receiver), holder).await;
        released.map_err(|error| failed(&error))
    }
}

fn tried(Outcome { position, at, answer, next }: Outcome) -> Tried {
    let (state, next_at) = match next {
        Next::Delivered => (DeliveryState::Delivered, at),
        Next::Parked => (DeliveryState::Parked, at),
        Next::At(next_at) => (DeliveryState::Pending, next_at),
    };
    let duration_ms = u32::try_from(answer.duration.as_millis()).unwrap_or(u32::MAX);
    Tried { position, state, next_at, attempt: Attempt { at, status: answer.status, answer: answer.text, duration_ms } }
}
