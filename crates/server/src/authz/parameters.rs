use http::Uri;
use model::Scope;

use crate::{
    problem::Problem,
    query::{self, wrong},
};

/// What the operator wrote behind `/authz` into the proxy's configuration.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// The wanted rights; `None`: the route table knows.
    pub(crate) scopes: Option<Vec<Scope>>,
}

/// Whether the answer is for nginx. Known before anything else is, since refusals depend on it too. Below `/authz` the query
/// is not the proxy's.
pub(crate) fn is_for_nginx(uri: &Uri) -> bool {
    uri.path() == "/authz" && uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "mode=nginx"))
}

impl Parameters {
    /// Reads the query of `/authz` itself. Below it the query is the original request's, and its sender's to choose.
    pub(crate) fn read(uri: &Uri) -> Result<Self, Problem> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            let read = Parameters::read(&uri).ok();
            let expected = expected.map(|scopes| Parameters {
                scopes: scopes.map(|scopes| scopes.iter().map(|scope| scope.parse().unwrap()).collect()),
            });
            assert_eq!(read, expected, "{query}");
        }
    }
}
