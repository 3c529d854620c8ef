//! Keys that another system issued, brought over so that they go on working.
//!
//! Rows are read as they come, so that a body of 64 MiB is never in memory. Each is judged by itself, by the rows before it and by what
//! is here already. New keys are written in short changes, between which others have their turn, and are hidden from everybody until one
//! more makes all of them work. What is broken off is removed, by whoever notices.

mod arrive;
mod begin;
mod build;
mod clean;
mod confirm;
mod draft;
mod facts;
mod forms;
mod found;
mod go_live;
mod judge;
mod options;
mod pace;
mod report;
mod run;
mod seen;
mod sink;
mod staged;
mod start;
mod stopped;

pub use self::{
    confirm::ImportPreview,
    options::{ImportOptions, ImportPart},
    report::{ImportReport, ReportedLine},
    start::Import,
    stopped::ImportStopped,
};
