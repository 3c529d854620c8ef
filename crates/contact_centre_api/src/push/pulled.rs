use axum::response::IntoResponse;
use contact_centre::{
    log::{Cursor, Unreadable},
    push::{Feed, PULLED_MAX, pull, snapshot},
};
use http::{HeaderValue, StatusCode, header};

use super::asked_for;
use crate::{
    asked::Asked,
    protocol::{Answer, Problem, json, kinds},
};

/// Events of a page, where nothing is said.
const LIMIT: usize = 100;

/// What every agent does.
pub(super) async fn agents(asked: Asked) -> Result<impl IntoResponse, Problem> {
    whole(asked, Feed::AgentStates).await
}

/// Every call that is not closed.
pub(super) async fn calls(asked: Asked) -> Result<impl IntoResponse, Problem> {
    whole(asked, Feed::Calls).await
}

/// Events of agents.
pub(super) async fn agent_events(asked: Asked) -> Result<impl IntoResponse, Problem> {
    events(asked, Feed::AgentStates).await
}

/// Events of calls.
pub(super) async fn call_events(asked: Asked) -> Result<impl IntoResponse, Problem> {
    events(asked, Feed::Calls).await
}

/// What holds at one place of the log: what a stream begins with. Only what may be told of is in it.
async fn whole(asked: Asked, feed: Feed) -> Result<Answer, Problem> {
    let query = asked.query();
    let filter = asked_for::filter(&asked, &query)?;
    let seq = query.get::<u64>("as_of_seq");
    query.end()?;
    let audience = asked_for::audience(&asked.caller, feed);
    let told = asked.ask(move |_, world| {
        if seq.is_some_and(|seq| seq > world.told()) {
            return Err(lost(Unreadable::Future));
        }
        snapshot(world, &audience, &filter, seq, |of| json(of)).map_err(lost)?
    });
    told.await
}

/// A page of the log.
async fn events(asked: Asked, feed: Feed) -> Result<Answer, Problem> {
    let query = asked.query();
    let filter = asked_for::filter(&asked, &query)?;
    let after = query.get::<Cursor>("after");
    let limit = query.get::<usize>("limit");
    if limit.is_some_and(|limit| !(1..=PULLED_MAX).contains(&limit)) {
        query.refuse("limit".to_owned(), "must be between 1 and 500");
    }
    query.end()?;
    let audience = asked_for::audience(&asked.caller, feed);
    let limit = limit.unwrap_or(LIMIT);
    let told = asked.ask(move |_, world| {
        let page = pull(world, &audience, &filter, after.as_ref(), limit).map_err(lost)?;
        let json = HeaderValue::from_static("application/json");
        Ok(Answer::of(StatusCode::OK, page.json()).with(header::CONTENT_TYPE, json))
    });
    told.await
}

/// The reader has to begin anew, and is told so: nothing is skipped in silence.
fn lost(why: Unreadable) -> Problem {
    Problem::new(&kinds::CHANGES_LOST)
        .detail(format!("Events can't be read from there: {why}. Begin anew with a snapshot."))
        .with("reason", why.as_str())
}
