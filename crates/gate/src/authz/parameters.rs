use edge::{
    Problem,
    query::{self, wrong},
};
use http::Uri;
use model::Scope;

/// The query that the operator wrote behind `/authz` in the proxy's configuration.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// The scopes that the call needs; `None`: the route table says which.
    pub(crate) scopes: Option<Vec<Scope>>,
}

/// Whether the answer is for nginx. Read before everything else, since refusals depend on it too. Below `/authz` the
/// query is not the proxy's.
pub(crate) fn is_for_nginx(uri: &Uri) -> bool {
    uri.path() == "/authz" && uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "mode=nginx"))
}

impl Parameters {
    /// Reads the query of `/authz` itself, beside the `original` one.
    ///
    /// Some proxies pass the original query on where their configuration has none (Caddy's `uri /authz`), and then the
    /// caller could choose the scope that its call needs. So the original's query is not read, and is refused where it
    /// would matter: also where a proxy may have written it anew on the way, so that the two differ by their encoding.
    pub(crate) fn read(uri: &Uri, original: Option<&[u8]>) -> Result<Self, Problem> {
        let own = uri.query().unwrap_or_default();
        if original.is_some_and(|original| disguises(own, original)) {
            return Err(Problem::invalid(
                "The query of the original request has a parameter that reads like the scope which the proxy asks for. Send it once, \
                 in small letters and not encoded.",
            ));
        }
        if let Some(original) = original.filter(|original| shares(own, original)) {
            let matters = own.split('&').any(|pair| pair.starts_with("scope=") || pair.starts_with("mode="));
            if own.as_bytes() == original && !matters {
                return Ok(Self::default());
            }
            return Err(Problem::invalid(
                "The parameters of /authz stand in the original request too, as if the proxy had passed them on. Let it send \
                 its own query or an empty one, for example `uri /authz?` in Caddy.",
            ));
        }
        let mut scopes = None;
        let mut modes = 0;
        let mut errors = Vec::new();
        for (name, value) in query::pairs(uri, &["scope", "mode"])? {
            match name {
                "scope" => match Scope::parse(&value) {
                    Ok(scope) => scopes.get_or_insert_with(Vec::new).push(scope),
                    Err(error) => errors.push(wrong("scope", error.to_string())),
                },
                _ => {
                    modes += 1;
                    if value != "nginx" {
                        errors.push(wrong("mode", "is nginx or left out"));
                    }
                }
            }
        }
        if modes > 1 {
            errors.push(wrong("mode", "is given twice"));
        }
        if errors.is_empty() { Ok(Self { scopes }) } else { Err(query::refuse(errors)) }
    }
}

/// Whether the original has a parameter that programs may read as the scope that the proxy sets, and that is not written as
/// such: `%73cope=`, `SCOPE=`, `+scope=`; or that is there twice, or has a value that is the proxy's own once both are decoded.
/// A single plain `scope` of another value is the API's own: it did not come from there into the proxy's query.
fn disguises(own: &str, original: &[u8]) -> bool {
    let scopes = |query: &[u8]| -> Vec<Vec<u8>> {
        let pairs = query.split(|byte| *byte == b'&').filter(|pair| may_be_scope(pair)).map(parameter);
        pairs.filter(|(name, _)| name == b"scope").map(|(_, value)| value).collect()
    };
    let set = scopes(own.as_bytes());
    if set.is_empty() {
        return false;
    }
    let theirs = scopes(original);
    let plain = original.split(|byte| *byte == b'&').filter(|pair| pair.starts_with(b"scope=") || *pair == b"scope");
    theirs.len() > plain.count() || theirs.len() > 1 || theirs.iter().any(|value| set.contains(value))
}

/// Most parameters are not even like it, and cost nothing more.
fn may_be_scope(pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    name.len() >= 5 && (name.eq_ignore_ascii_case(b"scope") || name.iter().any(|byte| !byte.is_ascii_alphanumeric()))
}

