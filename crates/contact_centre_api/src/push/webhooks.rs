//! Receivers of webhooks, as the keys that made them manage them. Both feeds have the same verbs, below paths of their own.

use contact_centre::{
    push::Feed,
    webhooks::{Draft, HookView, NotDone, Owner, Patch, Webhooks},
};
use http::{HeaderValue, StatusCode, header};
use model::{DeliveryCursor, DeliveryState, PlainSecret, WebhookOrder, WebhookSignature};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    asked::{Asked, Id},
    protocol::{Answer, Problem, Sent, etag, json, kinds, moved},
};

/// Deliveries of a page, where nothing is said, and at most.
const LIMIT: usize = 50;
const LIMIT_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HookForm {
    url: String,
    #[serde(default)]
    types: Option<Vec<String>>,
    #[serde(default)]
    order: WebhookOrder,
    #[serde(default)]
    signature: WebhookSignature,
    #[serde(default = "alone")]
    batch: usize,
}

/// Each event comes by itself, where nothing is said.
const fn alone() -> usize {
    1
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct HookPatch {
    url: Option<String>,
    types: Option<Vec<String>>,
    order: Option<WebhookOrder>,
    enabled: Option<bool>,
    batch: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedeliverForm {
    from_seq: u64,
    to_seq: u64,
}

#[derive(Serialize)]
struct List {
    items: Vec<HookView>,
}

#[derive(Serialize)]
struct WithSecret<'a> {
    #[serde(flatten)]
    webhook: HookView,
    /// Told once.
    secret: &'a str,
}

#[derive(Serialize)]
struct Redelivered {
    events: usize,
}

/// The receivers of the key.
pub(super) async fn list(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    json(&List { items: hooks(&asked)?.list(asked.caller.key_id, feed(&asked)) })
}

/// Makes a receiver. It is asked whether it wants to be one.
pub(super) async fn create(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let form: HookForm = sent.read()?;
    let caller = &asked.caller;
    let owner = Owner {
        key_id: caller.key_id,
        wraps: caller.rights().wraps,
        contacts: caller.rights().contacts,
        recordings: caller.may("recordings:read"),
        queues: None,
    };
    let draft = Draft {
        feed: feed(&asked),
        url: form.url,
        types: form.types.unwrap_or_else(|| vec!["*".to_owned()]),
        order: form.order,
        signature: form.signature,
        batch: form.batch,
    };
    let id = asked.centre.id();
    let location = format!("{}/{id}", asked.uri.path());
    let (hooks, name, world) = (hooks(&asked)?.clone(), caller.world.clone(), asked.world.clone());
    let making = async move {
        let (view, secret) = hooks.create(id, owner, (name, &world), draft).await.map_err(refused)?;
        Ok::<_, Problem>(told(view, &secret)?.status(StatusCode::CREATED).with_text(header::LOCATION, &location))
    };
    asked.once_later(&sent, making).await
}

/// One of them.
pub(super) async fn get(asked: Asked, Id(id): Id<Uuid>) -> Result<Answer, Problem> {
    asked.no_query()?;
    shown(&hooks(&asked)?.get(asked.caller.key_id, feed(&asked), id).map_err(refused)?)
}

/// Changes one.
pub(super) async fn patch(asked: Asked, Id(id): Id<Uuid>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let form: HookPatch = sent.read()?;
    let (hooks, key, feed) = (hooks(&asked)?, asked.caller.key_id, feed(&asked));
    let version = hooks.get(key, feed, id).map_err(refused)?.version;
    crate::protocol::expected(&asked.headers, Some(version))?;
    let patch = Patch { url: form.url, types: form.types, order: form.order, enabled: form.enabled, batch: form.batch };
    shown(&hooks.update(key, (feed, id), patch, Some(version)).await.map_err(refused)?)
}

/// Ends one.
pub(super) async fn delete(asked: Asked, Id(id): Id<Uuid>) -> Result<Answer, Problem> {
    asked.no_query()?;
    hooks(&asked)?.delete(asked.caller.key_id, feed(&asked), id).await.map_err(refused)?;
    Ok(Answer::nothing())
}

/// Gives one another secret.
pub(super) async fn rotate(asked: Asked, Id(id): Id<Uuid>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let (hooks, key, feed) = (hooks(&asked)?.clone(), asked.caller.key_id, feed(&asked));
    let rotating = async move {
        let (view, secret) = hooks.rotate(key, feed, id).await.map_err(refused)?;
        told(view, &secret)
    };
    asked.once_later(&sent, rotating).await
}

/// Sends one an event of no meaning.
pub(super) async fn test(asked: Asked, Id(id): Id<Uuid>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let sending = asked.once(&sent, move |asked| {
        hooks(asked)?.test(asked.caller.key_id, feed(asked), id).map_err(refused)?;
        Ok(Answer::nothing().status(StatusCode::ACCEPTED))
    });
    sending.await
}

/// How deliveries to one went.
pub(super) async fn deliveries(asked: Asked, Id(id): Id<Uuid>) -> Result<Answer, Problem> {
    let query = asked.query();
    let state = query.get::<DeliveryState>("delivery_state");
    let before = query.get::<DeliveryCursor>("cursor");
    let limit = query.get::<usize>("limit");
    if limit.is_some_and(|limit| !(1..=LIMIT_MAX).contains(&limit)) {
        query.refuse("limit".to_owned(), "must be between 1 and 500");
    }
    query.end()?;
    let (before, limit) = (before.map(|cursor| cursor.0), limit.unwrap_or(LIMIT));
    let of = (feed(&asked), id);
    json(&hooks(&asked)?.deliveries(asked.caller.key_id, of, state, before, limit).map_err(refused)?)
}

/// Delivers a stretch of the log again.
pub(super) async fn redeliver(asked: Asked, Id(id): Id<Uuid>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let RedeliverForm { from_seq, to_seq } = sent.read()?;
    if from_seq > to_seq {
        return Err(Problem::field("to_seq", "must not be less than from_seq"));
    }
    let again = asked.once(&sent, move |asked| {
        let of = (feed(asked), id);
        let events = hooks(asked)?.redeliver(asked.caller.key_id, of, (from_seq, to_seq)).map_err(refused)?;
        Ok(json(&Redelivered { events })?.status(StatusCode::ACCEPTED))
    });
    again.await
}

/// The feed of a path.
fn feed(asked: &Asked) -> Feed {
    if asked.uri.path().starts_with("/v1/agent-states/") { Feed::AgentStates } else { Feed::Calls }
}

fn hooks(asked: &Asked) -> Result<&Webhooks, Problem> {
    asked.centre.pushed().webhooks.get().ok_or(Problem::new(&kinds::WEBHOOKS_UNAVAILABLE))
}

fn shown(view: &HookView) -> Result<Answer, Problem> {
    Ok(json(view)?.with(header::ETAG, etag(view.version)))
}

/// With its secret, which nobody keeps on the way.
fn told(webhook: HookView, secret: &PlainSecret) -> Result<Answer, Problem> {
    let tag = etag(webhook.version);
    let answer = json(&WithSecret { webhook, secret: secret.expose() })?;
    Ok(answer.with(header::ETAG, tag).with(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

fn refused(not_done: NotDone) -> Problem {
    let text = not_done.to_string();
    match not_done {
        NotDone::NotFound => Problem::not_found("webhook"),
        NotDone::Moved => moved(),
        NotDone::Full | NotDone::Crowded => {
            Problem::new(&kinds::FULL).detail(format!("There is no more room: {text}."))
        }
        NotDone::Url(_) | NotDone::Private(_) => Problem::field("url", text),
        NotDone::NotVerified(status) => Problem::field("url", text).with("receiver_status", status),
        NotDone::Types(_) => Problem::field("types", text),
        NotDone::Batch => Problem::field("batch", text),
        NotDone::Disabled => Problem::new(&kinds::WEBHOOK_DISABLED),
        NotDone::TooMany(_) => Problem::field("to_seq", text),
        NotDone::Kept(error) => {
            tracing::error!(%error, "webhooks can't be written down");
            Problem::new(&kinds::NOT_WRITTEN)
        }
    }
}
