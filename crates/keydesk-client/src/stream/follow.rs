//! A stream that goes on.

use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{sleep, timeout};

use super::{
    item::{Feed, Item, Reset, told},
    parser::{Frame, Parser},
};
use crate::{Error, call::Call, jitter, query::Query, sender::Sender};

/// The server sends at least a comment every 15 s; three of them don't get lost.
const SILENT: Duration = Duration::from_secs(45);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What happens, one thing after the other. When the connection breaks, or the server starts again, it comes back with the last event that
/// the caller has had, and goes on exactly after it; where that is not possible it says so by [`Item::Reset`].
///
/// ```no_run
/// # async fn example(client: keydesk_client::Client) -> Result<(), keydesk_client::Error> {
/// use keydesk_client::{Feed, Item};
///
/// let mut calls = client.contact_centre().follow(Feed::Calls).types(["call.offered", "call.ended"]);
/// loop {
///     match calls.next().await? {
///         Item::Event(event) => println!("{} {}", event.kind, event.subject.id),
///         Item::Reset(_) => println!("read anew what you keep: a snapshot follows"),
///         _ => {}
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Follow {
    sender: Sender,
    feed: Feed,
    query: Query,
    last: Option<String>,
    open: Option<Incoming>,
    parser: Parser,
    failed: u32,
}

impl Follow {
    pub(crate) fn new(sender: Sender, feed: Feed) -> Self {
        Self { sender, feed, query: Query::default(), last: None, open: None, parser: Parser::default(), failed: 0 }
    }

    /// Events of these types alone, such as `call.ended` or `call.*`.
    pub fn types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let types: Vec<String> = types.into_iter().map(Into::into).collect();
        self.query = self.query.with_list("types", &types);
        self
    }

    /// What is of these queues alone.
    pub fn queues(mut self, ids: &[uuid::Uuid]) -> Self {
        self.query = self.query.with_list("queue_ids", ids);
        self
    }

    /// Goes on after this event: what [`last_event_id`](Self::last_event_id) was when the program ended.
    pub fn after(mut self, last_event_id: impl Into<String>) -> Self {
        self.last = Some(last_event_id.into());
        self
    }

    /// The last place that was told. Keep it with what you keep of the events, in one transaction, and a program that starts again misses
    /// nothing and does nothing twice.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// The next thing. It waits as long as it takes: a server that can't be reached is asked again and again, with growing waits.
    ///
    /// Nothing is lost when the future is dropped, in a `select!` for instance.
    ///
    /// # Errors
    /// The call was refused for good: the key has ended, or lacks the right. Or an event is not understood.
    pub async fn next(&mut self) -> Result<Item, Error> {
        loop {
            let frame = match self.frame().await {
                Ok(frame) => frame,
                Err(error) => {
                    self.open = None;
                    self.parser = Parser::default();
                    self.pause(error).await?;
                    continue;
                }
            };
            self.failed = 0;
            let item = told(&frame).map_err(Error::NotUnderstood)?;
            if let Some(id) = frame.id {
                self.last = Some(id);
            }
            match item {
                // The stream ends, and nothing is lost for whoever comes back with the last id.
                None | Some(Item::Reset(Reset::SlowConsumer)) => {}
                Some(item) => {
                    if matches!(item, Item::Reset(_)) {
                        self.last = None;
                    }
                    return Ok(item);
                }
            }
        }
    }

    /// The next frame of the connection, which is made if there is none.
    async fn frame(&mut self) -> Result<Frame, Error> {
        loop {
            if let Some(frame) = self.parser.pop() {
                return Ok(frame);
            }
            let Some(body) = &mut self.open else {
                let call = self.call()?;
                self.open = Some(self.sender.open(&call).await?.into_body());
                continue;
            };
            let piece = timeout(SILENT, body.frame()).await.map_err(|_| Error::TimedOut)?;
            let piece = piece.ok_or_else(Error::cut)?.map_err(|error| Error::Broken(Box::new(error)))?;
            if let Ok(bytes) = piece.into_data() {
                self.parser.push(&bytes).map_err(|_| Error::cut())?;
            }
        }
    }

    fn call(&self) -> Result<Call, Error> {
        let call = Call::get(self.feed.path())
            .query(self.query.clone())
            .header(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        match &self.last {
            Some(last) => Ok(call.header(LAST_EVENT_ID, HeaderValue::try_from(last).map_err(|_| Error::InvalidKey)?)),
            None => Ok(call),
        }
    }

    /// Waits before the next connection, where there may be one.
    async fn pause(&mut self, error: Error) -> Result<(), Error> {
        let named = match &error {
            Error::Unreachable(_) | Error::Broken(_) | Error::TimedOut => None,
            Error::Refused(problem) if may_end(problem.status) => problem.retry_after,
            _ => return Err(error),
        };
        self.failed = self.failed.saturating_add(1);
        let backoff = self.sender.retries().backoff(self.failed, jitter::fraction());
        let wait = named.map_or(backoff, |named| named + backoff.min(Duration::from_millis(500)));
        tracing::debug!(feed = ?self.feed, ?wait, %error, "a stream is going to be opened again");
        sleep(wait).await;
        Ok(())
    }
}

/// Whether a refusal with this status is one of the moment.
fn may_end(status: u16) -> bool {
    [StatusCode::REQUEST_TIMEOUT.as_u16(), StatusCode::TOO_MANY_REQUESTS.as_u16()].contains(&status) || status >= 500
}
