//! The contact centre that test keys open: behind the gateway of this process, where no port leads to it, or by itself on a port
//! for a gateway elsewhere.
//!
//! To make up 30 days takes some seconds the first time. Meanwhile the server serves, and calls to the contact centre are told to come back.

mod clock;
mod connection;
mod open;
mod opening;
mod standalone;
mod threads;
mod webhooks;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::pin,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::Router;
use cli::Sandbox;
use contact_centre_api::{Centre, router};
use gate::forward::Entrance;
use model::{Network, TrustedProxies};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

pub(crate) use self::{standalone::run, webhooks::Known};

/// As whom the gateway of this process comes: nobody else has the door.
const GATEWAY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long deliveries that are on their way may take at the end. What is not delivered is, after the next start.
const LAST_DELIVERIES: Duration = Duration::from_secs(3);

/// A contact centre that is being started or runs.
pub(crate) struct Started {
    task: Option<JoinHandle<()>>,
    threads: threads::Threads,
    /// Once it is open.
    centre: Arc<OnceLock<Centre>>,
    stopping: watch::Sender<bool>,
}

/// Starts the contact centre behind a door, on threads of its own. Its webhooks end with their keys.
///
/// # Errors
/// There are no threads for it.
pub(crate) fn start(sandbox: Sandbox, entrance: Entrance, keys: Known) -> io::Result<Started> {
    let (stopping, stop) = watch::channel(false);
    let centre = Arc::default();
    let threads = threads::Threads::start()?;
    let task = threads.spawn(serve(sandbox, entrance, Arc::new(keys), Arc::clone(&centre), stop));
    Ok(Started { task, threads, centre, stopping })
}

impl Started {
    /// Ends every stream, so that clients come back to whoever is there then.
    pub(crate) fn end_streams(&self) {
        if let Some(centre) = self.centre.get() {
            centre.end_streams();
        }
    }

    /// Ends it, when the gateway has: what has happened is written down.
    pub(crate) async fn stop(self) {
        let Self { task, threads, stopping, .. } = self;
        stopping.send_replace(true);
        if let Some(task) = task {
            let _ = task.await;
        }
        drop(threads);
    }
}

/// Answers whoever comes through the door, until it is to stop.
async fn serve(
    sandbox: Sandbox,
    mut entrance: Entrance,
    keys: Arc<Known>,
    running: Arc<OnceLock<Centre>>,
    mut stop: watch::Receiver<bool>,
) {
    let here = TrustedProxies::new(Network::parse(&GATEWAY.ip().to_string()).into_iter().collect());
    // Once it is open, connections that were made before reach it as well.
    let opened: Arc<OnceLock<Router>> = Arc::default();
    let answering = opening::router(Arc::clone(&opened));
    let mut connections = JoinSet::new();
    let mut opens = pin!(open(sandbox, here));
    let centre_and_clock = loop {
        tokio::select! {
            opened = &mut opens => break opened,
            taken = entrance.accept() => {
                let Some(stream) = taken else { return };
                connections.spawn(connection::answer(stream, GATEWAY, answering.clone()));
            }
            Some(_) = connections.join_next() => {}
            _ = stop.changed() => return,
        }
    };
    // Without it the door is closed, and the gateway says so to test keys.
    let Some((centre, clock)) = centre_and_clock else { return };
    let _ = running.set(centre.clone());
    let _ = opened.set(router(centre.clone()));
    let delivering = tokio::spawn({
        let (centre, stop) = (centre.clone(), stop.clone());
        async move { centre.deliver(keys, stop).await }
    });
    loop {
        tokio::select! {
            taken = entrance.accept() => {
                let Some(stream) = taken else { break };
                connections.spawn(connection::answer(stream, GATEWAY, answering.clone()));
            }
            Some(_) = connections.join_next() => {}
            _ = stop.changed() => break,
        }
    }
    centre.end_streams();
    connections.shutdown().await;
    let _ = tokio::time::timeout(LAST_DELIVERIES, delivering).await;
    clock.stop().await;
}

/// Opens the shared world, and has its clock run. `None`: it can't be opened, which is told.
async fn open(sandbox: Sandbox, gateway: TrustedProxies) -> Option<(Centre, clock::Clock)> {
    let begun = Instant::now();
    let journal = sandbox.journal.clone();
    match open::open(sandbox, gateway, true).await {
        Ok(centre) => {
            let millis = begun.elapsed().as_millis();
            let journal = journal.map(|path| path.display().to_string());
            tracing::info!(journal, "the contact centre for test keys is open, after {millis} ms");
            let clock = clock::Clock::start(centre.clone());
            Some((centre, clock))
        }
        Err(error) => {
            tracing::error!(error, "the contact centre for test keys can't be opened");
            None
        }
    }
}
