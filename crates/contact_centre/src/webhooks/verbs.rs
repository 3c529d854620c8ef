//! What keys do with their receivers. A key knows of its own alone.

use std::{net::IpAddr, sync::Arc};

use delivery::{InvalidUrl, Message, WebhookUrl, public_key, sign};
use model::{DeliveryState, Instant, PlainSecret};
use uuid::Uuid;

use super::{
    Hooks, QUESTION, TEST, Webhooks,
    hook::{BATCH_MAX, BOTH_MS, Draft, Faults, Hook, HookView, Owner, PARKED_MAX, Patch, WAITING_MAX},
    keep::KeepError,
    plan::told,
    sending::{Delivered, Delivery, DeliveryView},
};
use crate::{
    push::{Feed, InvalidFilter, Kinds},
    shared::Shared,
};

/// Receivers of one key.
pub const HOOKS_OF_KEY_MAX: usize = 10;
/// Receivers of all keys.
pub const HOOKS_MAX: usize = 100;

/// Something was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// The key has no such receiver.
    #[error("there is no such webhook")]
    NotFound,
    /// As many are there as there may be.
    #[error("a key has at most {HOOKS_OF_KEY_MAX} webhooks, and all together {HOOKS_MAX}")]
    Full,
    /// It has been changed since.
    #[error("it has been changed")]
    Moved,
    /// Its address can't be one.
    #[error("{0}")]
    Url(#[from] InvalidUrl),
    /// Its name leads where nothing is sent.
    #[error("leads to {0}, which is not a public address; the operator can allow its network")]
    Private(IpAddr),
    /// Its types can't be some.
    #[error("{0}")]
    Types(#[from] InvalidFilter),
    /// Its batches can't be so.
    #[error("must be between 1 and {BATCH_MAX}")]
    Batch,
    /// It did not accept the event with which it is asked whether it wants any. The status of its answer, if there was one.
    #[error("did not answer the event {QUESTION} with 2xx")]
    NotVerified(Option<u16>),
    /// It is switched off.
    #[error("the webhook is switched off")]
    Disabled,
    /// More is to be delivered again than there is room for.
    #[error("{0} events are more than can wait for a webhook")]
    TooMany(usize),
    /// As much waits for it as can.
    #[error("{WAITING_MAX} events wait for the webhook already")]
    Crowded,
    /// It could not be written down.
    #[error(transparent)]
    Kept(#[from] KeepError),
}

/// What a key is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is no more.
    Ended,
    /// It may follow these feeds, and see this much of them.
    Stands {
        /// What it may follow.
        feeds: Vec<Feed>,
        /// See [`Owner`].
        wraps: bool,
        /// See [`Owner`].
        contacts: bool,
        /// See [`Owner`].
        recordings: bool,
    },
}

impl Webhooks {
    /// Makes a receiver, which is first asked whether it wants to be one. Its secret is told once.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn create(
        &self,
        id: Uuid,
        owner: Owner,
        (world_name, world): (Option<Box<str>>, &Arc<Shared>),
        draft: Draft,
    ) -> Result<(HookView, PlainSecret), NotDone> {
        Kinds::parse(draft.types.iter().map(String::as_str))?;
        batch(draft.batch)?;
        room(&self.lock(), owner.key_id)?;
        let secret = self.0.master.secret(id, 0, draft.signature);
        self.ask(id, &draft.url, &secret).await?;
        let now = self.now();
        let (epoch, seen) = world.read(|world| (world.epoch().clone(), world.told()));
        let hook = Hook {
            id,
            owner,
            world_name,
            world: Arc::downgrade(world),
            feed: draft.feed,
            url: draft.url,
            types: draft.types,
            order: draft.order,
            signature: draft.signature,
            batch: draft.batch,
            enabled: true,
            disabled_by: None,
            generation: 0,
            former_ends_at: None,
            epoch,
            seen,
            deliveries: std::collections::BTreeMap::new(),
            places: 0,
            failing_since: None,
            faults: Faults::default(),
            trial: None,
            last_delivered_at: None,
            last_failed_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let view = HookView::of(&hook, public_key(&secret), now);
        {
            let mut hooks = self.lock();
            // Others may have been made while this one was asked.
            room(&hooks, hook.owner.key_id)?;
            hooks.by_id.insert(id, hook);
            hooks.changed = true;
        }
        self.keep_aside().await?;
        Ok((view, secret))
    }

    /// Asks whoever answers at an address whether they want events. What can't be sent to is refused before.
    async fn ask(&self, id: Uuid, url: &str, secret: &PlainSecret) -> Result<(), NotDone> {
        let url = WebhookUrl::parse(url, self.0.client.policy())?;
        self.0.client.vet(&url).await.map_err(NotDone::Private)?;
        let (now, kind) = (self.now(), QUESTION);
        let body = told(id, None, kind, now, serde_json::Map::new());
        let timestamp = now.as_millis().div_euclid(1_000);
        // The secret was just made.
        let signature = sign(std::slice::from_ref(secret), id, timestamp, &body).unwrap_or_default();
        let answer = self.0.client.send(&url, Message { id, timestamp, signature, body }).await;
        if answer.is_accepted() { Ok(()) } else { Err(NotDone::NotVerified(answer.status)) }
    }

    /// The receivers of a key for a feed, the oldest first.
    pub fn list(&self, key: Uuid, feed: Feed) -> Vec<HookView> {
        let now = self.now();
        let hooks = self.lock();
        let own = hooks.by_id.values().filter(|hook| hook.owner.key_id == key && hook.feed == feed);
        own.map(|hook| self.view(hook, now)).collect()
    }

    /// A receiver.
    ///
    /// # Errors
    /// [`NotDone::NotFound`].
    pub fn get(&self, key: Uuid, feed: Feed, id: Uuid) -> Result<HookView, NotDone> {
        self.with(key, feed, id, |hook, now| Ok(self.view(hook, now)))
    }

    /// Changes a receiver; one of another address is first asked whether it wants to be one. `version` is what the caller knows.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn update(
        &self,
        key: Uuid,
        (feed, id): (Feed, Uuid),
        patch: Patch,
        version: Option<u64>,
    ) -> Result<HookView, NotDone> {
        if let Some(types) = &patch.types {
            Kinds::parse(types.iter().map(String::as_str))?;
        }
        batch(patch.batch.unwrap_or(1))?;
        let known = |hook: &Hook| version.is_none_or(|version| version == hook.version);
        let (moves, secret) = self.with(key, feed, id, |hook, _| {
            let moves = patch.url.as_ref().filter(|url| **url != hook.url).cloned();
            let secret = self.0.master.secret(hook.id, hook.generation, hook.signature);
            if known(hook) { Ok((moves, secret)) } else { Err(NotDone::Moved) }
        })?;
        if let Some(url) = moves {
            self.ask(id, &url, &secret).await?;
        }
        let view = self.change(key, feed, id, |hook, now| {
            if !known(hook) {
                return Err(NotDone::Moved);
            }
            if let Some(enabled) = patch.enabled {
                hook.enabled = enabled;
                (hook.disabled_by, hook.failing_since) = (None, None);
            }
            hook.url = patch.url.unwrap_or(std::mem::take(&mut hook.url));
            hook.types = patch.types.unwrap_or(std::mem::take(&mut hook.types));
            hook.order = patch.order.unwrap_or(hook.order);
            hook.batch = patch.batch.unwrap_or(hook.batch);
            hook.changed(now);
            Ok(self.view(hook, now))
        })?;
        self.keep_aside().await?;
        self.0.signals.hint();
        Ok(view)
    }

    /// Ends a receiver, and what was on its way to it.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn delete(&self, key: Uuid, feed: Feed, id: Uuid) -> Result<(), NotDone> {
        self.change(key, feed, id, |_, _| Ok(()))?;
        self.lock().by_id.remove(&id);
        Ok(self.keep_aside().await?)
    }

    /// Gives a receiver another secret. Both sign for 24 hours.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn rotate(&self, key: Uuid, feed: Feed, id: Uuid) -> Result<(HookView, PlainSecret), NotDone> {
        let rotated = self.change(key, feed, id, |hook, now| {
            hook.generation += 1;
            hook.former_ends_at = Some(now.plus_millis(BOTH_MS));
            hook.changed(now);
            let secret = self.0.master.secret(hook.id, hook.generation, hook.signature);
            Ok((self.view(hook, now), secret))
        })?;
        self.keep_aside().await?;
        Ok(rotated)
    }

    /// Sends an event of the type `webhook.test`, whatever types it wants.
    ///
    /// # Errors
    /// [`NotDone::NotFound`], [`NotDone::Disabled`] and [`NotDone::Crowded`].
    pub fn test(&self, key: Uuid, feed: Feed, id: Uuid) -> Result<(), NotDone> {
        self.change(key, feed, id, |hook, now| {
            if !hook.enabled {
                return Err(NotDone::Disabled);
            }
            // Nobody but the caller bounds how many of these there are.
            if hook.events(DeliveryState::Pending) >= WAITING_MAX || hook.events(DeliveryState::Parked) >= PARKED_MAX {
                return Err(NotDone::Crowded);
            }
            let (event, kind) = (hook.word_id(now), TEST);
            let body = told(event, Some(&hook.epoch), kind, now, serde_json::Map::new());
            hook.put(Delivery::due(event, kind, hook.id, now, body, now));
            Ok(())
        })?;
        self.0.signals.hint();
        Ok(())
    }

    /// Deliveries to a receiver, the newest first, before a place; only those that stand so.
    ///
    /// # Errors
    /// [`NotDone::NotFound`].
    pub fn deliveries(
        &self,
        key: Uuid,
        (feed, id): (Feed, Uuid),
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Delivered, NotDone> {
        self.with(key, feed, id, |hook, _| {
            let before = before.unwrap_or(i64::MAX);
            let found = hook.deliveries.range(..before).rev();
            let found = found.filter(|(_, one)| state.is_none_or(|state| one.is(state)));
            let mut page: Vec<_> = found.take(limit + 1).collect();
            let more = page.len() > limit;
            page.truncate(limit);
            let last = page.last().filter(|_| more);
            Ok(Delivered {
                next_cursor: last.map(|(position, _)| model::DeliveryCursor(**position).to_string()),
                items: page.iter().map(|(_, one)| DeliveryView::of(one)).collect(),
            })
        })
    }

    /// Delivers again what happened from one event to another, as far as it is wanted; how many.
    ///
    /// # Errors
    /// [`NotDone`].
    pub fn redeliver(&self, key: Uuid, (feed, id): (Feed, Uuid), (from, to): (u64, u64)) -> Result<usize, NotDone> {
        let count = self.change(key, feed, id, |hook, now| {
            let world = hook.world.upgrade().ok_or(NotDone::NotFound)?;
            if !hook.enabled {
                return Err(NotDone::Disabled);
            }
            world.read(|world| hook.again(world, (from, to), now)).map_err(NotDone::TooMany)
        })?;
        self.0.signals.hint();
        Ok(count)
    }

    /// Has things go wrong with deliveries to the receivers of a key, or no longer.
    pub fn fail(&self, key: Uuid, faults: Faults) {
        for hook in self.lock().by_id.values_mut().filter(|hook| hook.owner.key_id == key) {
            hook.faults = faults;
        }
    }

    /// Every key that has receivers, for whoever knows what became of them.
    pub fn keys(&self) -> Vec<Uuid> {
        let mut keys: Vec<_> = self.lock().by_id.values().map(|hook| hook.owner.key_id).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Receivers that were switched off though nobody did it, and why; for whoever tells the operator.
    pub fn switched_off(&self) -> Vec<(Uuid, Box<str>)> {
        let hooks = self.lock();
        hooks.by_id.values().filter_map(|hook| Some((hook.id, hook.disabled_by.clone()?))).collect()
    }

    /// Takes in what became of a key: its receivers end with it, and get no more than it may, also of what waits already.
    pub fn stands(&self, key: Uuid, standing: &Standing) {
        let now = self.now();
        let mut hooks = self.lock();
        let Standing::Stands { feeds, wraps, contacts, recordings } = standing else {
            let before = hooks.by_id.len();
            hooks.by_id.retain(|_, hook| hook.owner.key_id != key);
            hooks.changed |= hooks.by_id.len() != before;
            return;
        };
        let mut changed = false;
        for hook in hooks.by_id.values_mut().filter(|hook| hook.owner.key_id == key) {
            // It may have been made with a token that had less than its key, so it gets nothing back.
            let own = &hook.owner;
            let owner = Owner {
                wraps: own.wraps && *wraps,
                contacts: own.contacts && *contacts,
                recordings: own.recordings && *recordings,
                ..own.clone()
            };
            changed |= hook.owned_by(owner, now);
            if hook.enabled && !feeds.contains(&hook.feed) {
                hook.switch_off("insufficient_scope", now);
                changed = true;
            }
        }
        hooks.changed |= changed;
    }

    /// Changes a receiver of a key.
    fn change<T>(
        &self,
        key: Uuid,
        feed: Feed,
        id: Uuid,
        change: impl FnOnce(&mut Hook, Instant) -> Result<T, NotDone>,
    ) -> Result<T, NotDone> {
        let changed = self.with(key, feed, id, change)?;
        self.lock().changed = true;
        Ok(changed)
    }

    /// Does something with a receiver of a key.
    fn with<T>(
        &self,
        key: Uuid,
        feed: Feed,
        id: Uuid,
        change: impl FnOnce(&mut Hook, Instant) -> Result<T, NotDone>,
    ) -> Result<T, NotDone> {
        let now = self.now();
        let mut hooks = self.lock();
        let own = hooks.by_id.get_mut(&id).filter(|hook| hook.owner.key_id == key && hook.feed == feed);
        change(own.ok_or(NotDone::NotFound)?, now)
    }

    fn view(&self, hook: &Hook, now: Instant) -> HookView {
        let secret = self.0.master.secret(hook.id, hook.generation, hook.signature);
        HookView::of(hook, public_key(&secret), now)
    }

    /// [`Self::keep`] where the disk holds nobody up.
    pub(super) async fn keep_aside(&self) -> Result<(), KeepError> {
        let this = self.clone();
        // A panic in it is as good as a write that failed: the next call tries again.
        tokio::task::spawn_blocking(move || this.keep()).await.unwrap_or(Ok(()))
    }
}

/// Refuses batches of none, or of too many.
fn batch(most: usize) -> Result<(), NotDone> {
    if (1..=BATCH_MAX).contains(&most) { Ok(()) } else { Err(NotDone::Batch) }
}

/// Refuses one more receiver of a key where there are as many as there may be.
fn room(hooks: &Hooks, key: Uuid) -> Result<(), NotDone> {
    let own = hooks.by_id.values().filter(|hook| hook.owner.key_id == key).count();
    if own >= HOOKS_OF_KEY_MAX || hooks.by_id.len() >= HOOKS_MAX { Err(NotDone::Full) } else { Ok(()) }
}
