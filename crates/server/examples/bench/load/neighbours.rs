//! nginx and HAProxy that look the key up in a map of their own: what a proxy's users have without Keydesk.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::keys::Keys;
use crate::{Failed, process::Server};

pub(super) fn nginx(keys: &Keys) -> Result<Server, Failed> {
    let folder = keys.folder();
    let map = keys.secrets.iter().map(|key| format!("\"Bearer {key}\" 1;\n")).collect::<String>();
    fs::write(folder.join("nginx.map"), map)?;
    let prefix = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {prefix}/nginx-{kind};"))
        .join(" ");
    let address = Server::free_address()?;
    let config = format!(
        "daemon off; worker_processes 1; user root root; pid {prefix}/nginx.pid; error_log /dev/null;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n\
         access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; {temporary}\n\
         map_hash_max_size 65536; map_hash_bucket_size 256;\n\
         map $http_authorization $is_known {{ default 0; include {prefix}/nginx.map; }}\n\
         server {{ listen {address}; location = /authz {{ if ($is_known = 0) {{ return 401; }} return 200; }} }}\n\
         }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config)?;
    let mut command = found("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(file).args(["-e", "/dev/null"]);
    Server::launch("0", address, &command)
}

pub(super) fn haproxy(keys: &Keys) -> Result<Server, Failed> {
    let folder = keys.folder();
    let map = folder.join("haproxy.map");
    fs::write(&map, keys.secrets.iter().map(|key| format!("{key} 1\n")).collect::<String>())?;
    let map = map.display();
    let address = Server::free_address()?;
    let config = format!(
        "global\n  maxconn 2000\n  nbthread 1\n\
         defaults\n  mode http\n  timeout client 600s\n  timeout server 600s\n  timeout connect 5s\n\
         frontend authz\n  bind {address}\n\
         \x20 http-request return status 200 if {{ path /authz }} {{ http_auth_bearer,map({map}) -m found }}\n\
         \x20 http-request return status 401\n"
    );
    let file = folder.join("haproxy.cfg");
    fs::write(&file, config)?;
    let mut command = found("haproxy");
    command.arg("-db").arg("-f").arg(file);
    Server::launch("0", address, &command)
}

/// A program of Debian's, as xtask unpacked it, or else as it is installed.
fn found(program: &str) -> Command {
    let unpacked = std::env::var_os("TEST_PROXIES").map(PathBuf::from).unwrap_or_default();
    let places = ["usr/sbin", "usr/bin"].map(|folder| unpacked.join(folder).join(program));
    let Some(found) = places.into_iter().find(|path| path.is_file()) else {
        return Command::new(Path::new("/usr/sbin").join(program));
    };
    let mut command = Command::new(found);
    let libraries = fs::read_dir(unpacked.join("usr/lib")).into_iter().flatten().flatten().map(|entry| entry.path());
    if let Ok(libraries) = std::env::join_paths(libraries) {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    command
}
