use domain::Keydesk;
use uuid::Uuid;

/// What every handler reaches.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) keydesk: Keydesk,
}

/// The id of the request, which its answer and its log lines carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(pub(crate) Uuid);

impl RequestId {
    /// As the edge put it into the request.
    pub(crate) fn of(parts: &http::request::Parts) -> Uuid {
        parts.extensions.get::<Self>().map_or(Uuid::nil(), |id| id.0)
    }
}
