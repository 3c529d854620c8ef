use std::{
    borrow::Cow,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse,
    StandardTokenResponse, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    Identity, InvalidOptions, ProviderOptions,
    fetch::{Http, may_be_asked},
    identity::{Claims, Said},
};

/// How long what a provider says of itself is believed, and how long it is not asked again when it did not say it.
const KNOWN: Duration = Duration::from_secs(60 * 60);
const NOT_ASKED: Duration = Duration::from_secs(5);
/// Keys are asked for anew at most so often, however many tokens come that none of them has signed.
const KEYS_AGAIN: Duration = Duration::from_secs(60);
/// Letters of a subject, by OpenID Connect.
const SUBJECT_MAX: usize = 255;
/// Signatures that somebody else can't make who knows the client's secret.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a provider says of itself beyond what OpenID Connect Discovery has.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct More {
    /// RFC 9207: every answer names the issuer, so that none of another provider is taken for it.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Tokens = StandardTokenResponse<Fields, CoreTokenType>;

type OurClient = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What one sign-in was asked with. Each has its own, and none is used twice.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Comes back with the answer.
    pub state: &'a str,
    /// Stands in the ID token.
    pub nonce: &'a str,
    /// Proves that whoever brings the code is who asked for it: 43 to 128 letters.
    pub verifier: &'a str,
    /// Where the answer goes.
    pub redirect_uri: &'a str,
}

/// Why it is not known who somebody is. For the log: neither a code nor a token is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The provider can't be asked, or says what nobody understands.
    #[error("the identity provider can't be asked: {0}")]
    Provider(String),
    /// The code or the token is not one that was made for this sign-in.
    #[error("the identity provider's answer is not for this sign-in: {0}")]
    Answer(String),
}

/// What claims say of somebody, whether they are of an ID token or of the user info.
macro_rules! said {
    ($claims:expr, $role_claim:expr) => {{
        let claims = $claims;
        let name = claims.name().and_then(|names| names.get(None)).map(|name| name.as_str());
        let name = name.or_else(|| claims.preferred_username().map(|login| login.as_str()));
        let email = claims.email().map(|email| email.as_str());
        Said::new((email, claims.email_verified()), name, claims.additional_claims(), $role_claim)
    }};
}

enum Known {
    Nothing,
    Good { metadata: Arc<Metadata>, at: Instant },
    Bad { failed: Failed, at: Instant },
}

