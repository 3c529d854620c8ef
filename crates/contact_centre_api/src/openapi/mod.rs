//! The published description. Schemas and parameters are written by hand in `schemas.json`; paths follow from the one list of operations;
//! each example is what a contact centre that is made for that answered when it was asked.

mod document;
mod examples;
mod headers;
mod tokens;
mod walk;

use axum::Router;
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::centre::Centre;

pub use examples::Example;

/// Made once, when somebody first asks for it.
static DOCUMENT: OnceCell<Bytes> = OnceCell::const_new();

/// The description as JSON; none if its examples could not be made.
pub(crate) async fn document(build: fn(Centre) -> Router) -> Option<Bytes> {
    let made = DOCUMENT.get_or_try_init(|| async move {
        let Some(examples) = examples::made(build).await else {
            tracing::error!("the description can't be written: its examples can't be made");
            return Err(());
        };
        document::written(&examples)
            .map(Bytes::from)
            .map_err(|error| tracing::error!(%error, "the description can't be written"))
    });
    made.await.ok().cloned()
}

/// Requests and what a contact centre answers them, in the order in which they were asked. Each time it is made, it is the same.
pub async fn examples(build: fn(Centre) -> Router) -> Vec<Example> {
    examples::made(build).await.unwrap_or_default()
}
