use leptos::prelude::*;

use super::{
    html,
    layout::{Place, layout},
    library::Library,
    reference::{Api, Content, Field, Operation, Reference},
};

/// Addresses of the two APIs.
#[derive(Clone, Debug)]
pub(super) struct Bases {
    pub(super) gateway: String,
    pub(super) workspace: String,
}

impl Bases {
    fn of(&self, api: Api) -> &str {
        match api {
            Api::ContactCentre => &self.gateway,
            Api::Keydesk => &self.workspace,
        }
    }
}

/// All operations, with a quick start.
pub(super) fn list_page(library: &Library, reference: &Reference, bases: &Bases) -> AnyView {
    let parts: Vec<AnyView> = Api::ALL.into_iter().map(|api| part(reference, api)).collect();
    let Bases { gateway, .. } = bases;
    let start = format!("export KEYDESK_KEY=…\ncurl -H \"Authorization: Bearer $KEYDESK_KEY\" {gateway}/v1/queues");
    let content = view! {
        <h1>"API reference"</h1>
        <section class="docs-text" aria-labelledby="quick-start">
            <h2 id="quick-start">"Quick start"</h2>
            <p>
                "Calls to the contact centre go through the gateway with an API key. " <a href="/docs/try-it" rel="external">
                    "Try it"
                </a> " makes a test key and sends calls from the page. From a shell:"
            </p>
            <div inner_html=html::code("code-quick-start", "Quick start", &start)></div>
        </section>
        {parts}
    };
    layout(library, &Place { here: "/docs/reference".to_owned(), ..Place::default() }, content.into_any(), None)
}

fn part(reference: &Reference, api: Api) -> AnyView {
    let groups: Vec<AnyView> = reference
        .groups(api)
        .into_iter()
        .map(|(name, operations)| {
            let rows: Vec<AnyView> = operations.into_iter().map(row).collect();
            view! {
                <h3>{name.to_owned()}</h3>
                <ul class="docs-operations">{rows}</ul>
            }
            .into_any()
        })
        .collect();
    let is_unreadable = reference.unreadable().any(|(of, _)| *of == api);
    let why = if is_unreadable {
        "Its description can't be read; the log of the server says why."
    } else {
        "Its description is not available now."
    };
    let none = groups.is_empty().then(|| view! { <p class="faint">{why}</p> });
    view! {
        <section class="docs-text" aria-label=api.title()>
            <h2>{api.title()}</h2>
            {none}
            {groups}
        </section>
    }
    .into_any()
}

fn row(operation: &Operation) -> AnyView {
    let Operation { method, path, summary, .. } = operation.clone();
    view! {
        <li>
            <a href=operation.address() rel="external">{summary}</a>
            <code translate="no">{format!("{method} {path}")}</code>
        </li>
    }
    .into_any()
}

