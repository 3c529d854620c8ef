//! A request on its way to an API: which address, which connection, how long, and once more where that is safe.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, Version, header, request::Parts};
use hyper::body::Incoming;

use super::{
    alarm::Alarm,
    breaker::millis,
    dial::dial,
    failure::Failure,
    link::{Link, Source},
    one::Unanswered,
    request_body::{RequestBody, Upload, Waiting},
    shared::Shared,
    upstream::{Address, Outstanding, Times, Unavailable, Upstream},
};

/// An answer whose head is there.
pub(super) struct Answered {
    pub(super) response: Response<()>,
    pub(super) source: Source,
    pub(super) outstanding: Outstanding,
    pub(super) watch: Watch,
}

/// How a request is sent.
pub(super) struct How {
    pub(super) alarm: Alarm,
    /// Whether it may be sent again if it must.
    pub(super) is_retried: bool,
}

/// Watches how long a call takes.
pub(super) struct Watch {
    pub(super) alarm: Alarm,
    times: Times,
    begun: Instant,
    sent: Instant,
    pub(super) upload: Option<Arc<Upload>>,
    body_max: u64,
}

impl Watch {
    fn new(how: How, times: Times, upload: Option<Arc<Upload>>, body_max: u64) -> Self {
        let now = Instant::now();
        Self { alarm: how.alarm, times, begun: now, sent: now, upload, body_max }
    }

    /// Ready when the head of the answer comes too late, or can't come any more.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let (until, failure) = match self.upload.as_ref().map(|upload| (upload.waiting(), upload.moved_at())) {
            None => (self.sent + self.times.head, Failure::Late),
            Some((Waiting::Done, at)) => (at.max(self.sent) + self.times.head, Failure::Late),
            Some((Waiting::Upstream, at)) => (at.max(self.sent) + self.times.idle, Failure::Late),
            Some((Waiting::Client, at)) => (at.max(self.sent) + self.times.idle, Failure::ClientLate),
            Some((Waiting::TooLarge, _)) => return Poll::Ready(Failure::TooLarge(self.body_max)),
            Some((Waiting::Broken, _)) => return Poll::Ready(Failure::ClientGone),
        };
        self.poll_until(cx, until).map(|()| failure)
    }

    /// Ready when nothing came of a body since `moved`, or the whole took too long.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>, moved: Instant) -> Poll<()> {
        self.poll_until(cx, moved + self.times.idle)
    }

    /// Ready when the whole took too long.
    fn poll_whole(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.times.whole {
            Some(whole) => self.alarm.poll(cx, self.begun + whole),
            None => Poll::Pending,
        }
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let whole = self.times.whole.map(|whole| self.begun + whole);
        self.alarm.poll(cx, whole.map_or(until, |whole| whole.min(until)))
    }
}

/// Most addresses that a call is sent to.
const ATTEMPTS: usize = 3;

/// What is sent once more, if it must be.
struct Again {
    method: Method,
    uri: Uri,
    /// As a list, which costs half as much as a map. Most are never sent.
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Sends a request to one of an API's addresses, and waits for the head of its answer.
///
/// As long as nothing of it was sent, another connection or address may be tried. Once something was, only if the method is
/// idempotent, the request has no body, and its route does not say otherwise.
pub(super) async fn send(
    shared: &Shared,
    thread: usize,
    upstream: &Arc<Upstream>,
    parts: Parts,
    body: RequestBody,
    how: How,
) -> Result<Answered, Failure> {
    let is_retried = how.is_retried;
    let mut watch = Watch::new(how, upstream.times, body.upload(), shared.body_max);
    let repeats = is_retried && watch.upload.is_none() && is_idempotent(&parts.method);
    let copy = repeats.then(|| Again::of(&parts));
    let mut request = Request::from_parts(parts, body);
    let (mut tried, mut attempts, mut last) = (0, 0, None);
    loop {
        let outstanding = match upstream.choose(tried) {
            Ok(outstanding) => outstanding,
            Err(Unavailable::Full) => return Err(Failure::Unavailable(Unavailable::Full)),
            // What became of the last attempt says more.
            Err(why) => return Err(last.unwrap_or(Failure::Unavailable(why))),
        };
        attempts += 1;
        let (failure, unsent, may_repeat) = match at(shared, thread, outstanding, request, &mut watch).await {
            Ok((response, link, outstanding)) => {
                let (parts, incoming) = response.into_parts();
                let (response, source) = (Response::from_parts(parts, ()), Source::new(link, incoming));
                return Ok(Answered { response, source, outstanding, watch });
            }
            Err(failed) => {
                tried |= failed.bit;
                (failed.failure, failed.unsent, failed.may_repeat)
            }
        };
        let again = match (unsent, &copy) {
            (Some(unsent), _) => Some(*unsent),
            (None, Some(copy)) if may_repeat => Some(copy.request()),
            _ => None,
        };
        match again {
            Some(again) if attempts < ATTEMPTS => request = again,
            _ => return Err(failure),
        }
        last = Some(failure);
    }
}

/// RFC 9110, 9.2.2.
fn is_idempotent(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE].contains(method)
}

