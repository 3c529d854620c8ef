use axum::{extract::Request, response::Response};
use domain::{Caller, LookedUp};
use edge::{Problem, query};
use http::StatusCode;
use model::{HintEnd, Key};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, body, respond};

/// What somebody has of a key: one of the two.
#[derive(ToSchema)]
#[serde(untagged, deny_unknown_fields)]
#[expect(dead_code, reason = "read as Given, which says what is wrong with it; this describes it")]
pub(crate) enum Lookup {
    /// All of it.
    Key {
        /// The key.
        key: String,
    },
    /// What a list shows of it.
    Hint {
        /// The end of its hint: the last four characters of the key, with or without what a hint shows before them.
        #[schema(examples("…c2Xa"))]
        hint: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    key: Option<String>,
    hint: Option<String>,
}

/// The keys that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundKeys {
    /// One, if the whole key was given and somebody has it; of a hint's end perhaps several.
    items: Vec<Key>,
}

/// Look up a key
///
/// Whose key is this? Also deleted ones are found while they can be restored, and a key is found by a secret that was rotated away.
/// Keys of other installations are not found, and a text that is no key finds nothing. The key is in the body, since addresses are
/// kept by logs.
#[utoipa::path(
    post,
    path = "/api/v1/keys/lookup",
    tag = "Keys",
    request_body(content = Lookup, example = json!({"hint": "…c2Xa"})),
    responses((status = 200, description = "The keys that were found.", body = FoundKeys))
)]
pub(crate) async fn look_up_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let body = body::json(&parts.headers, body).await?;
    let items = match body::parse::<Given>(&body)? {
        Given { key: Some(text), hint: None } => match app.keydesk.look_up_key(&caller, &text).await? {
            LookedUp::Found(key) => vec![*key],
            LookedUp::Unknown | LookedUp::Mistyped | LookedUp::NoKey => Vec::new(),
        },
        Given { key: None, hint: Some(text) } => match HintEnd::parse(&text) {
            Ok(end) => app.keydesk.look_up_hint(&caller, &end).await?,
            Err(_) => Vec::new(),
        },
        Given { key: Some(_), hint: Some(_) } | Given { key: None, hint: None } => {
            return Err(Problem::invalid("Give either the whole key, as key, or the end of its hint, as hint."));
        }
    };
    Ok(respond::json(StatusCode::OK, &FoundKeys { items }))
}
