use std::collections::BTreeSet;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contact_centre_api::{OPERATIONS, examples, router};
use serde_json::{Value, json};

use crate::{schema::wrong, support::Door};

async fn document() -> Value {
    let door = Door::open(13);
    door.get("", "/openapi.json").await
}

#[tokio::test]
async fn every_operation_is_described_and_nothing_else() {
    let document = document().await;
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    for operation in OPERATIONS {
        assert!(described.contains(&format!("{} /v1{}", operation.method, operation.path)), "{operation:?}");
    }
    let items = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let answers = items.flat_map(|described| described["responses"].as_object().unwrap().values());
    for content in answers.filter_map(|answer| answer["content"].as_object()) {
        assert!(
            content.values().all(|form| form["schema"].is_object()),
            "a form without a schema is none: {content:?}"
        );
    }
    let text = document.to_string();
    let parameters = document["components"]["parameters"].as_object().unwrap();
    assert!(!parameters.is_empty());
    for own in parameters.keys() {
        assert!(text.contains(&format!("\"#/components/parameters/{own}\"")), "{own} is not used");
    }
    assert!(text.contains("\"$ref\":\"#/components/"));
    for reference in text.split("\"$ref\":\"#/components/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let (kind, name) = reference.split_once('/').unwrap();
        assert!(document["components"][kind].get(name).is_some(), "{reference}");
    }
}