/// A provider.
pub struct Provider {
    options: ProviderOptions,
    issuer: IssuerUrl,
    http: Http,
    /// Held while the provider is asked: of many who sign in at once one asks, and the others wait for the answer.
    known: Mutex<Known>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Provider {
    /// A provider with these options. It is asked when somebody signs in.
    pub fn new(options: ProviderOptions) -> Result<Self, InvalidOptions> {
        options.check()?;
        if !may_be_asked(&options.issuer) {
            return Err(InvalidOptions::Issuer);
        }
        let issuer = IssuerUrl::new(options.issuer.clone()).map_err(|_| InvalidOptions::Issuer)?;
        let http = Http::new(&options.roots)?;
        Ok(Self { options, issuer, http, known: Mutex::new(Known::Nothing) })
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.options.issuer
    }

    /// The address that somebody is sent to, to say there who they are. With `again` they say it anew, whoever is signed in there, and
    /// the provider says when: not longer ago than this.
    pub async fn address(&self, asked: Asked<'_>, again: Option<Duration>) -> Result<String, Failed> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata);
        let (state, nonce) = (asked.state.to_owned(), asked.nonce.to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(asked.verifier.to_owned()));
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(challenge)
            .set_redirect_uri(Cow::Owned(redirect(asked)?));
        if let Some(age) = again {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(age);
        }
        for scope in &self.options.scopes {
            if scope != "openid" {
                request = request.add_scope(Scope::new(scope.clone()));
            }
        }
        let (address, _, _) = request.url();
        if !may_be_asked(address.as_str()) {
            return Err(Failed::Provider("it wants people to come without TLS".to_owned()));
        }
        Ok(address.to_string())
    }

    /// Refuses an answer that another provider has given, by the issuer that the answer names.
    pub async fn require_own(&self, issuer: Option<&str>) -> Result<(), Failed> {
        let own = match issuer {
            Some(issuer) => issuer == self.options.issuer,
            None => !self.metadata().await?.additional_metadata().authorization_response_iss_parameter_supported,
        };
        if own { Ok(()) } else { Err(answer("it names another issuer, or none")) }
    }

    /// Who has brought the code.
    pub async fn identify(&self, code: String, asked: Asked<'_>) -> Result<Identity, Failed> {
        let metadata = self.metadata().await?;
        let tokens = self.exchange(&metadata, code, asked).await?;
        let nonce = Nonce::new(asked.nonce.to_owned());
        let read = self.read(&metadata, &tokens, &nonce).await;
        // It may have signed with a key that is new.
        if matches!(read, Err(Unread::Unsigned(_))) && self.forget_keys().await {
            let metadata = self.metadata().await?;
            return self.read(&metadata, &tokens, &nonce).await.map_err(Unread::failed);
        }
        read.map_err(Unread::failed)
    }

    async fn exchange(&self, metadata: &Metadata, code: String, asked: Asked<'_>) -> Result<Tokens, Failed> {
        let client = self.client(metadata);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Failed::Provider(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier.to_owned()))
            .set_redirect_uri(Cow::Owned(redirect(asked)?));
        request.request_async(&self.http).await.map_err(|error| match error {
            // What it says of it may repeat what was sent.
            RequestTokenError::ServerResponse(said) => match said.error() {
                CoreErrorResponseType::InvalidGrant => answer("the code is over, or was made for another"),
                other => Failed::Provider(format!("it answers {}", word(other.as_ref()))),
            },
            RequestTokenError::Request(failed) => Failed::Provider(failed.to_string()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Failed::Provider("its answer is not understood".to_owned())
            }
        })
    }

    /// Whom the ID token means, when they have said who they are, and what it says of them.
    fn verified(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        nonce: &Nonce,
    ) -> Result<(SubjectIdentifier, Option<i64>, Said), Unread> {
        let client = self.client(metadata);
        let token = tokens.id_token().ok_or_else(|| Failed::Provider("it gives no ID token".to_owned()))?;
        let advertised = metadata.id_token_signing_alg_values_supported();
        let algorithms = SIGNED_BY.into_iter().filter(|algorithm| advertised.contains(algorithm));
        let verifier = client.id_token_verifier().set_allowed_algs(algorithms);
        let claims = token.claims(&verifier, nonce).map_err(Unread::from)?;
        if claims.authorized_party().is_some_and(|party| party.as_str() != self.options.client_id) {
            return Err(answer("its token was made for another party").into());
        }
        if let Some(expected) = claims.access_token_hash() {
            let signed = || -> Result<AccessTokenHash, String> {
                let algorithm = token.signing_alg().map_err(|error| error.to_string())?;
                let key = token.signing_key(&verifier).map_err(|error| error.to_string())?;
                AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(|error| error.to_string())
            };
            if signed().map_err(|error| answer(&error))? != *expected {
                return Err(answer("its access token belongs to another ID token").into());
            }
        }
        let subject = claims.subject().clone();
        if subject.is_empty() || subject.chars().count() > SUBJECT_MAX {
            return Err(answer("its subject is empty or too long").into());
        }
        let said_at = claims.auth_time().map(|at| at.timestamp());
        Ok((subject, said_at, said!(claims, &self.options.role_claim)))
    }

