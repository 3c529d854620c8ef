use std::{fmt, sync::Arc};

use crate::{AcceptedEnvironment, Aliases, Bearers, InvalidPath, RawPath, Scope, raw_path::decoded};

/// Which calls need which scopes: a method, or `*` for any, and a template of paths.
///
/// In a template `{name}` stands for one segment that is not empty, and `{*name}`, at the end, for everything that is
/// left, even one empty segment. Everything else stands for itself, whether or not a path has it percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub(crate) method: MethodPattern,
    template: String,
    pub(crate) segments: Vec<Segment>,
    scopes: Arc<[Scope]>,
    environment: Option<AcceptedEnvironment>,
    bearers: Bearers,
    aliases: Aliases,
    cost: u64,
    upstream: Option<Box<str>>,
    is_retried: bool,
    is_recording: bool,
    is_stream: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MethodPattern {
    Named(String),
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Decoded.
    Literal(Vec<u8>),
    One,
    Rest,
}

/// Why routes can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoute {
    /// The method is neither `*` nor one in capitals.
    #[error("route {0}: a method is written in capitals, for example GET, or is * for any")]
    Method(String),
    /// It would match no method, and hide the routes that match its path.
    #[error("route {0}: no method is named; name each that the path knows, or * for any")]
    NoMethod(String),
    /// A literal part of the template could never be a path that is let through.
    #[error("route {0}: {1}")]
    Literal(String, InvalidPath),
    /// Braces that form no placeholder.
    #[error("route {0}: a segment is literal, or {{name}}, or, as the last one, {{*name}}")]
    Braces(String),
    /// Two routes match the same calls, and neither is more specific than the other.
    #[error("routes {0} and {1} match the same calls; keep one of them")]
    Overlap(String, String),
}

impl Route {
    /// Reads a method and a template. A call that matches wants all of `scopes`.
    pub fn new(method: &str, template: &str, scopes: Vec<Scope>) -> Result<Self, InvalidRoute> {
        let name = || format!("{method} {template}");
        let method = match method {
            "*" => MethodPattern::Any,
            _ if is_method(method) => MethodPattern::Named(method.to_owned()),
            _ => return Err(InvalidRoute::Method(name())),
        };
        let Some(rest) = template.strip_prefix('/') else {
            return Err(InvalidRoute::Literal(name(), InvalidPath::NotAbsolute));
        };
        let count = rest.split('/').count();
        let mut segments = Vec::with_capacity(count);
        for (number, text) in rest.split('/').enumerate() {
            let last = number + 1 == count;
            segments.push(match Segment::parse(text).ok_or_else(|| InvalidRoute::Braces(name()))? {
                Segment::Rest if !last => return Err(InvalidRoute::Braces(name())),
                Segment::Literal(_) if text.is_empty() && !last => {
                    return Err(InvalidRoute::Literal(name(), InvalidPath::EmptySegment));
                }
                Segment::Literal(_) => {
                    let path = format!("/{text}");
                    RawPath::parse(path.as_bytes()).map_err(|why| InvalidRoute::Literal(name(), why))?;
                    Segment::Literal(decoded(text).collect())
                }
                other => other,
            });
        }
        Ok(Self {
            method,
            template: template.to_owned(),
            segments,
            scopes: scopes.into(),
            environment: None,
            bearers: Bearers::default(),
            aliases: Aliases::default(),
            cost: 1,
            upstream: None,
            is_retried: true,
            is_recording: false,
            is_stream: false,
        })
    }

    /// The same route, for keys of this environment, whatever the listener accepts elsewhere.
    pub fn accepting(self, environment: Option<AcceptedEnvironment>) -> Self {
        Self { environment, ..self }
    }

    /// Of which environment keys are accepted on this route; `None`: as everywhere.
    pub fn environment(&self) -> Option<AcceptedEnvironment> {
        self.environment
    }

    /// The same route, for calls that come with these.
    pub fn of_bearers(self, bearers: Bearers) -> Self {
        Self { bearers, ..self }
    }

    /// With what a call may come.
    pub fn bearers(&self) -> Bearers {
        self.bearers
    }

    /// The same route, with this treatment of paths that an API might read as its own.
    pub fn with_aliases(self, aliases: Aliases) -> Self {
        Self { aliases, ..self }
    }

    /// What happens to a call whose path an API might read as that of this route.
    pub fn aliases(&self) -> Aliases {
        self.aliases
    }

    /// The same route, whose calls take this much from limits: 0 takes nothing.
    pub fn costing(self, cost: u64) -> Self {
        Self { cost, ..self }
    }

