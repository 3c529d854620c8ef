mod app;
mod clock;
mod documented;
mod http;
mod person;
mod process;
mod redact;
mod terminal;

pub(crate) use app::{Answer, Client, TestApp, TestKey};
pub(crate) use clock::StoppedClock;
pub(crate) use http::{Connection, post_form, request};
pub(crate) use person::Person;
pub(crate) use process::{Program, Ran, command, init, keydesk, limited, ran, shell, wait_until};
pub(crate) use redact::redact;
pub(crate) use terminal::terminal;

/// Every scope over keys, and some to grant.
pub(crate) const FULL: &[&str] = &["keys:*", "contacts:read", "calls:*"];
