use axum::{
    Router,
    extract::{Form as Posted, Path, RawQuery, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::Session;
use model::{DeliveryCursor, DeliveryState, KeyError, WebhookId};

use super::{
    details::{Flash, Opened, WebhookDetails, WebhookForm, WebhookList},
    list::list,
    page::page,
    posts::{Outcome, carry_out, create, problems, typed},
};
use crate::{
    ApiError,
    frame::{Sent, failed, framed, resume, sent},
    ui::key_settings::Form,
    web::{WebState, form_token::once, session::signed_in},
};

pub(crate) const LIST_PATH: &str = "/webhooks";
pub(crate) const PATH: &str = "/webhooks/{id}";

/// Deliveries on one page.
const LISTED: u32 = 25;

/// The messages of a page after a form, by their names in the address; with the element that has the focus then.
const DONE: [(&str, &str, &str); 7] = [
    ("saved", "Saved.", "open-edit"),
    ("enabled", "Enabled. It is told what happens from now on.", "open-disable"),
    ("disabled", "Disabled. Nothing is sent to it.", "enable"),
    ("tested", "A test event is on its way. Load the page again to see how it was answered.", "deliveries"),
    ("again", "On its way again. Load the page again to see how it was answered.", "deliveries"),
    ("none", "There was no event in this time that it wants.", "deliveries"),
    ("deleted", "Deleted.", "webhooks-title"),
];

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route(LIST_PATH, get(show_list).post(post_list)).route(PATH, get(show).post(post)).with_state(web)
}

/// What an address asks for.
struct Asked<'a>(&'a str);

impl<'a> Asked<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    fn has(&self, name: &str) -> bool {
        self.0.split('&').any(|pair| pair == name || pair.strip_suffix('=') == Some(name))
    }

    fn done(&self) -> Option<Flash> {
        let done = self.value("done")?;
        DONE.iter().find(|(name, ..)| *name == done).map(|(_, text, focus)| Flash::Done(text, focus))
    }
}

async fn show_list(State(web): State<WebState>, RawQuery(query): RawQuery, parts: Parts) -> Response {
    let query = query.unwrap_or_default();
    let asked = Asked(&query);
    let form = asked.has("add").then(|| WebhookForm { types: "key.*".to_owned(), ..WebhookForm::default() });
    match load_list(&web, &parts, form, asked.done()).await {
        Ok(page) => answer_list(&web, parts, StatusCode::OK, page).await,
        Err(error) => turned_away(&web, parts, error).await,
    }
}

async fn load_list(
    web: &WebState,
    parts: &Parts,
    form: Option<WebhookForm>,
    flash: Option<Flash>,
) -> Result<WebhookList, ApiError> {
    let session = signed_in(web, parts).await?;
    let webhooks = web.keydesk.webhooks(&session.caller()).await?;
    Ok(WebhookList { webhooks, form, problems: Vec::new(), flash })
}

async fn answer_list(web: &WebState, parts: Parts, status: StatusCode, page: WebhookList) -> Response {
    framed(web, parts, status, "Webhooks".to_owned(), move || list(&page)).await
}

async fn turned_away(web: &WebState, parts: Parts, error: ApiError) -> Response {
    match error {
        ApiError::SignedOut => Redirect::to("/login").into_response(),
        error => failed(web, parts, error).await,
    }
}

async fn post_list(
    State(web): State<WebState>,
    mut parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let Sent { fields, session, begun } = match sent(&web, &mut parts, fields).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let form = Form(&fields);
    if let Some(cookies) = begun {
        let loaded = load_list(&web, &parts, Some(typed(form)), None).await;
        let mut response = match loaded {
            Ok(page) => answer_list(&web, parts, StatusCode::OK, page).await,
            Err(error) => turned_away(&web, parts, error).await,
        };
        resume::give(&mut response, cookies);
        return response;
    }
    let caller = session.caller().once(Some(once(&web.keydesk, LIST_PATH, &fields)));
    match create(&web.keydesk, &caller, form).await {
        Ok(Outcome::Secret(id, flash)) => shown(&web, parts, &session, id, Some(flash)).await,
        Ok(_) => Redirect::to(LIST_PATH).into_response(),
        Err(error) => {
            let status = error.status();
            let loaded = load_list(&web, &parts, Some(typed(form)), None).await;
            match loaded {
                Ok(mut page) => {
                    match problems(error) {
                        Ok(problems) => page.problems = problems,
                        Err(error) => page.flash = Some(Flash::Refused(error)),
                    }
                    answer_list(&web, parts, status, page).await
                }
                Err(error) => failed(&web, parts, error).await,
            }
        }
    }
}

