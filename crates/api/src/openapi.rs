//! The published description of the API.

use edge::problem::{self, MEDIA_TYPE};
use http::StatusCode;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Header, HeaderBuilder, OpenApi as Description, PathItem, Ref, RefOr, Response, ResponseBuilder,
        Schema,
        path::{Operation, Parameter},
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::endpoints;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keydesk",
        description = "API keys of a contact centre: managing them, and verifying each call that is made with one.\n\n\
            A key comes in `Authorization: Bearer <key>` or `X-API-Key: <key>`, never in a URL. Errors are problem documents \
            (RFC 9457). Every answer carries `X-Request-Id`. Instants are RFC 3339 in UTC with milliseconds, ids are UUIDs of \
            version 7. Fields and parameters that are not described here are refused.",
    ),
    paths(
        endpoints::verify::verify_key,
        endpoints::verify_batch::verify_keys,
        endpoints::whoami::whoami,
        endpoints::list::list_keys,
        endpoints::export::export_keys,
        endpoints::create::create_key,
        endpoints::get::get_key,
        endpoints::change::change_key,
        endpoints::delete::delete_key,
        endpoints::bulk_delete::delete_keys,
        endpoints::switch::disable_key,
        endpoints::switch::enable_key,
        endpoints::switch::disable_keys,
        endpoints::switch::enable_keys,
        endpoints::rotate::rotate_key,
        endpoints::rotate::end_overlap,
        endpoints::rotate::list_secrets,
        endpoints::handover::hand_over_key,
        endpoints::handover::list_handovers,
        endpoints::handover::withdraw_handover,
        endpoints::restore::restore_key,
        endpoints::reveal::reveal_key,
        endpoints::scopes::list_scopes,
        endpoints::presets::list_presets,
        endpoints::health::healthz,
        endpoints::health::readyz,
    ),
    components(schemas(problem::Document<'static>)),
    tags(
        (name = "Verification", description = "Who calls, and may they."),
        (name = "Keys", description = "Managing keys, in an installation that has the API Keys module."),
        (name = "Catalogue", description = "What a key can be given."),
        (name = "Operations", description = "How Keydesk is. No key is needed."),
    ),
)]
struct Api;

/// The description, as it is published, with an `Other` call beside those of this crate.
pub fn document<Other: utoipa::Path>() -> Description {
    let mut document = Api::openapi();
    document.paths.add_path_operation(Other::path(), Other::methods(), Other::operation());
    Common.modify(&mut document);
    // The licence of the code says nothing about the use of the interface.
    document.info.license = None;
    document
}

/// What every operation has in common, said once.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut Description) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key.")).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let header = ApiKeyValue::with_description("X-API-Key", "An API key.");
        components.add_security_scheme("header", SecurityScheme::ApiKey(ApiKey::Header(header)));
        let either = ["bearer", "header"].map(|scheme| SecurityRequirement::new(scheme, [""; 0]));
        if let Some(RefOr::T(Schema::Object(key))) = components.schemas.get_mut("Key") {
            // What can be null is there all the same; only an instant of deletion is left out.
            key.required = key.properties.keys().filter(|name| *name != "deleted_at").cloned().collect();
        }
        for item in document.paths.paths.values_mut() {
            for operation in operations(item) {
                if operation.security.is_none() {
                    operation.security = Some(either.to_vec());
                    keyed(operation);
                } else {
                    operation.security = Some(Vec::new());
                }
                finish(operation);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// What can go wrong with any call that needs a key.
fn keyed(operation: &mut Operation) {
    let manages = operation.tags.as_deref().unwrap_or_default().iter().any(|tag| tag == "Keys");
    let scope = operation.extensions.as_ref().and_then(|all| all.get("x-scope")).and_then(|scope| scope.as_str());
    let scope = scope.map(|scope| format!("`insufficient_scope`: the key lacks `{scope}`"));
    let operation_is = |ids: &[&str]| operation.operation_id.as_deref().is_some_and(|id| ids.contains(&id));
    let bound = "`ip_not_allowed` or `origin_not_allowed`: the key is bound to other addresses or origins";
    let mut forbidden: Vec<String> = scope.into_iter().chain([bound.to_owned()]).collect();
    if manages {
        forbidden.push("`module_unavailable`: the installation has no API Keys module".to_owned());
    }
    if operation_is(&["change_key", "delete_key", "disable_key", "enable_key"]) {
        forbidden.push("`default_key_protected`: it is the Default API Key".to_owned());
    }
    if operation_is(&["create_key", "change_key", "rotate_key"]) {
        forbidden.push("`scope_escalation`: the caller lacks a right that it gives".to_owned());
    }
    let names_a_key = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.name == "id",
        RefOr::Ref(_) => false,
    });
    let has_body = operation.request_body.is_some();
    add(operation, 400, "`invalid_request`: the request is malformed.");
    add(operation, 401, "`missing_key` or `invalid_token`: no key, or none that is valid.");
    add(operation, 403, &format!("{}.", forbidden.join("; ")));
    if names_a_key {
        add(operation, 404, "`not_found`: there is no such key in the caller's installation.");
    }
    if has_body {
        add(operation, 408, "`request_timeout`: the body did not arrive in time.");
        add(operation, 413, "`payload_too_large`: the body has more than 64 KiB.");
        add(operation, 415, "`unsupported_media_type`: the body is not JSON.");
    }
    add(operation, 503, "`unavailable` or `timeout`: Keydesk can't answer right now; try again.");
}

fn add(operation: &mut Operation, status: u16, description: &str) {
    let response = ResponseBuilder::new().description(description).build();
    operation.responses.responses.entry(status.to_string()).or_insert(RefOr::T(response));
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

/// A parameter that may be left out is not one that may be null: nothing in a URL is.
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
        Some(StatusCode::SERVICE_UNAVAILABLE) => {
            response.headers.insert("Retry-After".to_owned(), text("Seconds.", None));
        }
        _ => {}
    }
}

fn text(description: &str, format: Option<KnownFormat>) -> RefOr<Header> {
    let schema = ObjectBuilder::new().schema_type(Type::String).format(format.map(SchemaFormat::KnownFormat)).build();
    RefOr::T(HeaderBuilder::new().schema(Some(Schema::Object(schema))).description(Some(description)).build())
}
