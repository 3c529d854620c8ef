use axum::{
    Router,
    extract::{Form as Posted, Query, State},
    http::{StatusCode, header::CONTENT_DISPOSITION, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::{AuditFormat, AuditView, Session};
use model::Permission;

use super::{
    export::export,
    filter::{Filter, PATH},
    log::AuditLog,
    page::audit_page,
};
use crate::{
    ApiError,
    frame::{failed, framed},
    ui::key_settings::Form,
    web::{Reader, WebState, guard::sign_in, session::signed_in},
};

const SCRIPT: &str = include_str!("../../../../docs/verify_audit.py");

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    let csv = |state, query, parts| export(state, query, parts, AuditFormat::Csv);
    let ndjson = |state, query, parts| export(state, query, parts, AuditFormat::Ndjson);
    Router::new()
        .route(PATH, get(show).post(posted))
        .route("/audit.csv", get(csv))
        .route("/audit.ndjson", get(ndjson))
        .route("/verify_audit.py", get(script))
        .with_state(web)
}

async fn show(State(web): State<WebState>, Query(fields): Query<Vec<(String, String)>>, parts: Parts) -> Response {
    let filter = Filter::of(Form(&fields));
    let verified = Form(&fields).text("done") == "verified";
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        load(&web, &session, filter.clone(), &Reader::of(&web.keydesk, &parts)).await
    }
    .await;
    match loaded {
        Ok(mut log) => {
            log.verified = verified;
            let status = if log.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            framed(&web, parts, status, "Audit Log".to_owned(), move || audit_page(&log)).await
        }
        Err(ApiError::SignedOut) => Redirect::to(&sign_in(&filter.address())).into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

async fn load(web: &WebState, session: &Session, filter: Filter, reader: &Reader) -> Result<AuditLog, ApiError> {
    let (keydesk, caller) = (&web.keydesk, session.caller());
    let people = keydesk.audit_people(&caller).await?;
    let may_export = caller.may(Permission::ExportAudit);
    let (view, problem) = match filter.query(&reader.zone) {
        Ok(query) => (Some(keydesk.view_audit(&caller, &query).await?), None),
        Err(problem) => (None, Some(problem)),
    };
    let AuditView { page, altered } = match view {
        Some(view) => view,
        None => AuditView { page: model::AuditPage { items: Vec::new(), next_cursor: None }, altered: Vec::new() },
    };
    Ok(AuditLog {
        state: keydesk.audit_state(&caller).await?,
        head: if may_export { keydesk.audit_head(&caller).await? } else { None },
        may_export,
        people,
        page,
        altered,
        problem,
        filter,
        zone: reader.zone.clone(),
        now: reader.now,
        verified: false,
    })
}

/// `Verify now`. It changes nothing, so it needs no token.
async fn posted(State(web): State<WebState>, parts: Parts, Posted(fields): Posted<Vec<(String, String)>>) -> Response {
    let done = async {
        let session = signed_in(&web, &parts).await?;
        if Form(&fields).text("intent") != "verify" {
            return Err(ApiError::Malformed);
        }
        Ok(web.keydesk.verify_audit(&session.caller()).await?)
    }
    .await;
    match done {
        Ok(()) => Redirect::to("/audit?done=verified").into_response(),
        Err(ApiError::SignedOut) => Redirect::to(&sign_in(PATH)).into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

/// The program that checks an export without Keydesk. It is for everybody.
async fn script() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/x-python; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"verify_audit.py\""),
    ];
    (headers, SCRIPT).into_response()
}