    async fn read(&self, metadata: &Metadata, tokens: &Tokens, nonce: &Nonce) -> Result<Identity, Unread> {
        let (subject, said_at, mut said) = self.verified(metadata, tokens, nonce)?;
        if !said.is_whole() && metadata.userinfo_endpoint().is_some() {
            let client = self.client(metadata);
            let request = client
                .user_info(tokens.access_token().clone(), Some(subject.clone()))
                .map_err(|error| Failed::Provider(error.to_string()))?;
            let info: UserInfoClaims<Claims, CoreGenderClaim> = request
                .request_async(&self.http)
                .await
                .map_err(|_| Failed::Provider("it does not say who that is".to_owned()))?;
            said = said.or(said!(&info, &self.options.role_claim));
        }
        let Said { email, email_verified, name, roles } = said;
        let (issuer, subject) = (self.options.issuer.clone(), subject.as_str().to_owned());
        Ok(Identity { issuer, subject, said_at, email, email_verified, name, roles })
    }

    fn client(&self, metadata: &Metadata) -> OurClient {
        let secret = self.options.client_secret.as_ref().map(|secret| ClientSecret::new(secret.to_string()));
        let client =
            OurClient::from_provider_metadata(metadata.clone(), ClientId::new(self.options.client_id.clone()), secret);
        // Where it says nothing, by its name and password in the head.
        let basic = metadata
            .token_endpoint_auth_methods_supported()
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        client.set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
    }

    /// What the provider says of itself, as it was asked last.
    async fn metadata(&self) -> Result<Arc<Metadata>, Failed> {
        let mut known = self.known.lock().await;
        match &*known {
            Known::Good { metadata, at } if at.elapsed() < KNOWN => return Ok(Arc::clone(metadata)),
            Known::Bad { failed, at } if at.elapsed() < NOT_ASKED => return Err(failed.clone()),
            _ => {}
        }
        match Metadata::discover_async(self.issuer.clone(), &self.http).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known::Good { metadata: Arc::clone(&metadata), at: Instant::now() };
                Ok(metadata)
            }
            Err(error) => {
                let why = match error {
                    openidconnect::DiscoveryError::Request(failed) => failed.to_string(),
                    openidconnect::DiscoveryError::Response(status, ..) => format!("it answers {status}"),
                    openidconnect::DiscoveryError::Validation(why) => why,
                    _ => "what it says of itself is not understood".to_owned(),
                };
                let failed = Failed::Provider(why);
                *known = Known::Bad { failed: failed.clone(), at: Instant::now() };
                Err(failed)
            }
        }
    }

    /// Has the keys asked for anew. False: they were just now.
    async fn forget_keys(&self) -> bool {
        let mut known = self.known.lock().await;
        let old = matches!(&*known, Known::Good { at, .. } if at.elapsed() >= KEYS_AGAIN);
        if old {
            *known = Known::Nothing;
        }
        old
    }
}

/// Why a token was not read.
enum Unread {
    /// None of the keys that are known has signed it.
    Unsigned(Failed),
    Failed(Failed),
}

impl Unread {
    fn failed(self) -> Failed {
        match self {
            Self::Unsigned(failed) | Self::Failed(failed) => failed,
        }
    }
}

impl From<Failed> for Unread {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<ClaimsVerificationError> for Unread {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::SignatureVerification(why) => Self::Unsigned(answer(&why.to_string())),
            // These repeat what the token says.
            ClaimsVerificationError::InvalidNonce(_) => Self::Failed(answer("its token was made for another sign-in")),
            ClaimsVerificationError::InvalidIssuer(_) => Self::Failed(answer("its token is of another issuer")),
            ClaimsVerificationError::InvalidAudience(_) => Self::Failed(answer("its token is for somebody else")),
            ClaimsVerificationError::Expired(_) => Self::Failed(answer("its token is over; compare the clocks")),
            _ => Self::Failed(answer("its token is not understood")),
        }
    }
}

fn answer(why: &str) -> Failed {
    Failed::Answer(why.to_owned())
}

/// What a provider says in one word, as it may stand in a log.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect()
}

fn redirect(asked: Asked<'_>) -> Result<RedirectUrl, Failed> {
    RedirectUrl::new(asked.redirect_uri.to_owned()).map_err(|_| Failed::Provider("there is no way back".to_owned()))
}
