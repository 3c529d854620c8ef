use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use model::{KeyError, KeyId, Permission};

use super::{
    super::details::may_rotate,
    page::{ActivityPage, activity_page},
    span::Span,
};
use crate::{
    ApiError,
    frame::{failed, framed},
    web::{Reader, WebState, session::signed_in},
};

pub(crate) const PATH: &str = "/keys/{id}/activity";

/// Answers a request for the page.
pub(crate) async fn show(
    State(web): State<WebState>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    parts: Parts,
) -> Response {
    let range = pairs.iter().find(|(name, _)| name == "range").map_or("", |(_, value)| value.as_str());
    match load(&web, &parts, &id, Span::named(range)).await {
        Ok(page) => {
            let title = format!("Activity of {}", page.key.settings.client_name.as_str());
            framed(&web, parts, StatusCode::OK, title, move || activity_page(&page)).await
        }
        Err(ApiError::SignedOut) => Redirect::to("/login").into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn load(web: &WebState, parts: &Parts, id: &str, span: &'static Span) -> Result<ActivityPage, ApiError> {
    let session = signed_in(web, parts).await?;
    let id: KeyId = id.parse().map_err(|_| KeyError::NotFound)?;
    let (keydesk, caller) = (&web.keydesk, session.caller());
    let Reader { zone, now } = Reader::of(keydesk, parts);
    let key = keydesk.get(&caller, id).await?;
    Ok(ActivityPage {
        activity: keydesk.key_activity(&caller, id, span.range(now, &zone), &zone).await?,
        may_change: caller.may(Permission::ManageKeys),
        may_rotate: may_rotate(&caller, &key),
        tried: keydesk.tried(&caller, key.id).await?.is_some(),
        recorded: keydesk.records_allowed_calls(),
        span,
        zone,
        now,
        key,
    })
}
