use std::{sync::Arc, time::Duration};

use edge::{Answer, Cores, Edge, Listener, Template, Timers};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};
use verify::Verifier;

use super::{
    config::Settings, connection::Connection, cors::Cors, health, pool::Pools, shared::Shared, streams::Streams,
    tls::Shown,
};
use crate::{Accepted, Gateway};

/// How often what is open is looked at: whether its key has changed, and, each second time, whether it has expired.
const LOOK: Duration = Duration::from_millis(250);
/// How often the origins of keys are collected, certificates looked at, and idle connections closed, counted in looks.
const TIDY: u32 = 20;
/// How long streams go on after the signal to stop. Other calls are given longer.
const STREAMS_LAST: Duration = Duration::from_secs(5);

/// Under what its calls are counted and logged.
const TEMPLATE: &str = "gateway";

/// Where its calls are counted, for metrics and the access log.
pub fn template() -> Template {
    Template::path(TEMPLATE)
}

/// Forwards calls to APIs, each on the thread on which it arrives.
pub struct Forwarder {
    shared: Arc<Shared>,
    /// What clients are shown; `None`: they come in the clear.
    shown: Option<Arc<Shown>>,
}

impl Forwarder {
    /// Decides with `verifier`, by the routes of `gateway`, on keys that are `accepted`, and forwards to the upstreams of
    /// `settings`. `threads`: how many answer. Called in the runtime for work that waits.
    pub fn new(
        verifier: Verifier,
        gateway: Gateway,
        accepted: Accepted,
        edge: Edge,
        settings: Settings,
        threads: usize,
    ) -> Self {
        let Settings { shown, cors, body_max, streams, upstreams, .. } = settings;
        let streams = Arc::new(Streams::new(streams));
        let counted = Arc::clone(&streams);
        edge.watch_room(move || counted.occupancy());
        let pools = Pools::new(threads, upstreams.addresses().count());
        let shared = Shared {
            verifier,
            gateway,
            accepted,
            route: edge.routes().find(TEMPLATE),
            edge,
            upstreams,
            pools,
            streams,
            cors: Cors::new(cors),
            body_max,
            elsewhere: Handle::current(),
        };
        Self { shared: Arc::new(shared), shown: shown.map(Arc::new) }
    }
}

/// Forwards the calls of every connection that a listener accepts, until `stopping` says so. Ends when the last of them has:
/// calls are finished, and streams go on for some seconds.
pub async fn serve<A: Answer>(
    listener: Listener,
    forwarder: Forwarder,
    cores: Arc<Cores<A>>,
    timers: Timers,
    mut stopping: watch::Receiver<bool>,
) {
    let Forwarder { shared, shown } = forwarder;
    let mut background = JoinSet::new();
    background.spawn(look_after(Arc::clone(&shared), shown.clone()));
    for (upstream, address) in shared.upstreams.addresses().filter(|(upstream, _)| upstream.health.is_some()) {
        background.spawn(health::watch(Arc::clone(upstream), address.place));
    }
    let (alive, mut left) = mpsc::channel::<()>(1);
    loop {
        let (stream, peer, place) = tokio::select! {
            _ = stopping.changed() => break,
            accepted = listener.accept() => accepted,
        };
        let connection = match stream.into_std() {
            Ok(stream) => Connection {
                stream,
                peer,
                place,
                timers: timers.clone(),
                shared: Arc::clone(&shared),
                tls: shown.as_ref().map(|shown| shown.config()),
                stopping: stopping.clone(),
                alive: alive.clone(),
            },
            Err(error) => {
                tracing::error!(%error, "a connection can't be answered");
                continue;
            }
        };
        cores.run(move |thread| connection.answer(thread));
    }
    drop((listener, alive));
    tokio::select! {
        _ = left.recv() => return,
        () = sleep(STREAMS_LAST) => {}
    }
    // Whoever listens to them comes again, to another node or to what is started anew.
    shared.streams.cut_all();
    let _ = left.recv().await;
}

/// Cuts what may no longer go on, and keeps what is known of keys and files fresh.
async fn look_after(shared: Arc<Shared>, shown: Option<Arc<Shown>>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut generation, mut looks, mut are_old) = (0, 0_u32, true);
    loop {
        ticks.tick().await;
        let now = shared.edge.now();
        let current = shared.verifier.generation();
        if current != generation || looks.is_multiple_of(2) {
            shared.streams.sweep(&shared.verifier, now).await;
        }
        are_old |= current != generation;
        // Each second at most, however many keys change; and from time to time, since keys expire.
        if looks.is_multiple_of(TIDY) || (are_old && looks.is_multiple_of(4)) {
            are_old = false;
            shared.cors.set_living(shared.verifier.living_origins(now));
        }
        if looks.is_multiple_of(TIDY) {
            shared.pools.sweep();
            if let Some(shown) = &shown {
                shown.refresh();
            }
        }
        generation = current;
        looks = looks.wrapping_add(1);
    }
}
