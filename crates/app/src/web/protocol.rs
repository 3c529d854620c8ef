use std::future::Future;

use http::Method;
use leptos::server_fn::{Protocol, client::Client, request::Req, response::TryRes, server::Server};
use send_wrapper::SendWrapper;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, RequestRedirect, Response, wasm_bindgen::JsCast};

use super::{answer::Answer, build, drawn_for};
use crate::ApiError;

const JSON: &str = "application/json";

/// How server functions are called: the arguments as JSON, or as the fields of a form, which is how a page without scripts
/// calls; the answer as JSON.
///
/// Leptos's own protocol would bring all its code to the client once for every function. Here only reading and writing
/// depend on a function's types.
pub(crate) struct FormOrJson;

impl<I, O, C, S> Protocol<I, O, C, S, ApiError> for FormOrJson
where
    I: Serialize + DeserializeOwned + Send,
    O: Serialize + DeserializeOwned + Send,
    C: Client<ApiError>,
    S: Server<ApiError>,
{
    const METHOD: Method = Method::POST;

    async fn run_server<F, A>(request: S::Request, run: F) -> Result<S::Response, ApiError>
    where
        F: Fn(I) -> A + Send,
        A: Future<Output = Result<O, ApiError>> + Send,
    {
        let body = request.try_into_bytes().await?;
        let answer = run(arguments(&body)?).await?;
        S::Response::try_from_string(JSON, serde_json::to_string(&answer).map_err(|_| ApiError::Internal)?)
    }

    fn run_client(path: &str, input: I) -> impl Future<Output = Result<O, ApiError>> + Send {
        let body = serde_json::to_string(&input).map_err(|_| ApiError::Malformed);
        let path = path.to_owned();
        SendWrapper::new(async move {
            let answer = ask(&path, &body?).await?;
            let drawn = build::drawn_with();
            answer.told(&drawn).and_then(|text| serde_json::from_str(text).map_err(|_| answer.unreadable(&drawn)))
        })
    }
}

/// A form's field can't begin with a brace: browsers write it as `%7B`.
fn arguments<I: DeserializeOwned>(body: &[u8]) -> Result<I, ApiError> {
    let read = if body.starts_with(b"{") {
        serde_json::from_slice(body).ok()
    } else {
        serde_urlencoded::from_bytes(body).ok()
    };
    read.ok_or(ApiError::Malformed)
}

async fn ask(path: &str, body: &str) -> Result<Answer, ApiError> {
    fetch(path, body).await.ok_or(ApiError::Offline)
}

/// `None`: no whole answer came.
async fn fetch(path: &str, body: &str) -> Option<Answer> {
    let headers = Headers::new().ok()?;
    headers.set("content-type", JSON).ok()?;
    headers.set("accept", JSON).ok()?;
    headers.set(drawn_for::HEADER, &drawn_for::drawn_for()).ok()?;
    let options = RequestInit::new();
    options.set_method("POST");
    // Keydesk redirects no call. Whoever does is followed into a page that must not be taken for an answer.
    options.set_redirect(RequestRedirect::Manual);
    options.set_headers(&headers);
    options.set_body(&body.into());
    let response = JsFuture::from(leptos::prelude::window().fetch_with_str_and_init(path, &options)).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    let build = response.headers().get(build::HEADER).ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    Some(Answer { status: response.status(), build, text })
}

#[cfg(test)]
mod tests {
    use model::KeyId;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Example {
        name: String,
        #[serde(default)]
        id: Option<KeyId>,
    }

    #[test]
    fn arguments_come_from_scripts_and_from_forms() {
        let example = Example { name: "{a}&b ü".to_owned(), id: None };
        assert_eq!(arguments::<Example>(r#"{"name":"{a}&b ü"}"#.as_bytes()), Ok(example));
        let example = Example { name: "{a}&b ü".to_owned(), id: None };
        assert_eq!(arguments::<Example>(b"name=%7Ba%7D%26b+%C3%BC"), Ok(example));
        for unreadable in [&b""[..], b"{", b"{}", b"id=1", b"name=a&id=1", b"[]", b"\xff"] {
            assert_eq!(arguments::<Example>(unreadable), Err(ApiError::Malformed), "{unreadable:?}");
        }
    }
}