/// One operation.
pub(super) fn operation_page(library: &Library, operation: &Operation, bases: &Bases) -> AnyView {
    let Operation { api, id, method, path, summary, description, scope, is_open, is_signed, .. } = operation.clone();
    let needs = match scope {
        Some(scope) => view! { "Needs a key with " <code>{scope}</code> "." }.into_any(),
        None if is_open => "Needs no key.".into_any(),
        None if is_signed => "Needs a signature, and no key.".into_any(),
        None => "Needs any valid key.".into_any(),
    };
    let tried = (api == Api::ContactCentre).then(|| {
        view! {
            <a class="button" href=format!("/docs/try-it?operation={id}") rel="external">
                "Try it"
            </a>
        }
    });
    let description: Vec<AnyView> = description
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(|paragraph| view! { <p inner_html=html::inline(paragraph.trim())></p> }.into_any())
        .collect();
    let answers: Vec<AnyView> = operation
        .answers
        .iter()
        .map(|answer| {
            let heading = if answer.status == "default" { "Errors".to_owned() } else { answer.status.clone() };
            view! {
                <h3>{heading.clone()}</h3>
                <p inner_html=html::inline(&answer.description)></p>
                {answer.content.as_ref().map(|content| content_view(content, &format!("Answer {heading}")))}
            }
            .into_any()
        })
        .collect();
    let content = view! {
        <article class="docs-text">
            <p class="docs-formats">
                <a href="/docs/reference" rel="external">"API reference"</a>
                " / "
                {api.title()}
            </p>
            <h1>{summary.clone()}</h1>
            <p class="docs-call" translate="no">
                <strong>{method}</strong>
                " "
                <code>{path}</code>
            </p>
            <p>{needs}</p>
            {tried}
            {description}
            <h2 id="example">"Example"</h2>
            <div inner_html=html::code("code-example", "curl", &curl(operation, bases.of(api)))></div>
            {(!operation.parameters.is_empty())
                .then(|| view! { <h2 id="parameters">"Parameters"</h2> {table("Parameters", &operation.parameters)} })}
            {operation.body.as_ref().map(|body| view! { <h2 id="body">"Body"</h2> {content_view(body, "Body")} })}
            <h2 id="answers">"Answers"</h2>
            {answers}
        </article>
    };
    layout(library, &Place { here: operation.address(), ..Place::default() }, content.into_any(), None)
}

fn content_view(content: &Content, label: &str) -> AnyView {
    let example = content.example.as_ref().map(|example| {
        let label = format!("{label}, example");
        view! { <div inner_html=html::code(&format!("code-{}", html::slug(&label)), &label, example)></div> }
    });
    let fields = (!content.fields.is_empty()).then(|| table(label, &content.fields));
    view! {
        <p>
            <code>{content.kind.clone()}</code>
        </p>
        {fields}
        {example}
    }
    .into_any()
}

fn table(label: &str, fields: &[Field]) -> AnyView {
    let rows: Vec<AnyView> = fields
        .iter()
        .map(|field| {
            let Field { name, place, kind, is_required, description } = field.clone();
            let required = is_required.then(|| view! { " " <span class="faint">"required"</span> });
            let place = (!place.is_empty()).then(|| view! { <span class="faint">{format!("in {place}")}</span> });
            view! {
                <tr>
                    <th scope="row">
                        <code translate="no">{name}</code>
                        {required}
                    </th>
                    <td>{kind} " " {place}</td>
                    <td inner_html=html::inline(&description)></td>
                </tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <div class="table-scroll" tabindex="0" role="group" aria-label=label.to_owned()>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Type"</th>
                        <th scope="col">"Meaning"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A call as a shell makes it; parameters of the path are variables.
fn curl(operation: &Operation, base: &str) -> String {
    let mut lines = vec!["curl".to_owned()];
    if operation.method != "GET" {
        lines.push(format!("-X {}", operation.method));
    }
    if operation.is_signed {
        lines
            .push("-H \"Github-Public-Key-Identifier: $ID\" -H \"Github-Public-Key-Signature: $SIGNATURE\"".to_owned());
    } else if !operation.is_open {
        lines.push("-H \"Authorization: Bearer $KEYDESK_KEY\"".to_owned());
    }
    match &operation.body {
        Some(body) if body.media_type != "application/json" => {
            lines.push(format!("-H \"Content-Type: {}\"", body.media_type));
            lines.push("--data-binary @FILE".to_owned());
        }
        Some(Content { example: Some(example), .. }) => {
            lines.push("-H \"Content-Type: application/json\"".to_owned());
            lines.push(format!("-d '{}'", example.replace('\'', "'\\''")));
        }
        _ => {}
    }
    let segments = operation.path.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        name.map_or_else(|| segment.to_owned(), |name| format!("${}", name.to_uppercase()))
    });
    lines.push(format!("\"{base}{}\"", segments.collect::<Vec<_>>().join("/")));
    lines.join(" \\\n  ")
}
