//! How well a program copes with what goes wrong: a run plays faults to one key, sees what the program does then, and counts points.
//!
//! Invariants:
//! - a run judges only what it sees: requests, and answers to webhooks. What a program does with an answer can't be seen;
//! - **a check is kept, broken, or not seen yet**, and each that is not kept says why;
//! - nothing here asks for the time or does anything: a run is told what came, and says what is to go wrong;
//! - what a run remembers is bounded, however much a program asks.

mod calls;
mod changes;
mod check;
mod figures;
mod following;
mod receiving;
mod request;
mod run;
mod verdict;
mod waits;

pub use check::{Check, Score, Scored, Use};
pub use request::{Asks, Play, Reading, Request, Table};
pub use run::{Act, Fault, Played, Run};
pub use verdict::State;
