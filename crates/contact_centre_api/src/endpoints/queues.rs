use axum::response::IntoResponse;
use contact_centre::{id::QueueId, objects::Queue, view::QueueView};
use http::header;

use crate::{
    asked::{Asked, Id},
    protocol::{Paging, Problem, etag, json, page_of},
};

/// Queues by id, or those that changed. A token for some queues sees those.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    query.end()?;
    let page = asked.ask(move |asked, world| {
        let queues = world.state().queues().filter(|queue| asked.caller.may_see(queue.id));
        let of = |queue: &&Queue| (queue.id.0, queue.seq);
        let write = |queue| serde_json::to_value(QueueView::of(queue));
        json(&page_of(world, &paging, queues, of, write)?)
    });
    page.await
}

/// One queue.
pub(crate) async fn get(asked: Asked, Id(id): Id<QueueId>) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked.may_see(id)?;
    let one = asked.ask(move |_, world| {
        let queue = world.state().queue(id).ok_or(Problem::not_found("queue"))?;
        Ok(json(&QueueView::of(queue))?.with(header::ETAG, etag(queue.seq)))
    });
    one.await
}
