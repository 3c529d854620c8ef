use std::collections::BTreeSet;

use contact_centre_api::{OPERATIONS, examples, router};
use serde_json::Value;

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
