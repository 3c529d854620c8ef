//! Answers that are files: what a page shows, and all that follows.

use std::io;

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use model::{Day, KeyError};

use super::failed;
use crate::{
    ApiError,
    web::{WebState, guard::sign_in},
};

/// By this spreadsheets know that the text is UTF-8, and not what their country wrote before.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a file has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A table.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl FileKind {
    /// The name of a file of this kind, as `Content-Disposition`: what it is about, and the day.
    pub(crate) fn named(self, about: &str, day: Day) -> HeaderValue {
        let ending = match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        };
        let name = format!("attachment; filename=\"{about}-{day}.{ending}\"");
        HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"))
    }

    const fn media_type(self) -> HeaderValue {
        match self {
            Self::Csv => HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
            Self::Ndjson => HeaderValue::from_static("application/x-ndjson"),
        }
    }

    const fn begins_with(self) -> &'static str {
        match self {
            Self::Csv => BYTE_ORDER_MARK,
            Self::Ndjson => "",
        }
    }

    /// The text of a file, which is sent while it is read. The first part is read before the answer begins, so that a failure at
    /// once is answered with a page.
    pub(crate) async fn text<P>(
        self,
        parts: impl Stream<Item = Result<P, KeyError>> + Send + 'static,
    ) -> Result<Body, ApiError>
    where
        P: Into<Bytes> + Send + 'static,
    {
        let mut parts = Box::pin(parts);
        let first: Bytes = parts.try_next().await?.map_or_else(Bytes::new, Into::into);
        let first = Bytes::from([self.begins_with().as_bytes(), &first].concat());
        // After a later failure the connection is cut, so that half a file does not pass for a whole one.
        let rest = parts.map(|part| {
            let part = part.map_err(|error| io::Error::other(error.to_string()))?;
            Ok::<Bytes, io::Error>(part.into())
        });
        Ok(Body::from_stream(stream::iter([Ok(first)]).chain(rest)))
    }
}

/// Answers with a file, or with a page that says why there is none. `page` is the address that has the link to the file: who is
/// signed out comes there by way of the sign-in.
pub(crate) async fn attachment(
    web: &WebState,
    parts: Parts,
    (kind, name): (FileKind, HeaderValue),
    text: Result<Body, ApiError>,
    page: &str,
) -> Response {
    match text {
        Ok(text) => ([(CONTENT_TYPE, kind.media_type()), (CONTENT_DISPOSITION, name)], text).into_response(),
        Err(ApiError::SignedOut) => Redirect::to(&sign_in(page)).into_response(),
        Err(error) => failed(web, parts, error).await,
    }
}
