use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
};

use contact_centre::{
    push::Feed,
    shared::Shared,
    sim::Config,
    webhooks::{Draft, HookView, MasterKey, NotDone, Owner, Webhooks},
    world::World,
};
use delivery::{
    Client, Policy, SystemResolver,
    testing::{Received, Receiver},
};
use model::{Instant, PlainSecret, WebhookOrder, WebhookSignature};
use serde_json::Value;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// A Wednesday, 13:00 in Sydney.
pub(crate) fn now() -> Instant {
    "2026-03-04T02:00:00.000Z".parse().unwrap()
}

pub(crate) const KEY: Uuid = Uuid::from_u128(7);
const HOLDER: Uuid = Uuid::from_u128(8);

/// A world, its webhooks, and the time of both.
pub(crate) struct Centre {
    pub(crate) world: Arc<Shared>,
    pub(crate) webhooks: Webhooks,
    time: Arc<AtomicI64>,
    made: u128,
    /// How many events come in one delivery to the receivers that are made from now on.
    pub(crate) batch: usize,
}

fn client() -> Client {
    let policy = Policy { allow_http: true, allow_networks: vec!["127.0.0.0/8".parse().unwrap()] };
    Client::new(policy, Arc::new(SystemResolver), &[]).unwrap()
}

fn webhooks(time: &Arc<AtomicI64>, path: Option<PathBuf>, world: &Arc<Shared>) -> Webhooks {
    let time = time.clone();
    let now = Box::new(move || Instant::from_millis(time.load(SeqCst)));
    Webhooks::open(client(), MasterKey::new(&[3; 32]), now, path, world).unwrap()
}

impl Centre {
    pub(crate) fn of(config: Config, path: Option<PathBuf>) -> Self {
        let world = Arc::new(Shared::new(World::ephemeral(config, now())));
        let time = Arc::new(AtomicI64::new(now().as_millis()));
        Self { webhooks: webhooks(&time, path, &world), world, time, made: 0, batch: 1 }
    }

    pub(crate) fn new(seed: u64) -> Self {
        Self::of(small(seed), None)
    }

    /// The process ends, and another begins.
    pub(crate) fn restart(&mut self, path: PathBuf) {
        self.webhooks = webhooks(&self.time, Some(path), &self.world);
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, ms: i64) {
        let real = Instant::from_millis(self.time.fetch_add(ms, SeqCst) + ms);
        while !self.world.tick(real).unwrap() {}
    }

    /// Lets time pass for what sends alone: nothing happens in the world.
    pub(crate) fn wait(&self, ms: i64) {
        self.time.fetch_add(ms, SeqCst);
    }

    pub(crate) async fn deliver(&self) {
        self.webhooks.deliver(HOLDER).await;
    }

    /// Delivers beside whoever goes on.
    pub(crate) fn delivering(&self) -> JoinHandle<()> {
        let webhooks = self.webhooks.clone();
        tokio::spawn(async move { webhooks.deliver(HOLDER).await })
    }

    pub(crate) fn told(&self) -> u64 {
        self.world.read(World::told)
    }

    pub(crate) async fn make(
        &mut self,
        feed: Feed,
        types: &[&str],
        url: String,
    ) -> Result<(HookView, PlainSecret), NotDone> {
        self.make_so(feed, types, url, WebhookOrder::Subject).await
    }

    pub(crate) async fn make_so(
        &mut self,
        feed: Feed,
        types: &[&str],
        url: String,
        order: WebhookOrder,
    ) -> Result<(HookView, PlainSecret), NotDone> {
        let owner = Owner { key_id: KEY, wraps: true, contacts: true, recordings: true, queues: None };
        self.make_for(owner, feed, types, url, order).await
    }

    pub(crate) async fn make_for(
        &mut self,
        owner: Owner,
        feed: Feed,
        types: &[&str],
        url: String,
        order: WebhookOrder,
    ) -> Result<(HookView, PlainSecret), NotDone> {
        self.made += 1;
        let types = types.iter().map(|kind| (*kind).to_owned()).collect();
        let draft = Draft { feed, url, types, order, signature: WebhookSignature::V1, batch: self.batch };
        self.webhooks.create(Uuid::from_u128(self.made), owner, (None, &self.world), draft).await
    }
}

/// 20 agents and 900 calls a day, of which one has passed.
pub(crate) fn small(seed: u64) -> Config {
    let mut config = Config::new(seed);
    (config.agents, config.contacts, config.leads) = (20, 300, 200);
    (config.calls_per_day, config.history_days) = (900, 1);
    config
}

pub(crate) fn body(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

/// The events that came, without the question at the beginning.
pub(crate) fn events(receiver: &Receiver) -> Vec<Value> {
    let events = receiver.received();
    events.iter().map(body).filter(|event| event["type"] != "endpoint.verify").collect()
}
