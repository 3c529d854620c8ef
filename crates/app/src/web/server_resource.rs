use std::{any::Any, convert::Infallible, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

#[cfg(feature = "ssr")]
use http::StatusCode;
use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::ApiError;

/// Data that a page or dialog loads as it opens. When the server renders it, the answer travels in the page.
///
/// One type holds every answer: a type for each would bring its own copy of the code that waits for it to the client.
pub(crate) struct ServerResource<T> {
    answer: Resource<Answer, Text>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for ServerResource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ServerResource<T> {}

impl<T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static> ServerResource<T> {
    /// Asks, unless the page came with the answer.
    pub(crate) fn new<F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let ask = Box::new(move || -> Pin<Box<dyn Future<Output = Answer> + Send>> {
            let answer = ask();
            Box::pin(async move { Answer::of(answer.await) })
        });
        Self { answer: resource(ask), of: PhantomData }
    }

    /// Waits for the answer.
    pub(crate) async fn get(self) -> Result<T, ApiError> {
        self.answer.await.read()
    }
}

/// Gives the page that is rendered its status, where what its address asks for is refused.
#[cfg(feature = "ssr")]
pub(crate) fn tell_status<T>(answer: &Result<T, ApiError>) {
    let refused =
        answer.as_ref().err().map(ApiError::status).filter(|status| *status == StatusCode::UNPROCESSABLE_ENTITY);
    if let (Some(status), Some(response)) = (refused, use_context::<leptos_axum::ResponseOptions>()) {
        response.set_status(status);
    }
}

type Ask = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

fn resource(ask: Ask) -> Resource<Answer, Text> {
    Resource::new_with_options(|| (), move |()| ask(), true)
}

/// An answer, as it was given or as it came with the page.
#[derive(Clone)]
enum Answer {
    Given {
        answer: Arc<dyn Any + Send + Sync>,
        /// Empty in the browser, which sends no page.
        text: Arc<str>,
    },
    Text(Arc<str>),
}

impl Answer {
    fn of<T: Send + Sync + Serialize + 'static>(answer: Result<T, ApiError>) -> Self {
        let text =
            if cfg!(feature = "ssr") { serde_json::to_string(&answer).unwrap_or_default() } else { String::new() };
        Self::Given { answer: Arc::new(answer), text: text.into() }
    }

    fn read<T: Clone + DeserializeOwned + 'static>(&self) -> Result<T, ApiError> {
        match self {
            Self::Given { answer, .. } => match answer.downcast_ref::<Result<T, ApiError>>() {
                Some(answer) => answer.clone(),
                None => Err(ApiError::Internal),
            },
            // The page is older or newer than the scripts.
            Self::Text(text) => serde_json::from_str(text).unwrap_or(Err(ApiError::Malformed)),
        }
    }
}

/// Puts an [`Answer`] into the page and takes it from there.
struct Text;

impl Encoder<Answer> for Text {
    type Error = Infallible;
    type Encoded = String;

    fn encode(answer: &Answer) -> Result<String, Infallible> {
        match answer {
            Answer::Given { text, .. } | Answer::Text(text) => Ok((**text).to_owned()),
        }
    }
}

impl Decoder<Answer> for Text {
    type Error = Infallible;
    type Encoded = str;

    fn decode(text: &str) -> Result<Answer, Infallible> {
        Ok(Answer::Text(text.into()))
    }
}
