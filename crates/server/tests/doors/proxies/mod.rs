//! Proxies in front of a real Keydesk, with the very files of `docs/proxies`: nginx, Caddy and HAProxy themselves, and for
//! those that Debian has no package of, their contracts with what the files say.

mod caddy;
mod contract;
mod envoy;
mod gate;
mod haproxy;
mod nginx;
mod promises;
mod proxy;
mod traefik;
mod upstream;
