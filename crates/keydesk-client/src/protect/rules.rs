//! What a layer asks of callers.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use http::request::Parts;

use super::cache::Cache;
use crate::{Client, Environment};

/// Where a request came from, as the service knows it.
pub(super) type Address = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

#[derive(Clone)]
pub(super) struct Rules {
    pub(super) client: Client,
    pub(super) scopes: Vec<String>,
    pub(super) environment: Option<Environment>,
    pub(super) address: Option<Arc<Address>>,
    /// What was allowed by these rules. Where they change, so does it.
    pub(super) cache: Option<Arc<Cache>>,
    pub(super) within: Duration,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Rules");
        shown.field("scopes", &self.scopes).field("environment", &self.environment).field("cache", &self.cache);
        shown.finish_non_exhaustive()
    }
}
