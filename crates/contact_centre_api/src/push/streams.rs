use axum::response::{IntoResponse, Response};
use contact_centre::push::{Feed, Stream};
use http::{HeaderMap, Method, header, request::Parts};

use super::{asked_for, handshake, line::Watched, socket, sse};
use crate::{
    asked::Asked,
    protocol::{Problem, kinds},
};

/// Follows agents.
pub(super) async fn agent_states(asked: Asked, parts: Parts) -> Result<Response, Problem> {
    stream(&asked, parts, Feed::AgentStates)
}

/// Follows calls.
pub(super) async fn calls(asked: Asked, parts: Parts) -> Result<Response, Problem> {
    stream(&asked, parts, Feed::Calls)
}

/// Follows queues.
pub(super) async fn queues(asked: Asked, parts: Parts) -> Result<Response, Problem> {
    stream(&asked, parts, Feed::Queues)
}

fn stream(asked: &Asked, mut parts: Parts, feed: Feed) -> Result<Response, Problem> {
    let query = asked.query();
    let filter = asked_for::filter(asked, &query)?;
    query.end()?;
    let audience = asked_for::audience(&asked.caller, feed);
    let begun = |headers: &HeaderMap| {
        asked.centre.pushed().hubs.follow(&asked.world, audience, filter, asked_for::start(headers))
    };
    if handshake::is_wanted(&asked.headers) {
        let shaken = handshake::shake(&mut parts)?;
        let stream = begun(&asked.headers).ok();
        let (caller, watched) = (asked.caller.clone(), Watched::of(asked));
        let Some(upgrade) = shaken.upgrade else { return Err(Problem::new(&kinds::NOT_UPGRADABLE)) };
        tokio::spawn(async move {
            // Whoever asks for a WebSocket may hang up before they have it.
            if let Ok(io) = upgrade.await {
                socket::serve(io, stream, &caller, watched).await;
            }
        });
        return Ok(shaken.response);
    }
    let stream: Stream = begun(&asked.headers)
        .map_err(|full| Problem::new(&kinds::TOO_MANY_STREAMS).detail(format!("{full}.")).retry_after(10))?;
    let mut response =
        if asked.method == Method::HEAD { ().into_response() } else { sse::body(stream, Watched::of(asked)) };
    sse::say(response.headers_mut());
    response.headers_mut().remove(header::CONTENT_LENGTH);
    Ok(response)
}
