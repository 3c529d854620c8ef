//! The published description of the API: what `utoipa` reads above each endpoint, and what follows from its access.

use edge::problem::{self, ErrorKind, MEDIA_TYPE};
use http::StatusCode;
use utoipa::{
    OpenApi,
    openapi::{
        Content, Deprecated, Header, HeaderBuilder, HttpMethod, OpenApi as Description, PathItem, Ref, RefOr, Response,
        ResponseBuilder, Schema,
        extensions::ExtensionsBuilder,
        path::{Operation, Parameter},
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::endpoint::{Access, Endpoint};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keydesk",
        description = "API keys of a contact centre: managing them, and verifying each call that is made with one.\n\n\
            A key comes in `Authorization: Bearer <key>` or `X-API-Key: <key>`, never in a URL. Errors are problem documents \
            (RFC 9457). Every answer carries `X-Request-Id`; with the key that was refused, `GET /api/v1/explain/{request_id}` says why. \
            Instants are RFC 3339 in UTC with milliseconds, ids are UUIDs of \
            version 7. Fields and parameters that are not described here are refused.",
    ),
    // The latter are named by parameters alone.
    components(schemas(problem::Document<'static>, model::Attention, model::UsageGroup, model::UsageStep)),
    tags(
        (name = "Verification", description = "Who calls, and may they."),
        (name = "Keys", description = "Managing keys, in an installation that has the API Keys module."),
        (name = "Limits", description = "What all keys of a client, or of the installation, may do together."),
        (name = "Usage", description = "How often keys were called, and what became of the calls."),
        (name = "Audit", description = "What was done, by whom, and from where."),
        (name = "Webhooks", description = "Who is told of what happens, as Standard Webhooks, and how the deliveries go."),
        (name = "Leaks", description = "Keys that somebody has found where they must not be. A signature is needed, and no key."),
        (name = "Catalogue", description = "What a key can be given."),
        (name = "Operations", description = "How Keydesk is. No key is needed."),
    ),
)]
struct Frame;

/// The description, as it is published.
pub(crate) fn document(endpoints: &[Endpoint]) -> Description {
    let mut document = Frame::openapi();
    // The licence of the code says nothing about the use of the interface.
    document.info.license = None;
    for endpoint in endpoints {
        let mut described = endpoint.described().clone();
        described.paths.paths.values_mut().flat_map(operations).for_each(|operation| complete(operation, endpoint));
        document.merge(described);
    }
    let components = document.components.get_or_insert_default();
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key, or a derived token.")).build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let header = ApiKeyValue::with_description("X-API-Key", "An API key, or a derived token.");
    components.add_security_scheme("header", SecurityScheme::ApiKey(ApiKey::Header(header)));
    let signature = ApiKeyValue::with_description(
        "Github-Public-Key-Signature",
        "A signature over the body, by a key whose public half is in the configuration.",
    );
    components.add_security_scheme("signature", SecurityScheme::ApiKey(ApiKey::Header(signature)));
    if let Some(RefOr::T(Schema::Object(key))) = components.schemas.get_mut("Key") {
        // A field that can be null is always there; only the instant of deletion may be absent.
        key.required = key.properties.keys().filter(|name| *name != "deleted_at").cloned().collect();
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Adds what follows from the endpoint's access, its parameters and its refusals.
fn complete(operation: &mut Operation, endpoint: &Endpoint) {
    let is_open = matches!(endpoint.access(), Access::Anyone);
    let schemes: &[&str] = match endpoint.access() {
        Access::Anyone => &[],
        Access::Reporter => &["signature"],
        _ => &["bearer", "header"],
    };
    operation.security = Some(schemes.iter().map(|scheme| SecurityRequirement::new(*scheme, [""; 0])).collect());
    if let Some(scope) = endpoint.access().scope() {
        operation.extensions.get_or_insert_default().merge(ExtensionsBuilder::new().add("x-scope", scope).build());
    }
    if !is_open {
        for (kind, words) in refusals(operation, endpoint) {
            add(operation, kind, &words);
        }
    }
    finish(operation);
    if let Some(deprecation) = endpoint.deprecation() {
        deprecate(operation, &deprecation.words());
    }
}

/// Says of an operation that it will go, as its answers do.
fn deprecate(operation: &mut Operation, words: &str) {
    operation.deprecated = Some(Deprecated::True);
    let before = operation.description.take().unwrap_or_default();
    operation.description = Some(format!("{words}\n\n{before}").trim_end().to_owned());
    let headers = [
        ("Deprecation", "Since when the operation is deprecated (RFC 9745)."),
        ("Sunset", "When it is gone at the earliest (RFC 8594)."),
        ("Link", "Where to read what to call in its place."),
    ];
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        response.headers.extend(headers.map(|(name, words)| (name.to_owned(), text(words, None))));
    }
}

/// Every kind of refusal, with words of its own where the kind's title says too little.
fn refusals(operation: &Operation, endpoint: &Endpoint) -> Vec<(&'static ErrorKind, String)> {
    let takes = |name: &str| {
        operation.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.name == name,
            RefOr::Ref(_) => false,
        })
    };
    let mut all: Vec<(&'static ErrorKind, Option<String>)> = vec![(&problem::INVALID_REQUEST, None)];
    if matches!(endpoint.access(), Access::Reporter) {
        all.push((&problem::INVALID_SIGNATURE, None));
    } else {
        all.extend(of_keys(endpoint));
    }
    if matches!(endpoint.access(), Access::Manager(_)) {
        all.push((&problem::TOKEN_NOT_ALLOWED, Some("a derived token was sent in place of a key".to_owned())));
        all.push((&problem::MODULE_UNAVAILABLE, Some("the installation has no API Keys module".to_owned())));
        if endpoint.place().1 != HttpMethod::Get {
            all.push((&problem::FORBIDDEN, None));
        }
    }
    all.extend(endpoint.refusals().iter().map(|kind| (*kind, None)));
    if takes("id") {
        all.push((&problem::NOT_FOUND, Some("there is no such key in the caller's installation".to_owned())));
    }
    if takes("Idempotency-Key") {
        all.push((&problem::IDEMPOTENCY_MISMATCH, None));
    }
    if takes("If-Match") {
        all.push((&problem::VERSION_MOVED, None));
    }
    if operation.request_body.is_some() {
        let body = [&problem::REQUEST_TIMEOUT, &problem::PAYLOAD_TOO_LARGE, &problem::UNSUPPORTED_MEDIA_TYPE];
        all.extend(body.map(|kind| (kind, None)));
    }
    all.extend([(&problem::INTERNAL_ERROR, None), (&problem::UNAVAILABLE, None), (&problem::TIMEOUT, None)]);
    all.into_iter().map(|(kind, words)| (kind, words.unwrap_or_else(|| lowered(kind.title)))).collect()
}

/// Those of a caller that must have a key.
fn of_keys(endpoint: &Endpoint) -> Vec<(&'static ErrorKind, Option<String>)> {
    let mut all: Vec<(&'static ErrorKind, Option<String>)> =
        vec![(&problem::MISSING_KEY, None), (&problem::INVALID_TOKEN, None)];
    if let Some(scope) = endpoint.access().scope() {
        all.push((&problem::INSUFFICIENT_SCOPE, Some(format!("the API key lacks `{scope}`"))));
    }
    if !matches!(endpoint.access(), Access::RecognisedKey) {
        all.extend([(&problem::IP_NOT_ALLOWED, None), (&problem::ORIGIN_NOT_ALLOWED, None)]);
    }
    all.push((&problem::TOO_MANY_FAILED_KEYS, None));
    all.push((&problem::SLOW_KEY_BUSY, Some("an imported API key can't be checked yet; send it again".to_owned())));
    // Looking at oneself takes nothing from a limit.
    if !matches!(endpoint.access(), Access::RecognisedKey) {
        all.extend([(&problem::RATE_LIMITED, None), (&problem::QUOTA_EXCEEDED, None)]);
        all.push((&problem::COST_EXCEEDS_LIMIT, None));
    }
    all
}

/// A title within a sentence.
fn lowered(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

/// Adds a meaning to a status, unless the endpoint has given it in its own words.
fn add(operation: &mut Operation, kind: &ErrorKind, words: &str) {
    let (code, status) = (kind.code, kind.status.to_string());
    let meaning = format!("`{code}`: {words}");
    let empty = || RefOr::T(ResponseBuilder::new().build());
    let RefOr::T(response) = operation.responses.responses.entry(status).or_insert_with(empty) else { return };
    if response.description.contains(&format!("`{code}`")) {
        return;
    }
    let before = response.description.trim_end_matches('.');
    response.description = if before.is_empty() { format!("{meaning}.") } else { format!("{before}; {meaning}.") };
}

/// Gives every answer its request id, and every error its form.
fn finish(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter { schema: Some(schema), .. }) = parameter {
            without_null(schema);
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        response
            .headers
            .insert("X-Request-Id".to_owned(), text("To find the request in the logs.", Some(KnownFormat::Uuid)));
        let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        if status.is_some_and(|status| status.is_client_error() || status.is_server_error()) {
            problem(response, status);
        }
    }
}

/// A parameter that may be left out is never null: nothing in a URL is.
fn without_null(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            if let SchemaType::Array(types) = &object.schema_type
                && let Some(one) = types.iter().find(|one| **one != Type::Null)
            {
                object.schema_type = SchemaType::Type(one.clone());
            }
        }
        RefOr::T(Schema::OneOf(either)) => {
            if let Some(named) = either.items.iter().find(|item| matches!(item, RefOr::Ref(_))).cloned() {
                *schema = named;
            }
        }
        _ => {}
    }
}

fn problem(response: &mut Response, status: Option<StatusCode>) {
    response.content.insert(MEDIA_TYPE.to_owned(), RefOr::T(Content::new(Some(Ref::from_schema_name("Problem")))));
    match status {
        Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            response.headers.insert("WWW-Authenticate".to_owned(), text("What would be accepted.", None));
        }
        Some(StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => {
            response.headers.insert("Retry-After".to_owned(), text("Seconds.", None));
        }
        _ => {}
    }
}

fn text(description: &str, format: Option<KnownFormat>) -> RefOr<Header> {
    let schema = ObjectBuilder::new().schema_type(Type::String).format(format.map(SchemaFormat::KnownFormat)).build();
    RefOr::T(HeaderBuilder::new().schema(Some(Schema::Object(schema))).description(Some(description)).build())
}
