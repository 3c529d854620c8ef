//! The tab `Activity`: what a key was used for, and what was done to it.

mod chart;
mod compared;
mod panel;
mod refused;
mod tables;

pub(super) use panel::panel;
