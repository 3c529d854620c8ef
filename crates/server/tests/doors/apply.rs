//! `keydesk plan` and `keydesk apply`, as an operator and a job run them, beside a server.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Program, init, keydesk, request, wait_until};

on_both_databases!(
    a_file_is_applied_beside_a_server_and_its_secrets_go_to_files,
    a_kept_plan_is_carried_out_exactly_or_refused,
    nothing_is_made_where_a_secret_does_not_arrive,
);

/// A deployment, with a folder of files beside it.
struct Desk {
    database: TestDatabase,
    data: PathBuf,
    files: tempfile::TempDir,
    config: String,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    async fn found(database: TestDatabase) -> Self {
        let data = database.dir();
        init(&data, &["--database", database.address()]).await;
        let files = tempfile::tempdir().unwrap();
        let config = files.path().join("keydesk.toml");
        let routes = files.path().join("routes.toml");
        fs::write(&config, format!("routes_file = \"{}\"\n", routes.display())).unwrap();
        Self { database, data, config: config.display().to_string(), files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn write(&self, text: &str) -> String {
        let path = self.path("acme.toml");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    async fn run(&self, args: &[&str]) -> Ran {
        let on = ["--database", self.database.address(), "--config", &self.config];
        let output = keydesk(&self.data, &[args, &on[..]].concat()).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// One that succeeds, and prints a JSON document.
    async fn did(&self, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--json"]].concat()).await;
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
        serde_json::from_str(&ran.out).unwrap()
    }

    async fn refused(&self, args: &[&str]) -> String {
        let ran = self.run(args).await;
        assert_eq!(ran.code, Some(1), "{args:?}: {}", ran.out);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        ran.err
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

const FILE: &str = r#"
name = "acme"
installation = "default"

[settings]
title = "Acme"

[keys.crm]
client_name = "Acme CRM"
scopes = ["calls:read"]
secret_file = "crm.key"

[keys.verifier]
client_name = "Acme API"
scopes = ["keys:verify"]
secret_command = ["sh", "-c", "cat > \"$OUT/verifier.key\""]

[[routes]]
method = "GET"
path = "/v1/calls"
scope = "calls:read"
"#;

async fn a_file_is_applied_beside_a_server_and_its_secrets_go_to_files(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let out = desk.files.path().display().to_string();
    let file = desk.write(&FILE.replace("$OUT", &out));
    let server = Program::serve(&desk.data, &["--database", desk.database.address()]).await;

    let plan = desk.did(&["plan", &file]).await;
    let steps: Vec<(&str, &str)> = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["action"].as_str().unwrap(), step["name"].as_str().unwrap()))
        .collect();
    assert_eq!(steps, [("claim", "title"), ("add", "crm"), ("add", "verifier"), ("add", "routes")]);
    assert_eq!((&plan["format"], &plan["applied"]), (&json!("keydesk.plan/1"), &json!(false)));
    let said = desk.run(&["plan", &file]).await;
    for words in [
        "= setting title (the installation) is held by this file from now on\n    title: Contact centre -> Acme\n",
        "+ key crm (Acme CRM) is made; its secret goes to the file ",
        "    scopes: calls:read\n",
        "+ key verifier (Acme API) is made; its secret goes to the command sh\n",
        "    GET /v1/calls: none -> calls:read\n    stops: routes are read when a node starts",
        "3 to add, 0 to change, 1 to take over, 0 to remove, 0 to release.\n",
    ] {
        assert!(said.out.contains(words), "{words:?} is not in\n{}", said.out);
    }
    assert!(desk.refused(&["plan", &file, "--check"]).await.contains("not all is as"));
    assert!(desk.refused(&["apply", &file]).await.contains("say --yes"), "nobody is asked");

    let done = desk.did(&["apply", &file, "--yes"]).await;
    assert_eq!(done["applied"], true);
    let (crm, verifier) = (desk.path("crm.key"), desk.path("verifier.key"));
    assert_eq!(mode(&crm), 0o600);
    let (crm, verifier) = (fs::read_to_string(crm).unwrap(), fs::read_to_string(verifier).unwrap());
    assert!(crm.starts_with("ccc_live_") && !crm.ends_with('\n'));
    // The server takes both from its next look on.
    let body = json!({ "key": crm, "scopes": ["calls:read"] }).to_string();
    let verified = async || {
        let asked = request(&server.address, "POST", "/api/v1/keys/verify", Some(&verifier), Some(&body)).await;
        asked.is_ok_and(|(status, answer)| status == 200 && answer.contains("\"VALID\""))
    };
    assert!(wait_until(verified).await, "the server does not take the new keys");
    let routes = fs::read_to_string(desk.path("routes.toml")).unwrap();
    assert!(
        routes.starts_with("# Written by `keydesk apply`") && routes.contains("path\" = \"/v1/calls\""),
        "{routes}"
    );
    assert_eq!(mode(&desk.path("routes.toml")), 0o644);

    // Applied twice, nothing changes; and no secret is anywhere but where it was sent.
    let again = desk.did(&["apply", &file, "--yes"]).await;
    assert_eq!(again["steps"], json!([]));
    assert_eq!(desk.run(&["plan", &file, "--check"]).await.code, Some(0));
    let log = desk.run(&["audit", "export"]).await.out;
    for secret in [&crm, &verifier] {
        assert!(!plan.to_string().contains(secret.as_str()) && !done.to_string().contains(secret.as_str()));
        assert!(!said.out.contains(secret.as_str()) && !server.printed().contains(secret.as_str()));
        assert!(!log.contains(secret.as_str()));
    }

    // A node that starts now goes by the routes.
    let beside = Program::serve(&desk.data, &["--database", desk.database.address(), "--config", &desk.config]).await;
    let asked = async |path: &str| {
        let head = format!("/authz{path}");
        request(&beside.address, "GET", &head, Some(&crm), None).await.unwrap().0
    };
    assert_eq!((asked("/v1/calls").await, asked("/v1/wraps").await), (200, 403));

    // What the file no longer says goes, and the plan says what stops.
    let file = desk.write("name = \"acme\"\nrelease = [\"keys.verifier\"]\n");
    let said = desk.run(&["plan", &file]).await.out;
    assert!(said.contains("- key crm (Acme CRM "), "{said}");
    assert!(said.contains("    stops: it "), "{said}");
    assert!(said.contains("calls of GET /v1/calls are refused"), "{said}");
    let done = desk.run(&["apply", &file, "--yes"]).await;
    assert_eq!((done.code, done.out.ends_with("Done.\n")), (Some(0), true), "{}{}", done.out, done.err);
    let refused = async || {
        let asked = request(&server.address, "GET", "/api/v1/whoami", Some(&crm), None).await;
        asked.is_ok_and(|(status, _)| status == 401)
    };
    assert!(wait_until(refused).await, "the server still takes a key that was removed");
    assert!(!fs::read_to_string(desk.path("routes.toml")).unwrap().contains("[[routes]]"));
}

async fn a_kept_plan_is_carried_out_exactly_or_refused(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let text = "name = \"acme\"\n[keys.crm]\nclient_name = \"Acme CRM\"\n";
    let file = desk.write(text);
    let kept = desk.path("plan.json").display().to_string();
    desk.did(&["plan", &file, "--out", &kept]).await;
    // Another file is not what was planned with.
    desk.write(&format!("{text}notes = \"ours\"\n"));
    assert!(desk.refused(&["apply", &file, "--plan", &kept]).await.contains("not the one that was planned with"));
    desk.write(text);
    let done = desk.did(&["apply", &file, "--plan", &kept]).await;
    assert_eq!(done["applied"], true);
    // The Default API Key comes first.
    let id = desk.did(&["key", "list"]).await["items"][1]["id"].as_str().unwrap().to_owned();

    let other = format!("{text}scopes = [\"calls:read\"]\n");
    desk.write(&other);
    desk.did(&["plan", &file, "--out", &kept]).await;
    desk.did(&["key", "update", &id, "--notes", "by hand"]).await;
    let refused = desk.refused(&["apply", &file, "--plan", &kept]).await;
    assert!(refused.contains("The key crm is not as it was when the plan was made"), "{refused}");
    assert!(desk.refused(&["apply", &file, "--plan", &file]).await.contains("is no kept plan"));
    // What does not concern the plan stops nothing.
    desk.did(&["plan", &file, "--out", &kept]).await;
    desk.did(&["key", "create", "--client-name", "Another"]).await;
    assert_eq!(desk.did(&["apply", &file, "--plan", &kept]).await["applied"], true);
    let drifted = desk.did(&["key", "update", &id, "--scope", "contacts:read"]).await;
    assert_eq!(drifted["scopes"], json!(["contacts:read"]));
    let said = desk.run(&["plan", &file]).await.out;
    assert!(said.contains("It was changed by hand since this file was applied."), "{said}");
}

async fn nothing_is_made_where_a_secret_does_not_arrive(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let two = |to: &str| {
        format!(
            "name = \"acme\"\n[keys.a]\nclient_name = \"A\"\nsecret_file = \"a.key\"\n[keys.b]\nclient_name = \"B\"\n{to}\n"
        )
    };
    let keys = async || desk.did(&["key", "list"]).await["total"].clone();
    let before = keys().await;
    for (to, words) in [
        ("secret_command = [\"sh\", \"-c\", \"exit 3\"]", "the command sh failed (exit status: 3)"),
        ("secret_command = [\"/does/not/exist\"]", "the command /does/not/exist can't be started"),
        ("secret_file = \"none/b.key\"", "none can't be used"),
        ("secret_file = \"keydesk.toml\"", "is there already"),
    ] {
        let file = desk.write(&two(to));
        let refused = desk.refused(&["apply", &file, "--yes"]).await;
        assert!(refused.contains("so nothing was changed") && refused.contains(words), "{refused}");
        assert!(!desk.path("a.key").exists(), "what was handed over before is taken back");
        assert_eq!(keys().await, before);
    }
    // Without a place for routes a file with some is refused, and so is one for another installation.
    let file = desk.write("name = \"acme\"\nroutes = \"contact-centre\"\n");
    let output = keydesk(&desk.data, &["plan", &file, "--database", desk.database.address()]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("routes_file"), "{output:?}");
    let file = desk.write("name = \"acme\"\ninstallation = \"second\"\n");
    assert!(desk.refused(&["plan", &file]).await.contains("is for the installation second"));
    let file = desk.write("name = \"acme\"\n[keys.a]\nclient_name = \"A\"\nscops = []\n");
    assert!(desk.refused(&["plan", &file]).await.contains("keys.a.scops: unknown field `scops`"));
    let file = desk.write("name = \"acme\"\n[keys.a]\nclient_name = \"A\"\nscopes = [\"nope:read\"]\n");
    assert!(desk.refused(&["plan", &file]).await.contains("keys.a: There is no such scope: nope:read."));
    let upstream =
        "[[routes]]\nmethod = \"GET\"\npath = \"/a\"\nscope = []\nenvironment = \"live\"\nupstream = \"nowhere\"\n";
    let file = desk.write(&format!("name = \"acme\"\n{upstream}"));
    assert!(desk.refused(&["plan", &file]).await.contains("nowhere"));
}

#[tokio::test]
async fn the_schema_is_printed_without_a_deployment() {
    let folder = tempfile::tempdir().unwrap();
    let output = keydesk(folder.path(), &["apply", "--schema"]).await;
    assert!(output.status.success(), "{output:?}");
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
