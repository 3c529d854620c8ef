use model::{Instant, OriginSet, ScopeSet, TokenClaims, TokenLimits, TokenResources};
use uuid::Uuid;

/// What a token whose signature is right takes away from its key.
#[derive(Debug)]
pub struct CheckedToken {
    id: Uuid,
    expires_at: Instant,
    pub(crate) scopes: ScopeSet,
    /// Empty: those of its key.
    pub(crate) origins: OriginSet,
    resources: Option<TokenResources>,
    /// As an API is told.
    header: Option<Box<str>>,
    limits: Option<TokenLimits>,
}

impl CheckedToken {
    pub(crate) fn of(claims: TokenClaims) -> Self {
        let expires_at = claims.expires_at();
        let TokenClaims { jti, scope, origin, resources, limits, .. } = claims;
        Self {
            id: jti,
            expires_at,
            scopes: scope,
            // One origin is never too many.
            origins: OriginSet::new(origin).unwrap_or_default(),
            header: resources.as_ref().map(|resources| resources.header().into()),
            resources,
            limits,
        }
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// From when on it is refused, whatever becomes of its key.
    pub fn expires_at(&self) -> Instant {
        self.expires_at
    }

    /// The origin from which alone it may be used; none: from those of its key.
    pub fn origins(&self) -> &OriginSet {
        &self.origins
    }

    /// Which things of an API it reaches; `None`: all that its key reaches.
    pub fn resources(&self) -> Option<&TokenResources> {
        self.resources.as_ref()
    }

    /// The same as an API is told. Visible ASCII.
    pub fn resources_header(&self) -> Option<&str> {
        self.header.as_deref()
    }

    /// What it may do in units of a contact centre; `None`: what its key may.
    pub fn limits(&self) -> Option<&TokenLimits> {
        self.limits.as_ref()
    }

    /// Whether it names the pages in which it may be used.
    pub(crate) fn is_for_pages(&self) -> bool {
        !self.origins.is_empty()
    }
}
