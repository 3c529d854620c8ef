use regex::Regex;
use serde_json::Value;

use super::{Asking, Done, exchange, knows, only, parts, refusal, texts, yaml};
use crate::proxies::proxy::documented;

/// `docs/proxies/traefik.yaml`.
pub(super) struct Traefik {
    /// In the order in which the router names them.
    middlewares: Vec<Middleware>,
}

enum Middleware {
    /// `customRequestHeaders`: names in small letters, and values, of which an empty one removes.
    Headers(Vec<(String, String)>),
    ForwardAuth(ForwardAuth),
}

struct ForwardAuth {
    target: String,
    /// All of them where none is named.
    sent: Vec<String>,
    copied: Vec<String>,
    copied_by_pattern: Option<Regex>,
}

impl Traefik {
    pub(super) fn documented() -> Self {
        let settings = yaml(&documented("traefik.yaml", &[]));
        knows(&settings, &["http"]);
        let http = &settings["http"];
        knows(http, &["routers", "middlewares", "services"]);
        knows(&http["routers"], &["api"]);
        let router = &http["routers"]["api"];
        knows(router, &["entryPoints", "rule", "middlewares", "service"]);
        assert_eq!(router["rule"], "PathPrefix(`/`)");
        let middlewares = texts(&router["middlewares"]);
        let service = only(&http["services"]["api"]["loadBalancer"]["servers"]);
        assert_eq!(
            service["url"], "http://127.0.0.1:9000",
            "a path there would be put before the one that was decided on"
        );
        Self { middlewares: middlewares.iter().map(|name| Middleware::read(&http["middlewares"][*name])).collect() }
    }

    pub(super) async fn answer(&self, mut asking: Asking, keydesk: &str) -> Done {
        if asking.target.contains('\x01') {
            return refusal(400, &[], "");
        }
        // The entry point, which trusts nobody.
        asking.remove(|name| name.starts_with("x-forwarded-") || name == "x-real-ip");
        for middleware in &self.middlewares {
            match middleware {
                Middleware::Headers(headers) => {
                    for (name, value) in headers {
                        asking.remove(|there| there == name);
                        if !value.is_empty() {
                            asking.set(name, value);
                        }
                    }
                }
                Middleware::ForwardAuth(auth) => match auth.ask(asking, keydesk).await {
                    Done::Forward(allowed) => asking = allowed,
                    refused @ Done::Refuse(_) => return refused,
                },
            }
        }
        asking.append_client();
        Done::Forward(asking)
    }
}

impl Middleware {
    fn read(settings: &Value) -> Self {
        knows(settings, &["headers", "forwardAuth"]);
        if settings["forwardAuth"].is_object() {
            return Self::ForwardAuth(ForwardAuth::read(&settings["forwardAuth"]));
        }
        let headers = &settings["headers"];
        knows(headers, &["customRequestHeaders"]);
        let custom = headers["customRequestHeaders"].as_object().expect("headers");
        let value = |value: &Value| value.as_str().expect("a text").to_owned();
        Self::Headers(custom.iter().map(|(name, text)| (name.to_ascii_lowercase(), value(text))).collect())
    }
}

impl ForwardAuth {
    fn read(settings: &Value) -> Self {
        let known =
            ["address", "trustForwardHeader", "authRequestHeaders", "authResponseHeaders", "authResponseHeadersRegex"];
        knows(settings, &known);
        // Else a client behind an entry point that trusts the proxy before it would say what it asks for.
        assert_ne!(settings["trustForwardHeader"], true, "what a client says of its own request is not to be believed");
        let address = settings["address"].as_str().expect("an address");
        let target = address.strip_prefix("http://127.0.0.1:3000").expect("the documented address");
        let names = |list: &Value| texts(list).into_iter().map(str::to_ascii_lowercase).collect();
        let pattern = settings["authResponseHeadersRegex"].as_str();
        Self {
            target: target.to_owned(),
            sent: names(&settings["authRequestHeaders"]),
            copied: names(&settings["authResponseHeaders"]),
            copied_by_pattern: pattern.map(|pattern| Regex::new(pattern).expect("a pattern")),
        }
    }

    async fn ask(&self, mut asking: Asking, keydesk: &str) -> Done {
        let is_sent = |name: &str| self.sent.is_empty() || self.sent.iter().any(|sent| sent == name);
        let mut question = Asking {
            method: "GET".to_owned(),
            target: self.target.clone(),
            headers: asking.headers.iter().filter(|(name, _)| is_sent(name)).cloned().collect(),
            client: asking.client,
        };
        question.remove(|name| name == "content-length");
        question.set("x-forwarded-method", &asking.method);
        question.set("x-forwarded-proto", "http");
        question.set("x-forwarded-host", "api.example");
        question.set("x-forwarded-uri", &asking.target);
        question.set("x-forwarded-for", &asking.client.to_string());
        let answer = exchange(keydesk, &question.method, &question.target, &question.headers).await;
        let Some((status, headers, body)) = answer.as_deref().ok().and_then(parts) else {
            return refusal(500, &[], "");
        };
        if !(200..300).contains(&status) {
            return refusal(status, &headers, body);
        }
        let is_copied = |name: &str| {
            let by_pattern = self.copied_by_pattern.as_ref().is_some_and(|pattern| pattern.is_match(&canonical(name)));
            by_pattern || self.copied.iter().any(|copied| copied == name)
        };
        asking.remove(is_copied);
        asking.headers.extend(headers.into_iter().filter(|(name, _)| is_copied(name)));
        Done::Forward(asking)
    }
}

/// As Go writes the names of headers, and Traefik compares them.
fn canonical(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
