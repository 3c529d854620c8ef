//! What requests say in their headers.

use serde_json::{Value, json};

use crate::operation::Operation;

/// A header, as what is read of it.
struct Header {
    /// Its parameter among the components.
    parameter: &'static str,
    name: &'static str,
    description: &'static str,
    /// Whether an operation reads it.
    is_read: fn(&Operation) -> bool,
}

/// All that is read, besides that with which a key comes.
static HEADERS: &[Header] = &[
    Header {
        parameter: "idempotency_key",
        name: "Idempotency-Key",
        description: "The same answer for the same request for 24 hours, with Idempotency-Replayed: true; 409 for another request.",
        // Rows are the same however often they are sent.
        is_read: |operation| operation.method == "POST" && operation.path != "/data/{table}",
    },
    Header {
        parameter: "proxy_session",
        name: "X-Proxy-Session",
        description: "The token of a proxy session that the key has begun: what is done is done for its agent, in both names. One that has ended, \
            or what is about another agent, is 403.",
        is_read: |operation| {
            let acts = ["calls:make", "contacts:write", "data:write", "users:impersonate", "wraps:write"];
            // A session begins and ends no session.
            (acts.contains(&operation.scope) || operation.path == "/sandbox/calls")
                && !operation.path.starts_with("/sessions/")
        },
    },
    Header {
        parameter: "if_match",
        name: "If-Match",
        description: "The ETag of what was read: it is changed only where nobody else has changed it since, else 412. `*` where there is any.",
        is_read: |operation| ["PATCH", "PUT"].contains(&operation.method),
    },
    Header {
        parameter: "if_none_match",
        name: "If-None-Match",
        description: "The ETag of what is known: 304, and no body, while it is the same.",
        is_read: |operation| operation.path.starts_with("/live/queues") || is_content(operation),
    },
    Header {
        parameter: "range",
        name: "Range",
        description: "Which bytes are wanted, such as bytes=0-1023: 206. Several ranges at once are answered by the whole file.",
        is_read: is_content,
    },
    Header {
        parameter: "if_range",
        name: "If-Range",
        description: "The ETag of the file of which a part is there: with another, Range does not count, and the whole file is answered.",
        is_read: is_content,
    },
    Header {
        parameter: "last_event_id",
        name: "Last-Event-ID",
        description: "The `id` of the last event that was got: exactly what is after it follows, or stream.reset where that is impossible. Without \
            it a snapshot comes first. How queues stand has no ids: of those, what is in the log goes on.",
        is_read: |operation| operation.path.starts_with("/stream/"),
    },
];

fn is_content(operation: &Operation) -> bool {
    operation.path == "/recordings/{id}/content"
}

/// The parameters among the components, each under its name there.
pub(super) fn described() -> impl Iterator<Item = (String, Value)> {
    HEADERS.iter().map(|header| {
        let Header { parameter, name, description, .. } = header;
        let described =
            json!({ "name": name, "in": "header", "description": description, "schema": { "type": "string" } });
        ((*parameter).to_owned(), described)
    })
}

/// The names of those that an operation reads.
pub(super) fn read(operation: &Operation) -> impl Iterator<Item = &'static str> {
    HEADERS.iter().filter(|header| (header.is_read)(operation)).map(|header| header.parameter)
}
