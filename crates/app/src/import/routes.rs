use axum::{
    Router,
    extract::{DefaultBodyLimit, Form as Posted, Multipart, Path, Query, State, multipart::MultipartRejection},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::{ImportPreview, Session};
use model::{ImportId, KeyError, Permission};

use super::{
    page::{Upload, upload_page},
    preview::preview_page,
    upload::{FIELD, stage},
};
use crate::{
    ApiError,
    frame::{Sent, failed, framed, resume, sent},
    ui::key_settings::Form,
    web::{WebState, guard::sign_in, session::signed_in, upload},
};

pub(crate) const PATH: &str = upload::PATH;
pub(crate) const PREVIEW_PATH: &str = "/keys/import/{id}";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    // A body is read as it comes, and has a bound of its own.
    let upload = get(show).post(post).layer(DefaultBodyLimit::disable());
    Router::new().route(PATH, upload).route(PREVIEW_PATH, get(show_preview).post(post_preview)).with_state(web)
}

async fn show(State(web): State<WebState>, Query(pairs): Query<Vec<(String, String)>>, parts: Parts) -> Response {
    let is_cancelled = Form(&pairs).text("done") == "cancelled";
    match importer(&web, &parts).await {
        Ok(_) => answer(&web, parts, StatusCode::OK, Upload { is_cancelled, refused: None }).await,
        Err(error) => turned_away(&web, parts, error).await,
    }
}

/// Takes a file. Who sends it is asked before any of it is read.
async fn post(State(web): State<WebState>, parts: Parts, multipart: Result<Multipart, MultipartRejection>) -> Response {
    let session = match importer(&web, &parts).await {
        Ok(session) => session,
        // The file can't be kept for whoever signs in again: it is chosen once more.
        Err(error) => return turned_away(&web, parts, error).await,
    };
    let Ok(multipart) = multipart else { return failed(&web, parts, ApiError::Malformed).await };
    match stage(&web.keydesk, &session.caller(), multipart).await {
        Ok(id) => Redirect::to(&format!("{PATH}/{id}")).into_response(),
        Err(stopped) => {
            let status = StatusCode::from_u16(stopped.kind().status).unwrap_or(StatusCode::BAD_REQUEST);
            let refused = Some(stopped.to_string());
            answer(&web, parts, status, Upload { is_cancelled: false, refused }).await
        }
    }
}

async fn show_preview(State(web): State<WebState>, Path(id): Path<String>, parts: Parts) -> Response {
    let loaded = async {
        let session = importer(&web, &parts).await?;
        Ok(web.keydesk.staged_import(&session.caller(), parse(&id)?).await?)
    };
    match loaded.await {
        Ok(preview) => answer_preview(&web, parts, StatusCode::OK, preview, None).await,
        Err(error) => turned_away(&web, parts, error).await,
    }
}

async fn post_preview(
    State(web): State<WebState>,
    Path(id): Path<String>,
    mut parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let Sent { fields, session, begun } = match sent(&web, &mut parts, fields).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    // Whoever has just signed in presses the button again.
    let done = match begun {
        Some(_) => Ok(None),
        None => carry_out(&web, &session, &id, Form(&fields)).await.map(Some),
    };
    let refused = match done {
        Ok(Some(address)) => return Redirect::to(&address).into_response(),
        Ok(None) => None,
        Err(error) => Some(error),
    };
    let status = refused.as_ref().map_or(StatusCode::OK, ApiError::status);
    let loaded = async { Ok(web.keydesk.staged_import(&session.caller(), parse(&id)?).await?) };
    let mut response = match (loaded.await, refused) {
        (Ok(preview), refused) => answer_preview(&web, parts, status, preview, refused).await,
        (Err(_), Some(error)) | (Err(error), None) => turned_away(&web, parts, error).await,
    };
    if let Some(cookies) = begun {
        resume::give(&mut response, cookies);
    }
    response
}

/// Does what the pressed button says. Gives the address of what is shown then.
async fn carry_out(web: &WebState, session: &Session, id: &str, form: Form<'_>) -> Result<String, ApiError> {
    let (caller, id) = (session.caller(), parse(id)?);
    match form.text("intent") {
        "import" => {
            web.keydesk.confirm_import(&caller, id).await?;
            Ok(format!("{PATH}/{id}"))
        }
        "cancel" => {
            web.keydesk.cancel_import(&caller, id).await?;
            Ok(format!("{PATH}?done=cancelled"))
        }
        _ => Err(ApiError::Malformed),
    }
}

/// Somebody who may import.
async fn importer(web: &WebState, parts: &Parts) -> Result<Session, ApiError> {
    let session = signed_in(web, parts).await?;
    session.caller().require(Permission::ManageKeys)?;
    Ok(session)
}

async fn turned_away(web: &WebState, parts: Parts, error: ApiError) -> Response {
    match error {
        ApiError::SignedOut => Redirect::to(&sign_in(PATH)).into_response(),
        error => failed(web, parts, error).await,
    }
}

async fn answer(web: &WebState, parts: Parts, status: StatusCode, page: Upload) -> Response {
    framed(web, parts, status, "Import keys".to_owned(), move || upload_page(FIELD, &page)).await
}

async fn answer_preview(
    web: &WebState,
    parts: Parts,
    status: StatusCode,
    preview: ImportPreview,
    refused: Option<ApiError>,
) -> Response {
    framed(web, parts, status, "Import keys".to_owned(), move || preview_page(&preview, refused.as_ref())).await
}

fn parse(id: &str) -> Result<ImportId, ApiError> {
    id.parse().map_err(|_| KeyError::NotFound.into())
}
