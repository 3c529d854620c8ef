use axum::{extract::Path, response::IntoResponse};
use contact_centre::{
    id::ContactId,
    objects::Contact,
    view::ContactView,
    world::{ContactDraft, World},
};
use http::{HeaderValue, StatusCode, header};
use model::{Search, fold_name};

use crate::{
    asked::{Asked, Id},
    forms::{ContactForm, ContactPatch, draft_of},
    protocol::{Answer, Paging, Problem, Sent, etag, expected, json, page_of},
};

/// Characters of an id of another system.
const EXTERNAL_ID_MAX: usize = 200;

/// Contacts by id, or those that changed.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    let search = query.text("search").map(Search::parse).transpose();
    let search = search.unwrap_or_else(|error| {
        query.refuse("search".to_owned(), &error.to_string());
        None
    });
    let external_id = query.text("external_id").map(str::to_owned);
    query.end()?;
    let page = asked.ask(move |asked, world| {
        let state = world.state();
        let named = |contact: &&Contact| {
            external_id.as_ref().is_none_or(|wanted| contact.external_ids.values().any(|id| **id == **wanted))
        };
        let found = |contact: &&Contact| search.as_ref().is_none_or(|search| is_found(contact, search));
        let contacts = state.contacts_by_id().filter(named).filter(found);
        let page = page_of(
            world,
            &paging,
            contacts,
            |contact| (contact.id.0, contact.seq),
            |contact| serde_json::to_value(ContactView::of(contact, asked.rights())),
        )?;
        json(&page)
    });
    page.await
}

/// Whether each word is in the name, the company or the address.
fn is_found(contact: &Contact, search: &Search) -> bool {
    let texts = [Some(&contact.display_name), contact.company.as_ref(), contact.email.as_ref()];
    let folded: Vec<_> = texts.into_iter().flatten().map(|text| fold_name(text)).collect();
    search.words().iter().all(|word| folded.iter().any(|text| text.contains(&**word)))
}

/// One contact.
pub(crate) async fn get(asked: Asked, Id(id): Id<ContactId>) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked.ask(move |asked, world| shown(asked, world, id)).await
}

/// Enters a contact.
pub(crate) async fn create(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let draft = sent.read::<ContactForm>()?.draft(asked.centre.settings())?;
    let entered = asked.once_in_world(&sent, move |asked, world| {
        let id = world.put_contact(&asked.actor(), None, &draft, None)?;
        Ok(created(shown(asked, world, id)?, id))
    });
    entered.await
}

/// Changes some of a contact.
pub(crate) async fn patch(asked: Asked, Id(id): Id<ContactId>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let patch = sent.read::<ContactPatch>()?;
    let changed = asked.ask(move |asked, world| {
        let known = world.state().contact(id).ok_or(Problem::not_found("contact"))?;
        expected(&asked.headers, Some(known.seq))?;
        let mut draft = draft_of(known);
        patch.apply(&mut draft, asked.centre.settings())?;
        write(asked, world, id, &draft)?;
        shown(asked, world, id)
    });
    changed.await
}

/// The system and the id of a path.
pub(crate) struct External(String, String);

impl axum::extract::FromRequestParts<crate::centre::Centre> for External {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        centre: &crate::centre::Centre,
    ) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, centre).await;
        let Path((system, id)) = path.map_err(|_| Problem::invalid("The path is not percent-encoded UTF-8."))?;
        let long = |text: &str| text.chars().count() > EXTERNAL_ID_MAX;
        if system.is_empty() || id.is_empty() || long(&system) || long(&id) {
            return Err(Problem::invalid("A system and an id have 1 to 200 characters."));
        }
        Ok(Self(system, id))
    }
}

/// Enters the contact that another system knows by an id, or writes what holds of them now.
pub(crate) async fn put(asked: Asked, External(system, external): External, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let mut draft = sent.read::<ContactForm>()?.draft(asked.centre.settings())?;
    if draft.external_ids.insert(system.clone(), external.clone()).is_some_and(|other| other != external) {
        return Err(Problem::field("external_ids", "has another id of this system than the path"));
    }
    let written = asked.ask(move |asked, world| {
        let known = world.state().contact_with_external_id(&system, &external);
        let known = known.and_then(|id| world.state().contact(id));
        expected(&asked.headers, known.map(|contact| contact.seq))?;
        match known.map(|contact| contact.id) {
            Some(id) => {
                write(asked, world, id, &draft)?;
                shown(asked, world, id)
            }
            None => {
                let id = world.put_contact(&asked.actor(), None, &draft, None)?;
                Ok(created(shown(asked, world, id)?, id))
            }
        }
    });
    written.await
}

/// Writes what holds of a contact. To write what holds already changes nothing.
fn write(asked: &Asked, world: &mut World, id: ContactId, draft: &ContactDraft) -> Result<(), Problem> {
    if world.state().contact(id).is_some_and(|known| draft_of(known) == *draft) {
        return Ok(());
    }
    world.put_contact(&asked.actor(), Some(id), draft, None)?;
    Ok(())
}

fn shown(asked: &Asked, world: &World, id: ContactId) -> Result<Answer, Problem> {
    let contact = world.state().contact(id).ok_or(Problem::not_found("contact"))?;
    // Whoever may write contacts may not be allowed to read them: then the numbers that come back are masked.
    let view = asked.written(&ContactView::of(contact, asked.rights()))?;
    Ok(json(&view)?.with(header::ETAG, etag(contact.seq)))
}

fn created(answer: Answer, id: ContactId) -> Answer {
    let answer = answer.status(StatusCode::CREATED);
    match HeaderValue::try_from(format!("/v1/contacts/{id}")) {
        Ok(location) => answer.with(header::LOCATION, location),
        Err(_) => answer,
    }
}
