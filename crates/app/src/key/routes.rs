//! `/keys/{id}`: everything about one key, and the forms on that page.

use axum::{
    Router,
    extract::{Form as Posted, Path, Query, RawQuery, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::{Caller, Keydesk, Session};
use model::{Key, KeyError, KeyId, KeyKind, KeyStatus, Overlap, Permission, Selection};

use super::{
    activity,
    details::{Done, Flash, Given, KeyDetails, Opened, may_rotate},
    page::key_page,
    results,
    secrets::{SHORTEST_OVERLAP, two_work},
    token_form::TokenForm,
};
use crate::{
    ApiError, FieldProblem,
    frame::{Sent, confirm, failed, framed, result::Gives, resume, sent},
    ui::key_settings::{Form, Proposal, SettingsForm, save},
    web::{Reader, WebState, form_token::once, session::signed_in},
};

pub(crate) const PATH: &str = "/keys/{id}";
/// What a form on the page of a key has given.
pub(crate) const RESULT_PATH: &str = "/keys/{id}/result";

/// The messages of the page after a form, by their names in the address.
const DONE: [Done; 10] = [
    Done {
        name: "found",
        text: "This is the key that you looked up.",
        holds: |_| true,
        undo: None,
        focus: "key-title",
    },
    Done { name: "saved", text: "Saved.", holds: |_| true, undo: None, focus: "open-edit" },
    Done {
        name: "disabled",
        text: "Disabled. Every call with this key is refused from now on.",
        holds: |key| key.status == KeyStatus::Disabled,
        undo: Some("enable"),
        focus: "enable",
    },
    Done { name: "enabled", text: "Enabled.", holds: |key| key.settings.enabled, undo: None, focus: "open-disable" },
    Done { name: "deleted", text: DELETED, holds: is_deleted, undo: Some("restore"), focus: "restore" },
    // Whoever comes from the list sees which key it was.
    Done { name: "deleted-in-list", text: DELETED, holds: is_deleted, undo: Some("restore"), focus: "key-title" },
    Done {
        name: "ended",
        text: "The overlap has ended. Only the current secret works.",
        holds: |_| true,
        undo: None,
        focus: "secrets-title",
    },
    Done {
        name: "restored",
        text: "Restored.",
        holds: |key| key.status != KeyStatus::Revoked,
        undo: None,
        focus: "open-delete",
    },
    Done {
        name: "withdrawn",
        text: "The hand-over link is withdrawn. It no longer works.",
        holds: |_| true,
        undo: None,
        focus: "hand-over-title",
    },
    Done { name: "unchanged", text: "Nothing was changed.", holds: |_| true, undo: None, focus: "key-title" },
];

const DELETED: &str = "Deleted. Every call with this key is refused from now on.";

fn is_deleted(key: &Key) -> bool {
    key.status == KeyStatus::Revoked
}

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new()
        .route(PATH, get(show).post(posted))
        .route(RESULT_PATH, get(show_result))
        .route(activity::PATH, get(activity::show))
        .with_state(web)
}

async fn show(
    State(web): State<WebState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    Query(pairs): Query<Vec<(String, String)>>,
    parts: Parts,
) -> Response {
    let proposal = Proposal::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let query = query.unwrap_or_default();
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let done = value("done").and_then(|done| DONE.iter().find(|known| known.name == done));
    let before = value("before").and_then(|before| before.parse().ok());
    let open = match value("open") {
        Some(name) => Opened::named(name, value("handover").and_then(|link| link.parse().ok())),
        None if has("edit") || has("edit=") => Opened::Edit,
        None => Opened::Nothing,
    };
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let mut page = load(&web, &session, parse(&id)?, before, open).await?;
        page.flash = done.filter(|done| (done.holds)(&page.key)).map(Flash::Done);
        if open == Opened::Edit && page.may_change {
            let proposed = proposal.fill_in(&mut page.form, &page.catalogue).map(Flash::Proposed);
            page.version = proposal.version();
            page.flash = proposed.or(page.flash);
        }
        Ok(page)
    }
    .await;
    shown(&web, parts, loaded).await
}

/// The page with what a form on it has given.
async fn show_result(State(web): State<WebState>, Path(id): Path<String>, parts: Parts) -> Response {
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let id = parse(&id)?;
        let mut page = load(&web, &session, id, None, Opened::Nothing).await?;
        page.flash = Some(results::of_request(&web, &session, &parts, id).await);
        Ok(page)
    }
    .await;
    shown(&web, parts, loaded).await
}

