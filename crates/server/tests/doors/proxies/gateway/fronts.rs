use crate::proxies::{
    envoy, nginx,
    proxy::{Proxy, documented, free_address, spoiled as edited},
};

/// A proxy in front of the gateway.
#[derive(Clone, Copy)]
pub(super) enum Front {
    Nginx,
    Haproxy,
    Caddy,
    Envoy,
}

impl Front {
    /// Starts it, with its documented file, in front of this gateway. For the test it tells what it reads: each request has method
    /// and target in `X-Front-Line`, and a number of its own in `X-Front-Id`.
    pub(super) async fn before(self, gateway: &str) -> Proxy {
        match self {
            Self::Nginx => nginx(gateway).await,
            Self::Haproxy => haproxy(gateway).await,
            Self::Caddy => caddy(gateway).await,
            Self::Envoy => envoy(gateway).await,
        }
    }
}

async fn nginx(gateway: &str) -> Proxy {
    const LAST: &str = "proxy_set_header X-Forwarded-Proto $scheme;";
    let address = free_address();
    let text = documented("gateway/nginx.conf", &[("127.0.0.1:8081", gateway), ("127.0.0.1:8080", &address)]);
    let told =
        "proxy_set_header X-Front-Line \"$request_method $request_uri\"; proxy_set_header X-Front-Id $request_id;";
    let files =
        [("nginx.conf", nginx::AROUND.to_owned()), ("keydesk.conf", edited(&text, LAST, &format!("{LAST}\n{told}")))];
    Proxy::start("nginx", &["-p", ".", "-c", "nginx.conf", "-e", "stderr"], address.clone(), &files).await
}

async fn haproxy(gateway: &str) -> Proxy {
    const LAST: &str = "    default_backend gateway\n";
    let address = free_address();
    let text = documented("gateway/haproxy.cfg", &[("127.0.0.1:8081", gateway), ("127.0.0.1:8080", &address)]);
    let told = "    http-request set-header X-Front-Line \"%[method] %[pathq]\"\n    http-request set-header X-Front-Id \
                %[uuid()]\n";
    let files = [("haproxy.cfg", edited(&text, LAST, &format!("{told}{LAST}")))];
    Proxy::start("haproxy", &["-db", "-f", "haproxy.cfg"], address.clone(), &files).await
}

async fn caddy(gateway: &str) -> Proxy {
    const LAST: &str = "flush_interval -1\n";
    let address = free_address();
    let site = format!("http://:{}", port(&address));
    let text = documented("gateway/Caddyfile", &[("127.0.0.1:8081", gateway), ("http://:8080", &site)]);
    let told = "header_up X-Front-Line \"{http.request.method} {http.request.uri}\"\nheader_up X-Front-Id \
                {http.request.uuid}\n";
    let files = [("Caddyfile", edited(&text, LAST, &format!("{LAST}{told}")))];
    Proxy::start("caddy", &["run", "--config", "Caddyfile"], address.clone(), &files).await
}

async fn envoy(gateway: &str) -> Proxy {
    const HOSTS: &str = "domains: [\"*\"]\n";
    let address = free_address();
    let at = |address: &str| format!("port_value: {}", port(address));
    let (behind, own) = (at(gateway), at(&address));
    let addresses = [("port_value: 8081", behind.as_str()), ("port_value: 8080", &own)];
    let text = documented("gateway/envoy.yaml", &addresses);
    let header = |name: &str, value: &str| {
        format!("{{ header: {{ key: {name}, value: \"{value}\" }}, append_action: OVERWRITE_IF_EXISTS_OR_ADD }}")
    };
    let line = header("x-front-line", "%REQ(:METHOD)% %REQ(:PATH)%");
    let id = header("x-front-id", "%STREAM_ID%");
    let told = format!("{HOSTS}                      request_headers_to_add: [{line}, {id}]\n");
    envoy::start(edited(&text, HOSTS, &told), address).await
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}
