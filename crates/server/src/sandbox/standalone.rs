use std::time::{Duration, Instant};

use cli::Standalone;
use contact_centre_api::router;
use tokio::task::JoinSet;

use super::{connection, open};
use crate::listen::{Stop, listen};

/// Connections at once: those of a gateway.
const CONNECTIONS_MAX: usize = 12_288;
/// How long calls that are on their way may take at the end.
const LAST_CALLS: Duration = Duration::from_secs(3);

/// `keydesk sandbox`: answers a gateway elsewhere until a signal says to stop.
pub(crate) async fn run(standalone: Standalone, started: Instant) -> Result<(), String> {
    let mut stop = Stop::new().map_err(|error| format!("signals can't be received: {error}"))?;
    let listener = listen(&standalone.listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let opened = tokio::select! {
        opened = open::open(standalone.sandbox, standalone.gateway.clone(), false) => opened,
        () = stop.asked() => return Ok(()),
    };
    let centre = opened.map_err(|error| format!("the contact centre can't be opened: {error}."))?;
    let clock = super::clock::Clock::start(centre.clone());
    let answering = router(centre.clone());
    let millis = started.elapsed().as_millis();
    tracing::info!(address = %address, "the contact centre listens on http://{address}, ready in {millis} ms");
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                // Nobody but the gateway has anything to say here.
                Ok((stream, peer)) if standalone.gateway.trusts(peer.ip()) => {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection::answer(stream, peer, answering.clone()));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "a connection can't be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = stop.asked() => break,
        }
    }
    drop(listener);
    // Whoever follows is told to come back, and connections that only wait are cut off.
    centre.end_streams();
    let _ = tokio::time::timeout(LAST_CALLS, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
    clock.stop().await;
    tracing::info!("stopped");
    Ok(())
}
