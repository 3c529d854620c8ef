//! The outbox as the engine of deliveries sees it. One process has it, so its leases are always its own.

use std::{collections::HashSet, time::Duration};

use delivery::{Batch, Due, Engine, Lease, Next, Outbox, OutboxError, Outcome, WebhookUrl};
use model::{Attempt, DeliveryState, Instant, PlainSecret, WebhookOrder};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use super::{
    BATCH, Webhooks,
    hook::{HEALTH_WINDOW_MS, Hook},
    sending::Delivery,
    trial::Forged,
};

/// How often it is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(200);
/// How often it is written down how deliveries have gone, in looks.
const KEPT: u32 = 10;
/// Steps through the log for one receiver, before others have their turn.
const STEPS: usize = 8;

impl Webhooks {
    /// Delivers until it is told to stop. `holder` is an id that no other process has.
    pub async fn run(self, holder: Uuid, mut stop: watch::Receiver<bool>) {
        let engine = Engine::new(self.clone(), self.0.client.clone(), holder, self.0.signals.clone());
        let running = tokio::spawn(engine.run(stop.clone()));
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0_u32;
        loop {
            tokio::select! {
                () = stopped(&mut stop) => break,
                _ = looks.tick() => {}
            }
            if self.is_behind() {
                self.0.signals.hint();
            }
            count = count.wrapping_add(1);
            if count.is_multiple_of(KEPT) {
                // What could not be written is tried again; what a crash loses of it is delivered once more.
                let _ = self.keep_aside().await;
            }
        }
        let _ = running.await;
        let _ = self.keep_aside().await;
    }

    /// Looks once, and delivers what is due. For whoever waits for it.
    pub async fn deliver(&self, holder: Uuid) {
        Engine::new(self.clone(), self.0.client.clone(), holder, self.0.signals.clone()).deliver().await;
    }

    /// Whether something has happened that was not looked at for a receiver.
    fn is_behind(&self) -> bool {
        let behind = |hook: &Hook| {
            let world = hook.world.upgrade()?;
            Some(hook.enabled && world.read(|world| world.told() > hook.seen || *world.epoch() != hook.epoch))
        };
        self.lock().by_id.values().any(|hook| behind(hook).unwrap_or(true))
    }

    fn secrets(&self, hook: &Hook, now: Instant) -> Vec<PlainSecret> {
        let former = hook.former_ends_at.is_some_and(|ends_at| now < ends_at);
        let generations = [Some(hook.generation), hook.generation.checked_sub(1).filter(|_| former)];
        let secret = |generation| self.0.master.secret(hook.id, generation, hook.signature);
        generations.into_iter().flatten().map(secret).collect()
    }
}

/// A delivery as it is sent.
fn due(position: i64, one: &Delivery) -> Due {
    Due { position, event: one.event_id, attempts: one.attempts, since: one.since, body: one.body.clone() }
}

