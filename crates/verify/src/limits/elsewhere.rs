//! Rate limits whose state is not in this process: all of them with Redis, and without it those of which not every node can have a
//! call at a time.

use model::{LimitName, Rate, RateState, RateWait};

use super::{held::Held, meters::Owner};

/// Which rate limits are decided elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// None: there is one node.
    None,
    /// Those that have fewer calls at once than there are nodes.
    Small,
    /// All.
    All,
}

impl Elsewhere {
    pub(crate) fn decides(self, rate: Rate, nodes: u64) -> bool {
        match self {
            Self::None => false,
            Self::Small => rate.share(nodes).is_none(),
            Self::All => true,
        }
    }
}

/// A rate limit that is to be asked for elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Whose it is: the place of the owner, and of the limit among theirs.
    pub(crate) place: (usize, usize),
    pub(crate) installation: model::InstallationId,
    pub(crate) owner: Owner,
    pub(crate) name: LimitName,
    pub(crate) rate: Rate,
    /// Nanoseconds until all that this node knows to be taken has come back: elsewhere no less is taken for granted, so that
    /// nothing is given anew where the state was lost.
    pub(crate) known: u64,
}

/// What is asked elsewhere before a call is decided.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) asked: Vec<Asked>,
    /// Whether the call is taken from all of them, if they let it pass. Else they are only looked at.
    pub(crate) takes: bool,
    /// What the call holds of quotas meanwhile.
    pub(crate) held: Held,
    /// Where they were decided when it was asked.
    pub(crate) elsewhere: Elsewhere,
}

/// What was answered elsewhere.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) asked: Vec<Asked>,
    /// Nanoseconds until all that is taken has come back, this call included if it was taken.
    pub(crate) taken_for: Vec<u64>,
    pub(crate) cost: u64,
    /// Whether the call was taken from all of them.
    pub(crate) taken: bool,
    /// What the call holds of quotas.
    pub(crate) held: Held,
    /// Where it was answered.
    pub(crate) elsewhere: Elsewhere,
}

impl Answers {
    /// Of the limit at this place: for how long something is taken, and how long a call waits that was not let pass.
    pub(crate) fn of(&self, place: (usize, usize), rate: Rate) -> Option<(u64, Option<RateWait>)> {
        let index = self.asked.iter().position(|asked| asked.place == place && asked.rate == rate)?;
        let taken_for = *self.taken_for.get(index)?;
        let wait = if self.taken { None } else { rate.take(RateState(taken_for), self.cost, 0).err() };
        Some((taken_for, wait))
    }
}
