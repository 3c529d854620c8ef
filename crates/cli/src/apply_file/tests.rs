use std::fs;

use domain::CeilingOf;
use serde_json::json;

use super::*;

fn read_text(text: &str) -> Result<ApplyFile, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.toml");
    fs::write(&path, text).unwrap();
    let read = ApplyFile::read(&path, &"Europe/Zurich".parse().unwrap());
    read.map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
}

const ALL: &str = r#"
name = "acme"
installation = "default"
release = ["keys.old", "webhooks.older"]
claim_routes = true

[settings]
title = "Acme"
time_zone = "Asia/Tokyo"
enabled = true
contact = "the Service Desk"
longest_life_days = 365
required_second_factor = "owners"
leak_rule = "disable"
clear = ["default_preset"]

[limits.installation]
rate_limits = [{ name = "default", limit = 600, window_seconds = 60 }]

[[limits.clients]]
client_name = "Acme CRM"
environment = "test"
quotas = [{ name = "daily", limit = 1000, period = "day" }]
claim = true

[keys.acme-crm]
client_name = "Acme CRM"
preset = "crm"
expires_at = 2027-01-31
allowed_ips = ["10.0.0.0/8"]
metadata = { crm = "4711" }
contact_centre = { calls_per_hour = 60 }
clear = ["notes"]
secret_file = "secrets/acme-crm"

[keys.acme-wfm]
claim = "01981d2c-9e5b-7c3a-8b1d-0123456789ab"
environment = "live"

[webhooks.alerts]
url = "https://example.com/hooks"
types = ["key.*"]
order = "none"
secret_command = ["vault", "write", "s3cret"]

[[routes]]
method = "GET"
path = "/v1/calls"
scope = "calls:read"
"#;

