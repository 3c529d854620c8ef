//! What a file may say, as a JSON schema for editors. What the API takes as well is what the API's description says of it.

use std::collections::BTreeMap;

use model::{CLAIM_NAME_MAX, KeyLife, LeakRule, Preset, RequiredSecondFactor};
use serde_json::{Map, Value, json};

use super::{
    ENTRIES_MAX, SETTINGS_CLEARED,
    key_entry::{CLEARED, OWN},
};

/// Where the API's description has its schemas, and where this one has them.
const COMPONENTS: &str = "#/components/schemas/";
const DEFINITIONS: &str = "#/$defs/";

/// The schema, in the dialect of 2020-12.
pub(crate) fn schema() -> Value {
    let described = api::reference::json(&api::endpoints());
    let mut definitions = Definitions { described, found: BTreeMap::new() };
    let mut key = definitions.body("/api/v1/keys", "post");
    let mut webhook = definitions.body("/api/v1/webhooks", "post");
    let ceiling = definitions.body("/api/v1/limits", "put");
    let client_name = key.get("client_name").cloned().unwrap_or_default();
    let environment = key.get("environment").cloned().unwrap_or_default();
    debug_assert!(OWN.iter().all(|name| *name == "environment" || !key.contains_key(*name)));
    let uuid = |what: &str| json!({ "type": "string", "format": "uuid", "description": what });
    let claim = |what: &str| json!({ "type": "boolean", "default": false, "description": what });
    let secret = [
        (
            "secret_file",
            json!({
                "type": "string",
                "minLength": 1,
                "description": "The file, of mode 600, that the secret is written to when it is made: beside this file, unless it is absolute. \
                                It must not be there, and its folder must be yours and nobody else's to write to.",
            }),
        ),
        (
            "secret_command",
            json!({
                "type": "array",
                "items": { "type": "string" },
                "minItems": 1,
                "description": "The program, with its arguments, that gets the secret on its standard input when it is made.",
            }),
        ),
    ];
    for entry in [&mut key, &mut webhook] {
        entry.extend(secret.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    }
    key.insert("claim".to_owned(), uuid("The id of a key that was made by hand, and that this file takes over."));
    webhook
        .insert("claim".to_owned(), uuid("The id of a webhook that was made by hand, and that this file takes over."));
    key.insert(
        "clear".to_owned(),
        json!({
            "type": "array",
            "items": { "enum": CLEARED },
            "uniqueItems": true,
            "description": "Settings that the key shall be without, whoever sets them.",
        }),
    );
    key.insert(
        "expires_at".to_owned(),
        json!({
            "type": "string",
            "anyOf": [{ "format": "date-time" }, { "format": "date" }],
            "description": "From when on it is refused: an instant, or the end of a day of the installation's time zone.",
        }),
    );
    let mut limits = ceiling.clone();
    limits.insert("claim".to_owned(), claim("Take over limits that were set by hand."));
    let mut of_client = limits.clone();
    of_client.insert("client_name".to_owned(), client_name);
    of_client.insert("environment".to_owned(), environment);
    let named = json!({ "pattern": "^[a-z][a-z0-9_-]*$", "maxLength": CLAIM_NAME_MAX });
    let name = json!({
        "type": "string",
        "pattern": "^[a-z][a-z0-9_-]*$",
        "maxLength": CLAIM_NAME_MAX,
        "description": "The name of this file. What it makes is held under it, so it stays as it is.",
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of `keydesk apply`",
        "description": "What an installation has. What no file says was made by hand, and is left alone.",
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
            "name": name,
            "installation": { "type": "string", "description": "The installation that it is for: with another one it is refused." },
            "settings": object(settings(), &[], "Settings of the installation; one that is not given is left alone."),
            "limits": object(
                Map::from_iter([
                    ("installation".to_owned(), object(limits, &[], "What all keys of the installation may do together.")),
                    ("clients".to_owned(), json!({
                        "type": "array",
                        "maxItems": ENTRIES_MAX,
                        "items": object(of_client, &["client_name"], "What all keys of a client may do together."),
                    })),
                ]),
                &[],
                "What keys may do together.",
            ),
            "keys": {
                "type": "object",
                "maxProperties": ENTRIES_MAX,
                "propertyNames": named.clone(),
                "additionalProperties": either(object(key, &[], "An API key; a setting that is not given is left alone."), "client_name"),
                "description": "API keys, each by a name that stays as it is.",
            },
            "webhooks": {
                "type": "object",
                "maxProperties": ENTRIES_MAX,
                "propertyNames": named,
                "additionalProperties": either(object(webhook, &[], "A receiver of events."), "url"),
                "description": "Receivers of events, each by a name that stays as it is.",
            },
            "routes": {
                "description": "The routes of `/authz` and the gateway: a list, or those that are built in.",
                "oneOf": [
                    { "const": "contact-centre" },
                    { "type": "array", "items": object(route(), &["method", "path", "scope"], "A route.") },
                ],
            },
            "claim_routes": claim("Take over routes that were written by hand."),
            "release": {
                "type": "array",
                "maxItems": ENTRIES_MAX,
                "items": { "type": "string", "pattern": "^(keys|webhooks)\\.[a-z][a-z0-9_-]*$" },
                "description": "What this file no longer says and leaves as it is, in place of removing it.",
            },
        },
        "$defs": definitions.found,
    })
}