impl Again {
    fn of(parts: &Parts) -> Self {
        let mut headers = Vec::with_capacity(parts.headers.len());
        headers.extend(parts.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        Self { method: parts.method.clone(), uri: parts.uri.clone(), headers }
    }

    fn request(&self) -> Request<RequestBody> {
        let mut request = Request::new(RequestBody::empty());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
        request
    }
}

/// An attempt at an address.
struct Failed {
    failure: Failure,
    /// The request, if nothing of it was sent.
    unsent: Option<Box<Request<RequestBody>>>,
    /// Which address is not tried again; 0: none.
    bit: u64,
    /// Whether it got no answer, so that what is idempotent may be sent again.
    may_repeat: bool,
}

impl Failed {
    fn unsent(request: Box<Request<RequestBody>>, bit: u64) -> Self {
        Self { failure: Failure::Unreachable, unsent: Some(request), bit, may_repeat: false }
    }

    fn sent(failure: Failure, bit: u64) -> Self {
        Self { failure, unsent: None, bit, may_repeat: false }
    }
}

async fn at(
    shared: &Shared,
    thread: usize,
    outstanding: Outstanding,
    mut request: Request<RequestBody>,
    watch: &mut Watch,
) -> Result<(Response<Option<Incoming>>, Link, Outstanding), Failed> {
    let (address, bit) = (outstanding.address(), outstanding.bit());
    loop {
        let pooled = shared.pools.take(thread, address.place).await;
        let is_pooled = pooled.is_some();
        let mut link = match pooled {
            Some(link) => link,
            None => {
                // Boxed, since it is rare and large: a call's future has room for all that it may hold, and is moved.
                let mut dialled = Box::pin(dial(outstanding.upstream(), address));
                let dialled = poll_fn(|cx| match dialled.as_mut().poll(cx) {
                    Poll::Ready(dialled) => Poll::Ready(Some(dialled)),
                    Poll::Pending => watch.poll_whole(cx).map(|()| None),
                });
                match dialled.await {
                    Some(Ok(link)) => link,
                    Some(Err(error)) => {
                        address.breaker.failed(millis());
                        tracing::debug!(upstream = %outstanding.upstream().name, host = %address.host, %error, "unreachable");
                        return Err(Failed::unsent(Box::new(request), bit));
                    }
                    None => {
                        address.breaker.failed(millis());
                        return Err(Failed::sent(Failure::Late, bit));
                    }
                }
            }
        };
        if !name_host(&mut request, address, matches!(link, Link::Two(_))) {
            return Err(Failed::sent(Failure::Invalid, bit));
        }
        if let Link::Two(send) = &link
            && !is_pooled
        {
            shared.pools.keep(thread, address.place, Link::Two(send.clone()));
        }
        watch.sent = Instant::now();
        let answered = {
            let mut sent = pin!(link.send(request));
            poll_fn(|cx| match sent.as_mut().poll(cx) {
                Poll::Ready(answered) => Poll::Ready(Ok(answered)),
                Poll::Pending => watch.poll_head(cx).map(Err),
            })
            .await
        };
        match answered {
            Ok(Ok(response)) => {
                address.breaker.succeeded();
                return Ok((response, link, outstanding));
            }
            // The connection had waited for too long: another one, not another address.
            Ok(Err(Unanswered::Unsent(unsent))) if is_pooled => request = *unsent,
            Ok(Err(Unanswered::Unsent(unsent))) => {
                address.breaker.failed(millis());
                return Err(Failed::unsent(unsent, bit));
            }
            Ok(Err(Unanswered::Broken(error))) => {
                match watch.upload.as_ref().map(|upload| upload.waiting()) {
                    Some(Waiting::TooLarge) => return Err(Failed::sent(Failure::TooLarge(watch.body_max), bit)),
                    Some(Waiting::Broken) => return Err(Failed::sent(Failure::ClientGone, bit)),
                    _ => {}
                }
                let may_repeat = !error.is_invalid();
                // An API may close a connection that waits just when a call takes it. That says nothing of the API, and what
                // may be sent again may be sent to it.
                let is_race = is_pooled && may_repeat;
                if !is_race {
                    address.breaker.failed(millis());
                    tracing::debug!(upstream = %outstanding.upstream().name, host = %address.host, %error, "no answer");
                }
                let failed = Failed::sent(Failure::Invalid, if is_race { 0 } else { bit });
                return Err(Failed { may_repeat, ..failed });
            }
            Err(failure) => {
                if failure == Failure::Late {
                    address.breaker.failed(millis());
                }
                return Err(Failed::sent(failure, bit));
            }
        }
    }
}

/// Names the address's host where the protocol does. HTTP/2 does so in the target, and knows no headers of a connection.
/// False: no target names both, and nothing may be sent.
fn name_host(request: &mut Request<RequestBody>, address: &Address, speaks_2: bool) -> bool {
    if !speaks_2 {
        if request.uri().authority().is_some()
            && let Some(target) = request.uri().path_and_query().cloned()
        {
            *request.uri_mut() = Uri::from(target);
            *request.version_mut() = Version::HTTP_11;
        }
        request.headers_mut().insert(header::HOST, address.authority.clone());
        return true;
    }
    for name in [header::HOST, header::CONNECTION, header::UPGRADE] {
        request.headers_mut().remove(name);
    }
    let Some(target) = address.absolute(std::mem::take(request.uri_mut())) else { return false };
    *request.uri_mut() = target;
    *request.version_mut() = Version::HTTP_2;
    true
}
