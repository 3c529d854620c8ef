//! The part of the configuration for proxies.

use std::sync::Arc;

use model::{
    AcceptedEnvironment, Aliases, InvalidNetwork, InvalidRoute, Network, Route, RouteTable, Scope, TrustedProxies,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IntoDeserializer as _},
};

use crate::Gateway;

/// One entry of `[[routes]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteEntry {
    method: OneOrMany<String>,
    path: String,
    scope: OneOrMany<Scope>,
    #[serde(default, deserialize_with = "word")]
    environment: Option<AcceptedEnvironment>,
    #[serde(default, deserialize_with = "aliases")]
    aliases: Aliases,
}

/// `[authz]`, `[grpc]` and `[spoe]`: whose keys are accepted there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerEntry {
    /// The name of the installation; `None`: the one that `--installation` names.
    pub installation: Option<String>,
    /// Of which environment keys are accepted.
    #[serde(default = "live", deserialize_with = "environment")]
    pub environment: AcceptedEnvironment,
}

impl Default for ListenerEntry {
    fn default() -> Self {
        Self { installation: None, environment: live() }
    }
}

fn live() -> AcceptedEnvironment {
    AcceptedEnvironment::Live
}

/// One of a few words, in any case; an empty text is none, as with every other setting.
fn word<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?.to_ascii_lowercase();
    if text.is_empty() { Ok(None) } else { T::deserialize(text.into_deserializer()).map(Some) }
}

fn environment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AcceptedEnvironment, D::Error> {
    Ok(word(deserializer)?.unwrap_or_else(live))
}

fn aliases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Aliases, D::Error> {
    Ok(word(deserializer)?.unwrap_or_default())
}

#[derive(Debug, Deserialize)]
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

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidGateway {
    /// A trusted proxy is not a network.
    #[error("trusted_proxies: {0} {1}.")]
    TrustedProxy(String, InvalidNetwork),
    /// A route is malformed, or two routes match the same calls.
    #[error(transparent)]
    Route(#[from] InvalidRoute),
}

/// Checks the configuration.
pub fn gateway(routes: Vec<RouteEntry>, trusted_proxies: &[String]) -> Result<Gateway, InvalidGateway> {
    let network = |text: &String| {
        let text = text.trim();
        Network::parse(text).map_err(|error| InvalidGateway::TrustedProxy(text.to_owned(), error))
    };
    let trusted = trusted_proxies.iter().map(network).collect::<Result<_, _>>()?;
    Ok(Gateway { routes: Arc::new(table(routes)?), trusted_proxies: TrustedProxies::new(trusted) })
}

fn table(entries: Vec<RouteEntry>) -> Result<RouteTable, InvalidRoute> {
    let mut routes = Vec::with_capacity(entries.len());
    for entry in entries {
        let (methods, scopes) = (entry.method.into_vec(), entry.scope.into_vec());
        if methods.is_empty() {
            return Err(InvalidRoute::NoMethod(entry.path));
        }
        for method in methods {
            let route = Route::new(&method, &entry.path, scopes.clone())?;
            routes.push(route.accepting(entry.environment).with_aliases(entry.aliases));
        }
    }
    RouteTable::new(routes)
}
