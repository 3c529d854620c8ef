//! Keydesk through its doors: the real router, the real binary, real databases.
//!
//! One program, because every further one would have to be linked too.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

#[path = "../../examples/chaos/rounds/mod.rs"]
mod rounds;
mod support;
mod unwritable;

mod activity;
mod apply;
mod at_rest;
mod attention;
mod audit;
mod audit_offline;
mod audit_page;
mod auth;
mod auth_pages;
mod authz;
mod bounds;
mod cases;
mod chaos;
mod cli;
mod crash;
mod cut_elsewhere;
mod days;
mod description;
mod explain;
mod follow;
mod given;
mod health;
mod held_up;
mod hostile;
mod idempotency;
mod import;
mod installations;
mod keyring;
mod leaks;
mod life;
mod limits;
mod limits_held;
mod limits_nodes;
mod limits_told;
mod limits_wire;
mod links;
mod lookup;
mod mail;
mod matrix;
mod metrics;
mod module_off;
mod names;
mod pages;
mod people;
mod pooler;
mod postgres;
mod precondition;
mod proxies;
mod read_only;
mod restoring;
mod routes;
mod sandbox;
mod sbom;
mod scan;
mod secrets;
mod serve;
mod settings;
mod together;
mod tokens;
mod tokens_offline;
mod traces;
mod unreachable;
mod unread;
mod usage;
mod usage_grid;
mod usage_page;
mod usage_settings;
mod usage_sums;
mod usage_values;
mod webhooks;
mod webhooks_cli;
mod webhooks_parked;
mod webhooks_tls;
mod websockets;
mod whose;
