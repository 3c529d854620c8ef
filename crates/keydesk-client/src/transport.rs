//! One request, one answer: connections, certificates, and nothing of what is asked.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header, uri::Scheme};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::time::timeout;

use crate::{Error, call::Call};

/// A connection that nobody has used for so long is closed.
const IDLE: Duration = Duration::from_secs(60);
/// Until there is a connection.
const CONNECT: Duration = Duration::from_secs(5);
const AGENT: HeaderValue = HeaderValue::from_static(concat!("keydesk-client/", env!("CARGO_PKG_VERSION"), " (Rust)"));

/// Where calls go, and with which key.
pub(crate) struct Transport {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Without a path: `https://keydesk.example.com`.
    address: String,
    bearer: HeaderValue,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Transport {
    /// To the server at this address, with this key. `roots` are certificates in PEM, trusted beside those that browsers trust.
    pub(crate) fn new(address: &str, key: &str, roots: &[u8]) -> Result<Self, Error> {
        let uri: Uri = address.trim_end_matches('/').parse().map_err(|_| Error::InvalidAddress)?;
        let scheme = uri.scheme().filter(|scheme| [&Scheme::HTTP, &Scheme::HTTPS].contains(scheme));
        let (Some(scheme), Some(authority), "" | "/", None) = (scheme, uri.authority(), uri.path(), uri.query()) else {
            return Err(Error::InvalidAddress);
        };
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.trim())).map_err(|_| Error::InvalidKey)?;
        bearer.set_sensitive(true);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls(roots)?).https_or_http().enable_all_versions();
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector.wrap_connector(tcp));
        Ok(Self { pool, address: format!("{scheme}://{authority}"), bearer })
    }

    /// Sends a call, and waits for the head of the answer.
    pub(crate) async fn send(&self, call: &Call) -> Result<Response<Incoming>, Error> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(format!("{}{}{}", self.address, call.path, call.query.as_str()))
            .header(header::AUTHORIZATION, &self.bearer)
            .header(header::USER_AGENT, AGENT);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(call.body.clone())).map_err(|_| Error::InvalidAddress)?;
        self.pool.request(request).await.map_err(|error| {
            if error.is_connect() { Error::Unreachable(Box::new(error)) } else { Error::Broken(Box::new(error)) }
        })
    }

    /// Sends a call, and reads the whole answer.
    pub(crate) async fn exchange(&self, call: &Call, within: Duration) -> Result<Response<Bytes>, Error> {
        let whole = async {
            let (parts, body) = self.send(call).await?.into_parts();
            let body = body.collect().await.map_err(|error| Error::Broken(Box::new(error)))?.to_bytes();
            Ok(Response::from_parts(parts, body))
        };
        timeout(within, whole).await.unwrap_or(Err(Error::TimedOut))
    }
}

/// TLS as all of Keydesk does it: rustls on aws-lc-rs.
fn tls(roots: &[u8]) -> Result<ClientConfig, Error> {
    let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in CertificateDer::pem_slice_iter(roots) {
        let root = root.map_err(|_| Error::InvalidCertificates)?;
        trusted.add(root).map_err(|_| Error::InvalidCertificates)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::InvalidCertificates)?;
    Ok(config.with_root_certificates(trusted).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_a_server_is_taken() {
        for good in ["http://127.0.0.1:3000", "https://keydesk.example.com/", "http://[::1]:8080"] {
            assert!(Transport::new(good, "k", b"").is_ok(), "{good}");
        }
        for bad in ["", "keydesk.example.com", "ftp://x", "https://x/api", "https://x/?a=b", "https://"] {
            assert!(matches!(Transport::new(bad, "k", b""), Err(Error::InvalidAddress)), "{bad}");
        }
    }

    #[test]
    fn the_key_is_not_shown() {
        let transport = Transport::new("http://127.0.0.1:3000", "ccc_live_secret", b"").unwrap();
        assert!(!format!("{transport:?} {:?}", transport.bearer).contains("secret"));
        assert!(matches!(Transport::new("http://127.0.0.1:3000", "a\nb", b""), Err(Error::InvalidKey)));
    }
}
