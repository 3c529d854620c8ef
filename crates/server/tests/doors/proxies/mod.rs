//! Real proxies in front of a real Keydesk, with the very files of `docs/proxies`.

mod caddy;
mod gate;
mod nginx;
mod promises;
mod proxy;
mod upstream;
