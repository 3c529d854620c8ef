//! The forms of a key's page.

use axum::{
    extract::{Form as Posted, Path, State},
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};
use domain::{Caller, Keydesk, Session};
use model::{Key, KeyError, KeyId, KeyKind, Overlap};

use super::{
    answer::{answer, parse, shown},
    details::{COPY, Flash, Given, KeyDetails, Opened},
    done::Done,
    load::{Wanted, load},
    results,
    secrets::{SHORTEST_OVERLAP, two_work},
    tab::Tab,
    token_form::TokenForm,
};
use crate::{
    ApiError, FieldProblem,
    frame::{Sent, confirm, failed, result::Gives, resume, sent},
    ui::key_settings::{Form, SettingsForm, save},
    web::{Reader, WebState, form_token::once},
};

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

pub(super) async fn posted(
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
        let loaded = load(&web, &session, &parts, id, Wanted::form(opened_by(form))).await;
        let loaded = loaded.map(|page| filled(page, form));
        let mut response = shown(&web, parts, loaded).await;
        resume::give(&mut response, cookies);
        return response;
    }
    let once = once(&web.keydesk, &id.to_string(), &fields);
    let token = once.key.clone();
    let caller = session.caller().once(Some(once));
    if form.text("intent") == COPY && is_script(&parts.headers) {
        return match copied(&web.keydesk, &caller, id).await {
            Ok(text) => text,
            // The page of the confirmation: the script asks over its own, and sends the form again with the proof.
            Err(error) if error.needs_proof() => confirm::ask(&web, parts, &session, None, &fields).await,
            Err(error) => (error.status(), error.to_string()).into_response(),
        };
    }
    match carry_out(&web, &session, &caller, id, form).await {
        Ok(Outcome::Done(done)) => Redirect::to(&Done::address(done, id)).into_response(),
        Ok(Outcome::Gives(gives)) => gives.redirect(&web, &parts.headers, id, &token),
        Ok(Outcome::Once(flash)) => {
            let loaded = load(&web, &session, &parts, id, Wanted::tab(Tab::Activity)).await;
            shown(&web, parts, loaded.map(|page| KeyDetails { flash: Some(flash), ..page })).await
        }
        Err(error) if error.needs_proof() => confirm::ask(&web, parts, &session, None, &fields).await,
        Err(error) => match load(&web, &session, &parts, id, Wanted::form(opened_by(form))).await {
            Ok(page) => {
                let status = error.status();
                let reader = Reader::of(&web.keydesk, &parts);
                answer(&web, parts, status, refused(page, form, error, &reader)).await
            }
            Err(error) => failed(&web, parts, error).await,
        },
    }
}

/// Whether `key.js` asks, which puts the answer on the clipboard and shows it nowhere.
fn is_script(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes() == b"text/plain")
}

/// The key for the clipboard. The audit log has it before the answer does, as with every reveal.
async fn copied(keydesk: &Keydesk, caller: &Caller, id: KeyId) -> Result<Response, ApiError> {
    let secret = keydesk.reveal(caller, id).await?;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(CONTENT_TYPE, text)], secret.expose().to_owned()).into_response())
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
        page.typed = true;
        page.form = SettingsForm::of_form(form, Some(&page.key)).within(page.longest_life);
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
        "reveal" | COPY => {
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
