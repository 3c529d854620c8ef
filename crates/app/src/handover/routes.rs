//! `/handover#CODE`: shows a key once, to whoever has the link. Only the code is checked: its holder may open the link from
//! anywhere. `Origin` is not checked, since the page's own policy keeps browsers from sending it.

use axum::{
    Router,
    extract::{Form, Path, State},
    http::{HeaderValue, StatusCode, header::REFERRER_POLICY, request::Parts},
    response::Response,
    routing::get,
};
use domain::HandedOver;
use model::{KeyError, PlainSecret};
use serde::Deserialize;

use super::page::{Handed, code_page, handed_page, over_page, unopened_page};
use crate::{
    frame::{bare, code_of, failed_bare},
    ui::FirstCall,
    web::{WebState, reached_at, session},
};

const TITLE: &str = "Your API key";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new()
        .route("/handover", get(ask).post(posted))
        // Older links carry the code in the path. They open until the 7 days since they were made are over.
        .route("/handover/{token}", get(show_old).post(open_old))
        .with_state(web)
}

/// What `link.js` and the page's own forms post.
#[derive(Deserialize)]
struct Posted {
    code: String,
    /// Whether the button was pressed that uses the link up.
    show: Option<String>,
}

/// The code is behind `#` and so not here: previews of links get no further than this.
async fn ask(State(web): State<WebState>, parts: Parts) -> Response {
    unnamed(bare(&web, parts, StatusCode::OK, TITLE, code_page).await)
}

async fn posted(State(web): State<WebState>, parts: Parts, Form(form): Form<Posted>) -> Response {
    let code = code_of(&form.code);
    if form.show.is_some() { open(&web, parts, code).await } else { show(&web, parts, code, true).await }
}

async fn show_old(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    show(&web, parts, &token, false).await
}

async fn open_old(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    open(&web, parts, &token).await
}

/// Does not use the link up. `posted`: the code came in a form, and goes on in one.
async fn show(web: &WebState, parts: Parts, code: &str, posted: bool) -> Response {
    match web.keydesk.handover_sender(code, &session::via(&parts.extensions)).await {
        Ok(Some(sender)) => {
            let code = posted.then(|| PlainSecret::new(code.to_owned()));
            let page = move || unopened_page(&sender, code.as_ref().map(PlainSecret::expose));
            unnamed(bare(web, parts, StatusCode::OK, TITLE, page).await)
        }
        Ok(None) => over(web, parts).await,
        Err(error) => unnamed(failed_bare(web, parts, &error.into()).await),
    }
}

async fn open(web: &WebState, parts: Parts, code: &str) -> Response {
    let reached = reached_at(&web.access, &parts.headers);
    let via = session::via(&parts.extensions);
    match web.keydesk.open_handover(&PlainSecret::new(code.to_owned()), &via).await {
        Ok(HandedOver { key, secret, installation, sender }) => {
            let call = FirstCall::of(&key, installation, &web.documentation, &reached);
            let handed = Handed { key, secret, sender, call, is_documented: web.documentation.public };
            unnamed(bare(web, parts, StatusCode::OK, TITLE, move || handed_page(&handed)).await)
        }
        Err(KeyError::HandoverOver | KeyError::ModuleUnavailable { .. }) => over(web, parts).await,
        Err(error) => unnamed(failed_bare(web, parts, &error.into()).await),
    }
}

async fn over(web: &WebState, parts: Parts) -> Response {
    unnamed(bare(web, parts, StatusCode::GONE, "Link over", over_page).await)
}

/// The address of an old link is a secret: no page that this one leads to may learn it.
fn unnamed(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
