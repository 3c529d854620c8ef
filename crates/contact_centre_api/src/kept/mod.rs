//! What is remembered between requests, each with a bound.

mod answers;
mod dialled;
mod sessions;

pub(crate) use answers::{Answers, mark};
pub(crate) use dialled::Dialled;
pub(crate) use sessions::{Session, Sessions};
