use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::{Problem, query};
use http::StatusCode;
use model::{BulkDeleted, KeyId};
use serde::{Deserialize, Deserializer, de};
use utoipa::ToSchema;

use super::uuid_text;
use crate::{
    App,
    body::{self, Field, Form, Shape},
    respond,
};

/// Most keys that one call changes.
const MOST: usize = 1000;

/// Keys to change in one change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyIds {
    /// In the order of the answer.
    #[serde(deserialize_with = "some_ids")]
    #[schema(min_items = 1, max_items = 1000)]
    pub(super) ids: Vec<KeyId>,
}

impl Form<'_> for KeyIds {
    const FIELDS: &'static [Field] = &[Field::required(
        "ids",
        Shape::List {
            holds: |value| value.as_str().and_then(uuid_text).is_some(),
            message: "must be the id of a key",
            least: 1,
            most: MOST,
        },
    )];
}

fn some_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<KeyId>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let ids: Option<Vec<_>> = texts.iter().map(|text| uuid_text(text)).collect();
    ids.filter(|ids| (1..=MOST).contains(&ids.len())).ok_or_else(|| de::Error::custom("1 to 1000 ids"))
}

/// Delete several keys
///
/// What can't be deleted is skipped, and the answer says why.
#[utoipa::path(
    post,
    path = "/api/v1/keys/bulk-delete",
    tag = "Keys",
    request_body(content = KeyIds, example = json!({"ids": ["01981d2c-9e5b-7c3a-8b1d-0123456789ab"]})),
    responses((status = 200, description = "What became of them.", body = BulkDeleted))
)]
pub(crate) async fn delete_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let body = body::json(&parts.headers, body).await?;
    let KeyIds { ids } = body::parse(&body)?;
    let outcome = app.keydesk.bulk_delete(&caller, &ids).await?;
    Ok(respond::json(StatusCode::OK, &outcome))
}
