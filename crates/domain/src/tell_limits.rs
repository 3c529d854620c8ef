//! Limits that were reached and addresses that guess keys are events: each is told once, by whichever node.

use model::fold_name;
use serde_json::{Map, Value, json};
use verify::{LimitOwner, LimitReached};

use crate::{Emitted, GuessingDetected, Keydesk};

impl Keydesk {
    /// Tells receivers of the limits that refused a call since, each once in its window.
    pub async fn tell_reached_limits(&self) {
        for reached in self.verifier().take_reached() {
            let LimitReached { installation, key, environment, client_name, label, limit, until } = reached;
            let of = match label.owner() {
                LimitOwner::Key => format!("key:{key}"),
                LimitOwner::Client => format!("client:{}:{}", environment.as_str(), fold_name(&client_name)),
                LimitOwner::Installation => "installation".to_owned(),
            };
            let is_own = label.owner() == LimitOwner::Key;
            let data = json!({
                "limit": {"name": label.to_string(), "limit": limit, "until": until},
                "client_name": client_name,
                "key_id": key,
            });
            self.try_emit(Emitted {
                installation,
                kind: "limit.reached",
                key: is_own.then_some(key),
                environment: Some(environment),
                once: Some(format!("limit:{of}:{}:{}", label.name(), until.as_millis())),
                data: object(data),
            })
            .await;
        }
    }

    /// Tells receivers of addresses that began to guess: of the installation that was asked, else of all.
    pub(crate) async fn tell_guessing(&self, began: Vec<GuessingDetected>) {
        for GuessingDetected { installation, network, failed, since } in began {
            let all = match installation {
                Some(installation) => vec![installation],
                None => self.installation_ids(),
            };
            for installation in all {
                let data = json!({"network": network, "failed": failed, "since": since});
                self.try_emit(Emitted {
                    installation,
                    kind: "guessing.detected",
                    key: None,
                    environment: None,
                    once: Some(format!("guessing:{network}:{}", since.as_millis())),
                    data: object(data),
                })
                .await;
            }
        }
    }

    async fn try_emit(&self, event: Emitted) {
        let kind = event.kind;
        if let Err(error) = self.emit(event).await {
            tracing::warn!(%error, kind, "receivers could not be told");
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
