//! Keydesk through its doors: the real router, the real binary, real databases.
//!
//! One program, because every further one would have to be linked too.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod support;

mod at_rest;
mod audit;
mod auth;
mod authz;
mod cli;
mod coming_in;
mod crash;
mod description;
mod follow;
mod hostile;
mod idempotency;
mod installations;
mod life;
mod matrix;
mod module_off;
mod names;
mod pages;
mod people;
mod postgres;
mod precondition;
mod proxies;
mod restoring;
mod routes;
mod sbom;
mod secrets;
mod serve;
mod settings;
mod unread;
