//! Finished spans on their way to a collector, over OTLP.
//!
//! Nobody who answers a call waits for any of this: spans wait in a queue with a bound, and beyond it they are dropped and counted.
//! A collector that does not answer is asked again, less and less often, and that is said once.

mod collector;
mod encode;

use std::time::Duration;

use cli::Otlp;
use edge::{
    Edge,
    traces::{SpanRecord, Traces, asked_database},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};
use uuid::Uuid;

use self::{
    collector::{Collector, Refused},
    encode::Resource,
};

/// Most spans in one request to the collector.
const BATCH: usize = 512;
/// How long the first span of a batch waits for others.
const DELAY: Duration = Duration::from_secs(1);
/// How soon a collector that does not answer is asked again: after this at first, then after twice as long each time.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_MOST: Duration = Duration::from_secs(30);
/// How long the last spans may take at the end.
const LAST: Duration = Duration::from_secs(2);

/// The task that sends.
pub(crate) struct Telemetry {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Samples requests from now on, and sends their spans. `instance` tells this process from others.
pub(crate) fn start(otlp: Otlp, edge: &Edge, instance: Uuid) -> Telemetry {
    let (traces, spans) = Traces::new(otlp.share);
    edge.trace(traces.clone());
    domain::observe_database(asked_database);
    let (stop, stopped) = oneshot::channel();
    tracing::info!(collector = %otlp.authority, share = otlp.share, "traces go to a collector");
    let resource = Resource::new(&otlp.service, instance);
    let sending = Sending { collector: Collector::new(otlp), resource, edge: edge.clone(), traces, is_taken: true };
    Telemetry { stop, task: tokio::spawn(sending.send_all(spans, stopped)) }
}

impl Telemetry {
    /// Sends what is left, but does not wait for it long.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop.send(());
        if timeout(LAST, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

struct Sending {
    collector: Collector,
    resource: Resource,
    edge: Edge,
    traces: Traces,
    /// Whether the collector took what it was last given.
    is_taken: bool,
}

impl Sending {
    async fn send_all(mut self, mut spans: mpsc::Receiver<SpanRecord>, mut stopped: oneshot::Receiver<()>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut stopping = false;
        while !stopping {
            tokio::select! {
                _ = &mut stopped => stopping = true,
                received = spans.recv_many(&mut batch, BATCH) => stopping = received == 0,
            }
            let mut delay = std::pin::pin!(sleep(DELAY));
            while !stopping && batch.len() < BATCH {
                let room = BATCH - batch.len();
                tokio::select! {
                    _ = &mut stopped => stopping = true,
                    () = &mut delay => break,
                    received = spans.recv_many(&mut batch, room) => stopping = received == 0,
                }
            }
            stopping |= self.send(&mut batch, &mut stopped, stopping).await;
        }
        // Once each: at the end nobody waits for a collector that is away.
        while let Ok(span) = spans.try_recv() {
            batch.push(span);
            if batch.len() == BATCH {
                self.send(&mut batch, &mut stopped, true).await;
            }
        }
        self.send(&mut batch, &mut stopped, true).await;
    }

    /// Sends a batch, again and again while the collector is away. True: it is time to stop.
    async fn send(&mut self, batch: &mut Vec<SpanRecord>, stopped: &mut oneshot::Receiver<()>, stopping: bool) -> bool {
        if batch.is_empty() {
            return stopping;
        }
        let body = self.resource.encode(self.edge.routes(), batch);
        let spans = batch.len() as u64;
        batch.clear();
        let mut again = AGAIN;
        loop {
            match self.collector.post(body.clone()).await {
                Ok(rejected) => {
                    if !std::mem::replace(&mut self.is_taken, true) {
                        tracing::info!("the collector takes spans again");
                    }
                    self.traces.count(spans.saturating_sub(rejected), rejected.min(spans));
                    return stopping;
                }
                Err(Refused { reason, is_final }) => {
                    if std::mem::replace(&mut self.is_taken, false) {
                        tracing::warn!(reason, "the collector takes no spans; calls go on without");
                    }
                    if is_final || stopping {
                        self.traces.count(0, spans);
                        return stopping;
                    }
                }
            }
            tokio::select! {
                _ = &mut *stopped => {
                    self.traces.count(0, spans);
                    return true;
                }
                () = sleep(again) => again = (2 * again).min(AGAIN_MOST),
            }
        }
    }
}
