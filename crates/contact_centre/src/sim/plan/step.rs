use crate::objects::{DisconnectedBy, FlowedOutTo, Outcome};

/// What happens to a leg by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The menu is over.
    EndIvr,
    /// The caller hangs up.
    Abandon,
    /// The caller is sent elsewhere.
    FlowOut(FlowedOutTo),
    /// The agent takes it.
    Answer,
    /// The agent refuses it.
    Reject,
    /// It rang for too long.
    Miss,
    /// The number is dialled.
    Dial,
    /// It rings there.
    Alert,
    /// Nobody is reached.
    Fail(Outcome, DisconnectedBy, u8),
    /// The customer is put on hold.
    Hold,
    /// The customer is on hold no more.
    Resume,
    /// The agent asks a colleague.
    Consult,
    /// The agent passes the customer on.
    Transfer(Transfer),
    /// One of them hangs up.
    HangUp(DisconnectedBy),
    /// The agent is done.
    EndWrap,
}

/// How a customer is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// Without a word.
    Blind,
    /// To whom the agent has consulted.
    Attended,
}