    /// What a call takes from limits.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// The same route, whose calls the gateway forwards to the upstream of this name; `None`: to that of the key's environment.
    pub fn to_upstream(self, name: Option<&str>) -> Self {
        Self { upstream: name.map(Into::into), ..self }
    }

    /// The name of the upstream to which the gateway forwards its calls; `None`: that of the key's environment.
    pub fn upstream(&self) -> Option<&str> {
        self.upstream.as_deref()
    }

    /// The same route, whose calls the gateway sends again, or never sends again.
    pub fn retried(self, is_retried: bool) -> Self {
        Self { is_retried, ..self }
    }

    /// Whether the gateway may send a call again that is idempotent and got no answer.
    pub fn is_retried(&self) -> bool {
        self.is_retried
    }

    /// The same route, whose answers are recordings, or not.
    pub fn of_recordings(self, is_recording: bool) -> Self {
        Self { is_recording, ..self }
    }

    /// Whether its answers are recordings, whose bytes a key may have only so many of.
    pub fn is_recording(&self) -> bool {
        self.is_recording
    }

    /// The same route, whose answers go on for as long as somebody listens, or not.
    pub fn of_streams(self, is_stream: bool) -> Self {
        Self { is_stream, ..self }
    }

    /// Whether its answers are streams, of which a key may have only so many open at once. Others may turn out to be some.
    pub fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Whether a call that this route lets through might be refused by the other.
    pub(crate) fn is_laxer_than(&self, other: &Self) -> bool {
        let asked = |wanted: &Scope| self.scopes.iter().any(|scope| scope.allows(wanted));
        let takes_more = self.bearers == Bearers::KeysAndTokens && other.bearers == Bearers::KeysAlone;
        !other.scopes.iter().all(asked) || self.environment != other.environment || takes_more
    }

    /// Whether it takes whatever is left, and some of that is a path of the other.
    pub(crate) fn is_catch_all_above(&self, other: &Self) -> bool {
        let Some((Segment::Rest, before)) = self.segments.split_last() else { return false };
        let covers = |(own, their): (&Segment, &Segment)| match own {
            Segment::Literal(_) => own == their,
            Segment::One => *their != Segment::Rest,
            Segment::Rest => true,
        };
        let methods = self.method == other.method || [&self.method, &other.method].contains(&&MethodPattern::Any);
        methods
            && self.segments != other.segments
            && other.segments.len() >= self.segments.len()
            && before.iter().zip(&other.segments).all(covers)
    }

    /// The scopes that a call needs: all of them. None: any valid key will do.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// The same, to be kept.
    pub fn shared_scopes(&self) -> Arc<[Scope]> {
        Arc::clone(&self.scopes)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match &self.method {
            MethodPattern::Named(method) => method,
            MethodPattern::Any => "*",
        };
        write!(f, "{method} {}", self.template)
    }
}

impl Segment {
    /// Not decoded yet.
    fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => match name.strip_prefix('*') {
                Some(name) => is_name(name).then_some(Self::Rest),
                None => is_name(name).then_some(Self::One),
            },
            None => (!text.contains(['{', '}'])).then(|| Self::Literal(text.as_bytes().to_vec())),
        }
    }
}

/// RFC 9110's characters, but no lower-case letters: methods are told apart by case, and `get` would never match.
fn is_method(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"!#$%&'+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_routes_are_refused() {
        for (method, template, why) in [
            ("get", "/a", "in capitals"),
            ("", "/a", "in capitals"),
            ("GET POST", "/a", "in capitals"),
            ("GET", "a", "begins with a slash"),
            ("GET", "", "begins with a slash"),
            ("GET", "/a//b", "two slashes"),
            ("GET", "/a/../b", "for a segment"),
            ("GET", "/a b", "consists of"),
            ("GET", "/a;b", "consists of"),
            ("GET", "/a?b", "consists of"),
            ("GET", "/%61", "percent-encoded"),
            ("GET", "/%2F", "percent-encoded"),
            ("GET", "/{id", "a segment is literal"),
            ("GET", "/id}", "a segment is literal"),
            ("GET", "/a{id}", "a segment is literal"),
            ("GET", "/{}", "a segment is literal"),
            ("GET", "/{*}", "a segment is literal"),
            ("GET", "/{a b}", "a segment is literal"),
            ("GET", "/{*rest}/a", "a segment is literal"),
        ] {
            let refused = Route::new(method, template, Vec::new()).unwrap_err().to_string();
            assert!(refused.contains(why) && refused.contains(&format!("{method} {template}")), "{refused}");
        }
    }
}
