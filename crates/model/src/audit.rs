use std::{fmt, str::FromStr};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Action, Actor, AdministratorId, AuditId, ClientName, Environment, Instant, KeyId};

/// One entry of the audit log, as it is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditItem {
    /// Its own id.
    pub id: AuditId,
    /// 1, 2, 3, .. without a gap within the installation.
    pub number: i64,
    /// When.
    pub at: Instant,
    /// The actor.
    pub actor: Actor,
    /// The administrator's name, or the Client Name of the calling key, while it is known; null for everyone else.
    pub actor_name: Option<String>,
    /// What was done, for example `key.reveal`. More kinds may come.
    #[cfg_attr(feature = "openapi", schema(examples("key.reveal")))]
    pub action: String,
    /// The key that it is about.
    pub key_id: Option<KeyId>,
    /// The Client Name that this key has now, while there is such a key.
    pub client_name: Option<String>,
    /// That key's environment.
    pub environment: Option<Environment>,
    /// The client's address.
    pub address: Option<String>,
    /// The `X-Request-Id` of the call.
    pub request_id: Option<Uuid>,
    /// The client's program, in its own words.
    pub user_agent: Option<String>,
    /// Details, which depend on the action.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub detail: Value,
}

/// A page of the audit log, newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// The entries.
    pub items: Vec<AuditItem>,
    /// Where the next page begins; null: this was the last.
    pub next_cursor: Option<String>,
}

/// Which entries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub to: Option<Instant>,
    /// Only this action.
    pub action: Option<Action>,
    /// Only this actor.
    pub actor: Option<ActorFilter>,
    /// Only about this key.
    pub key: Option<KeyId>,
    /// Only about keys that were generated for this client, as they are named now.
    pub client: Option<ClientName>,
    /// Entries on the page, 1 to [`crate::PAGE_MAX`].
    pub limit: u32,
    /// Where the page begins.
    pub cursor: Option<AuditCursor>,
}

/// Whose entries are asked for: `system`, `operator`, `bearer`, or the id of a key or of an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorFilter {
    /// An actor without an id.
    Kind(Actor),
    /// A key or an administrator.
    Id(Uuid),
}

/// The text names no actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is system, operator, bearer, or the id of a key or of an administrator")]
pub struct InvalidActor;

impl ActorFilter {
    /// The actors that it means.
    pub fn actors(self) -> Vec<Actor> {
        match self {
            Self::Kind(actor) => vec![actor],
            Self::Id(id) => vec![Actor::Key { id: KeyId(id) }, Actor::Administrator { id: AdministratorId(id) }],
        }
    }
}

impl FromStr for ActorFilter {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, InvalidActor> {
        match text {
            "system" => Ok(Self::Kind(Actor::System)),
            "operator" => Ok(Self::Kind(Actor::Operator)),
            "bearer" => Ok(Self::Kind(Actor::Bearer)),
            id if id.len() == 36 => id.parse().map(Self::Id).map_err(|_| InvalidActor),
            _ => Err(InvalidActor),
        }
    }
}

/// Where the next page of the audit log begins: before the entry of this instant and number. Opaque to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    /// When the last entry of the page before was made.
    pub at: Instant,
    /// Its number.
    pub number: i64,
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of the audit log; start again without one")]
pub struct InvalidAuditCursor;

impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2.{}.{}", self.at.as_millis(), self.number)
    }
}

impl FromStr for AuditCursor {
    type Err = InvalidAuditCursor;

    fn from_str(text: &str) -> Result<Self, InvalidAuditCursor> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.strip_prefix("2.").and_then(|rest| rest.split_once('.'));
        let (at, number) = parts.filter(|(at, number)| digits(at) && digits(number)).ok_or(InvalidAuditCursor)?;
        let read = |text: &str| text.parse().map_err(|_| InvalidAuditCursor);
        Ok(Self { at: Instant::from_millis(read(at)?), number: read(number)? })
    }
}

/// The text names no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is the name of an action, such as key.reveal")]
pub struct UnknownAction;

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        serde_json::from_value(Value::String(text.to_owned())).map_err(|_| UnknownAction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read_or_refused() {
        let id = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
        assert_eq!("operator".parse(), Ok(ActorFilter::Kind(Actor::Operator)));
        assert_eq!(id.parse::<ActorFilter>().unwrap().actors().len(), 2);
        for bad in ["", "Operator", "key", "01981d2c9e5b7c3a8b1d0123456789ab", "{\"kind\":\"system\"}"] {
            assert_eq!(bad.parse::<ActorFilter>(), Err(InvalidActor), "{bad}");
        }
        let cursor = AuditCursor { at: Instant::from_millis(1_795_382_405_999), number: 7 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "7", "1.7", "2.", "2.7", "2.7.", "2.-7.1", "2.7.+1", "2.7.1.1", "2.7.99999999999999999999"] {
            assert_eq!(bad.parse::<AuditCursor>(), Err(InvalidAuditCursor), "{bad}");
        }
        assert_eq!("key.reveal".parse(), Ok(Action::KeyReveal));
        for bad in ["", "key.paint", "KeyReveal"] {
            assert_eq!(bad.parse::<Action>(), Err(UnknownAction), "{bad}");
        }
    }
}
