//! The parsers of untrusted bytes, for `fuzz/`.

use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use model::RawPath;

use crate::{authz::Original, forward, spoe};

/// Reads a frame from the port for HAProxy, with the headers in it: how many bytes its arguments have. `None`: it is refused.
pub fn spoe_frame(frame: &[u8]) -> Option<usize> {
    spoe::size_of_arguments(frame)
}

/// Reads the method and the path of the original request out of the headers of a question. `None`: it is refused.
pub fn original(headers: &HeaderMap) -> Option<(Option<String>, Option<String>)> {
    let original = Original::of(None, &Method::GET, headers).ok()?;
    let path = original.path.map(RawPath::as_str).map(str::to_owned);
    Some((original.method.map(str::to_owned), path))
}

/// Looks at the head of a request as the gateway does: the headers that the API gets, before the gateway adds its own. `None`: it is
/// refused.
pub fn forwarded(request: Request<&'static [u8]>) -> Option<HeaderMap> {
    let request = request.map(Full::new);
    if forward::refusal(&request, u64::MAX).is_some() {
        return None;
    }
    let mut headers = request.into_parts().0.headers;
    forward::clean_request(&mut headers);
    Some(headers)
}
