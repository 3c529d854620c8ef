use std::time::Duration;

use envoy_types::{
    ext_authz::v3::pb::{CheckRequest, HttpResponse},
    pb::envoy::service::auth::v3::{
        AttributeContext,
        attribute_context::{HttpRequest, Request},
        authorization_client::AuthorizationClient,
    },
};

use super::{
    contract::{self, Contract},
    gate::{Gate, send},
    promises::{self, Forwarded},
    proxy::free_address,
    upstream::Upstream,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_over_http_keeps_every_promise() {
    let gate = Gate::open().await;
    let address = contract::start(Contract::EnvoyHttp, &gate).await;
    promises::all(&gate, &address, Forwarded::Appended).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_over_grpc_keeps_every_promise() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let address = contract::start(Contract::EnvoyGrpc, &gate).await;
    promises::all(&gate, &address, Forwarded::Appended).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_forwards_nothing_without_an_answer() {
    let upstream = Upstream::start().await;
    // Its system takes connections, and nobody ever answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for keydesk in [free_address(), silent.local_addr().unwrap().to_string()] {
        for contract in [Contract::EnvoyGrpc, Contract::EnvoyHttp] {
            let address = contract::start_between(contract, &keydesk, &upstream.address).await;
            let asked = send(&address, "GET", b"/api/contacts/42", &[], "");
            let got = tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap();
            assert_eq!(got.status, 503, "{contract:?}: {}", got.head);
        }
    }
    assert_eq!(upstream.calls(), 0);
}

fn question(key: &str, path: &str, headers: &[(&str, &str)], extensions: &[(&str, &str)]) -> CheckRequest {
    let own = [("authorization".to_owned(), format!("Bearer {key}"))];
    let owned = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let http = HttpRequest {
        method: "GET".to_owned(),
        path: path.to_owned(),
        headers: own.into_iter().chain(owned(headers)).collect(),
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        request: Some(Request { http: Some(http), ..Request::default() }),
        context_extensions: owned(extensions).into_iter().collect(),
        ..AttributeContext::default()
    };
    CheckRequest { attributes: Some(attributes) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_grpc_forgeries_are_taken_away_and_what_is_set_stays() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let mut client = AuthorizationClient::connect(format!("http://{}", gate.program.grpc_address)).await.unwrap();
    let forged = [
        ("x-keydesk-key-id", "forged"),
        ("x_keydesk_scopes", "forged"),
        ("x-keydesk-other", "forged"),
        ("x.keydesk.scopes", "forged"),
        ("x-keydesk", "forged"),
    ];
    let asked = question(&gate.reader.secret, "/api/contacts/42", &forged, &[]);
    let reply = client.check(asked).await.unwrap().into_inner();
    let Some(HttpResponse::OkResponse(ok)) = reply.http_response else { panic!("refused: {reply:?}") };
    let mut removed = ok.headers_to_remove;
    removed.sort_unstable();
    // Envoy removes after it has set: to remove what is set would take Keydesk's own word away.
    assert_eq!(removed, ["x-keydesk", "x-keydesk-other", "x.keydesk.scopes", "x_keydesk_scopes"]);
    let set: Vec<_> = ok.headers.into_iter().filter_map(|option| option.header).collect();
    assert!(set.iter().any(|header| header.key == "x-keydesk-key-id" && header.value == gate.reader.id), "{set:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_grpc_a_route_of_envoys_may_name_the_right() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let mut client = AuthorizationClient::connect(format!("http://{}", gate.program.grpc_address)).await.unwrap();
    for (key, path, scope, allowed) in [
        (&gate.poor, "/nowhere", "live:read", true),
        (&gate.poor, "/nowhere", "live:read contacts:read", false),
        (&gate.poor, "/api/contacts/42?scope=live:read", "contacts:read", false),
        (&gate.poor, "/nowhere", "nonsense", false),
        (&gate.poor, "/a//b", "live:read", false),
        (&gate.poor, "/a\nb", "live:read", false),
        // Without raw headers it may be Envoy's word for a byte that is no UTF-8.
        (&gate.poor, "/a!", "live:read", false),
        (&gate.poor, "/a?!", "live:read", true),
    ] {
        let asked = question(&key.secret, path, &[], &[("scope", scope)]);
        let reply = client.check(asked).await.unwrap().into_inner();
        assert_eq!(reply.status.unwrap().code == 0, allowed, "{path} {scope}");
    }
    let empty = client.check(CheckRequest::default()).await;
    assert_eq!(empty.unwrap_err().code(), tonic::Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_of_envoys_does_not_keep_keydesk_from_stopping() {
    let mut gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let mut client = AuthorizationClient::connect(format!("http://{}", gate.program.grpc_address)).await.unwrap();
    let asked = || question(&gate.reader.secret, "/api/contacts/42", &[], &[]);
    assert!(client.check(asked()).await.is_ok());
    gate.program.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), gate.program.end()).await;
    assert_eq!(ended.unwrap(), Some(0));
}
