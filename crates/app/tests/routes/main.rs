//! The pages and server functions through the real router, on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod account;
mod administrators;
mod auth;
mod bounds;
mod clients;
mod days;
mod docs;
mod doors;
mod drawn_for;
mod first_call;
mod home;
mod key_forms;
mod key_page;
mod list;
mod pages;
mod results;
mod second_factor;
mod settings;
mod sign_on;
mod site;
mod step_up;
mod tokens;
