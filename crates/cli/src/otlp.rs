//! Where traces go: `[otlp]` in the file, and the variables that OpenTelemetry has for it, which go before the file.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Uri, uri::Authority};
use serde::Deserialize;

/// Where and how spans are sent. No `Debug`: headers may hold a password.
#[derive(Clone)]
pub struct Otlp {
    /// Whether it is asked over TLS.
    pub tls: bool,
    /// Its host, and its port.
    pub authority: Authority,
    /// Where on it spans are taken.
    pub path: String,
    /// What goes with every request to it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Of the requests that begin a trace, how many are sampled: 0 to 1.
    pub share: f64,
    /// The name of this service there.
    pub service: String,
}

/// `[otlp]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtlpEntry {
    endpoint: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    share: Option<f64>,
    service_name: Option<String>,
}

/// Why the configuration can't be used. What was given is not repeated, since it may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidOtlp {
    #[error("{0} is not where a collector listens: give an address such as http://127.0.0.1:4318.")]
    Endpoint(&'static str),
    #[error("{0} are names and values of headers: name=value, with commas between them in the variable.")]
    Headers(&'static str),
    #[error("{0} is a share of all requests: a number from 0 to 1.")]
    Share(&'static str),
}

/// Where spans are taken below an address that names none.
const PATH: &str = "/v1/traces";

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const SHARE: &str = "OTEL_TRACES_SAMPLER_ARG";
const SERVICE: &str = "OTEL_SERVICE_NAME";

impl Otlp {
    /// `None`: traces go nowhere, since nobody said where.
    pub(crate) fn resolve(
        entry: OtlpEntry,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, InvalidOtlp> {
        let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
        let own = entry.endpoint.filter(|text| !text.is_empty());
        // The address of traces alone is taken as it is, by OpenTelemetry's own rule.
        let (name, address, is_whole) = match (variable(TRACES_ENDPOINT), variable(ENDPOINT), own) {
            (Some(address), _, _) => (TRACES_ENDPOINT, address, true),
            (None, Some(address), _) => (ENDPOINT, address, false),
            (None, None, Some(address)) => ("otlp.endpoint", address, false),
            (None, None, None) => return Ok(None),
        };
        let invalid = || InvalidOtlp::Endpoint(name);
        let uri: Uri = address.trim_end_matches('/').parse().map_err(|_| invalid())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(invalid()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(invalid)?;
        if uri.query().is_some() {
            return Err(invalid());
        }
        let below = uri.path().trim_end_matches('/');
        let path = if is_whole || below.ends_with(PATH) { uri.path().to_owned() } else { format!("{below}{PATH}") };
        let headers = match variable(HEADERS) {
            Some(text) => of_variable(&text)?,
            None => entry
                .headers
                .iter()
                .map(|(name, value)| header(name, value, "otlp.headers"))
                .collect::<Result<_, _>>()?,
        };
        let share = match (variable(SHARE), entry.share) {
            (Some(text), _) => text.trim().parse().map_err(|_| InvalidOtlp::Share(SHARE))?,
            (None, share) => share.unwrap_or(1.0),
        };
        if !(0.0..=1.0).contains(&share) {
            return Err(InvalidOtlp::Share("otlp.share"));
        }
        let service = variable(SERVICE).or(entry.service_name.filter(|name| !name.is_empty()));
        let service = service.unwrap_or_else(|| "keydesk".to_owned());
        Ok(Some(Self { tls, authority: authority.clone(), path, headers, share, service }))
    }
}

/// `name=value,name=value`, each percent-encoded where it must be.
fn of_variable(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, InvalidOtlp> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let read = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').ok_or(InvalidOtlp::Headers(HEADERS))?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8();
        header(name.trim(), &value.map_err(|_| InvalidOtlp::Headers(HEADERS))?, HEADERS)
    });
    read.collect()
}

fn header(name: &str, value: &str, given: &'static str) -> Result<(HeaderName, HeaderValue), InvalidOtlp> {
    let invalid = || InvalidOtlp::Headers(given);
    let name = HeaderName::try_from(name).map_err(|_| invalid())?;
    let mut value = HeaderValue::try_from(value).map_err(|_| invalid())?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(file: &str, variables: &[(&str, &str)]) -> Result<Option<Otlp>, InvalidOtlp> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Otlp::resolve(toml::from_str(file).unwrap(), variable)
    }

    #[test]
    fn traces_go_where_the_file_or_a_variable_says_and_else_nowhere() {
        let file = "endpoint = \"http://127.0.0.1:4318/\"\n";
        assert!(resolved("share = 0.5", &[(ENDPOINT, "")]).ok().unwrap().is_none());
        for (variables, expected) in [
            (&[][..], (false, "127.0.0.1:4318", "/v1/traces")),
            (&[(ENDPOINT, "https://otel.example/prefix")][..], (true, "otel.example", "/prefix/v1/traces")),
            (&[(ENDPOINT, "http://a:1/v1/traces")][..], (false, "a:1", "/v1/traces")),
            (&[(ENDPOINT, "http://a:1"), (TRACES_ENDPOINT, "http://b:2/x")][..], (false, "b:2", "/x")),
        ] {
            let otlp = resolved(file, variables).ok().unwrap().unwrap();
            assert_eq!((otlp.tls, otlp.authority.as_str(), otlp.path.as_str()), expected, "{variables:?}");
        }
    }

    #[test]
    fn the_rest_has_defaults_and_variables_go_before_the_file() {
        let file =
            "endpoint = \"http://a:1\"\nshare = 0.25\nservice_name = \"desk\"\nheaders = { x-token = \"of file\" }\n";
        let read = |variables: &[(&str, &str)]| {
            let otlp = resolved(file, variables).ok().unwrap().unwrap();
            let headers: Vec<_> =
                otlp.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            (otlp.share.to_string(), otlp.service, headers.join("; "))
        };
        assert_eq!(read(&[]), ("0.25".to_owned(), "desk".to_owned(), "x-token: of file".to_owned()));
        let variables = [(SHARE, "1"), (SERVICE, "other"), (HEADERS, "Authorization=Basic%20YTpi, x = y")];
        assert_eq!(
            read(&variables),
            ("1".to_owned(), "other".to_owned(), "authorization: Basic YTpi; x: y".to_owned())
        );
        let bare = resolved("endpoint = \"http://a:1\"", &[]).ok().unwrap().unwrap();
        assert_eq!((bare.share.to_string(), bare.service), ("1".to_owned(), "keydesk".to_owned()));
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        for (file, variables, expected) in [
            ("endpoint = \"127.0.0.1:4318\"", &[][..], InvalidOtlp::Endpoint("otlp.endpoint")),
            ("endpoint = \"http://u:hunter2@a:1\"", &[][..], InvalidOtlp::Endpoint("otlp.endpoint")),
            ("endpoint = \"http://a:1?x=hunter2\"", &[][..], InvalidOtlp::Endpoint("otlp.endpoint")),
            ("", &[(ENDPOINT, "grpc://a:1")][..], InvalidOtlp::Endpoint(ENDPOINT)),
            ("endpoint = \"http://a:1\"", &[(HEADERS, "hunter2")][..], InvalidOtlp::Headers(HEADERS)),
            ("endpoint = \"http://a:1\"\nheaders = { \"a b\" = \"c\" }", &[][..], InvalidOtlp::Headers("otlp.headers")),
            ("endpoint = \"http://a:1\"\nshare = 1.5", &[][..], InvalidOtlp::Share("otlp.share")),
            ("endpoint = \"http://a:1\"", &[(SHARE, "all")][..], InvalidOtlp::Share(SHARE)),
        ] {
            let refused = resolved(file, variables).err().unwrap();
            assert_eq!(refused, expected);
            assert!(!refused.to_string().contains("hunter2"));
        }
    }
}
