//! What stands in front of the API: the gateway, and what its users would have in its place.

use std::{fs, net::SocketAddr, path::Path};

use crate::{
    Failed, Programs, forward_auth,
    load::{
        keys::Keys,
        neighbours::{found, haproxy_map, haproxy_with, nginx_map, nginx_with},
    },
    process::Server,
};

/// The core of whatever is measured, and that of the generator and the API.
const MEASURED: &str = "0";
const OTHERS: &str = "1";

/// How a proxy asks Keydesk about each call, as the documentation has it.
const NGINX_ASKING: &str = include_str!("../../../../../docs/proxies/nginx.conf");
const CADDY_ASKING: &str = include_str!("../../../../../docs/proxies/Caddyfile");

/// A server that is called.
pub(super) struct Front {
    pub(super) what: &'static str,
    pub(super) server: Server,
    /// Whether it asks Keydesk about each call.
    pub(super) asks: bool,
}

/// All that small calls go through. The first is what the others are compared with.
pub(super) struct Fronts {
    pub(super) all: Vec<Front>,
    /// The Keydesk that is asked.
    pub(super) asked: Server,
    _api: Server,
}

impl Fronts {
    pub(super) fn start(programs: &Programs, keys: &Keys) -> Result<Self, Failed> {
        let api = small_api(keys.folder())?;
        let config = keys.config();
        let asked = programs.serve_on(MEASURED, &keys.database(), keys.folder(), &["--config", text(&config)?])?;
        let bare = Server::start_on(MEASURED, &programs.empty, &["LISTEN", "--current-thread"])?;
        let front = |what, server| Front { what, server, asks: false };
        let asking = |what, server| Front { what, server, asks: true };
        let all = vec![
            front("nginx `map` and `proxy_pass`", nginx(keys, "map", api.address, "")?),
            front("HAProxy `map`", haproxy(keys, api.address)?),
            front("Keydesk's gateway", gateway(programs, keys, api.address)?),
            asking("nginx `auth_request`", nginx_asking(keys, &asked, api.address)?),
            asking("Caddy `forward_auth`", caddy_asking(keys, &asked, api.address)?),
            front("bare axum, which answers itself", bare),
        ];
        Ok(Self { all, asked, _api: api })
    }
}

/// The API of streams of bytes, which it neither has nor keeps.
pub(super) fn streaming_api(programs: &Programs) -> Result<Server, Failed> {
    Server::start_on(OTHERS, &programs.empty, &["LISTEN", "--current-thread"])
}

/// An API that answers each call with a small document.
fn small_api(folder: &Path) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let answers = format!(
        "server {{ listen {address}; location / {{ default_type application/json; \
         return 200 '{{\"id\":42,\"display_name\":\"Acme Airlines\",\"region\":\"AU\",\"phones\":[\"+61255501234\"]}}'; }} }}\n"
    );
    nginx_with(folder, "api", OTHERS, address, &answers)
}

/// nginx that knows the keys itself. `more`: directives of the place that forwards.
pub(super) fn nginx(keys: &Keys, name: &str, api: SocketAddr, more: &str) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let map = nginx_map(keys)?;
    let forwards = format!(
        "{map}\
         upstream api {{ server {api}; keepalive 64; keepalive_requests 1000000000; keepalive_timeout 600s; }}\n\
         server {{ listen {address}; client_max_body_size 0; location / {{\n\
         if ($is_known = 0) {{ return 401; }}\n\
         proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection \"\"; \
         proxy_set_header Authorization \"\"; {more}\n\
         }} }}\n"
    );
    nginx_with(keys.folder(), name, MEASURED, address, &forwards)
}

fn haproxy(keys: &Keys, api: SocketAddr) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let is_known = haproxy_map(keys)?;
    let forwards = format!(
        "frontend gateway\n  bind {address}\n\
         \x20 http-request return status 401 unless {{ {is_known} }}\n\
         \x20 http-request del-header Authorization\n\
         \x20 default_backend api\n\
         backend api\n  http-reuse always\n  server api {api}\n"
    );
    haproxy_with(keys.folder(), address, &forwards)
}

/// The gateway, with the routes that `/authz` has, and one for streams of bytes.
pub(super) fn gateway(programs: &Programs, keys: &Keys, api: SocketAddr) -> Result<Server, Failed> {
    let config = format!(
        "[gateway]\nmax_body = 4000000000\n\
         [upstreams.live]\nurls = \"http://{api}\"\n\
         [[routes]]\nmethod = [\"GET\", \"PUT\"]\npath = \"/stream/{{bytes}}\"\nscope = \"contacts:read\"\n{}",
        forward_auth::routes()
    );
    gateway_with(programs, &keys.database(), keys.folder(), &config)
}

/// A gateway by this configuration; its address is that of the gateway.
pub(super) fn gateway_with(programs: &Programs, database: &str, folder: &Path, config: &str) -> Result<Server, Failed> {
    serve_gateway(programs, database, folder, config, &[])
}

/// The same with a contact centre for test keys in it, in memory alone.
pub(super) fn sandbox_with(programs: &Programs, database: &str, folder: &Path, config: &str) -> Result<Server, Failed> {
    serve_gateway(programs, database, folder, config, &["--sandbox", "--ephemeral"])
}

fn serve_gateway(
    programs: &Programs,
    database: &str,
    folder: &Path,
    config: &str,
    more: &[&str],
) -> Result<Server, Failed> {
    let file = folder.join("gateway.toml");
    fs::write(&file, config)?;
    let own = ["serve", "--listen", "127.0.0.1:0", "--gateway-listen", "LISTEN", "--database", database];
    let args = [&own[..], &["--data-dir", text(folder)?, "--config", text(&file)?], more].concat();
    Server::start_on(MEASURED, &programs.keydesk, &args)
}

fn nginx_asking(keys: &Keys, asked: &Server, api: SocketAddr) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let config = NGINX_ASKING
        .replace("127.0.0.1:3000", &asked.address.to_string())
        .replace("127.0.0.1:9000", &api.to_string())
        .replace("127.0.0.1:8080", &address.to_string());
    nginx_with(keys.folder(), "asking", MEASURED, address, &config)
}

fn caddy_asking(keys: &Keys, asked: &Server, api: SocketAddr) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let config = CADDY_ASKING
        .replace("127.0.0.1:3000", &asked.address.to_string())
        .replace("127.0.0.1:9000", &api.to_string())
        .replace("http://:8080", &format!("http://:{}", address.port()));
    let file = keys.folder().join("Caddyfile");
    fs::write(&file, config)?;
    let mut command = found("caddy");
    // It keeps files below it.
    command.env("HOME", keys.folder());
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    Server::launch(MEASURED, address, &command)
}

pub(super) fn text(path: &Path) -> Result<&str, Failed> {
    Ok(path.to_str().ok_or("no text")?)
}
