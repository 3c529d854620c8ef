//! Proxies in front of a real Keydesk, with the very files of `docs/proxies`. A proxy that is not there fails its tests.

mod aliases;
mod browsers;
mod caddy;
mod envoy;
mod gate;
mod gateway;
mod haproxy;
mod http_2;
mod limits;
mod nginx;
mod paths;
mod php;
mod promises;
mod proxy;
mod traefik;
mod upstream;
mod workspace;

pub(crate) use self::{
    envoy::over_grpc_to as envoy_over_grpc,
    gate::{Gate, send},
    haproxy::haproxy as haproxy_over_spoe,
    nginx::nginx as nginx_over_http,
    proxy::{Proxy, free_address},
};
