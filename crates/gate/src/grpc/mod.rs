//! Envoy's ext_authz over gRPC: the same question as `/authz`, asked in another protocol.

mod check;
mod connection;

use std::{convert::Infallible, sync::Arc, time::Duration};

use edge::{Listener, Stream, Timers};
use envoy_types::ext_authz::v3::pb::{Authorization, AuthorizationServer, CheckRequest, CheckResponse};
use tokio::sync::watch;
use tonic::{Request, Response, Status, transport::Server};

use self::connection::{Asked, Connection};
use crate::Gate;

/// Most bytes of a question: the headers of a request, and no body.
const QUESTION_MAX: usize = 256 * 1024;

/// Questions of one connection at once, and bytes of them that are read ahead.
const QUESTIONS: u32 = 100;
const READ_AHEAD: u32 = 512 * 1024;

/// How often a silent connection is asked whether anyone is still there.
const STILL_THERE: Duration = Duration::from_secs(30);

struct Envoy(Gate);

#[tonic::async_trait]
impl Authorization for Envoy {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        if let Some(asked) = request.extensions().get::<Arc<Asked>>() {
            asked.now();
        }
        let attributes = request.into_inner().attributes.unwrap_or_default();
        let envoy = check::EnvoyQuestion::read(attributes).ok_or_else(|| {
            Status::invalid_argument("the attributes of an HTTP request are missing, or the scope is malformed")
        })?;
        let forged = envoy.forged;
        Ok(Response::new(check::reply(self.0.ask(envoy.question).await, forged).await))
    }
}

/// Answers until told to stop; then running calls finish.
pub async fn serve(listener: Listener, gate: Gate, mut stopping: watch::Receiver<bool>) {
    let service = AuthorizationServer::new(Envoy(gate)).max_decoding_message_size(QUESTION_MAX);
    let incoming = futures::stream::unfold((listener, Timers::here()), async |(listener, timers)| {
        let (stream, _, place) = listener.accept().await;
        let connection = Connection::new(Stream::new(stream, timers.timer(), place));
        Some((Ok::<_, Infallible>(connection), (listener, timers)))
    });
    let stopped = async move {
        // An error means that the sender is gone.
        let _ = stopping.changed().await;
    };
    let server = Server::builder()
        .http2_keepalive_interval(Some(STILL_THERE))
        .max_concurrent_streams(Some(QUESTIONS))
        .initial_connection_window_size(Some(READ_AHEAD));
    if let Err(error) = server.serve_with_incoming_shutdown(service, incoming, stopped).await {
        tracing::error!(%error, "gRPC is no longer answered");
    }
}
