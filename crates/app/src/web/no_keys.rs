//! No key stays in an address: histories, proxies and those who are sent a link keep addresses.

use axum::{
    body::Body,
    http::{Request, Uri},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use percent_encoding::percent_decode_str;

/// Leads from an address in which somebody searches for a key, an old link for example, to the list without it. The list says what
/// became of the key. What a key was taken out of is not carried out: without its search an export would be of all keys.
pub(crate) async fn keep_out(request: Request<Body>, next: Next) -> Response {
    match without_key(request.uri()) {
        Some(address) if request.method().is_safe() => Redirect::to(&address).into_response(),
        _ => next.run(request).await,
    }
}

fn without_key(uri: &Uri) -> Option<String> {
    let query = uri.query()?;
    let kept: Vec<&str> = query.split('&').filter(|pair| !holds_key(pair)).collect();
    if kept.len() == query.split('&').count() {
        return None;
    }
    let kept: String = kept.into_iter().filter(|pair| is_filter(pair)).map(|pair| format!("{pair}&")).collect();
    Some(format!("/keys?{kept}lookup=address"))
}

/// Whether it is a search for a key, or leads to one.
fn holds_key(pair: &str) -> bool {
    let Some((name, value)) = pair.split_once('=') else { return false };
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let (once, searches) = (decoded(value), matches!(name, "search" | "client"));
    let leads_to_search = name == "next" && once.contains("search");
    (searches || leads_to_search) && (model::looks_like_key(&once) || model::looks_like_key(&decoded(&once)))
}

fn is_filter(pair: &str) -> bool {
    ["sort", "status", "environment", "preset"].iter().any(|name| pair.split('=').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_for_a_key_leads_to_the_list_without_it() {
        let key = format!("ccc_live_{}", "7Qfx".repeat(9));
        for (address, expected) in [
            (format!("/keys?search={key}"), "/keys?lookup=address"),
            (
                format!("/keys?status=active&search=%22{key}%22&sort=-created_at&cursor=1"),
                "/keys?status=active&sort=-created_at&lookup=address",
            ),
            (format!("/keys?search=Bearer+{key}"), "/keys?lookup=address"),
            (format!("/keys?search={}", key.replace('_', "%5F")), "/keys?lookup=address"),
            (format!("/keys.csv?search={key}&status=active"), "/keys?status=active&lookup=address"),
            (format!("/audit?client={key}&action=key.reveal"), "/keys?lookup=address"),
            (format!("/login?next=/keys%3Fsearch%3D{key}"), "/keys?lookup=address"),
        ] {
            let found = without_key(&address.parse().unwrap());
            assert_eq!(found.as_deref(), Some(expected), "{address}");
        }
        for other in ["/keys", "/keys?search=acme", "/keys?search=c2Xa", "/keys?new&client_name=acme_live_V2beta"] {
            assert_eq!(without_key(&other.parse().unwrap()), None, "{other}");
        }
    }
}