#[test]
fn a_file_says_keys_limits_webhooks_routes_and_settings() {
    let ApplyFile { wanted, routes, secrets, installation, .. } = read_text(ALL).unwrap();
    assert_eq!((wanted.file.as_str(), installation.as_deref()), ("acme", Some("default")));
    assert_eq!((wanted.settings.title.as_deref(), wanted.settings.enabled), (Some("Acme"), Some(true)));
    let WantedSettings { contact, longest_life, default_preset, required_second_factor, leak_rule, .. } =
        &wanted.settings;
    assert_eq!(contact.as_ref().unwrap().as_ref().unwrap().as_str(), "the Service Desk");
    assert_eq!(longest_life.unwrap().map(KeyLife::days), Some(365));
    assert_eq!((default_preset, required_second_factor), (&Some(None), &Some(RequiredSecondFactor::Owners)));
    assert_eq!(*leak_rule, Some(LeakRule::Disable));
    assert_eq!(wanted.limits.len(), 2);
    assert!(wanted.limits[0].of == CeilingOf::Installation && !wanted.limits[0].claim && wanted.limits[1].claim);
    let [crm, wfm] = &wanted.keys[..] else { panic!("two keys") };
    assert_eq!((crm.name.as_str(), crm.settings.preset), ("acme-crm", Some(Preset::Crm)));
    // The end of that day where the file says that the installation is.
    assert_eq!(crm.settings.expires_at.flatten().unwrap().to_string(), "2027-01-31T15:00:00.000Z");
    assert_eq!(crm.settings.notes, Some(None));
    assert_eq!(json!(crm.settings.metadata), json!({ "crm": "4711" }));
    assert!(crm.secret.as_ref().is_some_and(|words| words.ends_with("/secrets/acme-crm")));
    assert!(wfm.claim.is_some() && wfm.settings == Default::default());
    assert_eq!(wanted.webhooks[0].secret.as_deref(), Some("the command vault"), "no argument is told");
    assert_eq!(secrets.len(), 2);
    assert_eq!(wanted.routes.unwrap().len(), 1);
    assert!(routes.is_some() && wanted.claims_routes);
    assert_eq!(wanted.release.len(), 2);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let key = |line: &str| format!("name = \"acme\"\n[keys.crm]\nclient_name = \"Acme\"\n{line}\n");
    for (text, expected) in [
        ("".to_owned(), "/acme.toml, line 1: missing field `name`"),
        ("name = \"Acme\"\n".to_owned(), "/acme.toml, line 1: a name is 1 to 64 lower-case letters"),
        ("name = \"acme\"\nkey = 1\n".to_owned(), "/acme.toml, line 2: unknown field `key`"),
        ("name = \"acme\"\n[settings]\ntime_zone = \"Zurich\"\n".to_owned(), "/acme.toml, line 3: "),
        ("name = \"acme\"\n[settings]\nlongest_life_days = 0\n".to_owned(), "/acme.toml, line 3: "),
        (
            "name = \"acme\"\n[settings]\nleak_rule = \"shred\"\n".to_owned(),
            "/acme.toml, line 3: unknown variant `shred`",
        ),
        (
            "name = \"acme\"\n[settings]\nclear = [\"title\"]\n".to_owned(),
            "/acme.toml, settings.clear: title can't be cleared; contact,",
        ),
        (
            "name = \"acme\"\n[settings]\ncontact = \"Ada\"\nclear = [\"contact\"]\n".to_owned(),
            "/acme.toml, settings.clear: contact is given, too",
        ),
        ("name = \"acme\"\n[webhooks.a]\nurl = 5\n".to_owned(), "/acme.toml, line 3: invalid type: integer `5`"),
        (
            "name = \"acme\"\nrelease = [\"limits.a\"]\n".to_owned(),
            "/acme.toml, release: \"limits.a\" is not keys.NAME",
        ),
        (key("scops = []"), "/acme.toml, keys.crm.scops: unknown field `scops`"),
        (key("scopes = [\"calls\"]"), "/acme.toml, keys.crm.scopes: a scope is `resource:action`"),
        (key("expires_at = \"90d\""), "/acme.toml, keys.crm.expires_at: days would be counted anew"),
        (key("expires_at = \"soon\""), "/acme.toml, keys.crm.expires_at: write an instant"),
        (key("clear = [\"scopes\"]"), "/acme.toml, keys.crm.clear: scopes can't be cleared"),
        (key("notes = \"a\"\nclear = [\"notes\"]"), "/acme.toml, keys.crm.clear: notes is given, too"),
        (key("environment = \"prod\""), "/acme.toml, keys.crm.environment: unknown variant `prod`"),
        (key("secret_file = \"a\"\nsecret_command = [\"b\"]"), "/acme.toml, keys.crm.secret_command: there is a"),
        (key("secret_command = []"), "/acme.toml, keys.crm.secret_command: it names no program"),
        (key("secret_file = \"..\""), "/acme.toml, keys.crm.secret_file: it names no file"),
        (
            "name = \"acme\"\n[[routes]]\nmethod = \"GET\"\npath = \"a\"\nscope = []\n".to_owned(),
            "/acme.toml, routes: route GET a: ",
        ),
    ] {
        let refused = read_text(&text).err().unwrap();
        assert!(refused.starts_with(expected), "{expected:?} does not begin {refused:?}");
    }
}

#[test]
fn a_file_has_a_bound() {
    let large = format!("name = \"acme\" # {}", "x".repeat(1024 * 1024));
    assert_eq!(read_text(&large).err().unwrap(), "/acme.toml is larger than 1 MiB.");
    let mut many = "name = \"acme\"\n".to_owned();
    (0..=ENTRIES_MAX).for_each(|number| many.push_str(&format!("[keys.k{number}]\nclient_name = \"A\"\n")));
    assert!(read_text(&many).err().unwrap().starts_with("/acme.toml, keys: there are more than 1000"));
}

#[test]
fn the_file_in_the_documents_is_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/apply/acme.toml");
    let ApplyFile { wanted, secrets, .. } =
        ApplyFile::read(&path, &TimeZone::UTC).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((wanted.keys.len(), wanted.webhooks.len(), wanted.limits.len(), secrets.len()), (2, 1, 2, 3));
    assert_eq!(wanted.keys[1].environment, Some(Environment::Test));
}
