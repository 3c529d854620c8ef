use std::sync::{Arc, OnceLock};

use axum::http::request::Parts;
use domain::Session;
use model::Permission;
use tokio::sync::OnceCell;

use super::{library::Library, reference::Reference};
use crate::{
    ApiError,
    web::{Documentation, WebState, session},
};

/// What the handlers of the documentation share.
#[derive(Clone)]
pub(super) struct Docs {
    pub(super) web: WebState,
    library: Arc<OnceLock<Library>>,
    reference: Arc<OnceCell<Arc<Reference>>>,
}

impl Docs {
    pub(super) fn new(web: WebState) -> Self {
        Self { web, library: Arc::default(), reference: Arc::default() }
    }

    pub(super) fn documentation(&self) -> &Documentation {
        &self.web.documentation
    }

    /// What is missing for test keys; `None`: they open a contact centre.
    pub(super) fn lack(&self) -> Option<Lack> {
        let documentation = self.documentation();
        if documentation.gateway.is_none() {
            return Some(Lack::Gateway);
        }
        (!documentation.test_keys).then_some(Lack::Api)
    }

    /// The pages, which are read when somebody first asks for one.
    pub(super) fn library(&self) -> &Library {
        self.library.get_or_init(|| Library::of(self.documentation()))
    }

    /// The operations. A description that could not be made is asked for again.
    pub(super) async fn reference(&self) -> Arc<Reference> {
        let documentation = self.documentation();
        let of = |contact_centre: &[u8]| {
            let reference = Reference::of(contact_centre, &documentation.management);
            for (api, error) in reference.unreadable() {
                (documentation.unreadable)(api.title(), error);
            }
            Arc::new(reference)
        };
        let made = self.reference.get_or_try_init(|| async {
            let contact_centre = (documentation.openapi)().await.ok_or(())?;
            Ok::<_, ()>(of(&contact_centre))
        });
        made.await.cloned().unwrap_or_else(|()| of(&[]))
    }

    /// Whoever reads, if they may.
    pub(super) async fn reader(&self, parts: &Parts) -> Result<Reader, ApiError> {
        let web = &self.web;
        let session = session::of(&web.keydesk, &web.access, &parts.headers, &parts.extensions).await;
        match session {
            Ok(Some(session)) => Ok(Reader::of(&session)),
            Ok(None) if self.documentation().public => Ok(Reader::Anybody),
            Ok(None) => Err(ApiError::SignedOut),
            // What everybody may read needs no database.
            Err(_) if self.documentation().public => Ok(Reader::Anybody),
            Err(error) => Err(error),
        }
    }
}

/// Why test keys open nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// No gateway listens.
    Gateway,
    /// The gateway has no API for them.
    Api,
}

/// Whoever reads a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// Nobody who is signed in.
    Anybody,
    /// They may make test keys.
    Maker,
    /// They are signed in, and may make none.
    Other,
}

impl Reader {
    fn of(session: &Session) -> Self {
        if session.caller().may(Permission::ManageKeys) { Self::Maker } else { Self::Other }
    }
}
