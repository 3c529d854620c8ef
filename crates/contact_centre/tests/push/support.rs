use std::sync::Arc;

use contact_centre::{
    log::Cursor,
    push::{Audience, Encoded, Feed, Filter, Hubs, Next, Start, Stream},
    shared::Shared,
    sim::Config,
    world::World,
};
use model::Instant;
use serde_json::Value;

/// A Wednesday, 13:00 in Sydney.
pub(crate) fn now() -> Instant {
    "2026-03-04T02:00:00.000Z".parse().unwrap()
}

/// 20 agents and 900 calls a day, of which one has passed.
pub(crate) fn small(seed: u64) -> Config {
    let mut config = Config::new(seed);
    (config.agents, config.contacts, config.leads) = (20, 300, 200);
    (config.calls_per_day, config.history_days) = (900, 1);
    config
}

/// A world, and the machine's time.
pub(crate) struct Centre {
    pub(crate) world: Arc<Shared>,
    pub(crate) hubs: Hubs,
    real: Instant,
}

impl Centre {
    pub(crate) fn of(config: Config) -> Self {
        let world = Arc::new(Shared::new(World::ephemeral(config, now())));
        Self { world, hubs: Hubs::new(100), real: now() }
    }

    pub(crate) fn new(seed: u64) -> Self {
        Self::of(small(seed))
    }

    /// Lets some of the machine's time pass.
    pub(crate) fn pass(&mut self, ms: i64) {
        self.real = self.real.plus_millis(ms);
        while !self.world.tick(self.real).unwrap() {}
    }

    /// The same in steps, so that who follows gets a turn after each.
    pub(crate) async fn pass_in(&mut self, steps: usize, ms: i64) {
        for _ in 0..steps {
            self.pass(ms);
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        }
    }

    pub(crate) fn follow(&self, audience: Audience, filter: Filter, start: Start) -> Stream {
        self.hubs.follow(&self.world, audience, filter, start).unwrap()
    }

    pub(crate) fn after(&self, seq: u64) -> Start {
        Start::After(Cursor { epoch: self.world.read(|world| world.epoch().clone()), seq })
    }

    pub(crate) fn told(&self) -> u64 {
        self.world.read(World::told)
    }

    /// Places of the events of a feed after another, as the log has them.
    pub(crate) fn log(&self, feed: Feed, after: u64) -> Vec<u64> {
        self.world.read(|world| {
            let of_feed = |event: &&contact_centre::event::Event| Feed::of(event.subject.kind()) == feed;
            world.events_after(after, usize::MAX).unwrap().filter(of_feed).map(|event| event.seq).collect()
        })
    }
}

/// Everything until nothing comes for the time of a heartbeat. The clock of the tests jumps there.
pub(crate) async fn rest(stream: &mut Stream) -> Vec<Encoded> {
    let mut frames = Vec::new();
    while let Next::Frame(frame) = stream.next().await {
        frames.push(frame);
    }
    frames
}

/// The type.
pub(crate) fn kind(frame: &Encoded) -> String {
    json(frame)["type"].as_str().unwrap().to_owned()
}

pub(crate) fn json(frame: &Encoded) -> Value {
    serde_json::from_slice(&frame.json()).unwrap()
}

/// The place that a reader who has this comes back with.
pub(crate) fn place(frame: &Encoded) -> Option<u64> {
    let text = String::from_utf8(frame.sse().to_vec()).unwrap();
    let id = text.lines().find_map(|line| line.strip_prefix("id: "))?;
    Some(id.parse::<Cursor>().unwrap().seq)
}

/// Whether it is an event of the log.
pub(crate) fn is_logged(frame: &Encoded) -> bool {
    json(frame)["subject_seq"].is_u64()
}
