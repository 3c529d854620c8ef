//! Bytes of recordings, of which a key may have only so many in a day.
//!
//! What an answer announces is taken before its first byte goes on: so no client gets more than its key may have, and one that breaks
//! off asks for the rest by a range. What announces nothing is counted as it comes.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use edge::{Problem, RequestContext, problem};
use http::{StatusCode, request::Parts};
use hyper::body::{Frame, SizeHint};
use model::{Code, RefusalCode, Route};
use tokio::task::JoinHandle;
use uuid::Uuid;
use verify::{Asked, BytesTaken, Call, LimitState, Record, Unavailable};

use super::shared::Shared;

/// What the head of an answer says of its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    /// A refusal is none.
    is_recording: bool,
    /// Its length; `None`: that is not said.
    bytes: Option<u64>,
}

impl Announced {
    pub(super) fn by(status: StatusCode, body: &SizeHint) -> Self {
        Self { is_recording: status.is_success(), bytes: body.exact() }
    }
}

/// A download whose bytes are counted.
pub(super) struct Download {
    shared: Arc<Shared>,
    record: Arc<Record>,
    request: Uuid,
    method: Box<str>,
    path: Box<str>,
    ip: Option<IpAddr>,
}

impl Download {
    /// `None`: what this route answers to this key is not counted.
    pub(super) fn of(
        shared: &Arc<Shared>,
        record: &Arc<Record>,
        route: &Route,
        parts: &Parts,
        ip: Option<IpAddr>,
        context: &RequestContext,
    ) -> Option<Self> {
        let counts = route.is_recording() && record.counts_recordings();
        counts.then(|| Self {
            shared: Arc::clone(shared),
            record: Arc::clone(record),
            request: context.id(),
            method: parts.method.as_str().into(),
            path: parts.uri.path().into(),
            ip,
        })
    }

    /// Takes what an answer announces, and tells where the key stands then. What it does not announce is left to be counted.
    pub(super) async fn begin(self, announced: Announced) -> Result<(Vec<LimitState>, Option<Metering>), Problem> {
        if !announced.is_recording {
            return Ok((Vec::new(), None));
        }
        let Some(bytes) = announced.bytes else {
            // Whoever has none left is told so while that can be told.
            let states = self.take(1).await?;
            return Ok((states, Some(Metering { prepaid: 1, download: self, waiting: None })));
        };
        Ok((self.take(bytes).await?, None))
    }

    async fn take(&self, bytes: u64) -> Result<Vec<LimitState>, Problem> {
        let taken = match self.take_now(bytes) {
            Ok(taken) => taken,
            Err(asked) => match asked.await {
                Ok(taken) => taken?,
                Err(_) => return Err(Problem::new(&problem::INTERNAL_ERROR)),
            },
        };
        match taken {
            BytesTaken::Taken(states) => Ok(states),
            BytesTaken::Refused(states, by) => {
                let asked = Asked { method: &self.method, path: &self.path, no_route: false };
                let call = Call { ip: self.ip, request_id: Some(self.request), asked, ..Call::with("") };
                let (verifier, now) = (&self.shared.verifier, self.shared.edge.now());
                verifier.note_refused(&self.record, RefusalCode::QuotaExceeded, &call, Some(by), now);
                let refused = Problem::limited(Code::QuotaExceeded, Some(by), states);
                Err(match by.retry_after_seconds {
                    Some(_) => refused,
                    None => refused.detail(
                        "The recording has more bytes than the API key may download in a day. Ask for a part of it, with the \
                         header Range.",
                    ),
                })
            }
        }
    }

    /// Takes them at once where memory knows how many are left; else whoever waits for the database.
    fn take_now(&self, bytes: u64) -> Result<BytesTaken, Taking> {
        let (verifier, now) = (&self.shared.verifier, self.shared.edge.now());
        verifier.take_recording_from_memory(&self.record, bytes, now).ok_or_else(|| {
            let (verifier, record) = (verifier.clone(), Arc::clone(&self.record));
            self.shared.elsewhere.spawn(async move { verifier.take_recording(&record, bytes, now).await })
        })
    }
}

type Taking = JoinHandle<Result<BytesTaken, Unavailable>>;

/// Counts a body that announces no length, as it comes.
pub(super) struct Metering {
    download: Download,
    /// Bytes that were taken and have not come.
    prepaid: u64,
    /// A piece, while its bytes are asked for.
    waiting: Option<(Taking, Frame<Bytes>)>,
}

impl Metering {
    /// Whether a piece waits here.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// The piece that waits, once its bytes are taken; `None`: it may not go on.
    pub(super) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        let Some((taking, _)) = &mut self.waiting else { return Poll::Ready(None) };
        let taken = ready!(Pin::new(taking).poll(cx));
        let frame = self.waiting.take().map(|(_, frame)| frame);
        Poll::Ready(frame.filter(|_| matches!(taken, Ok(Ok(BytesTaken::Taken(_))))))
    }

    /// A piece that has come, once its bytes are taken; `None`: it may not go on.
    pub(super) fn admit(&mut self, frame: Frame<Bytes>, cx: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        let wanted = bytes.saturating_sub(self.prepaid);
        self.prepaid = self.prepaid.saturating_sub(bytes);
        if wanted == 0 {
            return Poll::Ready(Some(frame));
        }
        match self.download.take_now(wanted) {
            Ok(BytesTaken::Taken(_)) => Poll::Ready(Some(frame)),
            Ok(BytesTaken::Refused(..)) => Poll::Ready(None),
            Err(taking) => {
                self.waiting = Some((taking, frame));
                self.poll_waiting(cx)
            }
        }
    }
}
