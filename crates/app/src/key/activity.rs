//! `/keys/{id}/activity`: what a key was used for. A plain document.

mod chart;
mod compared;
mod page;
mod refused;
mod show;
mod span;
mod tables;

pub(crate) use show::{PATH, show};
