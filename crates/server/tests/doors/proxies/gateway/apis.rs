use std::path::PathBuf;

use crate::proxies::{
    nginx,
    proxy::{Proxy, free_address},
};

/// A real API. It ends with the test.
pub(super) struct Api {
    pub(super) url: String,
    /// What else the gateway must know of it.
    pub(super) more: String,
    _programs: Vec<Proxy>,
}

/// A server of Node's, which speaks HTTP/2 in the clear if it is told so.
pub(super) async fn node(protocol: &str) -> Api {
    let program = node_program(protocol).await;
    let scheme = if protocol == "h2c" { "h2c" } else { "http" };
    Api { url: format!("{scheme}://{}", program.address), more: String::new(), _programs: vec![program] }
}

async fn node_program(protocol: &str) -> Proxy {
    let address = free_address();
    let files = [("api.mjs", include_str!("api.mjs").to_owned())];
    let args = ["api.mjs", port(&address), protocol];
    Proxy::start("node", &args, address.clone(), &files).await
}

/// A server of Python's own.
pub(super) async fn python() -> Api {
    let address = free_address();
    let files = [("api.py", include_str!("api.py").to_owned())];
    // The one of the tests, else the one that is installed.
    let python = std::env::var_os("TEST_PYTHON").map(PathBuf::from).filter(|path| path.is_file());
    let python = python.map_or_else(|| "python3".to_owned(), |path| path.display().to_string());
    let program = Proxy::start(&python, &["api.py", port(&address)], address.clone(), &files).await;
    Api { url: format!("http://{address}"), more: String::new(), _programs: vec![program] }
}

/// nginx, which answers some requests itself, and asks Node for the others. By TLS it agrees on HTTP/2.
pub(super) async fn nginx(is_tls: bool) -> Api {
    let behind = node_program("").await;
    let address = free_address();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let listens = if is_tls {
        "ssl http2; ssl_certificate own.pem; ssl_certificate_key own.key; ssl_protocols TLSv1.2 TLSv1.3"
    } else {
        ""
    };
    let files = [
        ("nginx.conf", nginx::AROUND.to_owned()),
        ("keydesk.conf", configuration(&address, listens, &behind.address)),
        ("own.pem", made.cert.pem()),
        ("own.key", made.signing_key.serialize_pem()),
        ("tag.txt", "tagged".to_owned()),
    ];
    let program =
        Proxy::start("nginx", &["-p", ".", "-c", "nginx.conf", "-e", "stderr"], address.clone(), &files).await;
    let (url, more) = if is_tls {
        let ca = program.file("own.pem");
        (format!("https://localhost:{}", port(&address)), format!("ca = \"{}\"", ca.display()))
    } else {
        (format!("http://{address}"), String::new())
    };
    Api { url, more, _programs: vec![program, behind] }
}

fn configuration(address: &str, listens: &str, behind: &str) -> String {
    format!(
        "upstream node {{ server {behind}; keepalive 4; }}
        server {{
            listen {address} {listens};
            client_max_body_size 0;
            add_header X-Connection $connection always;
            add_header X-Client $http_x_keydesk_client_name always;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_hide_header X-Connection;
            proxy_hide_header X-Client;
            location / {{ proxy_pass http://node; }}
            location = /v1/a/echo {{ proxy_pass http://node/v1/a/echo/kept; }}
            location = /v1/a/tag {{ alias tag.txt; }}
            location = /v1/a/none {{ return 204; }}
        }}"
    )
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}
