//! Why a call that is allowed has no answer of the API's, in words that say whose fault it is.

use edge::{Problem, problem};

use super::{screen, upstream::Unavailable};

/// Why an allowed call is not answered by the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// None is configured.
    NoUpstream,
    /// None is asked now.
    Unavailable(Unavailable),
    /// There was no connection.
    Unreachable,
    /// There was a connection, and no answer on it that is one.
    Invalid,
    /// It took too long.
    Late,
    /// The client took too long to send its body.
    ClientLate,
    /// The client sent more than is forwarded.
    TooLarge(u64),
    /// The client broke off, and nobody reads this.
    ClientGone,
    /// Its key has as many streams as it may have.
    TooManyStreams,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoUpstream => Self::new(&problem::NO_UPSTREAM).detail(
                "The gateway's configuration names no API for this call. The request and its API key are in order.",
            ),
            Failure::Unavailable(Unavailable::Full) => Self::new(&problem::UPSTREAM_UNAVAILABLE)
                .detail("The API has as many calls as the gateway gives it at once. The request is in order; send it again.")
                .retry_after(1),
            Failure::Unavailable(Unavailable::Open(seconds)) => Self::new(&problem::UPSTREAM_UNAVAILABLE)
                .detail(
                    "The API has failed several times in a row, and the gateway leaves it alone for a moment. The request is in \
                     order; send it again then.",
                )
                .retry_after(seconds),
            Failure::Unavailable(Unavailable::Tried) | Failure::Unreachable => Self::new(&problem::UPSTREAM_UNREACHABLE)
                .detail("The gateway gets no connection to the API. The fault is not the request's."),
            Failure::Invalid => Self::new(&problem::UPSTREAM_INVALID).detail(
                "The API broke off, or sent what is no answer of HTTP. It may have done what the request asks for. The fault is \
                 the API's.",
            ),
            Failure::Late => Self::new(&problem::UPSTREAM_TIMEOUT).detail(
                "The API has not answered in time. It may have done what the request asks for. The fault is the API's.",
            ),
            Failure::ClientLate => Self::new(&problem::REQUEST_TIMEOUT)
                .detail("The rest of the request's body did not come in time. The fault is the sender's."),
            Failure::TooLarge(most) => screen::too_large(most),
            Failure::ClientGone => Self::invalid("The request's body broke off."),
            Failure::TooManyStreams => Self::new(&problem::TOO_MANY_STREAMS)
                .detail("The API key has as many streams open as it may have. Close one, or wait until one has ended."),
        }
    }
}
