//! The API at its door: its own router, a real world, and a clock that the test moves.

mod agents;
mod calls;
mod contacts;
mod data;
mod feed;
mod figures;
mod gateway;
mod golden;
mod leads;
mod live;
mod openapi;
mod recordings;
mod sandbox;
mod schema;
mod support;
mod trust;
mod wraps;