fn object(properties: impl Into<Value>, required: &[&str], description: &str) -> Value {
    let properties = properties.into();
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
        "description": description,
    })
}

/// An entry that makes something needs a field; one that takes something over does not.
fn either(mut entry: Value, field: &str) -> Value {
    entry["anyOf"] = json!([{ "required": [field] }, { "required": ["claim"] }]);
    entry
}

fn settings() -> Map<String, Value> {
    let text = |what: &str| json!({ "type": "string", "description": what });
    Map::from_iter([
        ("title".to_owned(), text("Its name for people, 1 to 100 characters.")),
        ("time_zone".to_owned(), text("Whose days are meant, where nobody says whose else, such as Europe/Zurich.")),
        ("enabled".to_owned(), json!({ "type": "boolean", "description": "Whether its API Keys module is on." })),
        ("contact".to_owned(), text("Whom people ask where the module is off, 1 to 200 characters.")),
        (
            "longest_life_days".to_owned(),
            json!({
                "type": "integer",
                "minimum": 1,
                "maximum": KeyLife::MAX_DAYS,
                "description": "Within how many days of its making, or of a change of its end, a key must end.",
            }),
        ),
        (
            "default_preset".to_owned(),
            json!({ "enum": Preset::ALL, "description": "What the form of a new key begins with." }),
        ),
        (
            "required_second_factor".to_owned(),
            json!({ "enum": RequiredSecondFactor::ALL, "description": "Who of its people must have a second factor." }),
        ),
        (
            "leak_rule".to_owned(),
            json!({ "enum": LeakRule::ALL, "description": "What becomes of keys that a signed report says have leaked." }),
        ),
        (
            "clear".to_owned(),
            json!({
                "type": "array",
                "items": { "enum": SETTINGS_CLEARED },
                "uniqueItems": true,
                "description": "Settings that the installation shall be without, whoever sets them.",
            }),
        ),
    ])
}

/// As `[[routes]]` of the configuration.
fn route() -> Map<String, Value> {
    let text = json!({ "type": "string" });
    let several = json!({ "oneOf": [text, { "type": "array", "items": text }] });
    let flag = |what: &str| json!({ "type": "boolean", "description": what });
    let fields = [
        ("method", several.clone()),
        ("path", json!({ "type": "string", "pattern": "^/" })),
        ("scope", several),
        ("environment", json!({ "enum": ["live", "test", "any"] })),
        ("aliases", json!({ "enum": ["refuse", "fold", "distinct"] })),
        ("cost", json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000 })),
        ("upstream", text.clone()),
        ("retry", flag("Whether the gateway may send a call again.")),
        ("recording", flag("Its answers are recordings.")),
        ("stream", flag("Its answers go on for as long as somebody listens.")),
        ("tokens", flag("Whether a derived token will do.")),
    ];
    fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// The API's description, and what of it is used here.
struct Definitions {
    described: Value,
    found: BTreeMap<String, Value>,
}

