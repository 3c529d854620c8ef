//! What is remembered between requests, each with a bound.

mod answers;
mod dialled;
mod faults;
mod habits;
mod pushed;
mod sessions;
mod turns;

pub(crate) use answers::{Answers, Begun, Mine, mark};
pub(crate) use dialled::{Barred, Dialled};
pub(crate) use faults::{FAULTS_MAX, Faults, Waiting};
pub(crate) use habits::{CHECKS, Count, Habits, Seen};
pub(crate) use pushed::Pushed;
pub(crate) use sessions::{Session, Sessions};