/// The name and the value of a pair, as the most forgiving program reads them: decoded as often as it takes.
fn parameter(pair: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    (bare(&pair[..end]), bare(pair.get(end + 1..).unwrap_or_default()))
}

fn bare(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_ascii_lowercase();
    // Each time it gets shorter.
    loop {
        let decoded: Vec<u8> = percent_encoding::percent_decode(&text).collect();
        if decoded.len() == text.len() {
            break;
        }
        text = decoded.to_ascii_lowercase();
    }
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'+' || *byte == 0;
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |at| at + 1);
    text[start..end].to_vec()
}

fn shares(own: &str, original: &[u8]) -> bool {
    let pairs = || own.split('&').filter(|pair| !pair.is_empty());
    original.split(|byte| *byte == b'&').any(|there| pairs().any(|pair| pair.as_bytes() == there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_the_original_request_is_no_parameter() {
        for (own, original, expected) in [
            ("", "scope=live:read", Some(None)),
            ("x=1&y", "x=1&y", Some(None)),
            ("x=1", "x=1&y", None),
            ("scope=live:read", "x=1", Some(Some("live:read"))),
            ("scope=live:read", "", Some(Some("live:read"))),
            ("scope=live:read", "scope=live:read", None),
            ("scope=data:read&scope=live:read", "scope=live:read", None),
            ("scope=data:read&scope=live:read", "x&scope=live:read", None),
            ("mode=nginx", "mode=nginx", None),
            ("%73cope=live:read", "%73cope=live:read", None),
            ("%73cope=live:read&x", "%73cope=live:read", None),
            // Written anew by a proxy on its way.
            ("scope=live:read", "%73cope=live:read", None),
            ("scope=live:read", "%2573cope=live:read", None),
            ("scope=live:read", "scope=live%3Aread", None),
            ("scope=live%3aread", "scope=live:read", None),
            ("scope=live:read", "SCOPE=live:read", None),
            ("scope=live:read", "+scope=live:read", None),
            ("scope=live:read", "scope%20=live:read", None),
            ("scope=data:read", "x&Scope=live:read", None),
            ("scope=data:read", "%73cope=live:read", None),
            ("scope=data:read", "scope=live:read&scope=calls:read", None),
            // The API's own.
            ("scope=data:read", "scope=live:read", Some(Some("data:read"))),
            ("scope=data:read", "scopes=live:read&telescope=x", Some(Some("data:read"))),
            ("", "%73cope=live:read", Some(None)),
        ] {
            let uri: Uri = format!("/authz?{own}").parse().unwrap();
            let read = Parameters::read(&uri, Some(original.as_bytes())).ok();
            let expected = expected.map(|scope| Parameters { scopes: scope.map(|scope| vec![scope.parse().unwrap()]) });
            assert_eq!(read, expected, "{own} {original}");
        }
    }

    #[test]
    fn scopes_are_collected_and_all_else_is_refused() {
        for (query, expected) in [
            ("", Some(None)),
            ("?", Some(None)),
            ("?mode=nginx", Some(None)),
            ("?scope=contacts:read", Some(Some(&["contacts:read"][..]))),
            ("?scope=contacts%3Aread&mode=nginx&scope=calls:*", Some(Some(&["contacts:read", "calls:*"]))),
            ("?scope=", None),
            ("?scope=contacts", None),
            ("?scope=contacts:read,calls:read", None),
            ("?mode=apache", None),
            ("?mode=nginx&mode=nginx", None),
            ("?key=secret", None),
            ("?scope=%zz", None),
        ] {
            let uri: Uri = format!("/authz{query}").parse().unwrap();
            let read = Parameters::read(&uri, None).ok();
            let expected = expected.map(|scopes| Parameters {
                scopes: scopes.map(|scopes| scopes.iter().map(|scope| scope.parse().unwrap()).collect()),
            });
            assert_eq!(read, expected, "{query}");
        }
    }
}
