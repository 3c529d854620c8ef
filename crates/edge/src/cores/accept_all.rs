use std::sync::Arc;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{runtime::Handle, sync::watch};

use super::{
    Cores,
    connection::{Answer, Connection},
};
use crate::{Listener, timekeeper::Timers};

/// Gives every connection that a listener accepts to the threads that answer, until `stopping` says so. Ends when the last of
/// them has.
pub async fn accept_all<A: Answer>(
    listener: Listener,
    dispatcher: A,
    cores: Arc<Cores<A>>,
    timers: Timers,
    mut stopping: watch::Receiver<bool>,
) {
    let connections = GracefulShutdown::new();
    loop {
        let (stream, peer, place) = tokio::select! {
            _ = stopping.changed() => break,
            accepted = listener.accept() => accepted,
        };
        match stream.into_std() {
            Ok(stream) => cores.give(Connection {
                stream,
                peer,
                dispatcher: dispatcher.clone(),
                place,
                timers: timers.clone(),
                watcher: connections.watcher(),
                elsewhere: Handle::current(),
            }),
            Err(error) => tracing::error!(%error, "a connection can't be answered"),
        }
    }
    drop(listener);
    connections.shutdown().await;
}
