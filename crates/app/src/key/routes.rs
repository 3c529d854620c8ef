//! `/keys/{id}`: everything about one key, and the forms on that page.

use axum::{
    Router,
    extract::{Form as Posted, Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header::ORIGIN, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::Session;
use model::{Key, KeyError, KeyId, KeyKind, Overlap, Permission};

use super::{
    details::{Flash, KeyDetails},
    page::key_page,
    secrets::{SHORTEST_OVERLAP, two_work},
};
use crate::{
    ApiError, FieldProblem,
    frame::{failed, framed},
    ui::key_settings::{Form, SettingsForm, save},
    web::{WebState, session::signed_in},
};

pub(crate) const PATH: &str = "/keys/{id}";

/// The message of the page after a form, by its name in the address.
const FLASHES: [(&str, &str); 7] = [
    ("saved", "Saved."),
    ("disabled", "Disabled. Every call with this key is refused from now on."),
    ("enabled", "Enabled."),
    ("ended", "The overlap has ended. Only the current secret works."),
    ("restored", "Restored."),
    ("withdrawn", "The hand-over link is withdrawn. It no longer works."),
    ("unchanged", "Nothing was changed."),
];

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(PATH, get(show).post(posted)).with_state(web)
}

async fn show(
    State(web): State<WebState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    parts: Parts,
) -> Response {
    let query = query.unwrap_or_default();
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let flash = FLASHES.iter().find(|(name, _)| has(&format!("done={name}"))).map(|(_, text)| Flash::Done(text));
    let before = query.split('&').find_map(|pair| pair.strip_prefix("before=")?.parse().ok());
    let open = if has("edit") || has("edit=") {
        "edit"
    } else if has("open=rotate") {
        "rotate"
    } else {
        ""
    };
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let mut page = load(&web, &session, parse(&id)?, before).await?;
        page.flash = flash;
        page.open = open.to_owned();
        Ok(page)
    };
    match loaded.await {
        Ok(page) => answer(&web, parts, StatusCode::OK, page).await,
        Err(ApiError::SignedOut) => Redirect::to("/login").into_response(),
        Err(error) => failed(&web, parts, error).await,
    }
}

