//! The first call with a key, as a command for a shell.

#[cfg(feature = "ssr")]
use model::{Environment, InstallationId, Key, Preset, Scope};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::web::Documentation;

/// The call that a client makes first with its key, and where its integration is described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FirstCall {
    /// What it does, in sentences that stand before it.
    pub(crate) lead: String,
    /// The call. It has the key in the variable `KEYDESK_KEY`.
    pub(crate) curl: String,
    /// The address of the integration's page in the documentation.
    pub(crate) guide: String,
    /// The words that lead there.
    pub(crate) guide_title: String,
}

/// The line that sets the variable: what stands before the key and behind it.
pub(crate) const SETS_KEY: (&str, &str) = ("KEYDESK_KEY='", "'\n");

/// Whether a new key can be seen again, and what is written down of that.
pub(crate) const fn seen_again(recoverable: bool) -> &'static str {
    if recoverable {
        "Whoever manages keys can reveal it again. Its history then says who did, when, and from where."
    } else {
        "It is shown only now: this installation keeps no copy of it."
    }
}

impl FirstCall {
    /// The whole command, for the clipboard. Between its quotes a shell reads nothing but the next quote.
    pub(crate) fn with(&self, key: &str) -> String {
        format!("{}{}{}{}", SETS_KEY.0, key.replace('\'', "'\\''"), SETS_KEY.1, self.curl)
    }
}

/// A call of the contact centre.
#[cfg(feature = "ssr")]
struct Call {
    path: &'static str,
    /// The scope that it needs.
    scope: &'static str,
    /// What it does, behind "this".
    does: &'static str,
    /// Whether its answer is a stream.
    streams: bool,
}

/// The first call on the page of a preset in the documentation; `None`: it has no page.
#[cfg(feature = "ssr")]
const fn first(preset: Preset) -> Option<Call> {
    Some(match preset {
        Preset::Crm => Call {
            path: "/v1/stream/calls",
            scope: "calls:read",
            does: "follows calls as they come, until you press Ctrl+C",
            streams: true,
        },
        Preset::WorkforceManagement => Call {
            path: "/v1/stream/agent-states",
            scope: "agent-states:subscribe",
            does: "follows what agents do, until you press Ctrl+C",
            streams: true,
        },
        Preset::QualityAssurance => {
            Call { path: "/v1/recordings", scope: "recordings:read", does: "lists recordings", streams: false }
        }
        Preset::BusinessIntelligence => {
            Call { path: "/v1/data", scope: "data:read", does: "lists the tables and their columns", streams: false }
        }
        Preset::LiveWidget => {
            Call { path: "/v1/queues", scope: "queues:read", does: "lists the queues with their ids", streams: false }
        }
        Preset::Custom => return None,
    })
}

#[cfg(feature = "ssr")]
impl FirstCall {
    /// That of a key of this installation. `keydesk`: where Keydesk itself is reached.
    pub(crate) fn of(key: &Key, installation: InstallationId, documentation: &Documentation, keydesk: &str) -> Self {
        let preset = key.settings.preset;
        let granted = |call: &Call| Scope::parse(call.scope).is_ok_and(|scope| key.settings.scopes.allows(&scope));
        let at_gateway = gateway(key.environment, installation, documentation);
        let (lead, curl) = match (first(preset).filter(granted), at_gateway) {
            (Some(call), Ok(gateway)) => {
                (format!("Through the gateway, this {}:", call.does), curl(gateway, call.path, call.streams, key))
            }
            (Some(_), Err(lack)) => {
                (format!("{lack} This asks Keydesk itself what the key may do:"), whoami(keydesk, key))
            }
            (None, _) => ("This asks Keydesk what the key may do:".to_owned(), whoami(keydesk, key)),
        };
        let (guide, guide_title) = match first(preset) {
            Some(_) => (format!("/docs/{}", preset.as_str()), format!("Integration Documentation: {}", preset.title())),
            None => ("/docs".to_owned(), "Integration Documentation".to_owned()),
        };
        Self { lead, curl, guide, guide_title }
    }
}

/// Where the gateway is, or what is missing for a key of this environment and installation.
#[cfg(feature = "ssr")]
fn gateway(
    environment: Environment,
    installation: InstallationId,
    documentation: &Documentation,
) -> Result<&str, &'static str> {
    let Some(gateway) = documentation.gateway.as_deref() else {
        return Err("This Keydesk has no gateway, so it does not know where the contact centre is called.");
    };
    if documentation.gateway_of.is_some_and(|of| of != installation) {
        return Err("The gateway of this Keydesk is for keys of another installation.");
    }
    match environment {
        Environment::Live if !documentation.live_keys => Err("The gateway has no API for live keys yet."),
        Environment::Test if !documentation.test_keys => Err("The gateway has no API for test keys yet."),
        Environment::Live | Environment::Test => Ok(gateway),
    }
}

#[cfg(feature = "ssr")]
fn whoami(keydesk: &str, key: &Key) -> String {
    curl(keydesk, "/api/v1/whoami", false, key)
}

