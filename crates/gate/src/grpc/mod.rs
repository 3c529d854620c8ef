//! Envoy's ext_authz over gRPC: the same question as `/authz`, asked in another protocol.

mod check;
mod connection;

use std::{convert::Infallible, time::Duration};

use envoy_types::ext_authz::v3::pb::{Authorization, AuthorizationServer, CheckRequest, CheckResponse};
use tokio::{net::TcpListener, sync::watch};
use tonic::{Request, Response, Status, transport::Server};

use self::connection::Connection;
use crate::{
    Gate,
    bounded::{Bounded, CONNECTIONS_MAX},
};

/// Most bytes of a question: the headers of a request, and no body.
const QUESTION_MAX: usize = 256 * 1024;

/// How often a silent connection is asked whether anyone is still there.
const STILL_THERE: Duration = Duration::from_secs(30);

struct Envoy(Gate);

#[tonic::async_trait]
impl Authorization for Envoy {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let attributes = request.into_inner().attributes.unwrap_or_default();
        let envoy = check::EnvoyQuestion::read(attributes).ok_or_else(|| {
            Status::invalid_argument("the attributes of an HTTP request are missing, or the scope is malformed")
        })?;
        let forged = envoy.forged;
        Ok(Response::new(check::reply(self.0.ask(envoy.question).await, forged).await))
    }
}

/// Answers until told to stop; then running calls finish.
pub async fn serve(listener: TcpListener, gate: Gate, mut stopping: watch::Receiver<bool>) {
    let service = AuthorizationServer::new(Envoy(gate)).max_decoding_message_size(QUESTION_MAX);
    let incoming = futures::stream::unfold(Bounded::new(listener, CONNECTIONS_MAX), async |listener| {
        let (stream, place) = listener.accept().await;
        Some((Ok::<_, Infallible>(Connection { stream, _place: place }), listener))
    });
    let stopped = async move {
        // An error means that the sender is gone.
        let _ = stopping.changed().await;
    };
    let server = Server::builder().http2_keepalive_interval(Some(STILL_THERE));
    if let Err(error) = server.serve_with_incoming_shutdown(service, incoming, stopped).await {
        tracing::error!(%error, "gRPC is no longer answered");
    }
}
