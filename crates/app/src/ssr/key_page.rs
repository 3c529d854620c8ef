//! `/keys/{id}`: everything about one key, and the forms on that page.

use axum::{
    Router,
    extract::{Form as Posted, Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header::ORIGIN, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::Session;
use model::{KeyError, KeyId};

use super::{
    Desk, document,
    key_forms::signed_in,
    settings::{self, Form},
};
use crate::{
    ApiError, FieldProblem,
    documents::{KeyPage, Said, Shown, key_page},
};

pub(super) const PATH: &str = "/keys/{id}";

/// What the page says after a form: by its name in the address.
const SAYINGS: [(&str, &str); 7] = [
    ("saved", "Saved."),
    ("disabled", "Disabled. Every call with this key is refused from now on."),
    ("enabled", "Enabled."),
    ("ended", "The overlap has ended: only the current secret works."),
    ("restored", "Restored."),
    ("withdrawn", "The hand-over link is withdrawn: it opens no more."),
    ("unchanged", "Nothing was changed."),
];

pub(super) fn routes<S>(desk: Desk) -> Router<S> {
    Router::new().route(PATH, get(show).post(posted)).with_state(desk)
}

async fn show(State(desk): State<Desk>, Path(id): Path<String>, RawQuery(query): RawQuery, parts: Parts) -> Response {
    let query = query.unwrap_or_default();
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let said = SAYINGS.iter().find(|(name, _)| has(&format!("said={name}"))).map(|(_, text)| Said::Done(text));
    let before = query.split('&').find_map(|pair| pair.strip_prefix("before=")?.parse().ok());
    let open = if has("edit") || has("edit=") {
        "edit"
    } else if has("open=rotate") {
        "rotate"
    } else {
        ""
    };
    let loaded = async {
        let session = signed_in(&desk, &parts).await?;
        let mut page = load(&desk, &session, parse(&id)?, before).await?;
        page.said = said;
        page.open = open.to_owned();
        Ok(page)
    };
    match loaded.await {
        Ok(page) => answer(&desk, parts, StatusCode::OK, page).await,
        Err(ApiError::SignedOut) => Redirect::to("/login").into_response(),
        Err(error) => document::failed(&desk, parts, error).await,
    }
}

/// What a form brought about.
enum Outcome {
    /// The page says so, at an address that can be loaded again.
    Done(&'static str),
    /// It is shown with the answer, and never again.
    Shown(Said),
}

async fn posted(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let form = Form(&fields);
    let id = match parse(&id) {
        Ok(id) => id,
        Err(error) => return document::failed(&desk, parts, error).await,
    };
    let session = match signed_in(&desk, &parts).await {
        Ok(session) => session,
        Err(ApiError::SignedOut) => return Redirect::to(&format!("/login?next=/keys/{id}")).into_response(),
        Err(error) => return document::failed(&desk, parts, error).await,
    };
    let outcome = carry_out(&desk, &session, &parts.headers, id, form).await;
    if let Ok(Outcome::Done(said)) = outcome {
        return Redirect::to(&format!("/keys/{id}?said={said}")).into_response();
    }
    let mut page = match load(&desk, &session, id, None).await {
        Ok(page) => page,
        Err(error) => return document::failed(&desk, parts, error).await,
    };
    match outcome {
        Ok(Outcome::Shown(said)) => {
            page.said = Some(said);
            answer(&desk, parts, StatusCode::OK, page).await
        }
        Ok(Outcome::Done(_)) => answer(&desk, parts, StatusCode::OK, page).await,
        Err(error) => {
            let status = error.status();
            refused(&mut page, form, error);
            answer(&desk, parts, status, page).await
        }
    }
}

/// Shows why nothing was done, with what was typed.
fn refused(page: &mut KeyPage, form: Form<'_>, error: ApiError) {
    if form.text("intent") != "save" {
        page.said = Some(Said::Refused(error));
        return;
    }
    page.open = "edit".to_owned();
    page.shown = Shown::of_form(form, Some(&page.key));
    page.name = form.text("client_name").to_owned();
    match error {
        ApiError::Fields(problems) => page.problems = problems,
        ApiError::Key(KeyError::InvalidClientName { reason }) => {
            page.problems.push(FieldProblem { field: "client_name".to_owned(), message: reason.to_string() });
        }
        ApiError::Key(KeyError::VersionMoved { .. }) => {
            page.differences = Shown::of_key(&page.key).differences(&page.shown);
        }
        error => page.said = Some(Said::Refused(error)),
    }
}

async fn carry_out(
    desk: &Desk,
    session: &Session,
    headers: &HeaderMap,
    id: KeyId,
    form: Form<'_>,
) -> Result<Outcome, ApiError> {
    let (keydesk, caller) = (&desk.keydesk, session.caller());
    match form.text("intent") {
        "save" => {
            settings::save(keydesk, session, id, form).await?;
            Ok(Outcome::Done("saved"))
        }
        "disable" => {
            keydesk.set_enabled(&caller, id, false, None).await?;
            Ok(Outcome::Done("disabled"))
        }
        "enable" => {
            keydesk.set_enabled(&caller, id, true, None).await?;
            Ok(Outcome::Done("enabled"))
        }
        "restore" => {
            keydesk.restore(&caller, id).await?;
            Ok(Outcome::Done("restored"))
        }
        "end-overlap" => {
            keydesk.end_overlap(&caller, id, Some(form.version()?)).await?;
            Ok(Outcome::Done("ended"))
        }
        "rotate" => {
            let overlap = form.text("overlap").parse().map_err(|_| ApiError::Malformed)?;
            let issued = keydesk.rotate(&caller, id, overlap, Some(form.version()?)).await?;
            Ok(Outcome::Shown(Said::Rotated { secret: issued.secret.expose().to_owned() }))
        }
        "withdraw" => {
            let handover = form.text("handover").parse().map_err(|_| ApiError::Malformed)?;
            keydesk.withdraw_handover(&caller, id, handover).await?;
            Ok(Outcome::Done("withdrawn"))
        }
        "reveal" => {
            let secret = keydesk.reveal(&caller, id).await?;
            Ok(Outcome::Shown(Said::Revealed { secret: secret.expose().to_owned() }))
        }
        "hand-over" => {
            let made = keydesk.create_handover(&caller, id).await?;
            // The guard has seen that it names this Keydesk.
            let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
            let link = format!("{origin}/handover/{}", made.token.expose());
            Ok(Outcome::Shown(Said::HandOver { link, until: made.handover.expires_at }))
        }
        _ => Err(ApiError::Malformed),
    }
}

/// What the page shows; of the history what was done before entry `before`.
async fn load(desk: &Desk, session: &Session, id: KeyId, before: Option<i64>) -> Result<KeyPage, ApiError> {
    let (keydesk, caller) = (&desk.keydesk, session.caller());
    let key = keydesk.get(&caller, id).await?;
    let activity = keydesk.activity(&caller, &[id]).await?;
    Ok(KeyPage {
        secrets: keydesk.secrets(&caller, id).await?,
        handovers: keydesk.handovers(&caller, id).await?,
        history: keydesk.history(&caller, id, before).await?,
        earlier: before.is_some(),
        days: activity.into_iter().next().map(|activity| activity.days).unwrap_or_default(),
        recoverable: session.installation.recoverable,
        may_change: session.administrator.role.may_change_keys(),
        now: keydesk.now(),
        said: None,
        open: String::new(),
        shown: Shown::of_key(&key),
        problems: Vec::new(),
        differences: Vec::new(),
        name: key.settings.client_name.as_str().to_owned(),
        catalogue: keydesk.catalogue().clone(),
        key,
    })
}

async fn answer(desk: &Desk, parts: Parts, status: StatusCode, page: KeyPage) -> Response {
    let title = page.key.settings.client_name.as_str().to_owned();
    document::framed(desk, parts, status, title, move || key_page(&page)).await
}

fn parse(id: &str) -> Result<KeyId, ApiError> {
    id.parse().map_err(|_| KeyError::NotFound.into())
}