#[cfg(feature = "ssr")]
fn curl(base: &str, path: &str, streams: bool, key: &Key) -> String {
    let (flags, accept) = if streams { ("-sSN", " \\\n  -H \"Accept: text/event-stream\"") } else { ("-sS", "") };
    // A key that is bound to web pages is asked where the call comes from, also here. `*` stands for a label.
    let origin = key.settings.allowed_origins.iter().next().map(|origin| {
        let origin = origin.to_string().replacen('*', "www", 1);
        format!(" \\\n  -H \"Origin: {origin}\"")
    });
    let origin = origin.unwrap_or_default();
    format!("curl {flags} \"{base}{path}\" \\\n  -H \"Authorization: Bearer $KEYDESK_KEY\"{accept}{origin}")
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use model::{ClientName, Hint, Instant, KeyId, KeyKind, KeySettings, KeyStatus, OriginSet};

    use super::*;

    const KEYDESK: &str = "https://desk.example";
    const OWN: &str = "01a20639-5647-75f7-93f0-8eba525ba989";
    const OTHER: &str = "01a20639-5647-75f7-93f0-8eba525ba990";

    fn key(preset: Preset, environment: Environment, origins: &[&str]) -> Key {
        let at = Instant::from_millis(0);
        let origins = OriginSet::new(origins.iter().map(|origin| origin.parse().unwrap())).unwrap();
        let named = KeySettings::new(ClientName::parse("Acme").unwrap());
        Key {
            id: OWN.parse::<KeyId>().unwrap(),
            kind: KeyKind::Issued,
            hint: Hint("ccc_live_7Qfx…c2Xa".to_owned()),
            environment,
            status: KeyStatus::Active,
            settings: KeySettings { preset, scopes: preset.scopes(), allowed_origins: origins, ..named },
            last_used_at: None,
            created_at: at,
            updated_at: at,
            deleted_at: None,
            version: 1,
            imported: false,
        }
    }

    fn documentation() -> Documentation {
        Documentation {
            gateway: Some("https://gateway.example".to_owned()),
            gateway_of: Some(OWN.parse().unwrap()),
            test_keys: true,
            ..Documentation::default()
        }
    }

    fn call(key: &Key, documentation: &Documentation) -> FirstCall {
        FirstCall::of(key, OWN.parse().unwrap(), documentation, KEYDESK)
    }

    #[test]
    fn a_preset_calls_first_what_its_page_names_first() {
        for (preset, page) in [
            (Preset::Crm, include_str!("../../../../docs/integrate/crm.md")),
            (Preset::WorkforceManagement, include_str!("../../../../docs/integrate/workforce-management.md")),
            (Preset::QualityAssurance, include_str!("../../../../docs/integrate/quality-assurance.md")),
            (Preset::BusinessIntelligence, include_str!("../../../../docs/integrate/business-intelligence.md")),
            (Preset::LiveWidget, include_str!("../../../../docs/integrate/live-widget.md")),
        ] {
            let named = page.split_once("`GET ").unwrap().1.split(['`', '?']).next().unwrap();
            let first = first(preset).unwrap();
            assert_eq!(first.path, named, "{preset:?}");
            assert!(preset.scopes().allows(&first.scope.parse().unwrap()), "{preset:?}");
            let told = call(&key(preset, Environment::Test, &[]), &documentation());
            assert!(told.curl.contains(&format!(" \"https://gateway.example{named}\" ")), "{}", told.curl);
            assert_eq!(told.guide, format!("/docs/{}", preset.as_str()));
        }
    }

    #[test]
    fn what_is_missing_is_said_and_keydesk_itself_is_called() {
        let of_nobody = Documentation { gateway: None, ..documentation() };
        let of_others = Documentation { gateway_of: Some(OTHER.parse().unwrap()), ..documentation() };
        let of_live = Documentation { live_keys: true, ..documentation() };
        for (preset, environment, documentation, lead) in [
            (Preset::Crm, Environment::Live, &of_live, "Through the gateway, this follows calls"),
            (Preset::Crm, Environment::Live, &documentation(), "The gateway has no API for live keys yet. This asks"),
            (Preset::Crm, Environment::Test, &of_nobody, "This Keydesk has no gateway, so"),
            (Preset::Crm, Environment::Test, &of_others, "The gateway of this Keydesk is for keys of another"),
            (Preset::Custom, Environment::Test, &documentation(), "This asks Keydesk what the key may do:"),
        ] {
            let told = call(&key(preset, environment, &[]), documentation);
            assert!(told.lead.starts_with(lead), "{}", told.lead);
            let asks_keydesk = told.curl.contains("\"https://desk.example/api/v1/whoami\"");
            assert_eq!(asks_keydesk, !lead.starts_with("Through"), "{}", told.curl);
        }
        let mut narrowed = key(Preset::Crm, Environment::Test, &[]);
        narrowed.settings.scopes = ["contacts:read".parse().unwrap()].into_iter().collect();
        assert!(call(&narrowed, &documentation()).curl.contains("whoami"), "it may not follow calls");
    }

    #[test]
    fn the_command_has_the_key_in_a_variable_and_an_origin_where_one_is_asked_for() {
        let told = call(&key(Preset::LiveWidget, Environment::Test, &["https://*.shop.example"]), &documentation());
        assert_eq!(
            told.with("ccc_test_it's"),
            "KEYDESK_KEY='ccc_test_it'\\''s'\n\
             curl -sS \"https://gateway.example/v1/queues\" \\\n  -H \"Authorization: Bearer $KEYDESK_KEY\" \\\n  \
             -H \"Origin: https://www.shop.example\""
        );
        let streamed = call(&key(Preset::Crm, Environment::Test, &[]), &documentation()).curl;
        assert!(
            streamed.starts_with("curl -sSN ") && streamed.ends_with("-H \"Accept: text/event-stream\""),
            "{streamed}"
        );
    }
}
