use std::sync::Arc;

use domain::Keydesk;
use leptos::prelude::{AnyView, provide_context};

use super::{access::BrowserAccess, assets::Assets, documentation::Documentation, turns::Turns};

/// The state that layers, plain documents and plain forms share.
#[derive(Clone)]
pub(crate) struct WebState {
    pub(crate) keydesk: Keydesk,
    pub(crate) access: BrowserAccess,
    pub(crate) assets: Assets,
    /// What the Integration Documentation says of this deployment.
    pub(crate) documentation: Arc<Documentation>,
    /// Patterns of the pages that only those who are signed in may see.
    pub(crate) guarded: Arc<[String]>,
    /// What one person may ask for at once.
    pub(crate) turns: Turns,
    /// The document of the pages that are hydrated, for a form that answers with such a page.
    pub(crate) shell: fn() -> AnyView,
}

impl WebState {
    /// Provides the context that pages and server functions use while they are rendered.
    pub(crate) fn provide(&self) {
        provide_context(self.keydesk.clone());
        provide_context(self.assets.clone());
        provide_context(self.access.clone());
        provide_context(Arc::clone(&self.documentation));
    }
}
