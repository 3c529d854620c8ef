use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, RequestId, query};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use verify::Record;

use super::verify::{Answer, VerifyCall};
use crate::{
    App,
    body::{self, Field, Form, Shape},
    respond,
};

/// Most calls of one batch.
const MOST: usize = 100;

/// Calls to decide on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyBatch<'a> {
    /// Each is decided by itself.
    #[serde(borrow, deserialize_with = "some_calls")]
    #[schema(min_items = 1, max_items = 100)]
    calls: Vec<VerifyCall<'a>>,
}

impl<'de> Form<'de> for VerifyBatch<'de> {
    const FIELDS: &'static [Field] =
        &[Field::required("calls", Shape::Forms { fields: VerifyCall::FIELDS, least: 1, most: MOST })];
}

fn some_calls<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<VerifyCall<'de>>, D::Error> {
    let calls = Vec::<VerifyCall<'de>>::deserialize(deserializer)?;
    if (1..=MOST).contains(&calls.len()) { Ok(calls) } else { Err(serde::de::Error::custom("1 to 100 calls")) }
}

/// The verdicts.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdicts)]
pub(crate) struct Answers<'a> {
    /// In the order of the calls.
    answers: Vec<Answer<'a>>,
}

/// Verify several keys
///
/// Up to 100 calls at once, each decided by itself.
#[utoipa::path(
    post,
    path = "/api/v1/keys/verify-batch",
    tag = "Verification",
    request_body(content = VerifyBatch, example = json!({"calls": [{"key": "ccc_live_..."}, {"key": "ccc_test_..."}]})),
    responses((status = 200, description = "The verdicts, in the order of the calls.", body = Answers))
)]
pub(crate) async fn verify_keys(app: App, caller: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let body = body::json(&parts.headers, body).await?;
    let batch = body::parse::<VerifyBatch<'_>>(&body)?;
    let mut decided = Vec::with_capacity(batch.calls.len());
    for call in batch.calls {
        decided.push(call.decide(&app.keydesk, &caller).await?);
    }
    let request_id = RequestId::of(&parts);
    let answers = Answers { answers: decided.iter().map(|decided| decided.answer(request_id)).collect() };
    Ok(respond::json(StatusCode::OK, &answers))
}
