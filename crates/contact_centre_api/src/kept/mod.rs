//! What is remembered between requests, each with a bound.

mod answers;
mod dialled;
mod faults;
mod lines;
mod pushed;
mod runs;
mod seen;
mod sessions;
mod turns;

pub(crate) use answers::{Answers, Begun, Mine, mark};
pub(crate) use dialled::{Barred, Dialled};
pub(crate) use faults::{FAULTS_MAX, Faults, Waiting};
pub(crate) use lines::{Line, Lines};
pub(crate) use pushed::Pushed;
pub(crate) use runs::Runs;
pub(crate) use seen::{Seen, is_state};
pub(crate) use sessions::{Session, Sessions};