async fn show(
    State(web): State<WebState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    parts: Parts,
) -> Response {
    let query = query.unwrap_or_default();
    let asked = Asked(&query);
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        let (state, before) = (asked.value("state"), asked.value("before"));
        let state = state.and_then(|state| state.parse().ok());
        let mut page = load(&web, &session, parse(&id)?, state, before.and_then(|cursor| cursor.parse().ok())).await?;
        page.open = asked.value("open").map(Opened::named).unwrap_or_default();
        page.form = asked.has("edit").then(|| WebhookForm::of(&page.webhook));
        page.flash = asked.done();
        Ok(page)
    }
    .await;
    match loaded {
        Ok(page) => answer(&web, parts, StatusCode::OK, page).await,
        Err(error) => turned_away(&web, parts, error).await,
    }
}

async fn post(
    State(web): State<WebState>,
    Path(id): Path<String>,
    mut parts: Parts,
    Posted(fields): Posted<Vec<(String, String)>>,
) -> Response {
    let Sent { fields, session, begun } = match sent(&web, &mut parts, fields).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let loaded = async { load(&web, &session, parse(&id)?, None, None).await };
    let mut page = match loaded.await {
        Ok(page) => page,
        Err(error) => return failed(&web, parts, error).await,
    };
    let form = Form(&fields);
    let saves = form.text("intent") == "save";
    page.open = Opened::named(form.text("intent"));
    page.form = saves.then(|| typed(form));
    if let Some(cookies) = begun {
        let mut response = answer(&web, parts, StatusCode::OK, page).await;
        resume::give(&mut response, cookies);
        return response;
    }
    let address = page.address();
    let caller = session.caller().once(Some(once(&web.keydesk, &address, &fields)));
    match carry_out(&web.keydesk, &caller, &page.webhook, form).await {
        Ok(Outcome::Done(done)) => Redirect::to(&format!("{address}?done={done}")).into_response(),
        Ok(Outcome::Deleted) => Redirect::to("/webhooks?done=deleted").into_response(),
        Ok(Outcome::Secret(id, flash)) => shown(&web, parts, &session, id, Some(flash)).await,
        Err(error) => {
            let status = error.status();
            match problems(error) {
                Ok(problems) if saves => page.problems = problems,
                Ok(problems) => page.flash = Some(Flash::Refused(ApiError::Fields(problems))),
                Err(error) => page.flash = Some(Flash::Refused(error)),
            }
            answer(&web, parts, status, page).await
        }
    }
}

/// The page of a receiver with what a form on it has given.
async fn shown(web: &WebState, parts: Parts, session: &Session, id: WebhookId, flash: Option<Flash>) -> Response {
    match load(web, session, id, None, None).await {
        Ok(page) => answer(web, parts, StatusCode::OK, WebhookDetails { flash, ..page }).await,
        Err(error) => failed(web, parts, error).await,
    }
}

async fn load(
    web: &WebState,
    session: &Session,
    id: WebhookId,
    state: Option<DeliveryState>,
    before: Option<DeliveryCursor>,
) -> Result<WebhookDetails, ApiError> {
    let (keydesk, caller) = (&web.keydesk, session.caller());
    Ok(WebhookDetails {
        webhook: keydesk.webhook(&caller, id).await?,
        deliveries: keydesk.deliveries(&caller, id, state, LISTED, before).await?,
        state,
        earlier: before.is_some(),
        open: Opened::Nothing,
        form: None,
        problems: Vec::new(),
        flash: None,
    })
}

async fn answer(web: &WebState, parts: Parts, status: StatusCode, details: WebhookDetails) -> Response {
    framed(web, parts, status, "Webhook".to_owned(), move || page(&details)).await
}

fn parse(id: &str) -> Result<WebhookId, ApiError> {
    id.parse().map_err(|_| KeyError::NotFound.into())
}
