//! Requests as OpenTelemetry sees them: each that is sampled becomes a span, with a child for each thing that the database was asked
//! on its behalf.
//!
//! A span has a method, a route's template, a status and a code: neither path nor query nor header, since a careless caller may have
//! put a key there. Finished spans wait in a queue with a bound; whoever answers never waits for whoever sends them.

mod current;
mod parent;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::{HeaderMap, Method};
use model::Occupancy;
use tokio::sync::mpsc;
use uuid::Uuid;

pub use self::current::asked_database;
pub(crate) use self::current::attach;
use self::parent::TraceParent;
use crate::routes::Route;

/// Finished spans that wait to be sent.
const WAITING: usize = 4_096;
/// Children of one request.
const CHILDREN: u32 = 64;
/// Requests that are sampled in a second, whoever asks for it.
const SAMPLED: u64 = 1_000;

/// Samples requests, and takes their spans for whoever sends them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Traces(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Of 2^56 requests that begin a trace, so many are sampled.
    threshold: u64,
    finished: mpsc::Sender<SpanRecord>,
    dropped: AtomicU64,
    left_out: AtomicU64,
    sent: AtomicU64,
    rejected: AtomicU64,
    /// The second, from 1 on, in the upper half; the requests that were sampled in it in the lower.
    sampled: AtomicU64,
    started: Instant,
}

/// A request that is sampled, while it is answered.
#[derive(Debug)]
pub(crate) struct Trace {
    traces: Traces,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    parent: Option<[u8; 8]>,
    method: &'static str,
    started: Instant,
    /// By the clock of the wall, in nanoseconds.
    began: u64,
    /// Of the problem document, if it was refused.
    code: OnceLock<&'static str>,
    children: AtomicU32,
}

/// A span that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanRecord {
    /// Of its trace.
    pub trace_id: [u8; 16],
    /// Its own.
    pub span_id: [u8; 8],
    /// What caused it.
    pub parent: Option<[u8; 8]>,
    /// Nanoseconds since 1970.
    pub began: u64,
    /// Likewise.
    pub ended: u64,
    /// What it was.
    pub what: SpanKind,
}

/// What became of spans since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceCounters {
    /// The collector took them.
    pub sent: u64,
    /// It did not.
    pub rejected: u64,
    /// Too many waited.
    pub dropped: u64,
    /// Requests that would have been sampled, had there not been too many in their second.
    pub left_out: u64,
}

/// What a span was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A request that was answered.
    Request {
        /// Its id.
        id: Uuid,
        /// Its method, if it is one that is known.
        method: &'static str,
        /// The route that it asked for.
        route: Route,
        /// The answer's status.
        status: u16,
        /// The code of the answer's problem document.
        code: Option<&'static str>,
    },
    /// Something that the database was asked.
    Database {
        /// `read`, `lookup`, `turn`, `write` or `commit`.
        operation: &'static str,
        /// Which module asked.
        place: &'static str,
    },
}

impl Traces {
    /// Samples this share of the requests that begin a trace, and those whose caller has sampled them, but a bounded number in a second.
    /// Gives the spans, too, to be sent.
    pub fn new(share: f64) -> (Self, mpsc::Receiver<SpanRecord>) {
        let (finished, spans) = mpsc::channel(WAITING);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 2^56")]
        let threshold = (share.clamp(0.0, 1.0) * (1_u64 << 56) as f64) as u64;
        let inner = Inner {
            threshold,
            finished,
            dropped: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            sampled: AtomicU64::new(0),
            started: Instant::now(),
        };
        (Self(Arc::new(inner)), spans)
    }

    /// How many spans wait to be sent.
    pub fn occupancy(&self) -> Occupancy {
        Occupancy::new("spans", WAITING - self.0.finished.capacity(), WAITING)
    }

    /// Counts spans that the collector took, and others that it did not.
    pub fn count(&self, sent: u64, rejected: u64) {
        self.0.sent.fetch_add(sent, Relaxed);
        self.0.rejected.fetch_add(rejected, Relaxed);
    }

    /// What became of spans since the start.
    pub fn counters(&self) -> TraceCounters {
        TraceCounters {
            sent: self.0.sent.load(Relaxed),
            rejected: self.0.rejected.load(Relaxed),
            dropped: self.0.dropped.load(Relaxed),
            left_out: self.0.left_out.load(Relaxed),
        }
    }

    /// Begins a span, if this request is sampled. A trace that begins here has the request's id, by which it is found.
    pub(crate) fn begin(
        &self,
        id: Uuid,
        now: model::Instant,
        method: &Method,
        headers: Option<&HeaderMap>,
    ) -> Option<Arc<Trace>> {
        let parent = headers.and_then(TraceParent::read);
        let random = id.as_u64_pair().1;
        let wanted = match &parent {
            Some(parent) => parent.sampled,
            None => (random & ((1 << 56) - 1)) < self.0.threshold,
        };
        if !wanted {
            return None;
        }
        let started = Instant::now();
        if !self.admit(started.saturating_duration_since(self.0.started)) {
            self.0.left_out.fetch_add(1, Relaxed);
            return None;
        }
        let began = u64::try_from(now.as_millis()).unwrap_or(0).saturating_mul(1_000_000);
        Some(Arc::new(Trace {
            traces: self.clone(),
            trace_id: parent.as_ref().map_or_else(|| id.into_bytes(), |parent| parent.trace_id),
            span_id: random.to_be_bytes(),
            parent: parent.map(|parent| parent.span_id),
            method: known(method),
            started,
            began,
            code: OnceLock::new(),
            children: AtomicU32::new(0),
        }))
    }

