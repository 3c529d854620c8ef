use axum::response::IntoResponse;
use contact_centre::{
    id::CallId,
    objects::{Call, Wrap},
    sim::WRAP_CODES,
    view::WrapView,
    world::{World, WrapDraft},
};
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::json as value;

use crate::{
    asked::{Asked, Id},
    forms::WrapForm,
    protocol::{Answer, Paging, Problem, Sent, etag, expected, json, page_of},
};

/// A wrap as an object of its own.
#[derive(Serialize)]
pub(crate) struct Noted<'a> {
    #[serde(flatten)]
    wrap: WrapView<'a>,
    /// Of the last change of its call.
    seq: u64,
}

impl<'a> Noted<'a> {
    pub(crate) fn of(call: &Call, wrap: &'a Wrap) -> Self {
        Self { wrap: WrapView::of(call.id, wrap, true), seq: call.seq }
    }
}

/// The words that a wrap can say.
pub(crate) async fn codes(asked: Asked) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked.ask(|_, world| json(&value!({ "items": WRAP_CODES, "as_of": world.as_of() }))).await
}

/// Wraps by their calls, or those that changed.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    query.end()?;
    let page = asked.ask(move |asked, world| {
        let calls = world.state().calls().filter(|call| asked.caller.may_see_call(call));
        let wraps = calls.filter_map(|call| Some((call, call.noted()?)));
        let of = |entry: &(&Call, &Wrap)| (entry.0.id.0, entry.0.seq);
        json(&page_of(world, &paging, wraps, of, |(call, wrap)| serde_json::to_value(Noted::of(call, wrap)))?)
    });
    page.await
}

/// What was noted of a call.
pub(crate) async fn get(asked: Asked, Id(id): Id<CallId>) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked.ask(move |asked, world| shown(asked, world, id)).await
}

/// Notes what a call came to.
pub(crate) async fn put(asked: Asked, Id(id): Id<CallId>, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let draft: WrapDraft = sent.read::<WrapForm>()?.into();
    let noted = asked.ask(move |asked, world| {
        let known = may_note(asked, world, id)?.noted().map(|wrap| u64::from(wrap.revision));
        expected(&asked.headers, known)?;
        world.write_wrap(&asked.actor(), id, &draft, None)?;
        let answer = shown(asked, world, id)?;
        Ok(if known.is_none() { answer.status(StatusCode::CREATED) } else { answer })
    });
    noted.await
}

/// The leg, if the caller may note what it came to: its agent is one for whom they may act.
///
/// # Errors
/// 404 if there is none, 403 if it is of other queues or of another agent.
pub(crate) fn may_note<'a>(asked: &Asked, world: &'a World, id: CallId) -> Result<&'a Call, Problem> {
    let call = asked.call(world, id)?;
    call.agent_id.map_or(Ok(()), |agent| asked.may_act_for(agent))?;
    Ok(call)
}

fn shown(asked: &Asked, world: &World, id: CallId) -> Result<Answer, Problem> {
    let call = asked.call(world, id)?;
    let wrap = call.noted().ok_or(Problem::not_found("wrap").detail("Nothing was noted of this call yet."))?;
    let view = asked.written(&Noted::of(call, wrap))?;
    Ok(json(&view)?.with(header::ETAG, etag(wrap.revision.into())))
}
