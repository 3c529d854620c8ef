/// A request, as far as it matters to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Its method and path, as `GET /v1/calls`.
    pub what: &'a str,
    /// What it asks for.
    pub asks: Asks<'a>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks<'a> {
    /// Begins to follow.
    Stream {
        /// The id after which the client goes on.
        place: Option<&'a str>,
        /// Whether what is followed has no past: then there is nothing to go on from.
        is_state: bool,
    },
    /// `POST /v1/calls`, with its `Idempotency-Key`.
    Call(Option<&'a str>),
    /// Reads a list, a table or figures.
    Read(Reading<'a>),
    /// Downloads a recording.
    Content,
    /// Something that is judged by itself alone.
    Other,
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// A list by pages.
    List,
    /// A table whole.
    Whole,
    /// Figures by intervals.
    Figures,
}

/// How something is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// What it is.
    pub of: Table,
    /// What makes two readings of the same path the same.
    pub query: &'a str,
    /// Whether `changed_since` came.
    pub is_since: bool,
    /// The `cursor` of a page.
    pub cursor: Option<&'a str>,
    /// Whether it reads from the beginning and nothing narrows it to what a program needs at a moment.
    pub is_whole: bool,
    /// Whether one entry alone is read, for the place of the list.
    pub is_place: bool,
    /// Whether it is of a range of an hour at most.
    pub is_narrow: bool,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// What would be otherwise.
    Pass,
    /// 429, with `Retry-After`.
    TooMany(u64),
    /// 409 `recording_not_ready`, with `Retry-After`.
    NotReady(u64),
    /// 410 `changes_lost`.
    ChangesLost,
    /// The stream begins with a reset, as after a restart in which events were lost.
    PlaceLost,
}
