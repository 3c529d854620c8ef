//! The parsers of untrusted bytes, for `fuzz/`.

use http::{HeaderMap, Method};
use model::RawPath;

use crate::{authz::Original, spoe};

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
