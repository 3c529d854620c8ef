use std::sync::Arc;

/// How browsers reach this deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserAccess {
    origin: Option<Arc<str>>,
    mark: Arc<str>,
}

impl BrowserAccess {
    /// By https, under this address: `https://`, a host, and perhaps a port. Usually a proxy in front of this server ends TLS.
    ///
    /// Without it, which is the default, people sign in on this machine only.
    pub fn at(public_url: &str) -> Self {
        let origin = public_url.to_ascii_lowercase();
        // Browsers leave the usual port out of an origin.
        Self { origin: Some(origin.strip_suffix(":443").unwrap_or(&origin).into()), ..Self::default() }
    }

    /// The same, to the deployment of this mark.
    pub(crate) fn to(self, mark: &str) -> Self {
        Self { mark: mark.into(), ..self }
    }

    /// What the names of this deployment's cookies have, so that another one on the same host has others.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// Whether people come by https. Cookies are then bound to it.
    pub(crate) const fn https(&self) -> bool {
        self.origin.is_some()
    }

    /// The origin of the pages, where it is known, as browsers write it.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }
}
