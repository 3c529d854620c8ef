//! What the Integration Documentation says of this deployment.

use std::net::SocketAddr;

use app::Documentation;
use cli::Docs;
use model::OriginPattern;

/// The documentation of a deployment at `workspace`, with its gateway where that listens.
pub(crate) fn documentation(docs: &Docs, workspace: &str, gateway: Option<SocketAddr>) -> Documentation {
    let listening = gateway.map(|address| format!("http://{}", reached(address)));
    let gateway = docs.gateway_url.clone().filter(|_| listening.is_some()).or(listening);
    Documentation { public: docs.public, gateway, workspace: workspace.to_owned(), ..described() }
}

/// The published descriptions alone.
pub(crate) fn described() -> Documentation {
    Documentation {
        openapi: || Box::pin(contact_centre_api::openapi_document()),
        asyncapi: contact_centre_api::asyncapi_document,
        unreadable: |api, error| tracing::error!(api, %error, "a description can't be read"),
        ..Documentation::default()
    }
}

/// From where the documentation calls the gateway: from the address under which people open Keydesk and, on this machine, from each
/// of its names.
pub(crate) fn origins(workspace: &str) -> Vec<OriginPattern> {
    let port = workspace.strip_prefix("http://127.0.0.1").or_else(|| workspace.strip_prefix("http://localhost"));
    let here = port.into_iter().flat_map(|port| ["127.0.0.1", "localhost"].map(|name| format!("http://{name}{port}")));
    let all = here.chain([workspace.to_owned()]);
    all.filter_map(|origin| OriginPattern::parse(&origin).ok()).collect()
}

/// An address that can be called: where it listens on all, this machine.
fn reached(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_where_the_configuration_says_or_where_it_listens() {
        let listening: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let named = Docs { public: false, gateway_url: Some("https://gateway.example".to_owned()) };
        for (docs, gateway, expected) in [
            (&Docs::default(), None, None),
            (&named, None, None),
            (&Docs::default(), Some(listening), Some("http://127.0.0.1:8080")),
            (&named, Some(listening), Some("https://gateway.example")),
        ] {
            assert_eq!(documentation(docs, "http://127.0.0.1:3000", gateway).gateway.as_deref(), expected);
        }
    }

    #[test]
    fn pages_call_from_every_name_of_this_machine() {
        let written = |workspace| origins(workspace).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(written("http://127.0.0.1:3000").contains(&"http://localhost:3000".to_owned()));
        assert_eq!(written("https://desk.example"), ["https://desk.example"]);
    }
}
