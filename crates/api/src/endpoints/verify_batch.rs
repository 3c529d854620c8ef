use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, RequestId, limits, query};
use http::StatusCode;
use model::Bounded;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use verify::Record;

use super::verify::{Answer, VerifyCall};
use crate::{
    App,
    auth::{self, CallingRecord, Cost},
    body, respond,
};

/// Where this is asked.
const PATH: &str = "/api/v1/keys/verify-batch";

/// Calls to decide on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyBatch<'a> {
    /// Each is decided by itself.
    #[serde(borrow)]
    #[schema(value_type = Vec<VerifyCall<'a>>, min_items = 1, max_items = 100)]
    calls: Bounded<VerifyCall<'a>, 1, 100>,
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
pub(crate) async fn verify_keys(app: App, _: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let body = body::json(&parts.headers, body).await?;
    let calls = Vec::from(body::parse_structs::<VerifyBatch<'_>>(&body)?.calls);
    let request_id = RequestId::of(&parts);
    let cost = Cost::Calls(calls.len() as u64);
    let CallingRecord { record: caller, limits: states } =
        auth::key(&app.keydesk, &parts, &*auth::VERIFY, cost).await?;
    let mut decided = Vec::with_capacity(calls.len());
    for call in calls {
        decided.push(call.decide(&app.keydesk, &caller, request_id, PATH).await?);
    }
    let answers = Answers { answers: decided.iter().map(|decided| decided.answer(request_id)).collect() };
    let mut answer = respond::json(StatusCode::OK, &answers);
    limits::write(&states, answer.headers_mut());
    Ok(answer)
}
