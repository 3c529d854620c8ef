use bytes::BytesMut;
use hyper::body::SizeHint;

use super::{
    Broken,
    chunks::Chunks,
    come::{Come, piece},
};

/// How far the body of an answer was read.
#[derive(Debug)]
pub(super) enum Reading {
    /// So many bytes are still to come.
    Length(u64),
    Chunks(Chunks),
    /// Until the connection ends.
    UntilClosed,
}

impl Reading {
    /// The next of it in what has come.
    pub(super) fn take(&mut self, come: &mut BytesMut) -> Result<Come, Broken> {
        match self {
            Self::Length(0) => Ok(Come::End),
            Self::Chunks(chunks) => chunks.take(come),
            _ if come.is_empty() => Ok(Come::Nothing),
            Self::Length(left) => {
                let piece = piece(come, *left);
                *left -= piece.len() as u64;
                Ok(Come::Data(piece))
            }
            Self::UntilClosed => Ok(Come::Data(piece(come, u64::MAX))),
        }
    }

    /// The connection has ended. An error: the body has not.
    pub(super) fn close(&mut self) -> Result<(), Broken> {
        match self {
            Self::UntilClosed => *self = Self::Length(0),
            _ if self.has_ended() => {}
            Self::Length(_) | Self::Chunks(_) => return Err(Broken::Closed),
        }
        Ok(())
    }

    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunks(chunks) => chunks.has_ended(),
            Self::UntilClosed => false,
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Length(left) => SizeHint::with_exact(*left),
            Self::Chunks(_) | Self::UntilClosed => SizeHint::default(),
        }
    }
}
