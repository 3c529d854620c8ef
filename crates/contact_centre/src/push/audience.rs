use std::sync::Arc;

use super::{Facts, Feed};
use crate::{
    event::{Subject, SubjectKind},
    id::QueueId,
    view::Rights,
};

/// What a reader may get, whatever they ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// What they follow.
    pub feed: Feed,
    /// What they see of it.
    pub rights: Rights,
    /// Whether they may know of recordings.
    pub recordings: bool,
    /// The only queues that they may know of; none: all.
    pub queues: Option<Arc<[QueueId]>>,
}

impl Audience {
    /// Whoever may see everything of a feed.
    pub fn all(feed: Feed) -> Self {
        Self { feed, rights: Rights::ALL, recordings: true, queues: None }
    }

    /// Whether they may know of a kind of thing at all.
    pub(crate) fn sees_kind(&self, kind: SubjectKind) -> bool {
        Feed::of(kind) == self.feed
            && match kind {
                SubjectKind::Agent | SubjectKind::Queue | SubjectKind::Call => true,
                SubjectKind::Recording => self.recordings,
                SubjectKind::Contact | SubjectKind::Lead => self.rights.contacts && self.queues.is_none(),
            }
    }

    /// Whether they may know of an event.
    pub(crate) fn sees(&self, facts: &Facts) -> bool {
        self.sees_kind(facts.subject.kind()) && self.sees_queues(&facts.queues)
    }

    /// Whether they may know of what concerns these queues.
    pub(super) fn sees_queues(&self, queues: &[QueueId]) -> bool {
        self.queues.as_deref().is_none_or(|own| queues.iter().any(|queue| own.contains(queue)))
    }

    /// The rights on which the bytes of an event about this depend. Only legs, contacts and leads show more to some.
    pub(crate) fn rights_for(rights: Rights, subject: Subject) -> Rights {
        match subject {
            Subject::Call(_) => rights,
            Subject::Contact(_) | Subject::Lead(_) => Rights { wraps: false, ..rights },
            Subject::Agent(_) | Subject::Queue(_) | Subject::Recording(_) => Rights::NONE,
        }
    }
}
