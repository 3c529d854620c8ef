//! A provider, asked over HTTP.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

use std::time::Duration;

use oidc::{
    Asked, Failed, Identity, Provider, ProviderOptions,
    testing::{CLIENT, FakeProvider, Flaw},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

const VERIFIER: &str = "a-verifier-of-the-length-that-the-rules-want-0123456789";
const ASKED: Asked<'static> = Asked {
    state: "the state",
    nonce: "the nonce",
    verifier: VERIFIER,
    redirect_uri: "http://127.0.0.1:3000/login/oidc/callback",
};

fn options(provider: &FakeProvider) -> ProviderOptions {
    ProviderOptions {
        issuer: provider.issuer(),
        client_id: CLIENT.0.to_owned(),
        client_secret: Some(Zeroizing::new(CLIENT.1.to_owned())),
        scopes: vec!["openid".to_owned(), "email".to_owned(), "profile".to_owned()],
        role_claim: "groups".to_owned(),
        roots: Vec::new(),
    }
}

fn ada() -> Value {
    json!({
        "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace", "groups": ["owners"],
    })
}

fn code(query: &str) -> String {
    query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap().to_owned()
}

/// Who somebody is by a provider with this flaw.
async fn identified(provider: &FakeProvider, flaw: Flaw, claims: Value, info: Value) -> Result<Identity, Failed> {
    let own = Provider::new(options(provider)).unwrap();
    let address = own.address(ASKED, None).await?;
    let code = code(&provider.grant(&address, claims, info));
    provider.set_flaw(flaw);
    own.identify(code, ASKED).await
}

#[tokio::test]
async fn somebody_is_whom_the_token_means() {
    let provider = FakeProvider::start().await;
    let own = Provider::new(options(&provider)).unwrap();
    let address = own.address(ASKED, None).await.unwrap();
    assert!(address.starts_with(&format!("{}/auth?", provider.issuer())), "{address}");
    for part in ["scope=openid+email+profile", "state=the+state", "nonce=the+nonce", "code_challenge_method=S256"] {
        assert!(address.contains(part), "{part} {address}");
    }
    assert!(!address.contains(VERIFIER));
    let code = code(&provider.grant(&address, ada(), json!({})));
    let identity = own.identify(code.clone(), ASKED).await.unwrap();
    assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), (provider.issuer().as_str(), "ada-1"));
    assert_eq!((identity.email.as_deref(), identity.email_verified), (Some("ada@example.com"), Some(true)));
    assert_eq!(
        (identity.name.as_deref(), identity.roles.as_slice()),
        (Some("Ada Lovelace"), &["owners".to_owned()][..])
    );
    assert_eq!(provider.asked("/me"), 0, "nothing is missing");
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 1, "what it says of itself is remembered");
    assert!(matches!(own.identify(code, ASKED).await, Err(Failed::Answer(_))), "a code works once");
    let shown = format!("{own:?} {identity:?}");
    assert!(!shown.contains(CLIENT.1) && !shown.contains("ada"), "{shown}");
}

#[tokio::test]
async fn whoever_is_asked_anew_says_when_they_have_said_it() {
    let provider = FakeProvider::start().await;
    let own = Provider::new(options(&provider)).unwrap();
    let plain = own.address(ASKED, None).await.unwrap();
    assert!(!plain.contains("prompt=") && !plain.contains("max_age="), "{plain}");
    let again = own.address(ASKED, Some(Duration::from_secs(600))).await.unwrap();
    for part in ["prompt=login", "max_age=600", "nonce=the+nonce"] {
        assert!(again.contains(part), "{part} {again}");
    }
    let mut claims = ada();
    claims["auth_time"] = json!(1_795_382_400);
    let identity = identified(&provider, Flaw::None, claims, json!({})).await.unwrap();
    assert_eq!(identity.said_at, Some(1_795_382_400));
    assert_eq!(identified(&provider, Flaw::None, ada(), json!({})).await.unwrap().said_at, None);
}

#[tokio::test]
async fn what_the_token_leaves_out_the_user_info_says() {
    let provider = FakeProvider::start().await;
    let info = json!({ "email": "ada@example.com", "email_verified": "true", "preferred_username": "ada", "groups": "viewers" });
    let identity = identified(&provider, Flaw::None, json!({ "sub": "ada-1" }), info).await.unwrap();
    assert_eq!((identity.email.as_deref(), identity.email_verified), (Some("ada@example.com"), Some(true)));
    assert_eq!((identity.name.as_deref(), identity.roles.as_slice()), (Some("ada"), &["viewers".to_owned()][..]));
    let other =
        identified(&provider, Flaw::Subject, json!({ "sub": "ada-1" }), json!({ "email": "eve@example.com" })).await;
    assert!(matches!(other, Err(Failed::Provider(_))), "{other:?}");
}

