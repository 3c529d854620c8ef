//! The contact centre behind the gateway. Each verb needs one right of the key, which its description names.

mod agents;
mod calls;
mod contacts;
mod page;
mod recordings;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use uuid::Uuid;

pub use agents::{Agent, AgentName, ExpectedWait, Queue, QueueName};
pub use calls::{Call, Instants, MadeCall, NewCall, Wrap, WrapNote};
pub use contacts::{Contact, LookUp, Match, Matched, NewContact, NewPhone, Number, Phone};
pub use page::{AsOf, Page};
pub use recordings::Recording;

use crate::{
    Error,
    call::Call as Request,
    query::{Query, encoded},
    sender::Sender,
    stream::{Feed, Follow},
};

/// Verbs of the contact centre.
#[derive(Clone, Debug)]
pub struct ContactCentre(Sender);

impl ContactCentre {
    pub(crate) fn new(sender: Sender) -> Self {
        Self(sender)
    }

    /// Whose a number is, in any notation (`contacts:read`).
    ///
    /// # Errors
    /// As all verbs: the call was refused ([`Error::code`] says why), or nobody could be asked.
    pub async fn look_up(&self, phone: &str) -> Result<LookUp, Error> {
        self.0.json(&Request::get("/v1/contacts/lookup").query(Query::default().with("phone", phone))).await
    }

    /// Enters a contact, once (`contacts:write`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn create_contact(&self, new: &NewContact) -> Result<Contact, Error> {
        self.0.json(&Request::post("/v1/contacts").json(new)?.once(None)?).await
    }

    /// Enters or writes the contact that another system knows by an id (`contacts:write`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn put_contact(&self, system: &str, id: &str, contact: &NewContact) -> Result<Contact, Error> {
        let path = format!("/v1/contacts/by-external-id/{}/{}", encoded(system), encoded(id));
        self.0.json(&Request::new(Method::PUT, path).json(contact)?).await
    }

    /// Contacts (`contacts:read`). `after` is the `next_cursor` of the page before.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn contacts(&self, after: Option<&str>) -> Result<Page<Contact>, Error> {
        self.page("/v1/contacts", Query::default().with_some("cursor", after)).await
    }

    /// Legs of calls that began in this time (`calls:read`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn calls(&self, from: Timestamp, to: Timestamp, after: Option<&str>) -> Result<Page<Call>, Error> {
        let query = Query::default().with("from", from).with("to", to).with_some("cursor", after);
        self.page("/v1/calls", query).await
    }

    /// A leg (`calls:read`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn call(&self, id: Uuid) -> Result<Call, Error> {
        self.0.json(&Request::get(format!("/v1/calls/{id}"))).await
    }

    /// Has an agent call somebody (`calls:make`), once: also where the answer was lost and the call is sent again. It is answered before
    /// it is dialled.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up); 403 `outside_dialling_hours` and `call_not_allowed`, 429 `calls_per_hour_reached`.
    pub async fn make_call(&self, new: &NewCall) -> Result<MadeCall, Error> {
        let answer = self.0.answer(&Request::post("/v1/calls").json(new)?.once(new.idempotency_key())?).await?;
        let call = serde_json::from_slice(answer.body()).map_err(Error::NotUnderstood)?;
        Ok(MadeCall { call, replayed: answer.headers().contains_key("idempotency-replayed") })
    }

    /// Hangs up for the agent (`calls:make`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up); 409 `wrong_state`.
    pub async fn hang_up(&self, id: Uuid) -> Result<Call, Error> {
        self.0.json(&Request::post(format!("/v1/calls/{id}/hangup")).json(&json!({}))?.once(None)?).await
    }

    /// What was noted of a leg (`wraps:read`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn wrap(&self, call: Uuid) -> Result<Wrap, Error> {
        self.0.json(&Request::get(format!("/v1/calls/{call}/wrap"))).await
    }

    /// Notes what a leg came to, also after it was closed (`wraps:write`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn put_wrap(&self, call: Uuid, note: &WrapNote) -> Result<Wrap, Error> {
        self.0.json(&Request::new(Method::PUT, format!("/v1/calls/{call}/wrap")).json(note)?).await
    }

    /// Wraps that were written or changed since (`wraps:read`): a `changes_cursor`, or a `next_cursor` while there is one.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up); 410 `changes_lost`: read the list anew.
    pub async fn wraps_since(&self, changes_cursor: &str) -> Result<Page<Wrap>, Error> {
        self.page("/v1/wraps", Query::default().with("changed_since", changes_cursor)).await
    }

    /// Agents (`agents:read`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn agents(&self, after: Option<&str>) -> Result<Page<Agent>, Error> {
        self.page("/v1/agents", Query::default().with_some("cursor", after)).await
    }

    /// Queues (`queues:read`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn queues(&self, after: Option<&str>) -> Result<Page<Queue>, Error> {
        self.page("/v1/queues", Query::default().with_some("cursor", after)).await
    }

    /// How long a caller of this queue is going to wait (`live:read`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn expected_wait(&self, queue: Uuid) -> Result<ExpectedWait, Error> {
        self.0.json(&Request::get(format!("/v1/live/queues/{queue}/expected-wait"))).await
    }

    /// Recordings of this time (`recordings:read`).
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn recordings(
        &self,
        from: Timestamp,
        to: Timestamp,
        after: Option<&str>,
    ) -> Result<Page<Recording>, Error> {
        let query = Query::default().with("from", from).with("to", to).with_some("cursor", after);
        self.page("/v1/recordings", query).await
    }

    /// Bytes of a recording from this one on, at most so many (`recordings:read`). One that is not ready yet is waited for.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up); 410: it was deleted.
    pub async fn recording_bytes(&self, id: Uuid, from: u64, most: u64) -> Result<Bytes, Error> {
        let range = format!("bytes={from}-{}", from.saturating_add(most.max(1)) - 1);
        let range = HeaderValue::try_from(range).map_err(|_| Error::InvalidAddress)?;
        let call = Request::get(format!("/v1/recordings/{id}/content")).header(header::RANGE, range);
        Ok(self.0.answer(&call).await?.into_body())
    }

    /// Follows what happens, from what holds now on: see [`Follow`].
    pub fn follow(&self, feed: Feed) -> Follow {
        Follow::new(self.0.clone(), feed)
    }

    /// Any other address below `/v1` that is read, such as `/v1/metrics/queues?queue=Sales`, in a form of the caller's own.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn read<T: DeserializeOwned>(&self, path_and_query: &str) -> Result<T, Error> {
        self.0.json(&Request::get(path_and_query)).await
    }

    /// Any other `POST` below `/v1`, once: also where the answer was lost and the call is sent again. `named` is the name of it, so that a
    /// program that was started again does it no second time; when not said, one is made up.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        named: Option<&str>,
    ) -> Result<T, Error> {
        self.0.json(&Request::post(path).json(body)?.once(named)?).await
    }

    async fn page<T: DeserializeOwned>(&self, path: &str, query: Query) -> Result<Page<T>, Error> {
        self.0.json(&Request::get(path).query(query)).await
    }
}