impl Definitions {
    /// The fields of a request's body. None of them is null: TOML has no such value.
    fn body(&mut self, path: &str, method: &str) -> Map<String, Value> {
        let body = &self.described["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
        let name = body["$ref"].as_str().and_then(|to| to.strip_prefix(COMPONENTS)).unwrap_or_default();
        let component = self.described["components"]["schemas"][name]["properties"].clone();
        let Value::Object(mut fields) = component else { return Map::new() };
        for field in fields.values_mut() {
            without_null(field);
            self.take_in(field);
        }
        fields
    }

    /// Lets what a schema refers to stand here, too.
    fn take_in(&mut self, schema: &mut Value) {
        match schema {
            Value::Array(items) => items.iter_mut().for_each(|item| self.take_in(item)),
            Value::Object(fields) => {
                if let Some(Value::String(to)) = fields.get_mut("$ref")
                    && let Some(name) = to.strip_prefix(COMPONENTS).map(str::to_owned)
                {
                    *to = format!("{DEFINITIONS}{name}");
                    if !self.found.contains_key(&name) {
                        self.found.insert(name.clone(), Value::Null);
                        let mut component = self.described["components"]["schemas"][&name].clone();
                        self.take_in(&mut component);
                        self.found.insert(name, component);
                    }
                }
                fields.values_mut().for_each(|field| self.take_in(field));
            }
            _ => {}
        }
    }
}

fn without_null(schema: &mut Value) {
    let is_null = |kind: &Value| *kind == "null" || kind["type"] == "null";
    let Value::Object(fields) = schema else { return };
    if let Some(Value::Array(kinds)) = fields.get_mut("type") {
        kinds.retain(|kind| !is_null(kind));
        if let [one] = &kinds[..] {
            let one = one.clone();
            fields.insert("type".to_owned(), one);
        }
    }
    for either in ["oneOf", "anyOf"] {
        if let Some(Value::Array(kinds)) = fields.get_mut(either) {
            kinds.retain(|kind| !is_null(kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    const FILE: &str = "docs/keydesk-apply.schema.json";

    #[test]
    fn the_schema_in_the_documents_is_that_of_this_release() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(FILE);
        let written = fs::read_to_string(&file).unwrap_or_default();
        let ours = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        assert!(written == ours, "write {FILE} anew: `keydesk apply --schema > {FILE}`");
    }

    /// The fields that the parser takes at a place, as it says itself of one that it does not know.
    fn taken(text: &str) -> BTreeSet<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.toml");
        fs::write(&path, text).unwrap();
        let refused = super::super::ApplyFile::read(&path, &model::TimeZone::UTC).err().unwrap().to_string();
        let (_, expected) = refused.split_once("unknown field `zzz`").unwrap_or_else(|| panic!("{refused}"));
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// The fields of the object at a place of the schema.
    fn described(schema: &Value) -> BTreeSet<String> {
        assert_eq!(schema["additionalProperties"], false, "{schema}");
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_schema_has_the_fields_that_the_parser_takes() {
        let schema = schema();
        let all = &schema["properties"];
        let limits = &all["limits"]["properties"];
        for (place, text) in [
            (&schema, "name = \"a\"\nzzz = 1\n"),
            (&all["settings"], "name = \"a\"\n[settings]\nzzz = 1\n"),
            (&all["limits"], "name = \"a\"\n[limits]\nzzz = 1\n"),
            (&limits["installation"], "name = \"a\"\n[limits.installation]\nzzz = 1\n"),
            (&limits["clients"]["items"], "name = \"a\"\n[[limits.clients]]\nzzz = 1\n"),
            (&all["webhooks"]["additionalProperties"], "name = \"a\"\n[webhooks.a]\nzzz = 1\n"),
            (&all["routes"]["oneOf"][1]["items"], "name = \"a\"\n[[routes]]\nzzz = 1\n"),
        ] {
            assert_eq!(described(place), taken(text), "{text}");
        }
        let mut key = taken("name = \"a\"\n[keys.a]\nzzz = 1\n");
        key.extend(OWN.map(str::to_owned));
        assert_eq!(described(&all["keys"]["additionalProperties"]), key);
    }

    #[test]
    fn nothing_in_the_schema_is_left_over_or_missing() {
        let schema = schema();
        let text = schema.to_string();
        assert!(!text.contains(COMPONENTS), "{text}");
        let definitions = schema["$defs"].as_object().unwrap();
        assert!(!definitions.is_empty() && definitions.values().all(Value::is_object));
        for after in text.split(DEFINITIONS).skip(1) {
            let name = after.split('"').next().unwrap();
            assert!(definitions.contains_key(name), "{name}");
        }
        // A key's fields are never null, and names are those that the file's names are.
        let key = &schema["properties"]["keys"]["additionalProperties"]["properties"];
        assert_eq!(key["client_name"]["type"], "string");
        assert_eq!(key["enabled"]["type"], "boolean");
        for (name, fits) in [("acme-crm", true), ("Acme", false), ("a.b", false), ("1a", false)] {
            assert_eq!(name.parse::<model::ClaimName>().is_ok(), fits, "{name}");
        }
    }
}