/// Fields and parameters below a place that do not say what they are.
fn undescribed(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let fields = ["properties", "parameters"].into_iter().filter_map(|name| members.get(name));
            let named = fields.flat_map(|fields| match fields {
                Value::Object(fields) => fields.iter().map(|(name, field)| (name.as_str(), field)).collect::<Vec<_>>(),
                Value::Array(fields) => {
                    fields.iter().map(|field| (field["name"].as_str().unwrap_or_default(), field)).collect()
                }
                _ => Vec::new(),
            });
            for (name, field) in named {
                // A parameter may be one that is described once for all.
                let is_elsewhere = field["$ref"].as_str().is_some_and(|to| to.starts_with("#/components/parameters/"));
                if !is_elsewhere && field["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                    found.push(format!("{at}/{name}"));
                }
            }
            for (name, member) in members.iter().filter(|(name, _)| !["example", "examples"].contains(&name.as_str())) {
                undescribed(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                undescribed(item, &format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_field_and_every_parameter_says_what_it_is() {
    let mut found = Vec::new();
    undescribed(&document().await, "", &mut found);
    assert_eq!(found, Vec::<String>::new());
    for (name, schema) in document().await["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
    }
}

/// Each example is asked for anew, in a contact centre that is made anew, and is answered as is written; and is as its schema says.
#[tokio::test]
async fn every_example_is_a_real_answer_and_as_its_schema_says() {
    let document = document().await;
    let asked = examples(router).await;
    let mut wrongs = Vec::new();
    for example in &asked {
        assert!((200..300).contains(&example.status), "{} {}: {}", example.method, example.path, example.answer);
        let item = &document["paths"][&format!("/v1{}", example.template)][example.method.to_lowercase()];
        let content = &item["responses"][&example.status.to_string()]["content"]["application/json"];
        if content.get("example").is_some() {
            assert_eq!(content["example"], example.answer, "{} {}", example.method, example.path);
        }
        let at = format!("{} {}", example.method, example.template);
        if !example.answer.is_null() {
            wrongs.extend(wrong(&example.answer, &content["schema"], &document["components"]["schemas"], &at));
        }
        let body = &item["requestBody"]["content"]["application/json"]["schema"];
        if !example.body.is_null() {
            wrongs.extend(wrong(&example.body, body, &document["components"]["schemas"], &format!("{at} body")));
        }
    }
    wrongs.dedup();
    assert_eq!(wrongs, Vec::<String>::new());
    let without: Vec<_> = OPERATIONS
        .iter()
        .filter(|operation| !operation.answer.is_empty())
        .filter(|operation| !asked.iter().any(|one| (one.method, one.template) == (operation.method, operation.path)))
        .collect();
    assert!(without.is_empty(), "without an example: {without:?}");
}

/// Everything below a place that is an example, and where it stands.
fn examples_in(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let at = format!("{at}/{name}");
                if name == "example" {
                    found.push((at, member.clone()));
                } else {
                    examples_in(member, &at, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| examples_in(item, at, found)),
        _ => {}
    }
}

/// What is no operation of the list is asked of nobody when examples are made: it has none, but the token that the gateway makes, which has the
/// form and the signature of one.
#[tokio::test]
async fn what_is_not_asked_has_no_example_that_is_made_up() {
    let document = document().await;
    let listed: BTreeSet<_> = OPERATIONS.iter().map(|operation| format!("/v1{}", operation.path)).collect();
    let others = document["paths"].as_object().unwrap().iter().filter(|(path, _)| !listed.contains(*path));
    let mut found = Vec::new();
    for (path, item) in others {
        examples_in(item, path, &mut found);
    }
    let post = &document["paths"]["/v1/live/tokens"]["post"];
    let contents =
        [&post["requestBody"]["content"]["application/json"], &post["responses"]["201"]["content"]["application/json"]];
    assert_eq!(found.len(), contents.len(), "{found:?}");
    for content in contents {
        assert!(found.iter().any(|(_, example)| *example == content["example"]), "{found:?}");
        let wrongs = wrong(&content["example"], &content["schema"], &document["components"]["schemas"], "token");
        assert_eq!(wrongs, Vec::<String>::new());
    }
    let [form, answer] = contents.map(|content| &content["example"]);
    let token = answer["token"].as_str().unwrap();
    assert!(model::may_be_token(token), "{token}");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let parts: Vec<Value> =
        signed.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()).collect();
    assert_eq!(parts[0], json!({ "alg": "EdDSA", "kid": "t1", "typ": "keydesk+jwt" }));
    let claims: model::TokenClaims = serde_json::from_value(parts[1].clone()).unwrap();
    assert_eq!(claims.aud, model::TOKEN_AUDIENCE);
    assert_eq!(claims.expires_at(), answer["expires_at"].as_str().unwrap().parse().unwrap());
    assert_eq!(parts[1]["resources"], json!({ "queue": form["queue_ids"] }));
    assert_eq!(parts[1]["origin"], form["origin"]);
}

/// Each body is described, and required where nothing can be done without one.
#[tokio::test]
async fn bodies_are_required_where_they_have_to_say_something() {
    let document = document().await;
    let mut required = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            let body = &described["requestBody"];
            let Some(reference) = body["content"]["application/json"]["schema"]["$ref"].as_str() else { continue };
            let schema = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
            let has_to = schema["required"].as_array().is_some_and(|names| !names.is_empty());
            assert_eq!(body["required"] == true, has_to, "{method} {path}");
            required += usize::from(has_to);
        }
    }
    assert!(required > 10, "{required}");
    let rows = &document["paths"]["/v1/data/{table}"]["post"]["requestBody"];
    assert_eq!(
        (&rows["required"], &rows["content"]["application/x-ndjson"]["schema"]["type"]),
        (&json!(true), &json!("string"))
    );
    let door = Door::open(13);
    // As it is described, so it is asked for.
    for (method, path, status) in [
        ("POST", "/contacts", 400),
        ("POST", "/calls", 400),
        ("POST", "/data/contacts", 415),
        ("POST", "/sandbox/reset", 403),
    ] {
        let told = door.ask(crate::support::ALL, method, path).send().await;
        assert_eq!(told.status.as_u16(), status, "{method} {path}: {}", told.text());
    }
}

/// The headers that an operation is described with.
fn headers_of(document: &Value, method: &str, path: &str) -> BTreeSet<String> {
    let parameters = document["paths"][&format!("/v1{path}")][method.to_lowercase()]["parameters"].as_array().unwrap();
    let resolved = parameters.iter().map(|one| match one["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => one,
    });
    let names = resolved.filter(|one| one["in"] == "header").map(|one| one["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[tokio::test]
async fn headers_that_are_read_are_described_where_they_are() {
    let document = document().await;
    for (method, path, expected) in [
        ("GET", "/calls", ""),
        ("POST", "/calls", "Idempotency-Key X-Proxy-Session"),
        ("PUT", "/calls/{id}/wrap", "If-Match X-Proxy-Session"),
        ("PUT", "/agents/{id}/state", "If-Match X-Proxy-Session"),
        ("POST", "/sessions/proxy", "Idempotency-Key"),
        ("PATCH", "/call-webhooks/{id}", "If-Match"),
        ("GET", "/live/queues", "If-None-Match"),
        ("GET", "/live/accuracy", ""),
        ("GET", "/live/queues/{id}/expected-wait", "If-None-Match"),
        ("GET", "/recordings/{id}/content", "If-None-Match If-Range Range"),
        ("GET", "/stream/calls", "Last-Event-ID"),
        ("POST", "/data/{table}", "X-Proxy-Session"),
    ] {
        let expected: BTreeSet<_> = expected.split_whitespace().map(str::to_owned).collect();
        assert_eq!(headers_of(&document, method, path), expected, "{method} {path}");
    }
    let door = Door::open(13);
    let call = door.world(|world| world.state().calls().next().unwrap().id).0;
    let agent = door.world(|world| world.state().agents().next().unwrap().id).0;
    // A session that nobody has begun, and a tag that is none, are refused wherever they are read.
    let wrap = json!({ "code": "resolved" });
    let told = door.ask(crate::support::ALL, "PUT", &format!("/calls/{call}/wrap")).header("if-match", "x").json(&wrap);
    assert_eq!(told.send().await.code(400), "invalid_request");
    let state = json!({ "routing_state": "ready", "on_behalf_of": agent });
    let path = format!("/agents/{agent}/state");
    let told = door.ask(crate::support::ALL, "PUT", &path).header("x-proxy-session", "x").json(&state).send().await;
    assert_eq!(told.code(403), "invalid_session");
}

#[tokio::test]
async fn every_parameter_that_is_described_is_known_and_others_are_not() {
    let door = Door::open(13);
    for operation in OPERATIONS.iter().filter(|operation| operation.method == "GET") {
        let id = "0199c7a0-0000-7000-8000-000000000009";
        let name = match operation.path {
            "/reports/{name}" => "daily-queue",
            "/data/{table}" => "queues",
            _ => id,
        };
        let path = operation
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { name } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let all = crate::support::ALL;
        let told = door.ask(all, "GET", &format!("{path}?nothing=1")).send().await;
        assert_eq!(told.code(400), "invalid_request", "{operation:?}");
        for parameter in operation.query {
            let told = door.ask(all, "GET", &format!("{path}?{parameter}=%00")).send().await;
            assert!(!told.text().contains("is not a parameter of this call"), "{operation:?} {parameter}");
        }
    }
}

/// What is described as required is asked for, and what may be left out may be left out.
#[tokio::test]
async fn what_has_to_be_asked_with_is_described_as_required() {
    let document = document().await;
    let door = Door::open(13);
    for (path, name) in [("/contacts/lookup", "phone"), ("/calls", "phone"), ("/contacts/lookup", "region")] {
        let parameters = document["paths"][&format!("/v1{path}")]["get"]["parameters"].as_array().unwrap();
        let mut resolved = parameters.iter().map(|one| match one["$ref"].as_str() {
            Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
            None => one,
        });
        let found = resolved.find(|one| one["name"] == name).unwrap();
        assert!(found["in"] == "query" && found["schema"]["type"] == "string", "{path} {name}: {found}");
        let others = if path == "/contacts/lookup" && name != "phone" { "?phone=1001" } else { "" };
        let told = door.ask(crate::support::ALL, "GET", &format!("{path}{others}")).send().await;
        assert_eq!(told.status == 400, found["required"] == true, "{path} {name}: {}", told.text());
    }
}

/// Whoever asks for any of the described forms gets that form.
#[tokio::test]
async fn every_described_form_is_answered_where_it_is_asked_for() {
    let document = document().await;
    let door = Door::open(13);
    for (template, path) in [("/data/{table}", "/data/queues"), ("/reports/{name}", "/reports/daily-queue")] {
        let answer = &document["paths"][&format!("/v1{template}")]["get"]["responses"]["200"];
        let forms = answer["content"].as_object().unwrap();
        assert!(forms.len() > 1, "{template}");
        for (media, form) in forms {
            assert!(form["schema"].is_object(), "{template} {media}");
            let told = door.ask(crate::support::ALL, "GET", path).header("accept", media).send().await;
            assert_eq!(told.status, 200, "{template} {media}: {}", told.text());
            assert!(told.header("content-type").unwrap().starts_with(media.as_str()), "{template} {media}");
        }
    }
}

#[tokio::test]
async fn every_problem_has_a_place_in_the_description() {
    let document = document().await;
    let door = Door::open(13);
    let told = door.ask("", "GET", "/queues").send().await;
    let (_, pointer) = told.json()["type"]
        .as_str()
        .map(|text| text.split_once('#').unwrap())
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!(document.pointer(&pointer).unwrap()["status"], 403);
}
