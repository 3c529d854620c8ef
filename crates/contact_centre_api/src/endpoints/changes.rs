use serde::Serialize;

use crate::{
    asked::Asked,
    protocol::{Answer, Problem, json},
};

/// A change of this API that its callers can notice.
#[derive(Clone, Copy, Debug, Serialize)]
struct Change {
    date: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// The newest first. Answers may gain fields; whoever calls ignores those that they don't know.
const CHANGES: [Change; 1] = [Change { date: "2026-11-27", kind: "added", text: "The first release of version 1." }];

#[derive(Serialize)]
struct Changes {
    items: [Change; 1],
}

/// How this API has changed.
pub(crate) async fn list(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    json(&Changes { items: CHANGES })
}
