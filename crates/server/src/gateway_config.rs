//! The part of the configuration that is about proxies.

use model::{InvalidRoute, Network, Route, RouteTable, Scope, TrustedProxies};
use serde::Deserialize;

use crate::{authz::Gateway, config::ConfigError};

/// One entry of `[[routes]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteEntry {
    method: OneOrMany<String>,
    path: String,
    scope: OneOrMany<Scope>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a method is written like \"GET\", a scope like \"contacts:read\", or each as a list of such"
)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// Checks what was configured.
pub(crate) fn gateway(routes: Vec<RouteEntry>, trusted_proxies: &[String]) -> Result<Gateway, ConfigError> {
    let network = |text: &String| {
        let text = text.trim();
        Network::parse(text).map_err(|error| ConfigError::TrustedProxy(text.to_owned(), error))
    };
    let trusted = trusted_proxies.iter().map(network).collect::<Result<_, _>>()?;
    Ok(Gateway { routes: table(routes)?, trusted_proxies: TrustedProxies::new(trusted) })
}

fn table(entries: Vec<RouteEntry>) -> Result<RouteTable, InvalidRoute> {
    let mut routes = Vec::with_capacity(entries.len());
    for entry in entries {
        let (methods, scopes) = (entry.method.into_vec(), entry.scope.into_vec());
        if methods.is_empty() {
            return Err(InvalidRoute::NoMethod(entry.path));
        }
        for method in methods {
            routes.push(Route::new(&method, &entry.path, scopes.clone())?);
        }
    }
    RouteTable::new(routes)
}