async fn shown(web: &WebState, parts: Parts, loaded: Result<KeyDetails, ApiError>) -> Response {
    match loaded {
        Ok(page) => answer(web, parts, StatusCode::OK, page).await,
        Err(ApiError::SignedOut) => Redirect::to("/login").into_response(),
        Err(error) => failed(web, parts, error).await,
    }
}

/// The outcome of a form.
enum Outcome {
    /// Done: the page says so, at an address that can be loaded again.
    Done(&'static str),
    /// It gave something, which a page of its own shows, at an address that can be loaded again.
    Gives(Gives),
    /// It gave something that this answer shows, since nothing keeps it: the form that is sent again changes nothing, and shows
    /// nothing.
    Once(Flash),
}

async fn posted(
    State(web): State<WebState>,
    Path(id): Path<String>,
    mut parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let id = match parse(&id) {
        Ok(id) => id,
        Err(error) => return failed(&web, parts, error).await,
    };
    let Sent { fields, session, begun } = match sent(&web, &mut parts, fields).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let form = Form(&fields);
    if let Some(cookies) = begun {
        // Whoever has just signed in sees the form as they filled it in, and presses its button again.
        let loaded = load(&web, &session, id, None, opened_by(form)).await;
        let loaded = loaded.map(|page| filled(page, form));
        let mut response = shown(&web, parts, loaded).await;
        resume::give(&mut response, cookies);
        return response;
    }
    let once = once(&web.keydesk, &id.to_string(), &fields);
    let token = once.key.clone();
    let caller = session.caller().once(Some(once));
    match carry_out(&web, &session, &caller, id, form).await {
        Ok(Outcome::Done(done)) => Redirect::to(&format!("/keys/{id}?done={done}")).into_response(),
        Ok(Outcome::Gives(gives)) => gives.redirect(&web, &parts.headers, id, &token),
        Ok(Outcome::Once(flash)) => {
            let loaded = load(&web, &session, id, None, Opened::Nothing).await;
            shown(&web, parts, loaded.map(|page| KeyDetails { flash: Some(flash), ..page })).await
        }
        Err(error) if error.needs_proof() => confirm::ask(&web, parts, &session, None, &fields).await,
        Err(error) => match load(&web, &session, id, None, opened_by(form)).await {
            Ok(page) => {
                let status = error.status();
                let reader = Reader::of(&web.keydesk, &parts);
                answer(&web, parts, status, refused(page, form, error, &reader)).await
            }
            Err(error) => failed(&web, parts, error).await,
        },
    }
}

/// The part of the page in which a form stands.
fn opened_by(form: Form<'_>) -> Opened {
    match form.text("intent") {
        "save" => Opened::Edit,
        intent => Opened::named(intent, form.text("handover").parse().ok()),
    }
}

/// The page with what was typed in a form that was not carried out.
fn filled(mut page: KeyDetails, form: Form<'_>) -> KeyDetails {
    page.overlap = form.text("overlap").parse().ok();
    if page.open == Opened::Token {
        page.token = TokenForm::of(form);
    }
    if page.open == Opened::Edit {
        page.form = SettingsForm::of_form(form, Some(&page.key));
        page.name = form.text("client_name").to_owned();
        // Whatever others have changed meanwhile is still told.
        page.version = form.version().ok();
    }
    page
}

/// Shows why the form was refused, with what was typed. Posted again as it is, it is refused again.
fn refused(page: KeyDetails, form: Form<'_>, error: ApiError, reader: &Reader) -> KeyDetails {
    let mut page = filled(page, form);
    // The person has now been told of all that others have changed.
    page.version = None;
    match error {
        error if page.open != Opened::Edit => page.flash = Some(Flash::Refused(error)),
        ApiError::Fields(problems) => page.problems = problems,
        ApiError::Narrows { lines, seen } => {
            page.narrows = Some((lines, seen));
            // Nobody was told of what others have changed meanwhile.
            page.version = form.version().ok();
        }
        ApiError::Key(KeyError::InvalidClientName { reason }) => {
            page.problems.push(FieldProblem { field: "client_name".to_owned(), message: reason.to_string() });
        }
        ApiError::Key(KeyError::VersionMoved { .. }) => {
            page.differences = SettingsForm::of_key(&page.key).differences(&page.form, reader);
        }
        error => page.flash = Some(Flash::Refused(error)),
    }
    page
}

async fn carry_out(
    web: &WebState,
    session: &Session,
    caller: &Caller,
    id: KeyId,
    form: Form<'_>,
) -> Result<Outcome, ApiError> {
    let keydesk = &web.keydesk;
    match form.text("intent") {
        "save" => {
            save(keydesk, caller, &session.installation.time_zone, id, form).await?;
            Ok(Outcome::Done("saved"))
        }
        "disable" => {
            keydesk.set_enabled(caller, id, false, None).await?;
            Ok(Outcome::Done("disabled"))
        }
        "enable" => {
            keydesk.set_enabled(caller, id, true, None).await?;
            Ok(Outcome::Done("enabled"))
        }
        "delete" => {
            keydesk.delete(caller, id, None).await?;
            Ok(Outcome::Done("deleted"))
        }
        "restore" => {
            keydesk.restore(caller, id).await?;
            Ok(Outcome::Done("restored"))
        }
        "end-overlap" => {
            let version = form.version()?;
            require_typed_name(&keydesk.get(caller, id).await?, "to end the overlap", form)?;
            keydesk.end_overlap(caller, id, Some(version)).await?;
            Ok(Outcome::Done("ended"))
        }
        "rotate" => rotate(web, session, caller, id, form).await,
        "withdraw" => {
            let handover = form.text("handover").parse().map_err(|_| ApiError::Malformed)?;
            keydesk.withdraw_handover(caller, id, handover).await?;
            Ok(Outcome::Done("withdrawn"))
        }
        "reveal" => {
            keydesk.reveal(caller, id).await?;
            Ok(Outcome::Gives(Gives::Revealed))
        }
        "hand-over" => {
            keydesk.create_handover(caller, id).await?;
            Ok(Outcome::Gives(Gives::HandOver))
        }
        "token" => {
            keydesk.make_token(caller, id, TokenForm::of(form).wish()?).await?;
            Ok(Outcome::Gives(Gives::Token))
        }
        _ => Err(ApiError::Malformed),
    }
}

async fn rotate(
    web: &WebState,
    session: &Session,
    caller: &Caller,
    id: KeyId,
    form: Form<'_>,
) -> Result<Outcome, ApiError> {
    let keydesk = &web.keydesk;
    let seconds: u32 = form.text("overlap").parse().map_err(|_| ApiError::Malformed)?;
    let overlap = Overlap::try_from(seconds).map_err(KeyError::from)?;
    let version = form.version()?;
    let key = keydesk.get(caller, id).await?;
    // A form that is sent again has been confirmed.
    if key.kind == KeyKind::Default && !repeated(keydesk, caller).await? {
        if two_work(&keydesk.secrets(caller, id).await?, keydesk.now()) {
            require_typed_name(&key, "to rotate it now", form)?;
        } else if seconds < SHORTEST_OVERLAP {
            require_typed_name(&key, "to rotate it without an overlap", form)?;
        }
    }
    let answered = keydesk.rotate_once(caller, id, overlap, Some(version), None).await?;
    if session.installation.recoverable {
        return Ok(Outcome::Gives(Gives::Rotated));
    }
    Ok(Outcome::Once(results::issued(answered, Given::Rotated)))
}

async fn repeated(keydesk: &Keydesk, caller: &Caller) -> Result<bool, ApiError> {
    match &caller.once {
        Some(once) => Ok(keydesk.told(caller, &once.idempotency.key).await?.is_some()),
        None => Ok(false),
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
async fn load(
    web: &WebState,
    session: &Session,
    id: KeyId,
    before: Option<i64>,
    open: Opened,
) -> Result<KeyDetails, ApiError> {
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
        breaks: match open.says_what_breaks() {
            true => Some(keydesk.what_breaks(&caller, &Selection::Ids(vec![id])).await?),
            false => None,
        },
        limits: keydesk.verifier().limits_of_key(caller.installation, id, keydesk.now()).await.ok(),
        days: activity.into_iter().next().map(|activity| activity.days).unwrap_or_default(),
        recorded: keydesk.records_allowed_calls(),
        recoverable: session.installation.recoverable,
        tried: keydesk.tried(&caller, id).await?,
        may_change: caller.may(Permission::ManageKeys),
        may_rotate: may_rotate(&caller, &key),
        now: keydesk.now(),
        flash: None,
        open,
        overlap: None,
        version: None,
        token: TokenForm::default(),
        form: SettingsForm::of_key(&key),
        problems: Vec::new(),
        narrows: None,
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
