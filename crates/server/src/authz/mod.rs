//! Forward-auth: a proxy asks before it forwards.
//!
//! Answered at the edge, before the router: this is the call that is made for every other.

mod identity;
mod original;
mod parameters;
mod question;

use std::sync::{Arc, LazyLock};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use domain::{Keydesk, Record};
use http::{HeaderValue, StatusCode, request::Parts};
use model::{Code, RouteTable, Scope, TrustedProxies};

#[cfg(feature = "grpc")]
pub(crate) use self::identity::is_ours;
use self::{original::Original, parameters::Parameters};
pub(crate) use self::{parameters::is_for_nginx, question::Question};
use crate::{
    auth,
    client_address::ClientAddress,
    problem::{self, Problem},
};

/// What this deployment's proxies are told, and how far they are believed.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// Which original requests want which rights.
    pub routes: RouteTable,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
}

/// What a call without a route is decided with. It is refused whatever the key holds, so it must not count as allowed nor
/// be taken from any limit, and yet a bad key is to be told that it is one.
static NOWHERE: LazyLock<[Scope; 1]> = LazyLock::new(|| [Scope::parse("no-route:none").expect("the form of a scope")]);

/// Decide for a proxy
///
/// For a proxy to ask before it forwards a request; any method will do, and the request's own key is the one that is asked
/// about. The wanted rights are given by `scope`, or looked up in the configured routes by the original method and path:
/// those in `X-Original-Method` and `X-Original-URI` (nginx), in `X-Forwarded-Method` and `X-Forwarded-Uri` (Traefik,
/// Caddy), or the method and path of this call below `/authz` (Envoy). An original named twice is refused, and so is a path
/// that two programs could read differently.
#[utoipa::path(
    get,
    path = "/authz",
    operation_id = "authorize",
    tag = "Verification",
    params(
        ("scope" = Option<Vec<Scope>>, Query, description = "A wanted right; repeated: all of them."),
        ("mode" = Option<String>, Query, pattern = "^nginx$",
            description = "`nginx`: refusals other than 401 come as 403, with the real status in `X-Keydesk-Status`."),
    ),
    responses(
        (status = 200, description = "Allowed, and by whom.", headers(
            ("X-Keydesk-Key-Id" = String, description = "The key's id."),
            ("X-Keydesk-Client-Name" = String, description = "Its Client Name, percent-encoded."),
            ("X-Keydesk-Environment" = String, description = "`live` or `test`."),
            ("X-Keydesk-Scopes" = String, description = "Its rights, separated by spaces."),
        )),
        (status = 400, description = "`invalid_request`, or `invalid_path`: the original path has more than one reading."),
        (status = 403, description = "`insufficient_scope`, `ip_not_allowed`, `origin_not_allowed`, or `no_route`: nothing \
            says what the original request would need."),
        (status = 429, description = "`too_many_calls`."),
    )
)]
pub(crate) async fn answer(gateway: &Gateway, keydesk: &Keydesk, parts: &Parts, client: ClientAddress) -> Response {
    match question(gateway, keydesk, parts, client).await {
        Ok(record) => {
            let mut response = Response::new(Body::empty());
            let headers = response.headers_mut();
            headers.reserve(6);
            identity::write(&record, headers);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn question(
    gateway: &Gateway,
    keydesk: &Keydesk,
    parts: &Parts,
    client: ClientAddress,
) -> Result<Arc<Record>, Problem> {
    let below = parts.uri.path().strip_prefix("/authz").filter(|path| !path.is_empty());
    let original = Original::of(below, &parts.method, &parts.headers)?;
    let parameters = match below {
        None => Parameters::read(&parts.uri, original.query)?,
        // Here the query is the original request's too.
        Some(_) => Parameters::default(),
    };
    gateway.decide(keydesk, &original, parameters.scopes.as_deref(), &parts.headers, client).await
}

impl Gateway {
    /// Decides a request that wants all of `scopes`, or else what its route says.
    async fn decide(
        &self,
        keydesk: &Keydesk,
        original: &Original<'_>,
        scopes: Option<&[Scope]>,
        headers: &http::HeaderMap,
        client: ClientAddress,
    ) -> Result<Arc<Record>, Problem> {
        let wanted = match scopes {
            Some(scopes) => Some(scopes),
            None => self.wanted(original)?,
        };
        let verdict = auth::ask(keydesk, headers, client, wanted.unwrap_or(&*NOWHERE)).await?;
        match (wanted, verdict.code, verdict.record) {
            (Some(_), Code::Valid, Some(record)) => Ok(record),
            (None, Code::Valid | Code::InsufficientScope, _) => {
                Err(Problem::new(&problem::NO_ROUTE).detail("No configured route matches the method and the path."))
            }
            (wanted, code, _) => Err(auth::refusal(code, wanted.unwrap_or_default())),
        }
    }

    fn wanted(&self, original: &Original<'_>) -> Result<Option<&[Scope]>, Problem> {
        let half = |header: &str| {
            Problem::invalid(format!("Of the original request only a half is named: {header} is missing."))
        };
        match (original.method, original.path) {
            (Some(method), Some(path)) => Ok(self.routes.find(method, path).map(model::Route::scopes)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(half("the method")),
            (Some(_), None) => Err(half("the path")),
        }
    }
}

/// Makes a refusal one that nginx passes on: of all others than 401 and 403 it makes 500.
pub(crate) fn for_nginx(response: &mut Response) {
    let status = response.status();
    if status == StatusCode::OK {
        return;
    }
    response.headers_mut().insert(identity::STATUS.clone(), HeaderValue::from(status.as_u16()));
    if status != StatusCode::UNAUTHORIZED {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
}
