//! The part of the configuration for proxies.

use std::sync::Arc;

use model::{
    AcceptedEnvironment, Aliases, Bearers, InvalidNetwork, InvalidRoute, Network, Route, RouteTable, Scope,
    TrustedProxies,
};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, IntoDeserializer as _, Visitor, value::SeqAccessDeserializer},
};

use crate::{Gateway, contact_centre};

/// The name of the routes that are built in.
const BUILT_IN: &str = "contact-centre";

/// `routes`: a list, or the name of those that are built in.
#[derive(Debug, Default)]
pub struct Routes {
    /// Whether the built-in ones are among them.
    pub built_in: bool,
    own: Vec<RouteEntry>,
}

impl Routes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && !self.built_in
    }

    /// These, or those that are built in where there are none.
    #[must_use]
    pub fn or_built_in(self) -> Self {
        if self.own.is_empty() { Self { built_in: true, ..self } } else { self }
    }
}

impl<'de> Deserialize<'de> for Routes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand, so that what is wrong in a route is told with its place.
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Routes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a list of routes, or {BUILT_IN:?}")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Routes, E> {
                match name {
                    "" => Ok(Routes::default()),
                    BUILT_IN => Ok(Routes { built_in: true, own: Vec::new() }),
                    _ => Err(E::invalid_value(de::Unexpected::Str(name), &self)),
                }
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Routes, A::Error> {
                let own = Vec::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(Routes { built_in: false, own })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

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
    cost: Option<u64>,
    upstream: Option<String>,
    retry: Option<bool>,
    recording: Option<bool>,
    stream: Option<bool>,
    tokens: Option<bool>,
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
pub(crate) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(crate) fn into_vec(self) -> Vec<T> {
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
    /// A call can't cost so much.
    #[error("route {0}: cost is 0 to {COST_MAX}.")]
    Cost(String),
    /// A route is malformed, or two routes match the same calls.
    #[error(transparent)]
    Route(#[from] InvalidRoute),
}

/// Checks the configuration.
pub fn gateway(routes: Routes, trusted_proxies: &[String]) -> Result<Gateway, InvalidGateway> {
    let network = |text: &String| {
        let text = text.trim();
        Network::parse(text).map_err(|error| InvalidGateway::TrustedProxy(text.to_owned(), error))
    };
    let trusted = trusted_proxies.iter().map(network).collect::<Result<_, _>>()?;
    Ok(Gateway { routes: Arc::new(route_table(routes)?), trusted_proxies: TrustedProxies::new(trusted) })
}

/// As with the `cost` of a verification.
const COST_MAX: u64 = 1_000_000;

/// Checks routes.
pub fn route_table(Routes { built_in, own }: Routes) -> Result<RouteTable, InvalidGateway> {
    let mut routes = if built_in { contact_centre::routes()? } else { Vec::new() };
    for entry in own {
        let (methods, scopes) = (entry.method.into_vec(), entry.scope.into_vec());
        if methods.is_empty() {
            return Err(InvalidRoute::NoMethod(entry.path).into());
        }
        let cost = entry.cost.unwrap_or(1);
        if cost > COST_MAX {
            return Err(InvalidGateway::Cost(entry.path));
        }
        for method in methods {
            let route = Route::new(&method, &entry.path, scopes.clone())?;
            let route = route.accepting(entry.environment).with_aliases(entry.aliases).costing(cost);
            let route = route.to_upstream(entry.upstream.as_deref()).retried(entry.retry.unwrap_or(true));
            let route = route.of_recordings(entry.recording.unwrap_or_default());
            let route = route.of_streams(entry.stream.unwrap_or_default());
            routes.push(match entry.tokens {
                Some(false) => route.of_bearers(Bearers::KeysAlone),
                Some(true) | None => route,
            });
        }
    }
    Ok(RouteTable::new(routes)?)
}
