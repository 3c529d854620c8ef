//! The operations of the published descriptions: of the contact centre, and of Keydesk itself.

use serde_json::Value;

use super::page::HOME;

/// Whose description it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    /// What keys open, behind the gateway.
    ContactCentre,
    /// Keydesk.
    Keydesk,
}

impl Api {
    pub(super) const ALL: [Self; 2] = [Self::ContactCentre, Self::Keydesk];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::ContactCentre => "Contact centre API",
            Self::Keydesk => "Keydesk API",
        }
    }
}

/// An operation, as a page shows it.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) api: Api,
    pub(super) id: String,
    /// In capitals.
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) group: String,
    /// The right that it asks for.
    pub(super) scope: Option<String>,
    /// It needs no key.
    pub(super) is_open: bool,
    /// It needs a signature in place of a key.
    pub(super) is_signed: bool,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Option<Content>,
    pub(super) answers: Vec<Answer>,
}

/// A parameter, or a field of a body or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// Where a parameter stands: `path`, `query` or `header`; empty for a field.
    pub(super) place: String,
    pub(super) kind: String,
    pub(super) is_required: bool,
    pub(super) description: String,
}

#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) media_type: String,
    /// The name of its schema, or its type.
    pub(super) kind: String,
    pub(super) fields: Vec<Field>,
    pub(super) example: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) description: String,
    pub(super) content: Option<Content>,
}

impl Operation {
    pub(super) fn address(&self) -> String {
        format!("{HOME}/reference/{}", self.id)
    }
}

/// All operations.
#[derive(Debug, Default)]
pub(super) struct Reference {
    operations: Vec<Operation>,
    unreadable: Vec<(Api, serde_json::Error)>,
}

impl Reference {
    /// Reads the descriptions. An empty one is none; one that can't be read has no operations, and is named by [`Self::unreadable`].
    pub(super) fn of(contact_centre: &[u8], keydesk: &[u8]) -> Self {
        let mut reference = Self::default();
        let given = [(Api::ContactCentre, contact_centre), (Api::Keydesk, keydesk)];
        for (api, bytes) in given.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
            match serde_json::from_slice(bytes) {
                Ok(document) => reference.operations.extend(operations(api, &document)),
                Err(error) => reference.unreadable.push((api, error)),
            }
        }
        reference
    }

    /// Whose description can't be read, and why.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = &(Api, serde_json::Error)> {
        self.unreadable.iter()
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter()
    }

    pub(super) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// Operations of an API, group by group, in the order of the description.
    pub(super) fn groups(&self, api: Api) -> Vec<(&str, Vec<&Operation>)> {
        let mut groups: Vec<(&str, Vec<&Operation>)> = Vec::new();
        for operation in self.operations.iter().filter(|operation| operation.api == api) {
            match groups.iter_mut().find(|(name, _)| *name == operation.group) {
                Some((_, of)) => of.push(operation),
                None => groups.push((&operation.group, vec![operation])),
            }
        }
        groups
    }

    /// Every right that an operation of the contact centre asks for.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &str> {
        let of = self.operations.iter().filter(|operation| operation.api == Api::ContactCentre);
        of.filter_map(|operation| operation.scope.as_deref()).filter(|scope| !scope.is_empty())
    }
}

fn operations(api: Api, document: &Value) -> Vec<Operation> {
    let items = document["paths"].as_object().into_iter().flatten();
    let all = items.flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |found| (path, found)));
    let all = all.filter(|(_, (_, operation))| operation["responses"].is_object());
    all.map(|(path, (method, operation))| Operation {
        api,
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.clone(),
        summary: operation["summary"].as_str().unwrap_or(path).to_owned(),
        description: text(&operation["description"]),
        group: text(&operation["tags"][0]),
        scope: operation["x-scope"].as_str().filter(|scope| !scope.is_empty()).map(str::to_owned),
        is_open: operation["security"].as_array().is_some_and(Vec::is_empty),
        is_signed: operation["security"][0]["signature"].is_array(),
        parameters: each(&operation["parameters"]).map(|one| parameter(document, one)).collect(),
        body: content(document, &operation["requestBody"]["content"]),
        answers: answers(document, operation),
    })
    .collect()
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a `$ref` leads to.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|link| link.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn parameter(document: &Value, given: &Value) -> Field {
    let found = resolved(document, given);
    let described = found["description"].as_str().or_else(|| found["schema"]["description"].as_str());
    Field {
        name: text(&found["name"]),
        place: text(&found["in"]),
        kind: kind(&found["schema"]),
        is_required: found["required"] == true,
        description: described.unwrap_or_default().to_owned(),
    }
}

