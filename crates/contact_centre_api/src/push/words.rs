//! What a client says over a WebSocket.

use contact_centre::{
    log::Cursor,
    push::{Filter, Kinds, Start},
};
use serde::Deserialize;

use super::asked_for;
use crate::caller::Caller;

/// One message of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    Resume {
        after: String,
    },
    Filter {
        #[serde(default)]
        agent_ids: Option<Vec<String>>,
        #[serde(default)]
        queue_ids: Option<Vec<String>>,
        #[serde(default)]
        types: Option<Vec<String>>,
    },
    Ack {
        seq: u64,
    },
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Go on from elsewhere.
    Resume(Start),
    /// Begin anew with another filter.
    Filter(Filter),
    /// Nothing: the client has seen something.
    Acknowledged(u64),
}

/// Understands a message, or says why it can't be.
pub(super) fn understood(text: &str, caller: &Caller) -> Result<Wish, String> {
    // The message of the parser names fields of ours, and nothing that was sent.
    match serde_json::from_str(text).map_err(|_| "resume, filter or ack was expected".to_owned())? {
        Said::Ack { seq } => Ok(Wish::Acknowledged(seq)),
        Said::Resume { after } => Ok(Wish::Resume(after.parse::<Cursor>().map_or(Start::Unknown, Start::After))),
        Said::Filter { agent_ids, queue_ids, types } => {
            let wrong = |error: contact_centre::push::InvalidFilter| error.to_string();
            let filter = Filter {
                agents: agent_ids.as_deref().map(texts).map(Filter::ids).transpose().map_err(wrong)?,
                queues: queue_ids.as_deref().map(texts).map(Filter::ids).transpose().map_err(wrong)?,
                kinds: types.as_deref().map(texts).map(Kinds::parse).transpose().map_err(wrong)?.unwrap_or(Kinds::ALL),
            };
            asked_for::allowed(caller, &filter).map_err(|_| "the token is for other queues".to_owned())?;
            Ok(Wish::Filter(filter))
        }
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use contact_centre::event::EventType;
    use http::HeaderMap;

    use super::*;

    fn said(text: &str) -> Result<Wish, String> {
        let mut headers = HeaderMap::new();
        headers.insert("x-keydesk-key-id", "0199c7a0-0000-7000-8000-000000000001".parse().unwrap());
        headers.insert("x-keydesk-environment", "test".parse().unwrap());
        headers.insert("x-keydesk-resources", "queue=0199c7a0-0000-7000-8000-000000000002".parse().unwrap());
        understood(text, &Caller::named(&headers).unwrap())
    }

    #[test]
    fn what_a_client_says_is_understood() {
        assert_eq!(
            said(r#"{"op":"resume","after":"k3-918273"}"#),
            Ok(Wish::Resume(Start::After("k3-918273".parse().unwrap())))
        );
        assert_eq!(said(r#"{"op":"resume","after":"x"}"#), Ok(Wish::Resume(Start::Unknown)));
        assert_eq!(said(r#"{"op":"ack","seq":5}"#), Ok(Wish::Acknowledged(5)));
        assert_eq!(said(r#"{"op":"filter"}"#), Ok(Wish::Filter(Filter::default())));
        let Ok(Wish::Filter(filter)) = said(r#"{"op":"filter","types":["call.answered"]}"#) else { panic!("a filter") };
        assert!(filter.kinds.has(EventType::CallAnswered) && !filter.kinds.has(EventType::CallEnded));
    }

    #[test]
    fn what_can_not_be_understood_is_told_without_what_was_said() {
        for bad in [
            "",
            "{}",
            r#"{"op":"drop"}"#,
            r#"{"op":"ack","seq":-1}"#,
            r#"{"op":"resume","after":"k3-1","more":1}"#,
            r#"{"op":"filter","agent_ids":["x"]}"#,
            r#"{"op":"filter","types":[]}"#,
            r#"{"op":"filter","queue_ids":["0199c7a0-0000-7000-8000-000000000003"]}"#,
        ] {
            assert!(said(bad).is_err(), "{bad}");
        }
    }
}
