use domain::{Caller, Keydesk};
use edge::Problem;
use http::{HeaderMap, header};
use model::{KeyError, KeyId};

/// The version that `If-Match` asks for, if it asks for one.
///
/// A list of tags is settled by reading the key first: the version found is then the one that the change is bound to, so
/// nothing can slip in between.
pub(super) async fn if_match(
    keydesk: &Keydesk,
    caller: &Caller,
    id: KeyId,
    headers: &HeaderMap,
) -> Result<Option<i64>, Problem> {
    if_match_with(headers, async || Ok(keydesk.get(caller, id).await?.version)).await
}

/// The same for whatever has a version.
pub(super) async fn if_match_with(
    headers: &HeaderMap,
    current: impl AsyncFnOnce() -> Result<i64, KeyError>,
) -> Result<Option<i64>, Problem> {
    match read(headers)? {
        IfMatch::Absent | IfMatch::Any => Ok(None),
        IfMatch::Versions(versions) if versions.len() == 1 => Ok(versions.first().copied()),
        IfMatch::Versions(versions) => {
            let current = current().await?;
            if versions.contains(&current) { Ok(Some(current)) } else { Err(KeyError::VersionMoved { current }.into()) }
        }
    }
}

/// What `If-Match` asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    Absent,
    Any,
    /// Of the tags that could be Keydesk's; foreign ones never match.
    Versions(Vec<i64>),
}

pub(super) fn read(headers: &HeaderMap) -> Result<IfMatch, Problem> {
    let malformed = || Problem::invalid("If-Match is * or a list of entity tags such as \"3\".");
    let mut versions = Vec::new();
    let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
    if lines.peek().is_none() {
        return Ok(IfMatch::Absent);
    }
    for line in lines {
        let text = line.to_str().map_err(|_| malformed())?.trim();
        if text == "*" {
            return Ok(IfMatch::Any);
        }
        for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            let opaque = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
            let opaque = as_sent(opaque);
            // In Keydesk's own form: neither "03" nor "+3" is the tag of version 3.
            versions.extend(opaque.parse::<i64>().ok().filter(|version| version.to_string() == opaque));
        }
        if text.is_empty() {
            return Err(malformed());
        }
    }
    Ok(IfMatch::Versions(versions))
}

/// A tag as Keydesk sent it. Proxies that compress an answer mark its tag: nginx, Caddy, Cloudflare and Varnish make it weak, and
/// Apache, Caddy, Jetty and LiteSpeed write the coding behind it. A strong comparison would then never match, and the caller, who
/// has no other tag, could do nothing. A tag is a version here, not bytes, so it is taken for what it stands for.
fn as_sent(opaque: &str) -> &str {
    const CODINGS: [&str; 6] = ["gzip", "gz", "br", "zstd", "deflate", "df"];
    let digits = opaque.find(|c: char| !c.is_ascii_digit()).unwrap_or(opaque.len());
    let (version, mark) = opaque.split_at(digits);
    let coding =
        mark.strip_prefix("--").or_else(|| mark.strip_prefix(['-', ';'])).map(|coding| coding.trim_end_matches(';'));
    if coding.is_some_and(|coding| CODINGS.contains(&coding)) { version } else { opaque }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_rfc_9110_writes_them() {
        for (lines, expected) in [
            (&[][..], Some(IfMatch::Absent)),
            (&["*"], Some(IfMatch::Any)),
            (&["\"3\""], Some(IfMatch::Versions(vec![3]))),
            (&["\"3\", \"4\""], Some(IfMatch::Versions(vec![3, 4]))),
            (&["\"3\"", "\"4\""], Some(IfMatch::Versions(vec![3, 4]))),
            (&["W/\"3\""], Some(IfMatch::Versions(vec![3]))),
            (&["\"3-gzip\", \"4-br\", \"5-zstd\""], Some(IfMatch::Versions(vec![3, 4, 5]))),
            (&["W/\"3-gzip\", \"4;gzip\", \"5--gzip\", \"6;br;;;\""], Some(IfMatch::Versions(vec![3, 4, 5, 6]))),
            (
                &["\"x\", \"03\", \"+3\", \"03-gzip\", \"3-x\", \"3gzip\", \"-gzip\", \"3-gzip-gzip\""],
                Some(IfMatch::Versions(vec![])),
            ),
            (&["3"], None),
            (&["\"3"], None),
            (&[""], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::IF_MATCH, line.parse().unwrap());
            }
            assert_eq!(read(&headers).ok(), expected, "{lines:?}");
        }
    }
}
