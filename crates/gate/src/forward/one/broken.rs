use std::io;

use axum::BoxError;
use http::Request;
use thiserror::Error;

use crate::forward::request_body::RequestBody;

/// Why a request has no answer, or not all of it.
#[derive(Debug, Error)]
pub(in crate::forward) enum Broken {
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Failed(#[from] io::Error),
    /// It ended too early.
    #[error("the connection ended before the answer")]
    Closed,
    /// What came is no answer.
    #[error("what came is no answer of HTTP/1.1: {0}")]
    Invalid(&'static str),
    /// The request's body broke off, or is not what its head says.
    #[error("the body of the request: {0}")]
    Body(BoxError),
    /// The same on a connection of HTTP/2.
    #[error(transparent)]
    Two(#[from] hyper::Error),
}

impl Broken {
    /// Whether there was an answer, and a wrong one.
    pub(in crate::forward) fn is_invalid(&self) -> bool {
        match self {
            Self::Invalid(_) => true,
            Self::Two(error) => error.is_parse(),
            Self::Failed(_) | Self::Closed | Self::Body(_) => false,
        }
    }
}

/// What became of a request that was not answered.
pub(in crate::forward) enum Unanswered {
    /// Nothing of it was sent: here it is.
    Unsent(Box<Request<RequestBody>>),
    /// The API may have seen it.
    Broken(Broken),
}
