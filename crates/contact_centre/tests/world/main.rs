//! A world as its neighbours use it: by verbs, by its log, and over restarts.

mod agents;
mod clock;
mod legs;
mod log;
mod restart;
mod seed;
mod shared;
mod support;
mod verbs;
mod wraps;
