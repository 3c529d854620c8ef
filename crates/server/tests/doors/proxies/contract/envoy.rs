use std::{net::IpAddr, time::Duration};

use envoy_types::{
    ext_authz::v3::pb::{Address, CheckRequest, CheckResponse, HttpResponse},
    pb::envoy::{
        config::core::v3::{Address as EnvoyAddress, HeaderMap, HeaderValue, HeaderValueOption, SocketAddress},
        service::auth::v3::{
            AttributeContext,
            attribute_context::{HttpRequest, Peer, Request},
            authorization_client::AuthorizationClient,
        },
    },
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Asking, Done, Line, bytes, exchange, knows, line, only, parts, refusal, texts, yaml};
use crate::proxies::proxy::documented;

/// What is forwarded when Keydesk allows.
struct Allowed {
    set: Vec<Line>,
    remove: Vec<String>,
}

/// `docs/proxies/envoy.yaml`.
pub(super) struct Envoy {
    /// Of the connection manager.
    manager: Value,
    /// Of the filter ext_authz, with one of its services.
    filter: Value,
    /// Which the route takes away, after the filters.
    removed: Vec<String>,
    patience: Duration,
}

impl Envoy {
    /// Over gRPC, as the file has it.
    pub(super) fn documented() -> Self {
        let envoy = Self::read(&documented("envoy.yaml", &[]));
        let service = &envoy.filter["grpc_service"];
        knows(service, &["envoy_grpc", "timeout"]);
        assert_eq!(service["envoy_grpc"], json!({"cluster_name": "keydesk"}));
        Self { patience: patience(&service["timeout"]), ..envoy }
    }

    /// With the service at the end of the file in place of gRPC's, as the comment says.
    pub(super) fn documented_over_http() -> Self {
        let text = documented("envoy.yaml", &[]);
        let mut envoy = Self::read(&text);
        let start = text.find("#   http_service:").expect("a service");
        let uncommented = text[start..].lines().map(|line| line.strip_prefix('#').expect("a comment, to the end"));
        let services = yaml(&uncommented.collect::<Vec<_>>().join("\n"));
        knows(&services, &["http_service"]);
        let service = &services["http_service"];
        knows(service, &["server_uri", "path_prefix", "authorization_request", "authorization_response"]);
        knows(&service["authorization_request"], &["allowed_headers"]);
        knows(&service["authorization_response"], &["allowed_upstream_headers", "allowed_client_headers"]);
        knows(&service["server_uri"], &["uri", "cluster", "timeout"]);
        assert_eq!(service["server_uri"]["uri"], "http://127.0.0.1:3000");
        envoy.patience = patience(&service["server_uri"]["timeout"]);
        let filter = envoy.filter.as_object_mut().expect("settings");
        filter.remove("grpc_service");
        filter.insert("http_service".to_owned(), service.clone());
        envoy
    }

    fn read(text: &str) -> Self {
        let settings = yaml(text);
        let listener = only(&settings["static_resources"]["listeners"]);
        let manager = &only(&only(&listener["filter_chains"])["filters"])["typed_config"];
        let known = [
            "@type",
            "stat_prefix",
            "use_remote_address",
            "normalize_path",
            "merge_slashes",
            "path_with_escaped_slashes_action",
            "common_http_protocol_options",
            "route_config",
            "http_filters",
        ];
        knows(manager, &known);
        knows(&manager["common_http_protocol_options"], &["headers_with_underscores_action"]);
        // Else the path that is decided on would not be the one that the client sent; that is not followed here.
        assert_eq!(manager["normalize_path"], false, "Envoy changes paths");
        assert_eq!(manager["merge_slashes"], false, "Envoy changes paths");
        assert_eq!(manager["path_with_escaped_slashes_action"], "KEEP_UNCHANGED", "Envoy changes paths");
        let route = only(&only(&manager["route_config"]["virtual_hosts"])["routes"]);
        knows(route, &["match", "route", "request_headers_to_remove"]);
        assert_eq!(
            *route,
            json!({"match": {"prefix": "/"}, "route": {"cluster": "api"}, "request_headers_to_remove": route["request_headers_to_remove"]})
        );
        let filters = manager["http_filters"].as_array().expect("filters");
        let names: Vec<_> = filters.iter().map(|filter| &filter["name"]).collect();
        assert_eq!(names, ["envoy.filters.http.ext_authz", "envoy.filters.http.router"]);
        let filter = &filters[0]["typed_config"];
        let known = [
            "@type",
            "transport_api_version",
            "encode_raw_headers",
            "failure_mode_allow",
            "status_on_error",
            "grpc_service",
        ];
        knows(filter, &known);
        let removed = texts(&route["request_headers_to_remove"]).into_iter().map(str::to_owned).collect();
        Self { manager: manager.clone(), filter: filter.clone(), removed, patience: Duration::ZERO }
    }

