use axum::{
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use model::{KeyError, KeyId};

use super::{details::KeyDetails, page::key_page, tab::Tab};
use crate::{
    ApiError,
    frame::{failed, framed},
    web::WebState,
};

/// The page that was loaded, or why there is none.
pub(super) async fn shown(web: &WebState, parts: Parts, loaded: Result<KeyDetails, ApiError>) -> Response {
    match loaded {
        Ok(page) => answer(web, parts, StatusCode::OK, page).await,
        Err(ApiError::SignedOut) => Redirect::to("/login").into_response(),
        Err(error) => failed(web, parts, error).await,
    }
}

/// The page.
pub(super) async fn answer(web: &WebState, parts: Parts, status: StatusCode, page: KeyDetails) -> Response {
    let name = page.key.settings.client_name.as_str();
    let title = match page.tab() {
        Tab::Settings => name.to_owned(),
        Tab::Activity => format!("Activity of {name}"),
    };
    framed(web, parts, status, title, move || key_page(&page)).await
}

/// Reads the key that an address names.
pub(super) fn parse(id: &str) -> Result<KeyId, ApiError> {
    id.parse().map_err(|_| KeyError::NotFound.into())
}