#[tokio::test]
async fn what_was_not_made_for_this_sign_in_is_refused() {
    let provider = FakeProvider::start().await;
    for flaw in [
        Flaw::Signature,
        Flaw::Unsigned,
        Flaw::Audience,
        Flaw::Audiences,
        Flaw::Issuer,
        Flaw::Nonce,
        Flaw::NoNonce,
        Flaw::Over,
    ] {
        provider.set_flaw(Flaw::None);
        let refused = identified(&provider, flaw, ada(), json!({})).await;
        assert!(matches!(refused, Err(Failed::Answer(_) | Failed::Provider(_))), "{flaw:?} {refused:?}");
        let said = refused.unwrap_err().to_string();
        assert!(!said.contains("ada") && !said.contains("eyJ"), "{said}");
    }
    provider.set_flaw(Flaw::None);
    let own = Provider::new(options(&provider)).unwrap();
    let address = own.address(ASKED, None).await.unwrap();
    for wrong in [
        Asked { verifier: "another-verifier-of-the-length-that-the-rules-want-012345", ..ASKED },
        Asked { redirect_uri: "http://127.0.0.1:3000/elsewhere", ..ASKED },
    ] {
        let code = code(&provider.grant(&address, ada(), json!({})));
        assert!(matches!(own.identify(code, wrong).await, Err(Failed::Answer(_))), "{}", wrong.redirect_uri);
    }
    let unknown = Provider::new(ProviderOptions { client_secret: None, ..options(&provider) }).unwrap();
    let code = code(&provider.grant(&address, ada(), json!({})));
    let refused = unknown.identify(code, ASKED).await.unwrap_err();
    assert_eq!(refused, Failed::Provider("it answers invalid_client".to_owned()));
}

#[tokio::test]
async fn an_answer_of_another_provider_is_known_by_its_issuer() {
    let provider = FakeProvider::start().await;
    let own = Provider::new(options(&provider)).unwrap();
    own.require_own(Some(&provider.issuer())).await.unwrap();
    for other in [Some("https://other.example.com"), Some(""), None] {
        assert!(matches!(own.require_own(other).await, Err(Failed::Answer(_))), "{other:?}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_bounded_and_left_alone_for_a_while() {
    let provider = FakeProvider::start().await;
    provider.set_flaw(Flaw::Endless);
    let own = Provider::new(options(&provider)).unwrap();
    let failed = own.address(ASKED, None).await.unwrap_err();
    assert!(failed.to_string().contains("sends more than 1 MiB"), "{failed}");
    provider.set_flaw(Flaw::None);
    assert_eq!(own.address(ASKED, None).await.unwrap_err(), failed, "it is not asked again at once");
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 1);
    // No redirect is followed.
    let refused = identified(&provider, Flaw::Redirect, ada(), json!({})).await;
    assert!(matches!(refused, Err(Failed::Provider(_))), "{refused:?}");
    assert_eq!(provider.asked("/other"), 0);
    provider.set_flaw(Flaw::Down);
    let down = Provider::new(options(&provider)).unwrap().address(ASKED, None).await.unwrap_err();
    assert!(down.to_string().contains("503"), "{down}");
    // It writes its issuer without the slash.
    provider.set_flaw(Flaw::None);
    let other = ProviderOptions { issuer: format!("{}/", provider.issuer()), ..options(&provider) };
    assert!(matches!(Provider::new(other).unwrap().address(ASKED, None).await, Err(Failed::Provider(_))));
}

#[tokio::test]
async fn options_that_can_not_be_used_are_refused_by_their_names() {
    let provider = FakeProvider::start().await;
    let refused = |options: ProviderOptions| Provider::new(options).unwrap_err().to_string();
    let own = || options(&provider);
    for issuer in ["", "id.example.com", "http://id.example.com", "ftp://id.example.com"] {
        let said = refused(ProviderOptions { issuer: issuer.to_owned(), ..own() });
        assert!(said.starts_with("oidc.issuer must be"), "{issuer} {said}");
    }
    assert!(refused(ProviderOptions { client_id: String::new(), ..own() }).starts_with("oidc.client_id must"));
    for claim in ["", "a..b", "sub", "email", "iss.x"] {
        let said = refused(ProviderOptions { role_claim: claim.to_owned(), ..own() });
        assert!(said.starts_with("oidc.role_claim must"), "{claim} {said}");
    }
    assert!(refused(ProviderOptions { scopes: vec!["a b".to_owned()], ..own() }).starts_with("oidc.scopes must"));
    let roots = b"-----BEGIN CERTIFICATE-----\n!\n".to_vec();
    assert!(refused(ProviderOptions { roots, ..own() }).starts_with("oidc.ca must"));
}
