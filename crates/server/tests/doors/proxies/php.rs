//! An API in PHP, which takes a header such as `X.Keydesk.Key.Id` for `X-Keydesk-Key-Id`.

use super::{
    envoy,
    gate::{Gate, send},
    proxy::{Proxy, free_address},
};

/// Answers with the headers as PHP names them.
const API: &str = r#"<?php
header("Content-Type: text/plain");
foreach ($_SERVER as $name => $value) { if (str_starts_with($name, "HTTP_")) { echo "$name: $value\n"; } }
"#;

async fn php() -> Proxy {
    let address = free_address();
    let files = [("api.php", API.to_owned())];
    Proxy::start("php", &["-n", "-S", &address, "api.php"], address.clone(), &files).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_envoy_no_header_reads_as_one_that_was_taken_away() {
    let gate = Gate::open_with(&["--grpc-listen", "127.0.0.1:0"]).await;
    let api = php().await;
    // The fault, without a proxy in front.
    let told =
        send(&api.address, "GET", b"/", &["X.Keydesk.Key.Id: forged", "X_HTTP_Method_Override: forged"], "").await;
    assert!(told.body.contains("HTTP_X_KEYDESK_KEY_ID: forged"), "{}", told.body);
    assert!(told.body.contains("HTTP_X_HTTP_METHOD_OVERRIDE: forged"), "{}", told.body);
    let key = format!("Authorization: Bearer {}", gate.reader.secret);
    for (file, keydesk) in [("envoy.yaml", &gate.program.grpc_address), ("envoy-http.yaml", &gate.program.address)] {
        let address = free_address();
        let proxy = envoy::start(envoy::file(file, &address, keydesk, &api.address), address).await;
        let plain = send(&proxy.address, "GET", b"/api/contacts/42", &[&key], "").await;
        assert_eq!(plain.status, 200, "{file}: {}", plain.head);
        assert!(plain.body.contains(&format!("HTTP_X_KEYDESK_KEY_ID: {}", gate.reader.id)), "{file}: {}", plain.body);
        for name in [
            "X-Keydesk-Key-Id",
            "X.Keydesk.Key.Id",
            "X_Keydesk_Key_Id",
            "X-Keydesk.Key-Id",
            "X.Keydesk-Scopes",
            "X.HTTP.Method.Override",
            "X_HTTP_Method_Override",
            "X-HTTP.Method-Override",
            "X.Original.URL",
            "X.Rewrite.URL",
            "X.Forwarded.For",
            "X.Forwarded-For",
            "X.Request.Id",
            "X.API.Key",
        ] {
            let line = format!("{name}: forged");
            let got = send(&proxy.address, "GET", b"/api/contacts/42", &[&key, &line], "").await;
            assert!(got.status == 200 || got.status == 400, "{file} {name}: {}", got.head);
            assert!(!got.body.contains(": forged"), "{file} {name}: {}", got.body);
        }
    }
}