/// The outcome of a form.
enum Outcome {
    /// Done: the page says so, at an address that can be loaded again.
    Done(&'static str),
    /// Something is shown with this answer, and never again.
    Flash(Flash),
}

async fn posted(
    State(web): State<WebState>,
    Path(id): Path<String>,
    parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let form = Form(&fields);
    let id = match parse(&id) {
        Ok(id) => id,
        Err(error) => return failed(&web, parts, error).await,
    };
    let session = match signed_in(&web, &parts).await {
        Ok(session) => session,
        Err(ApiError::SignedOut) => return Redirect::to(&format!("/login?next=/keys/{id}")).into_response(),
        Err(error) => return failed(&web, parts, error).await,
    };
    let outcome = carry_out(&web, &session, &parts.headers, id, form).await;
    if let Ok(Outcome::Done(done)) = outcome {
        return Redirect::to(&format!("/keys/{id}?done={done}")).into_response();
    }
    let mut page = match load(&web, &session, id, None).await {
        Ok(page) => page,
        Err(error) => return failed(&web, parts, error).await,
    };
    match outcome {
        Ok(Outcome::Flash(flash)) => {
            page.flash = Some(flash);
            answer(&web, parts, StatusCode::OK, page).await
        }
        Ok(Outcome::Done(_)) => answer(&web, parts, StatusCode::OK, page).await,
        Err(error) => {
            let status = error.status();
            refused(&mut page, form, error);
            answer(&web, parts, status, page).await
        }
    }
}

/// Shows why the form was refused, with what was typed.
fn refused(page: &mut KeyDetails, form: Form<'_>, error: ApiError) {
    if form.text("intent") == "rotate" {
        page.open = "rotate".to_owned();
    }
    if form.text("intent") != "save" {
        page.flash = Some(Flash::Refused(error));
        return;
    }
    page.open = "edit".to_owned();
    page.form = SettingsForm::of_form(form, Some(&page.key));
    page.name = form.text("client_name").to_owned();
    match error {
        ApiError::Fields(problems) => page.problems = problems,
        ApiError::Key(KeyError::InvalidClientName { reason }) => {
            page.problems.push(FieldProblem { field: "client_name".to_owned(), message: reason.to_string() });
        }
        ApiError::Key(KeyError::VersionMoved { .. }) => {
            page.differences = SettingsForm::of_key(&page.key).differences(&page.form);
        }
        error => page.flash = Some(Flash::Refused(error)),
    }
}

async fn carry_out(
    web: &WebState,
    session: &Session,
    headers: &HeaderMap,
    id: KeyId,
    form: Form<'_>,
) -> Result<Outcome, ApiError> {
    let (keydesk, caller) = (&web.keydesk, session.caller());
    match form.text("intent") {
        "save" => {
            save(keydesk, &caller, id, form).await?;
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
            let version = form.version()?;
            require_typed_name(&keydesk.get(&caller, id).await?, "to end the overlap", form)?;
            keydesk.end_overlap(&caller, id, Some(version)).await?;
            Ok(Outcome::Done("ended"))
        }
        "rotate" => {
            let seconds: u32 = form.text("overlap").parse().map_err(|_| ApiError::Malformed)?;
            let overlap = Overlap::try_from(seconds).map_err(KeyError::from)?;
            let version = form.version()?;
            let key = keydesk.get(&caller, id).await?;
            if key.kind == KeyKind::Default {
                if two_work(&keydesk.secrets(&caller, id).await?, keydesk.now()) {
                    require_typed_name(&key, "to rotate it now", form)?;
                } else if seconds < SHORTEST_OVERLAP {
                    require_typed_name(&key, "to rotate it without an overlap", form)?;
                }
            }
            let issued = keydesk.rotate(&caller, id, overlap, Some(version)).await?;
            Ok(Outcome::Flash(Flash::Rotated { secret: issued.secret.expose().to_owned() }))
        }
        "withdraw" => {
            let handover = form.text("handover").parse().map_err(|_| ApiError::Malformed)?;
            keydesk.withdraw_handover(&caller, id, handover).await?;
            Ok(Outcome::Done("withdrawn"))
        }
        "reveal" => {
            let secret = keydesk.reveal(&caller, id).await?;
            Ok(Outcome::Flash(Flash::Revealed { secret: secret.expose().to_owned() }))
        }
        "hand-over" => {
            let made = keydesk.create_handover(&caller, id).await?;
            // The guard has seen that it names this Keydesk.
            let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
            let link = format!("{origin}/handover#{}", made.token.expose());
            Ok(Outcome::Flash(Flash::HandOver { link, until: made.handover.expires_at }))
        }
        _ => Err(ApiError::Malformed),
    }
}

/// The contact centre's own services call with the Default API Key. Whoever ends a secret of it that they may still use
/// types its name, as the field beside the button says.
fn require_typed_name(key: &Key, what: &str, form: Form<'_>) -> Result<(), ApiError> {
    let name = key.settings.client_name.as_str();
    if key.kind == KeyKind::Issued || form.text("confirm").trim() == name {
        return Ok(());
    }
    let message = format!("Type “{name}” {what}.");
    Err(ApiError::Fields(vec![FieldProblem { field: "confirm".to_owned(), message }]))
}

/// Loads what the page shows; the history begins before entry `before`.
async fn load(web: &WebState, session: &Session, id: KeyId, before: Option<i64>) -> Result<KeyDetails, ApiError> {
    let (keydesk, caller) = (&web.keydesk, session.caller());
    let key = keydesk.get(&caller, id).await?;
    let activity = keydesk.activity(&caller, &[id]).await?;
    Ok(KeyDetails {
        secrets: keydesk.secrets(&caller, id).await?,
        handovers: keydesk.handovers(&caller, id).await?,
        history: match caller.may(Permission::ReadAudit) {
            true => Some(keydesk.history(&caller, id, before).await?),
            false => None,
        },
        earlier: before.is_some(),
        days: activity.into_iter().next().map(|activity| activity.days).unwrap_or_default(),
        recoverable: session.installation.recoverable,
        may_change: caller.may(Permission::ManageKeys),
        may_rotate: caller.may(match key.kind {
            KeyKind::Default => Permission::UseDefaultKey,
            KeyKind::Issued => Permission::ManageKeys,
        }),
        now: keydesk.now(),
        flash: None,
        open: String::new(),
        form: SettingsForm::of_key(&key),
        problems: Vec::new(),
        differences: Vec::new(),
        name: key.settings.client_name.as_str().to_owned(),
        catalogue: keydesk.catalogue().clone(),
        key,
    })
}

async fn answer(web: &WebState, parts: Parts, status: StatusCode, page: KeyDetails) -> Response {
    let title = page.key.settings.client_name.as_str().to_owned();
    framed(web, parts, status, title, move || key_page(&page)).await
}

fn parse(id: &str) -> Result<KeyId, ApiError> {
    id.parse().map_err(|_| KeyError::NotFound.into())
}