/// Waits until it is time to stop, and holds nothing afterwards.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Outbox for Webhooks {
    fn now(&self) -> Instant {
        self.now()
    }

    async fn receivers(&self) -> Result<Vec<Uuid>, OutboxError> {
        let now = self.now();
        let mut hooks = self.lock();
        // A receiver ends with its world.
        let before = hooks.by_id.len();
        hooks.by_id.retain(|_, hook| hook.world.upgrade().is_some_and(|world| !world.is_ended()));
        let mut changed = hooks.by_id.len() != before;
        let mut due = Vec::new();
        for hook in hooks.by_id.values_mut().filter(|hook| hook.enabled) {
            let Some(world) = hook.world.upgrade() else { continue };
            let seen = hook.seen;
            for _ in 0..STEPS {
                if !world.read(|world| hook.plan(world, now)) {
                    break;
                }
            }
            changed |= hook.seen != seen;
            if hook.deliveries.values().any(|one| one.is(DeliveryState::Pending) && one.next_at <= now) {
                due.push(hook.id);
            }
        }
        hooks.changed |= changed;
        Ok(due)
    }

    async fn batch(&self, receiver: Uuid, most: usize) -> Result<Option<Batch>, OutboxError> {
        let now = self.now();
        let hooks = self.lock();
        let Some(hook) = hooks.by_id.get(&receiver).filter(|hook| hook.enabled) else { return Ok(None) };
        let url = WebhookUrl::parse(&hook.url, self.0.client.policy());
        if let Some((position, one)) = hook.forged(now) {
            // The secret of a receiver that nobody has.
            let secrets = vec![self.0.master.secret(Uuid::nil(), 0, hook.signature)];
            return Ok(Some(Batch { url, secrets, due: vec![due(position, one)] }));
        }
        let in_order = hook.order == WebhookOrder::Subject;
        // A batch has events of many subjects, so each waits for the one before.
        let pending = |one: &Delivery| one.is(DeliveryState::Pending) && !one.forged;
        let as_one = hook.batch > 1 || hook.deliveries.values().any(|one| pending(one) && &*one.kind == BATCH);
        let mut subjects = HashSet::new();
        let all = hook
            .deliveries
            .iter()
            .filter(|(_, one)| pending(one))
            // Only the first of each subject: what follows waits until that is accepted or parked.
            .filter(|(_, one)| !in_order || subjects.insert(if as_one { hook.id } else { one.subject }))
            .filter(|(_, one)| one.next_at <= now)
            .take(most)
            .map(|(position, one)| due(*position, one))
            .collect();
        Ok(Some(Batch { url, secrets: self.secrets(hook, now), due: all }))
    }

    fn still(&self, receiver: Uuid, due: Due) -> Option<Due> {
        let hooks = self.lock();
        let hook = hooks.by_id.get(&receiver).filter(|hook| hook.enabled)?;
        let delivery = hook.deliveries.get(&due.position).filter(|one| one.is(DeliveryState::Pending))?;
        Some(Due { body: delivery.body.clone(), ..due })
    }

    async fn settle(&self, receiver: Uuid, outcomes: Vec<Outcome>) -> Result<(), OutboxError> {
        let mut hooks = self.lock();
        hooks.changed = true;
        let Some(hook) = hooks.by_id.get_mut(&receiver) else { return Ok(()) };
        for outcome in outcomes {
            hook.settle(outcome);
        }
        hook.forget_accepted();
        Ok(())
    }

    async fn lease(&self, _: Uuid) -> Result<Option<Lease>, OutboxError> {
        Ok(None)
    }

    async fn take(&self, receiver: Uuid, _: Uuid, _: Option<Lease>) -> Result<bool, OutboxError> {
        Ok(self.lock().by_id.contains_key(&receiver))
    }

    async fn renew(&self, _: Uuid) -> Result<Vec<Uuid>, OutboxError> {
        Ok(self.lock().by_id.keys().copied().collect())
    }

    async fn release(&self, _: Uuid, _: Uuid) -> Result<(), OutboxError> {
        Ok(())
    }
}

impl Hook {
    fn settle(&mut self, Outcome { position, at, answer, next }: Outcome) {
        let Some(delivery) = self.deliveries.get_mut(&position) else { return };
        if delivery.forged {
            // It is no event, so it says nothing of how the receiver does, but to whoever tries it.
            self.deliveries.remove(&position);
            if let Some(trial) = &mut self.trial {
                trial.forged = Forged::Answered(answer.status);
            }
            return;
        }
        if let Some(trial) = &mut self.trial {
            trial.tried(delivery.again, &answer);
        }
        delivery.attempts = delivery.attempts.saturating_add(1);
        let (accepted, gone) = (answer.is_accepted(), answer.is_gone());
        let duration_ms = u32::try_from(answer.duration.as_millis()).unwrap_or(u32::MAX);
        delivery.last = Some(Attempt { at, status: answer.status, answer: answer.text, duration_ms });
        match next {
            Next::Delivered if self.faults.duplicates > 0 => {
                self.faults.duplicates -= 1;
                delivery.again = true;
                delivery.next_at = at;
            }
            Next::Delivered => {
                delivery.state = DeliveryState::Delivered;
                delivery.body = bytes::Bytes::new();
            }
            Next::Parked => delivery.state = DeliveryState::Parked,
            Next::At(next_at) => delivery.next_at = next_at,
        }
        if accepted {
            self.failing_since = None;
            self.last_delivered_at = Some(at);
            return;
        }
        self.last_failed_at = Some(at);
        let since = *self.failing_since.get_or_insert(at);
        if gone {
            self.switch_off("gone", at);
        } else if at.as_millis() - since.as_millis() >= HEALTH_WINDOW_MS {
            self.switch_off("failing", at);
        }
    }

    /// Nobody did it: the receiver itself, or that it never accepts anything.
    pub(super) fn switch_off(&mut self, why: &str, now: Instant) {
        self.enabled = false;
        self.disabled_by = Some(why.into());
        self.changed(now);
    }
}