    pub(super) async fn answer(&self, mut asking: Asking, keydesk: &str) -> Done {
        let underscores = &self.manager["common_http_protocol_options"]["headers_with_underscores_action"];
        let rejects_underscores =
            underscores == "REJECT_REQUEST" && asking.headers.iter().any(|(name, _)| name.contains('_'));
        if asking.target.contains(['#', '\x01']) || rejects_underscores {
            return refusal(400, &[], "");
        }
        if self.manager["use_remote_address"] == true {
            asking.append_client();
        }
        // Envoy gives every request an id of its own.
        asking.set("x-request-id", "of-envoy");
        let asked = async {
            if self.filter["http_service"].is_object() {
                self.over_http(keydesk, &asking).await
            } else {
                self.over_grpc(keydesk, &asking).await
            }
        };
        match timeout(self.patience, asked).await.ok().flatten() {
            Some(Ok(Allowed { set, remove })) => {
                for (name, value) in &set {
                    asking.set(name, value);
                }
                asking.remove(|name| remove.iter().any(|removed| removed == name));
            }
            Some(Err(refused)) => return refused,
            None if self.filter["failure_mode_allow"] == true => {}
            None => {
                let documented = self.filter["status_on_error"]["code"] == "ServiceUnavailable";
                return refusal(if documented { 503 } else { 403 }, &[], "");
            }
        }
        asking.remove(|name| self.removed.iter().any(|removed| removed == name));
        Done::Forward(asking)
    }

    /// `None` without an answer.
    async fn over_http(&self, keydesk: &str, asking: &Asking) -> Option<Result<Allowed, Done>> {
        let service = &self.filter["http_service"];
        // Sent whatever is allowed.
        let always = ["host", "authorization"];
        let allowed = &service["authorization_request"]["allowed_headers"];
        let is_sent = |name: &str| always.contains(&name) || matches(allowed, name);
        let mut sent: Vec<_> = asking.headers.iter().filter(|(name, _)| is_sent(name)).cloned().collect();
        sent.push(line("content-length", "0"));
        let target = format!("{}{}", service["path_prefix"].as_str().unwrap_or_default(), asking.target);
        let answer = exchange(keydesk, &asking.method, &target, &sent).await.ok()?;
        let (status, headers, body) = parts(&answer)?;
        let answers = &service["authorization_response"];
        if status != 200 {
            let always = ["content-length", "www-authenticate", "location"];
            let is_told = |name: &str| always.contains(&name) || matches(&answers["allowed_client_headers"], name);
            let told: Vec<_> = headers.into_iter().filter(|(name, _)| is_told(name)).collect();
            return Some(Err(refusal(status, &told, body)));
        }
        let is_set = |name: &str| matches(&answers["allowed_upstream_headers"], name);
        Some(Ok(Allowed { set: headers.into_iter().filter(|(name, _)| is_set(name)).collect(), remove: Vec::new() }))
    }

    async fn over_grpc(&self, keydesk: &str, asking: &Asking) -> Option<Result<Allowed, Done>> {
        let question = CheckRequest { attributes: Some(self.attributes(asking)) };
        let mut client = AuthorizationClient::connect(format!("http://{keydesk}")).await.ok()?;
        Some(read(client.check(question).await.ok()?.into_inner()))
    }

    fn attributes(&self, asking: &Asking) -> AttributeContext {
        let mut http =
            HttpRequest { method: asking.method.clone(), path: as_text(&asking.target), ..HttpRequest::default() };
        if self.filter["encode_raw_headers"] == true {
            let raw = |name: &str, value: &str| HeaderValue {
                key: name.to_owned(),
                raw_value: bytes(value),
                ..HeaderValue::default()
            };
            let lines = asking.headers.iter().map(|(name, value)| raw(name, value));
            http.header_map = Some(HeaderMap { headers: lines.chain([raw(":path", &asking.target)]).collect() });
        } else {
            for (name, value) in &asking.headers {
                let joined = http.headers.entry(name.clone()).or_default();
                *joined += if joined.is_empty() { "" } else { "," };
                *joined += &as_text(value);
            }
        }
        AttributeContext {
            source: Some(peer(asking.client)),
            request: Some(Request { http: Some(http), ..Request::default() }),
            ..AttributeContext::default()
        }
    }
}

/// How long Envoy waits for an answer.
fn patience(text: &Value) -> Duration {
    let seconds = text.as_str().and_then(|text| text.strip_suffix('s')).expect("seconds");
    Duration::from_secs_f64(seconds.parse().expect("a number"))
}

/// Whether a name is among those of a list of patterns.
fn matches(allowed: &Value, name: &str) -> bool {
    knows(allowed, &["patterns"]);
    allowed["patterns"].as_array().expect("patterns").iter().any(|pattern| {
        knows(pattern, &["exact", "prefix"]);
        let prefix = pattern["prefix"].as_str();
        pattern["exact"] == name || prefix.is_some_and(|prefix| name.starts_with(prefix))
    })
}

/// Envoy writes `!` for what is no UTF-8.
fn as_text(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '!' }).collect()
}

fn peer(client: IpAddr) -> Peer {
    let address = SocketAddress { address: client.to_string(), ..SocketAddress::default() };
    let address = EnvoyAddress { address: Some(Address::SocketAddress(address)) };
    Peer { address: Some(address), ..Peer::default() }
}

fn read(reply: CheckResponse) -> Result<Allowed, Done> {
    let code = reply.status.expect("a status").code;
    let lines = |headers: Vec<HeaderValueOption>| -> Vec<Line> {
        headers.into_iter().filter_map(|option| option.header).map(|header| (header.key, header.value)).collect()
    };
    match reply.http_response.expect("a response") {
        HttpResponse::OkResponse(ok) => {
            assert_eq!(code, 0);
            Ok(Allowed { set: lines(ok.headers), remove: ok.headers_to_remove })
        }
        HttpResponse::DeniedResponse(denied) => {
            assert_ne!(code, 0);
            let status = u16::try_from(denied.status.expect("a status").code).expect("a status");
            Err(refusal(status, &lines(denied.headers), &denied.body))
        }
        HttpResponse::ErrorResponse(_) => panic!("no error was expected"),
    }
}
