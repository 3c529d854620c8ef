use crate::{found::Place, history::History, lines::Lines};

/// What a text is, by which a place in it is said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    /// A file.
    File(&'a str),
    /// What was piped in, perhaps the history of a repository. A file's name, if it has one.
    Stream(Option<&'a str>),
}

/// Says where in a text something is, to whoever passes it from its beginning to its end.
#[derive(Debug)]
pub(crate) enum Places {
    Lines(Lines, Option<String>),
    History(Box<History>),
}

impl Places {
    /// For a text that begins so.
    pub(crate) fn of(text: Text<'_>, beginning: &[u8]) -> Self {
        match text {
            Text::File(path) => Self::Lines(Lines::default(), Some(path.to_owned())),
            Text::Stream(_) if History::begins(beginning) => Self::History(Box::default()),
            Text::Stream(path) => Self::Lines(Lines::default(), path.map(str::to_owned)),
        }
    }

    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        match self {
            Self::Lines(lines, _) => lines.pass(bytes),
            Self::History(history) => history.pass(bytes),
        }
    }

    /// Where what comes next stands. Of characters that have two bytes each, columns are half as many.
    pub(crate) fn here(&self, is_wide: bool) -> Place {
        let mut place = match self {
            Self::Lines(lines, path) => {
                let (line, column) = lines.here();
                Place { path: path.clone(), line, column, ..Place::default() }
            }
            Self::History(history) => history.here(),
        };
        if is_wide {
            place.column = (place.column - 1) / 2 + 1;
        }
        place
    }

    /// Files whose content was not in the text.
    pub(crate) fn hidden(&self) -> u64 {
        match self {
            Self::Lines(..) => 0,
            Self::History(history) => history.hidden(),
        }
    }
}
