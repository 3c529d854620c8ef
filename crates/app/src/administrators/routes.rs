use axum::{
    Router,
    extract::{Form as Posted, Path, RawQuery, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use domain::{NewAccountLink, Session};
use model::{AdminError, AdministratorId, Person};

use super::{
    details::{Flash, Invitation, Opened, PeopleList, PersonPage},
    list::list,
    page::page,
    posts::{Outcome, carry_out, invite, problems, typed},
};
use crate::{
    ApiError,
    frame::{Sent, confirm, failed, framed, resume, sent},
    ui::key_settings::Form,
    web::{
        WebState,
        session::{origin_of, signed_in},
    },
};

pub(crate) const LIST_PATH: &str = "/administrators";
pub(crate) const PATH: &str = "/administrators/{id}";

/// The messages of a page after a form, by their names in the address; with the element that has the focus then.
const DONE: [(&str, &str, &str); 8] = [
    ("role", "Saved. The next request is made with this role.", "role-title"),
    ("disabled", "Disabled. They are signed out everywhere.", "enable"),
    ("enabled", "Enabled. They can sign in again.", "open-disable"),
    ("ended", "All sessions have ended.", "access"),
    ("reset", "The second factor is taken away, and all sessions have ended.", "access"),
    ("none", "There was no second factor.", "access"),
    ("removed", "Removed.", "administrators-title"),
    ("withdrawn", "The invitation is withdrawn.", "administrators-title"),
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
    let form = asked.has("invite").then(Invitation::default);
    let loaded = async {
        let session = signed_in(&web, &parts).await?;
        load_list(&web, &session, form, asked.done()).await
    };
    match loaded.await {
        Ok(page) => answer_list(&web, parts, StatusCode::OK, page).await,
        Err(error) => turned_away(&web, parts, error).await,
    }
}

async fn load_list(
    web: &WebState,
    session: &Session,
    form: Option<Invitation>,
    flash: Option<Flash>,
) -> Result<PeopleList, ApiError> {
    let people = web.keydesk.people(&session.caller()).await?;
    let (own, mails) = (session.administrator.id, web.keydesk.sends_mail());
    Ok(PeopleList { people, own, form, mails, problems: Vec::new(), flash })
}

async fn answer_list(web: &WebState, parts: Parts, status: StatusCode, page: PeopleList) -> Response {
    framed(web, parts, status, "Administrators".to_owned(), move || list(&page)).await
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
        let mut response = match load_list(&web, &session, Some(typed(form)), None).await {
            Ok(page) => answer_list(&web, parts, StatusCode::OK, page).await,
            Err(error) => turned_away(&web, parts, error).await,
        };
        resume::give(&mut response, cookies);
        return response;
    }
    let error = match invite(&web.keydesk, &session.caller(), form).await {
        Ok(made) => {
            let flash = link(&web, &parts, made);
            return match load_list(&web, &session, None, Some(flash)).await {
                Ok(page) => answer_list(&web, parts, StatusCode::OK, page).await,
                Err(error) => failed(&web, parts, error).await,
            };
        }
        Err(error) if error.needs_proof() => return confirm::ask(&web, parts, &session, None, &fields).await,
        Err(error) => error,
    };
    let status = error.status();
    match load_list(&web, &session, Some(typed(form)), None).await {
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

/// A link as it is shown, under the address at which people reach this Keydesk. One that is mailed is shown to nobody else.
fn link(web: &WebState, parts: &Parts, made: NewAccountLink) -> Flash {
    if made.mailed {
        return Flash::Mailed(made);
    }
    let origin = origin_of(&web.access, &parts.headers);
    let address = format!("{origin}{}#{}", made.link.kind.path(), made.token.expose());
    Flash::Link { made, address, passwords: web.keydesk.sign_in_ways().passwords }
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
        let mut page = load(&web, &session, parse(&id)?).await?;
        page.open = asked.value("open").map(Opened::named).unwrap_or_default();
        page.flash = asked.done();
        Ok(page)
    };
    match loaded.await {
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
    let loaded = async { load(&web, &session, parse(&id)?).await };
    let mut page = match loaded.await {
        Ok(page) => page,
        Err(error) => return failed(&web, parts, error).await,
    };
    let form = Form(&fields);
    page.open = Opened::named(form.text("intent"));
    if let Some(cookies) = begun {
        let mut response = answer(&web, parts, StatusCode::OK, page).await;
        resume::give(&mut response, cookies);
        return response;
    }
    match carry_out(&web.keydesk, &session.caller(), &page.person, form).await {
        Ok(Outcome::Done(done)) => Redirect::to(&format!("{}?done={done}", page.address())).into_response(),
        Ok(Outcome::Gone(done)) => Redirect::to(&format!("{LIST_PATH}?done={done}")).into_response(),
        Ok(Outcome::Link(made)) => {
            let flash = link(&web, &parts, made);
            // Who is invited anew is another entry.
            match load_list(&web, &session, None, Some(flash)).await {
                Ok(page) => answer_list(&web, parts, StatusCode::OK, page).await,
                Err(error) => failed(&web, parts, error).await,
            }
        }
        Err(error) if error.needs_proof() => confirm::ask(&web, parts, &session, None, &fields).await,
        Err(error) => {
            let status = error.status();
            page.flash = Some(Flash::Refused(error));
            answer(&web, parts, status, page).await
        }
    }
}

async fn load(web: &WebState, session: &Session, id: AdministratorId) -> Result<PersonPage, ApiError> {
    let people: Vec<Person> = web.keydesk.people(&session.caller()).await?;
    let person = people.into_iter().find(|person| person.id == id).ok_or(AdminError::NoAdministrator)?;
    let is_own = id == session.administrator.id;
    let passwords = web.keydesk.sign_in_ways().passwords;
    Ok(PersonPage { person, is_own, passwords, open: Opened::Nothing, flash: None })
}

async fn answer(web: &WebState, parts: Parts, status: StatusCode, person: PersonPage) -> Response {
    framed(web, parts, status, "Administrator".to_owned(), move || page(&person)).await
}

fn parse(id: &str) -> Result<AdministratorId, ApiError> {
    id.parse().map_err(|_| AdminError::NoAdministrator.into())
}
