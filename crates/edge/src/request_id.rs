use http::request::Parts;
use uuid::Uuid;

/// The id of a request, which its answer and its log lines carry.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

impl RequestId {
    /// The id that was put into the request before the router.
    pub fn of(parts: &Parts) -> Uuid {
        parts.extensions.get::<Self>().map_or(Uuid::nil(), |id| id.0)
    }
}
