use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::{Problem, query};
use http::StatusCode;
use model::{Bounded, BulkDeleted, KeyId};
use serde::{Deserialize, Deserializer, de};
use utoipa::ToSchema;

use super::uuid_text;
use crate::{App, body, respond};

/// Keys to change in one change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyIds {
    /// In the order of the answer.
    #[schema(value_type = Vec<KeyId>, min_items = 1, max_items = 1000)]
    ids: Bounded<IdText, 1, 1000>,
}

impl KeyIds {
    pub(super) fn ids(self) -> Vec<KeyId> {
        Vec::from(self.ids).into_iter().map(|IdText(id)| id).collect()
    }
}

/// An id in the one way to write it.
struct IdText(KeyId);

impl<'de> Deserialize<'de> for IdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer).ok().and_then(|text| uuid_text(&text));
        id.map(Self).ok_or_else(|| de::Error::custom("must be the id of a key"))
    }
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
    let ids = body::parse::<KeyIds>(&body)?.ids();
    let outcome = app.keydesk.bulk_delete(&caller, &ids).await?;
    Ok(respond::json(StatusCode::OK, &outcome))
}
