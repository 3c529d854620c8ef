//! nginx and HAProxy that look the key up in a map of their own: what a proxy's users have without Keydesk.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::keys::Keys;
use crate::{Failed, process::Server};

pub(super) fn nginx(keys: &Keys) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let map = nginx_map(keys)?;
    let answers = format!(
        "{map}server {{ listen {address}; location = /authz {{ if ($is_known = 0) {{ return 401; }} return 200; }} }}\n"
    );
    nginx_with(keys.folder(), "nginx", "0", address, &answers)
}

/// Directives by which `$is_known` says whether a call has one of the keys.
pub(crate) fn nginx_map(keys: &Keys) -> Result<String, Failed> {
    let file = keys.folder().join("nginx.map");
    fs::write(&file, keys.secrets.iter().map(|key| format!("\"Bearer {key}\" 1;\n")).collect::<String>())?;
    Ok(format!(
        "map_hash_max_size 65536; map_hash_bucket_size 256;\n\
         map $http_authorization $is_known {{ default 0; include {}; }}\n",
        file.display()
    ))
}

/// An nginx of one worker on these cores, with what stands in its `http`. Its files have its name.
pub(crate) fn nginx_with(
    folder: &Path,
    name: &str,
    cores: &str,
    address: SocketAddr,
    http: &str,
) -> Result<Server, Failed> {
    let prefix = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {prefix}/{name}-{kind};"))
        .join(" ");
    let config = format!(
        "daemon off; worker_processes 1; user root root; pid {prefix}/{name}.pid; error_log /dev/null;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n\
         access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; {temporary}\n\
         {http}\
         }}\n"
    );
    let file = folder.join(format!("{name}.conf"));
    fs::write(&file, config)?;
    let mut command = found("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(file).args(["-e", "/dev/null"]);
    Server::launch(cores, address, &command)
}

pub(super) fn haproxy(keys: &Keys) -> Result<Server, Failed> {
    let address = Server::free_address()?;
    let is_known = haproxy_map(keys)?;
    let answers = format!(
        "frontend authz\n  bind {address}\n\
         \x20 http-request return status 200 if {{ path /authz }} {{ {is_known} }}\n\
         \x20 http-request return status 401\n"
    );
    haproxy_with(keys.folder(), address, &answers)
}

/// The condition that a call has one of the keys.
pub(crate) fn haproxy_map(keys: &Keys) -> Result<String, Failed> {
    let file = keys.folder().join("haproxy.map");
    fs::write(&file, keys.secrets.iter().map(|key| format!("{key} 1\n")).collect::<String>())?;
    Ok(format!("http_auth_bearer,map({}) -m found", file.display()))
}

/// A HAProxy of one thread on core 0, with these sections.
pub(crate) fn haproxy_with(folder: &Path, address: SocketAddr, sections: &str) -> Result<Server, Failed> {
    let config = format!(
        "global\n  maxconn 2000\n  nbthread 1\n\
         defaults\n  mode http\n  timeout client 600s\n  timeout server 600s\n  timeout connect 5s\n\
         {sections}"
    );
    let file = folder.join("haproxy.cfg");
    fs::write(&file, config)?;
    let mut command = found("haproxy");
    command.arg("-db").arg("-f").arg(file);
    Server::launch("0", address, &command)
}

/// A program of Debian's, as xtask unpacked it, or else as it is installed.
pub(crate) fn found(program: &str) -> Command {
    let unpacked = std::env::var_os("TEST_PROXIES").map(PathBuf::from).unwrap_or_default();
    let places = ["usr/sbin", "usr/bin"].map(|folder| unpacked.join(folder).join(program));
    let Some(found) = places.into_iter().find(|path| path.is_file()) else {
        let installed = ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(program));
        return Command::new(installed.into_iter().find(|path| path.is_file()).unwrap_or_else(|| program.into()));
    };
    let mut command = Command::new(found);
    let libraries = fs::read_dir(unpacked.join("usr/lib")).into_iter().flatten().flatten().map(|entry| entry.path());
    if let Ok(libraries) = std::env::join_paths(libraries) {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    command
}
