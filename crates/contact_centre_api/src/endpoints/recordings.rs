use axum::response::IntoResponse;
use contact_centre::{
    id::{AgentId, CallId, RecordingId},
    objects::Recording,
    recording::{CHANNELS, Content, Digests, SAMPLE_RATE_HZ, Sound, content},
    state::State,
    view::RecordingView,
    world::World,
};
use http::header;
use model::Instant;
use serde::Serialize;
use std::fmt::Write as _;

use crate::{
    asked::{Asked, Id},
    protocol::{Answer, Paging, Problem, etag, json, kinds, page_of},
};

/// What is known of a recording, with what is known of its file.
#[derive(Serialize)]
pub(crate) struct Described<'a> {
    #[serde(flatten)]
    recording: RecordingView<'a>,
    format: &'static str,
    sample_rate_hz: u32,
    channels: [Channel; CHANNELS as usize],
    /// Null while there is no file.
    size_bytes: Option<u64>,
    /// Null while it was not asked for.
    sha256: Option<String>,
}

/// Who is heard where.
#[derive(Serialize)]
struct Channel {
    index: u8,
    party: &'static str,
}

impl<'a> Described<'a> {
    /// A recording, with its digest if that is known.
    pub(crate) fn of(state: &'a State, recording: &'a Recording, digests: &Digests) -> Self {
        let file = file(recording);
        Self {
            recording: RecordingView::of(state, recording),
            format: "wav",
            sample_rate_hz: SAMPLE_RATE_HZ,
            channels: [Channel { index: 0, party: "agent" }, Channel { index: 1, party: "customer" }],
            size_bytes: file.as_ref().map(Sound::size_bytes),
            sha256: file.as_ref().and_then(|file| digests.known(file)).map(|digest| hex(&digest)),
        }
    }
}

/// The file of a recording that can be downloaded.
fn file(recording: &Recording) -> Option<Sound> {
    match content(recording) {
        Content::Ready(sound) => Some(sound),
        Content::NotReady | Content::Deleted => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Which recordings are asked for.
struct Filter {
    call: Option<CallId>,
    root: Option<CallId>,
    agent: Option<AgentId>,
    from: Option<Instant>,
    to: Option<Instant>,
}

impl Filter {
    fn takes(&self, recording: &Recording) -> bool {
        self.call.is_none_or(|id| recording.call_id == id)
            && self.root.is_none_or(|id| recording.root_id == id)
            && self.agent.is_none_or(|id| recording.agent_id == Some(id))
            && self.from.is_none_or(|from| from <= recording.started_at)
            && self.to.is_none_or(|to| recording.started_at < to)
    }
}

/// Whether the caller may know of a recording: as of its leg.
fn is_seen(asked: &Asked, world: &World, recording: &Recording) -> bool {
    asked.caller.queues.is_none()
        || world.state().call(recording.call_id).is_some_and(|call| asked.caller.may_see_call(call))
}

/// A recording of which the caller may know.
///
/// # Errors
/// 404 if there is none, 403 if the caller's token is for other queues.
pub(crate) fn seen<'a>(asked: &Asked, world: &'a World, id: RecordingId) -> Result<&'a Recording, Problem> {
    let recording = world.state().recording(id).ok_or(Problem::not_found("recording"))?;
    if is_seen(asked, world, recording) { Ok(recording) } else { Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED)) }
}

/// Recordings by the instant at which their legs began, or those that changed.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    let filter = Filter {
        call: query.get("call_id"),
        root: query.get("root_id"),
        agent: query.get("agent_id"),
        from: query.get("from"),
        to: query.get("to"),
    };
    query.end()?;
    asked
        .ask(move |asked, world| {
            let state = world.state();
            let recordings =
                state.recordings().filter(|recording| filter.takes(recording) && is_seen(asked, world, recording));
            let write = |recording| serde_json::to_value(Described::of(state, recording, asked.centre.digests()));
            let of = |recording: &&Recording| (recording.id.0, recording.seq);
            json(&page_of(world, &paging, recordings, of, write)?)
        })
        .await
}

/// One recording, with the digest of its file.
pub(crate) async fn get(asked: Asked, Id(id): Id<RecordingId>) -> Result<Answer, Problem> {
    asked.no_query()?;
    let sound = asked.clone().ask(move |asked, world| Ok(file(seen(asked, world, id)?))).await?;
    if let Some(sound) = sound {
        // Outside of the world: the first time, the whole file has to be made for it.
        let digest = asked.clone().aside(move |asked| {
            asked.centre.digests().of(&sound);
            Ok(())
        });
        digest.await?;
    }
    let told = asked.ask(move |asked, world| {
        let recording = seen(asked, world, id)?;
        let view = Described::of(world.state(), recording, asked.centre.digests());
        Ok(json(&view)?.with(header::ETAG, etag(recording.seq)))
    });
    told.await
}
