//! Sends calls, waits and tries again.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use crate::{Error, Problem, Retries, call::Call, jitter, pace::Pace, problem, retry::Outcome, transport::Transport};

/// What verbs send their calls with. Clones share connections, and wait together where a limit is reached.
#[derive(Clone)]
pub(crate) struct Sender(Arc<Shared>);

struct Shared {
    transport: Transport,
    retries: Retries,
    timeout: Duration,
    pace: Pace,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("transport", &self.0.transport).finish_non_exhaustive()
    }
}

impl Sender {
    pub(crate) fn new(transport: Transport, retries: Retries, timeout: Duration) -> Self {
        Self(Arc::new(Shared { transport, retries, timeout, pace: Pace::default() }))
    }

    pub(crate) fn retries(&self) -> Retries {
        self.0.retries
    }

    /// A call whose answer is JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        serde_json::from_slice(self.answer(call).await?.body()).map_err(Error::NotUnderstood)
    }

    /// A call, tried until it succeeds or must not be tried again.
    pub(crate) async fn answer(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        let Shared { transport, retries, timeout, pace } = &*self.0;
        let kind = call.kind();
        let mut attempt = 1;
        loop {
            pace.wait(&kind, retries.longest_wait).await;
            let (outcome, error) = match transport.exchange(call, *timeout).await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => refused(answer.status(), answer.headers(), answer.body()),
                Err(error @ Error::Unreachable(_)) => (Outcome::Unreachable, error),
                Err(error) => (Outcome::Unanswered, error),
            };
            if let Outcome::Answered(StatusCode::TOO_MANY_REQUESTS, Some(wait)) = outcome {
                pace.refused(&kind, wait);
            }
            let Some(wait) = retries.wait(attempt, outcome, call.safety, jitter::fraction()) else { return Err(error) };
            tracing::debug!(kind, attempt, ?wait, %error, "a call is going to be tried again");
            sleep(wait).await;
            attempt += 1;
        }
    }

    /// A call whose answer goes on: sent once, and its body is not read.
    pub(crate) async fn open(&self, call: &Call) -> Result<Response<Incoming>, Error> {
        let opened = timeout(self.0.timeout, async {
            let answer = self.0.transport.send(call).await?;
            if answer.status().is_success() {
                return Ok(answer);
            }
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.map_err(|error| Error::Broken(Box::new(error)))?.to_bytes();
            Err(refused(parts.status, &parts.headers, &body).1)
        });
        opened.await.unwrap_or(Err(Error::TimedOut))
    }
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> (Outcome, Error) {
    let outcome = Outcome::Answered(status, problem::retry_after(headers));
    (outcome, Error::Refused(Box::new(Problem::read(status, headers, body))))
}
