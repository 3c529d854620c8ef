use axum::{body::Body, response::Response};
use envoy_types::{
    ext_authz::v3::pb::{
        Address, CheckResponse, DeniedHttpResponse, HeaderAppendAction, HeaderValueOption, HttpResponse, HttpStatus,
        OkHttpResponse,
    },
    pb::{
        envoy::{
            config::core::v3::HeaderValue as EnvoyHeader,
            service::auth::v3::{AttributeContext, attribute_context::HttpRequest},
        },
        google::rpc::Status,
    },
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;

use crate::authz::{Question, identity::is_ours};

/// gRPC's codes.
const OK: i32 = 0;
const PERMISSION_DENIED: i32 = 7;

/// Envoy's question, as a request to `/authz`.
pub(super) struct EnvoyQuestion {
    pub(super) question: Request<Body>,
    /// Headers by which the client gives itself an identity.
    pub(super) forged: Vec<String>,
}

impl EnvoyQuestion {
    /// `None` when it is not about an HTTP request, or names a malformed scope.
    pub(super) fn read(attributes: AttributeContext) -> Option<Self> {
        let http = attributes.request?.http?;
        let mut headers = HeaderMap::new();
        let mut forged = Vec::new();
        for (name, value) in lines(&http) {
            // Envoy writes `Host` this way, whatever the client spoke.
            let name = if name == ":authority" { header::HOST.as_str() } else { name };
            // Other pseudo-headers, such as `:path`, are no names.
            let Ok(name) = HeaderName::try_from(name) else { continue };
            if is_ours(&name) {
                forged.push(name.to_string());
            } else if let Ok(value) = HeaderValue::from_bytes(value) {
                // No real request has more headers than a map can hold.
                headers.try_append(name, value).ok()?;
            }
        }
        let source = attributes.source.and_then(|peer| peer.address?.address);
        let peer = match &source {
            Some(Address::SocketAddress(source)) => source.address.parse().ok(),
            _ => None,
        };
        let question = Question {
            method: http.method.as_bytes(),
            target: target(&http),
            headers,
            // Set for a route in Envoy's configuration, out of the client's reach.
            scopes: attributes.context_extensions.get("scope").map(String::as_str),
            peer,
        };
        let question = question.into_request()?;
        Some(Self { question, forged })
    }
}

/// The path and query, byte for byte as they are forwarded.
///
/// As text, Envoy writes `!` for each byte that is no UTF-8, and forwards the byte. So where it does not send its headers
/// raw, a path with a `!` may be another one, and is refused as an empty one is.
fn target(http: &HttpRequest) -> &[u8] {
    let raw = http.header_map.as_ref().and_then(|raw| raw.headers.iter().find(|header| header.key == ":path"));
    match raw {
        Some(path) => &path.raw_value,
        None if http.path.split('?').next().is_some_and(|path| path.contains('!')) => b"",
        None => http.path.as_bytes(),
    }
}

/// The headers as they came, where Envoy sends them raw; else those of one name joined by commas.
fn lines(http: &HttpRequest) -> Box<dyn Iterator<Item = (&str, &[u8])> + '_> {
    match &http.header_map {
        Some(raw) => Box::new(raw.headers.iter().map(|header| (header.key.as_str(), &header.raw_value[..]))),
        None => Box::new(http.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))),
    }
}

/// The answer of `/authz` as Envoy understands it.
pub(super) async fn reply(answer: Response, forged: Vec<String>) -> CheckResponse {
    let (parts, body) = answer.into_parts();
    if parts.status == StatusCode::OK {
        let headers: Vec<_> = parts.headers.iter().filter(|(name, _)| is_ours(name)).map(set).collect();
        // Envoy removes headers after it has set others, so those that are set must not be removed: they replace the
        // client's.
        let is_set = |name: &String| parts.headers.contains_key(name.as_str());
        let headers_to_remove = forged.into_iter().filter(|name| !is_set(name)).collect();
        let ok = OkHttpResponse { headers, headers_to_remove, ..OkHttpResponse::default() };
        return response(OK, HttpResponse::OkResponse(ok));
    }
    // Keydesk's own answer, in memory.
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let headers = parts.headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH).map(set).collect();
    let denied = DeniedHttpResponse {
        status: Some(HttpStatus { code: parts.status.as_u16().into() }),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    response(PERMISSION_DENIED, HttpResponse::DeniedResponse(denied))
}

fn response(code: i32, http: HttpResponse) -> CheckResponse {
    CheckResponse {
        status: Some(Status { code, ..Status::default() }),
        http_response: Some(http),
        ..CheckResponse::default()
    }
}

fn set((name, value): (&HeaderName, &HeaderValue)) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(EnvoyHeader {
            key: name.to_string(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
            ..EnvoyHeader::default()
        }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}