fn content(document: &Value, content: &Value) -> Option<Content> {
    let (media_type, found) = content.as_object()?.iter().next()?;
    let schema = &found["schema"];
    let kind = if schema.is_object() { kind(schema) } else { media_type.clone() };
    let example = Some(&found["example"]).filter(|example| !example.is_null());
    // Lines of a file are a text.
    let example = example.and_then(|example| match example.as_str() {
        Some(lines) => Some(lines.to_owned()),
        None => serde_json::to_string_pretty(example).ok(),
    });
    Some(Content { media_type: media_type.clone(), kind, fields: fields(document, schema), example })
}

fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolved(document, schema);
    let required: Vec<&str> = each(&schema["required"]).filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| {
            let described = property["description"].as_str();
            let described = described.or_else(|| resolved(document, property)["description"].as_str());
            Field {
                name: name.clone(),
                place: String::new(),
                kind: kind(property),
                is_required: required.contains(&name.as_str()),
                description: described.unwrap_or_default().to_owned(),
            }
        })
        .collect()
}

fn answers(document: &Value, operation: &Value) -> Vec<Answer> {
    let answers = operation["responses"].as_object().into_iter().flatten();
    answers
        .map(|(status, answer)| {
            let answer = resolved(document, answer);
            let content = content(document, &answer["content"]);
            Answer { status: status.clone(), description: text(&answer["description"]), content }
        })
        .collect()
}

/// A type in words.
fn kind(schema: &Value) -> String {
    if let Some(link) = schema["$ref"].as_str() {
        return link.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let values: Vec<String> =
        each(&schema["enum"]).map(|value| value.as_str().map_or("null".to_owned(), str::to_owned)).collect();
    if !values.is_empty() {
        return values.join(" | ");
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if schema[choice].is_array() {
            return each(&schema[choice]).map(kind).collect::<Vec<_>>().join(" | ");
        }
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        found => text(found),
    };
    match (types.as_str(), schema["format"].as_str()) {
        ("array", _) => format!("array of {}", kind(&schema["items"])),
        (_, Some(format)) => format!("{types} ({format})"),
        ("", None) => "any".to_owned(),
        _ => types,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_is_read_with_what_it_refers_to() {
        let document = json!({
            "paths": { "/v1/calls": { "post": {
                "operationId": "post_calls", "summary": "Call", "tags": ["calls"], "x-scope": "calls:make",
                "parameters": [{ "$ref": "#/components/parameters/key" }],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Call" }, "example": { "to": "1" } } } },
                "responses": { "201": { "description": "Done." } },
            } } },
            "components": {
                "parameters": { "key": { "name": "Idempotency-Key", "in": "header", "schema": { "type": "string" } } },
                "schemas": { "Call": { "properties": { "to": { "type": ["string", "null"], "description": "Whom." } }, "required": ["to"] } },
            },
        });
        let reference = Reference::of(document.to_string().as_bytes(), b"");
        let operation = reference.operation("post_calls").unwrap();
        assert_eq!((operation.method.as_str(), operation.scope.as_deref()), ("POST", Some("calls:make")));
        assert_eq!(operation.parameters[0].place, "header");
        let body = operation.body.as_ref().unwrap();
        assert_eq!((body.kind.as_str(), body.fields[0].kind.as_str()), ("Call", "string | null"));
        assert!(body.fields[0].is_required && body.example.is_some());
        assert_eq!(reference.scopes().collect::<Vec<_>>(), ["calls:make"]);
        assert_eq!(reference.unreadable().count(), 0);
    }

    #[test]
    fn a_description_that_can_not_be_read_is_named() {
        let named = |contact_centre: &[u8], keydesk: &[u8]| {
            let reference = Reference::of(contact_centre, keydesk);
            assert_eq!(reference.operations().count(), 0);
            reference.unreadable().map(|(api, _)| *api).collect::<Vec<_>>()
        };
        assert_eq!(named(b"nonsense", b"{}"), [Api::ContactCentre]);
        assert_eq!(named(b"{}", b"{\"paths\": "), [Api::Keydesk]);
        assert!(named(b"", b"").is_empty(), "there is none");
    }
}