    fn admit(&self, since: Duration) -> bool {
        let second = since.as_secs() + 1;
        let admitted = self.0.sampled.fetch_update(Relaxed, Relaxed, |sampled| match sampled >> 32 {
            at if at < second => Some(second << 32 | 1),
            _ if sampled & 0xffff_ffff < SAMPLED => Some(sampled + 1),
            _ => None,
        });
        admitted.is_ok()
    }

    fn send(&self, span: SpanRecord) {
        if self.0.finished.try_send(span).is_err() {
            self.0.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Trace {
    /// Notes why the request is refused.
    pub(crate) fn refused(&self, code: &'static str) {
        let _ = self.code.set(code);
    }

    /// The request is answered.
    pub(crate) fn finish(&self, id: Uuid, route: Route, status: u16) {
        let code = self.code.get().copied();
        self.traces.send(SpanRecord {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent: self.parent,
            began: self.began,
            ended: self.at(Instant::now()),
            what: SpanKind::Request { id, method: self.method, route, status, code },
        });
    }

    /// Something that the database was asked since then is over.
    fn asked(&self, operation: &'static str, place: &'static str, since: Instant) {
        let child = self.children.fetch_add(1, Relaxed);
        if child >= CHILDREN {
            return;
        }
        let span_id = mixed(u64::from_be_bytes(self.span_id).wrapping_add(u64::from(child) + 1)).to_be_bytes();
        self.traces.send(SpanRecord {
            trace_id: self.trace_id,
            span_id,
            parent: Some(self.span_id),
            began: self.at(since),
            ended: self.at(Instant::now()),
            what: SpanKind::Database { operation, place },
        });
    }

    fn at(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.started).as_nanos();
        self.began.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }
}

/// Methods of strangers are not told.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| method == known).unwrap_or("_OTHER")
}

/// Makes numbers that follow each other as different as random ones, each of another one (SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Routes, Template};

    fn begun(traces: &Traces, number: u64, headers: Option<&HeaderMap>) -> Option<Arc<Trace>> {
        let id = Uuid::from_u64_pair(0x0198_0000_0000_7000, 0x8000_0000_0000_0000 | mixed(number) >> 2);
        traces.begin(id, model::Instant::from_millis(1_000), &Method::GET, headers)
    }

    #[test]
    fn a_share_of_the_requests_is_sampled() {
        for (share, expected) in [(0.0, 0..1), (0.1, 60..140), (1.0, 900..901)] {
            let (traces, _spans) = Traces::new(share);
            let sampled = (0..900).filter(|number| begun(&traces, *number, None).is_some()).count();
            assert!(expected.contains(&sampled), "{share}: {sampled}");
        }
    }

    #[test]
    fn who_calls_decides_whether_its_trace_goes_on_but_not_without_end() {
        let (traces, _spans) = Traces::new(0.0);
        let headers = |flags: &str| {
            let text = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            HeaderMap::from_iter([("traceparent".parse().unwrap(), text.parse().unwrap())])
        };
        let trace = begun(&traces, 1, Some(&headers("01"))).unwrap();
        assert_eq!((trace.trace_id[0], trace.parent.unwrap()[0]), (0x0a, 0xb7));
        assert!(begun(&traces, 1, Some(&headers("00"))).is_none());
        let (all, _spans) = Traces::new(1.0);
        assert!(begun(&all, 1, Some(&headers("00"))).is_none());
        let wanted = headers("01");
        let began = Instant::now();
        let sampled = (0..10_000).filter(|number| begun(&traces, *number, Some(&wanted)).is_some()).count() as u64;
        assert!(sampled <= SAMPLED * (began.elapsed().as_secs() + 2), "{sampled}");
        assert_eq!(sampled + traces.counters().left_out, 10_000);
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_dropped_is_counted() {
        let (traces, mut spans) = Traces::new(1.0);
        let route = Routes::new([Template::path("/a")]).find("/a");
        let trace = begun(&traces, 1, None).unwrap();
        trace.asked("read", "store::list", Instant::now());
        (0..WAITING + 4).for_each(|_| trace.finish(Uuid::nil(), route, 200));
        assert_eq!((traces.occupancy().used, traces.counters().dropped), (WAITING as u64, 5));
        let (child, request) = (spans.try_recv().unwrap(), spans.try_recv().unwrap());
        assert_eq!((child.trace_id, child.parent), (request.trace_id, Some(request.span_id)));
        assert_ne!(child.span_id, request.span_id);
        assert!(child.began >= request.began && child.ended <= request.ended);
        for _ in 0..2 * CHILDREN {
            trace.asked("read", "store::list", Instant::now());
        }
        while spans.try_recv().is_ok() {}
        assert_eq!(trace.children.load(Relaxed), 2 * CHILDREN + 1);
    }
}
