//! Who may do what: one table, run through every door: REST, the pages, the command line, `/authz`, gRPC and SPOE. What it
//! says is printed into docs/security.md.

use std::{fmt::Write as _, fs, path::Path};

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::{NewAdministrator, NewKey};
use model::{Actor, Environment, IssueBounds, KeyId, Overlap, PlainSecret, Role, SettingsPatch};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    proxies::{Gate, envoy_over_grpc, haproxy_over_spoe, nginx_over_http, send},
    support::{Answer, TestApp, keydesk},
};

/// A verb on an issued key, or on the Default API Key.
struct Verb {
    name: &'static str,
    /// The scope that it asks of a calling key; `None`: there is no such call.
    scope: Option<&'static str>,
    /// Whether the key is the caller's to use afterwards, or its holder's again: a calling key must hold every scope of it,
    /// and could have issued it.
    whole: bool,
    /// Which roles may.
    roles: [bool; 3],
    /// Whether it is about the Default API Key, with which a calling key has nothing to do.
    default_key: bool,
}

impl Verb {
    /// What is done, whether to an issued key or to the Default API Key.
    fn does(&self) -> &'static str {
        let Some(does) = self.name.strip_suffix(" the Default API Key") else { return self.name };
        does.strip_suffix(" of").unwrap_or(does)
    }
}

const OWNER: [bool; 3] = [true, false, false];
const MANAGER: [bool; 3] = [true, true, false];
const VIEWER: [bool; 3] = [true, true, true];
const ROLES: [Role; 3] = [Role::Owner, Role::Manager, Role::Viewer];

const fn verb(name: &'static str, scope: &'static str, roles: [bool; 3]) -> Verb {
    Verb { name, scope: Some(scope), whole: false, roles, default_key: false }
}

const fn whole(name: &'static str, scope: &'static str) -> Verb {
    Verb { whole: true, ..verb(name, scope, MANAGER) }
}

const fn on_default(name: &'static str, scope: &'static str, roles: [bool; 3]) -> Verb {
    Verb { default_key: true, ..verb(name, scope, roles) }
}

const VERBS: [Verb; 26] = [
    verb("list", "keys:read", VIEWER),
    verb("export the list", "keys:read", VIEWER),
    verb("read", "keys:read", VIEWER),
    verb("look up", "keys:read", VIEWER),
    Verb { scope: None, ..verb("read the history", "", MANAGER) },
    verb("create", "keys:write", MANAGER),
    verb("import", "keys:write", MANAGER),
    verb("edit", "keys:write", MANAGER),
    verb("disable", "keys:write", MANAGER),
    whole("enable", "keys:write"),
    whole("rotate", "keys:write"),
    verb("end an overlap", "keys:write", MANAGER),
    whole("reveal", "keys:reveal"),
    whole("hand over", "keys:reveal"),
    verb("withdraw a hand-over", "keys:write", MANAGER),
    // A key makes tokens for itself alone: `tokens.rs`.
    Verb { scope: None, ..verb("make a token", "", MANAGER) },
    verb("delete", "keys:write", MANAGER),
    whole("restore", "keys:write"),
    on_default("edit the Default API Key", "keys:write", [false; 3]),
    on_default("delete the Default API Key", "keys:write", [false; 3]),
    on_default("rotate the Default API Key", "keys:write", OWNER),
    on_default("end an overlap of the Default API Key", "keys:write", OWNER),
    on_default("reveal the Default API Key", "keys:reveal", OWNER),
    on_default("hand over the Default API Key", "keys:reveal", OWNER),
    on_default("withdraw a hand-over of the Default API Key", "keys:write", OWNER),
    Verb { scope: None, ..on_default("make a token of the Default API Key", "", OWNER) },
];

/// All scopes that the target holds, and all that verbs ask for.
const HELD: [&str; 6] = ["keys:read", "keys:write", "keys:reveal", "keys:verify", "calls:read", "contacts:read"];

struct MatrixApp {
    app: TestApp,
    database: TestDatabase,
}

/// A key that a verb is about, in the state that the verb needs.
struct Target {
    id: KeyId,
    handover: String,
}

impl Target {
    /// A key that no Keydesk has issued.
    fn foreign_key(&self) -> String {
        format!("acme_{}", self.id)
    }
}

impl MatrixApp {
    async fn open(database: TestDatabase) -> Self {
        let app = TestApp::new(&database).await;
        app.installation("other").await;
        Self { app, database }
    }

    /// A key of `installation` that may call itself, with these scopes.
    async fn key(&self, installation: &str, environment: Environment, scopes: &[&str]) -> (KeyId, String) {
        let operator = self.app.operator(installation).await;
        let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        let settings = SettingsPatch { scopes: Some(scopes), ..SettingsPatch::name("Caller") };
        let new = NewKey { environment: Some(environment), ..NewKey::of(settings) };
        let issued = self.app.keydesk.issue(&operator, new).await.unwrap();
        (issued.key.id, issued.secret.expose().to_owned())
    }

    /// Binds a key that may be used from here, and so the keys that it issues.
    async fn bind(&self, id: KeyId) {
        let bounds = IssueBounds { longest_life_seconds: Some(60.try_into().unwrap()), ..IssueBounds::default() };
        let patch = SettingsPatch { issue_bounds: Some(Some(bounds)), ..SettingsPatch::default() };
        self.app.keydesk.update(&self.app.operator("default").await, id, patch, None).await.unwrap();
    }

    async fn target(&self, verb: &Verb, environment: Environment) -> Target {
        let (operator, keydesk) = (self.app.operator("default").await, &self.app.keydesk);
        let id = match verb.default_key {
            true => keydesk.default_key(&operator).await.unwrap().id,
            false => self.key("default", environment, &["calls:read", "contacts:read"]).await.0,
        };
        let mut handover = String::new();
        match verb.does() {
            "enable" => drop(keydesk.set_enabled(&operator, id, false, None).await.unwrap()),
            "end an overlap" => {
                drop(keydesk.rotate(&operator, id, Overlap::try_from(60).unwrap(), None).await.unwrap());
            }
            "withdraw a hand-over" => {
                handover = keydesk.create_handover(&operator, id).await.unwrap().handover.id.to_string();
            }
            "restore" => keydesk.delete(&operator, id, None).await.unwrap(),
            _ => {}
        }
        Target { id, handover }
    }

    /// The verb over REST.
    async fn rest(&self, secret: &str, verb: &Verb, target: &Target) -> Answer {
        let client = self.app.with_key(secret);
        let at = |rest: &str| format!("/api/v1/keys/{}{rest}", target.id);
        match verb.does() {
            "list" => client.get("/api/v1/keys").await,
            "export the list" => client.get("/api/v1/keys.csv").await,
            "read" => client.get(&at("")).await,
            "look up" => client.post("/api/v1/keys/lookup", json!({"hint": "…c2Xa"})).await,
            "create" => client.post("/api/v1/keys", json!({"client_name": "New", "scopes": ["calls:read"]})).await,
            "import" => {
                let rows = json!({"client_name": "New", "key": target.foreign_key(), "scopes": ["calls:read"]});
                client.import("", "application/x-ndjson", &rows.to_string()).await
            }
            "edit" => client.patch(&at(""), json!({"client_name": "Beta"})).await,
            "disable" => client.post(&at("/disable"), Value::Null).await,
            "enable" => client.post(&at("/enable"), Value::Null).await,
            "rotate" => client.post(&at("/rotate"), json!({"overlap_seconds": 60})).await,
            "end an overlap" => client.post(&at("/end-overlap"), Value::Null).await,
            "reveal" => client.post(&at("/reveal"), Value::Null).await,
            "hand over" => client.post(&at("/handover"), Value::Null).await,
            "withdraw a hand-over" => client.delete(&at(&format!("/handover/{}", target.handover))).await,
            "delete" => client.delete(&at("")).await,
            "restore" => client.post(&at("/restore"), Value::Null).await,
            other => panic!("{other} is no call"),
        }
    }

    /// Signs a person in; returns the cookie and the id.
    async fn person(&self, role: Role) -> (String, String) {
        let installation = self.app.operator("default").await.installation;
        let email = format!("{role}@example.com");
        let password = "quiet-otter-88-lantern";
        let new = NewAdministrator {
            email: email.clone(),
            name: role.title().to_owned(),
            role,
            password: PlainSecret::new(password.to_owned()),
        };
        let made = self.app.keydesk.create_administrator(Actor::Operator, installation, new).await.unwrap();
        let answer = self.post("/login", "", "", &format!("email={email}&password={password}")).await;
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(cookie.starts_with("keydesk-"), "{answer:?}");
        (cookie, made.id.to_string())
    }

    /// Posts a form as a page does.
    async fn post(&self, path: &str, cookie: &str, drawn_for: &str, form: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, "127.0.0.1:3000")
            .header(header::ORIGIN, "http://127.0.0.1:3000")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie)
            .header("x-keydesk-drawn-for", drawn_for);
        self.app.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Posts a file as a page does.
    async fn post_file(&self, path: &str, cookie: &str, drawn_for: &str, rows: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, "127.0.0.1:3000")
            .header(header::ORIGIN, "http://127.0.0.1:3000")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie)
            .header("x-keydesk-drawn-for", drawn_for);
        let disposition = "Content-Disposition: form-data; name=\"rows\"; filename=\"keys.csv\"";
        let body = format!("--b\r\n{disposition}\r\nContent-Type: text/csv\r\n\r\n{rows}\r\n--b--\r\n");
        self.app.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn open_page(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::builder().uri(path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie);
        self.app.send(request.body(Body::empty()).unwrap()).await
    }

    /// The verb in the pages; whether it was done.
    async fn page(&self, (cookie, id): &(String, String), verb: &Verb, target: &Target) -> bool {
        let at = format!("/keys/{}", target.id);
        let operator = self.app.operator("default").await;
        let key = self.app.keydesk.get(&operator, target.id).await.unwrap();
        let (version, name) = (key.version, key.settings.client_name.as_str().replace(' ', "+"));
        let form = |intent: &str, more: &str| format!("intent={intent}&version={version}&confirm={name}{more}");
        let send = async |form: String| self.post(&at, cookie, id, &form).await;
        let done = |answer: &Answer| match answer.status.as_u16() {
            303 => ["done=", "/result"].iter().any(|end| answer.header("location").contains(end)),
            200 => true,
            _ => false,
        };
        match verb.does() {
            "list" => self.open_page("/keys", cookie).await.text().contains("Caller"),
            "export the list" => self.open_page("/keys.csv", cookie).await.text().contains("Caller"),
            "read" => self.open_page(&at, cookie).await.text().contains("Caller"),
            "look up" => {
                let secret = self.app.keydesk.reveal(&operator, target.id).await.unwrap();
                let found = self.post("/keys/search", cookie, id, &format!("search={}", secret.expose())).await;
                found.header("location").starts_with(&at)
            }
            "read the history" => {
                self.open_page(&format!("{at}/activity"), cookie).await.text().contains("history-what")
            }
            "create" => {
                let form = "intent=create&client_name=New&preset=custom&scope=calls:read&token=t";
                self.post("/keys", cookie, id, form).await.header("location").ends_with("/result")
            }
            "import" => {
                let rows = format!("client_name,key\nNew,{}", target.foreign_key());
                let staged = self.post_file("/keys/import", cookie, id, &rows).await;
                let preview = staged.header("location");
                preview.starts_with("/keys/import/")
                    && self.post(preview, cookie, id, "intent=import").await.header("location") == preview
            }
            "edit" => done(&send(form("save", "&client_name=Beta")).await),
            "disable" | "enable" | "restore" => done(&send(form(verb.does(), "")).await),
            "rotate" => done(&send(form("rotate", "&overlap=60")).await),
            "end an overlap" => done(&send(form("end-overlap", "")).await),
            "reveal" => done(&send(form("reveal", "")).await),
            "hand over" => done(&send(form("hand-over", "")).await),
            "withdraw a hand-over" => done(&send(form("withdraw", &format!("&handover={}", target.handover))).await),
            "make a token" => done(&send(form("token", "")).await),
            "delete" => {
                let answer = self.post("/keys", cookie, id, &format!("intent=delete&id={}", target.id)).await;
                answer.status == 303
            }
            other => panic!("{other} is in no page"),
        }
    }

    /// The verb on the command line; whether it was done, `None` where there is no such command.
    async fn command_line(&self, verb: &Verb, target: &Target) -> Option<bool> {
        let id = target.id.to_string();
        let file = self.database.dir().join("keys.csv");
        fs::write(&file, format!("client_name,key\nNew,{}\n", target.foreign_key())).unwrap();
        let args: &[&str] = match verb.does() {
            "list" => &["key", "list"],
            "create" => &["key", "create", "--client-name", "New"],
            "import" => &["import", file.to_str().unwrap()],
            "edit" => &["key", "update", &id, "--client-name", "Beta"],
            "disable" => &["key", "disable", &id],
            "enable" => &["key", "enable", &id],
            "rotate" => &["key", "rotate", &id, "--overlap", "60s"],
            "hand over" => &["key", "handover", &id],
            "reveal" if verb.default_key => &["key", "default", "--reveal"],
            "make a token" => &["token", &id],
            "delete" => &["key", "delete", &id],
            _ => return None,
        };
        let environment = [("KEYDESK_DATABASE", self.database.address())];
        let ran = keydesk_with(&self.database.dir(), args, &environment).await;
        Some(ran.status.success())
    }
}

async fn keydesk_with(data: &Path, args: &[&str], environment: &[(&str, &str)]) -> std::process::Output {
    let mut command = crate::support::command();
    command.args(args).arg("--data-dir").arg(data).envs(environment.iter().copied());
    command.output().await.unwrap()
}

on_both_databases!(
    keys_may_what_their_scopes_environment_and_installation_allow,
    people_may_what_their_role_allows,
    the_operator_may_all_but_touch_the_default_api_key,
);

async fn keys_may_what_their_scopes_environment_and_installation_allow(database: TestDatabase) {
    let app = MatrixApp::open(database).await;
    let (live, test) = (Environment::Live, Environment::Test);
    let (_, strong) = app.key("default", live, &HELD).await;
    let (_, tester) = app.key("default", test, &HELD).await;
    let (_, foreigner) = app.key("other", live, &HELD).await;
    for verb in &VERBS {
        let Some(scope) = verb.scope else { continue };
        let name = verb.name;
        let of_one = !matches!(name, "list" | "export the list" | "look up" | "create" | "import");
        let without: Vec<_> = HELD.iter().copied().filter(|held| *held != scope).collect();
        let (_, without) = app.key("default", live, &without).await;
        let (_, weak) = app.key("default", live, &[scope, "keys:read"]).await;
        let (bound_id, bound) = app.key("default", live, &HELD).await;
        app.bind(bound_id).await;
        let outcome = async |secret: &str, environment| {
            let answer = app.rest(secret, verb, &app.target(verb, environment).await).await;
            if answer.status.is_success() { "done".to_owned() } else { answer.code() }
        };
        let own = if verb.default_key { "default_key_protected" } else { "done" };
        assert_eq!(outcome(&strong, live).await, own, "{name}");
        assert_eq!(outcome(&without, live).await, "insufficient_scope", "{name} without {scope}");
        if verb.whole {
            assert_eq!(outcome(&weak, live).await, "scope_escalation", "{name} of a key with more scopes");
            assert_eq!(outcome(&bound, live).await, "bounds_escalation", "{name} of a key with fewer bounds");
        }
        if !verb.default_key {
            assert_eq!(outcome(&strong, test).await, "done", "{name}: a live key manages test keys");
            assert_eq!(outcome(&tester, test).await, "done", "{name}: a test key on a test key");
        }
        if of_one {
            assert_eq!(outcome(&tester, live).await, "not_found", "{name}: a test key on a live key");
            assert_eq!(outcome(&foreigner, live).await, "not_found", "{name}: another installation's key");
        }
    }
}

async fn people_may_what_their_role_allows(database: TestDatabase) {
    let app = MatrixApp::open(database).await;
    for (index, role) in ROLES.into_iter().enumerate() {
        let person = app.person(role).await;
        for verb in &VERBS {
            let target = app.target(verb, Environment::Live).await;
            assert_eq!(app.page(&person, verb, &target).await, verb.roles[index], "{}: {role}", verb.name);
        }
    }
}

async fn the_operator_may_all_but_touch_the_default_api_key(database: TestDatabase) {
    let app = MatrixApp::open(database).await;
    for verb in &VERBS {
        let target = app.target(verb, Environment::Live).await;
        let may = !matches!(verb.name, "edit the Default API Key" | "delete the Default API Key");
        assert!(app.command_line(verb, &target).await.is_none_or(|done| done == may), "{}", verb.name);
    }
}

/// Which keys a listener accepts: the environment of its configuration, and the outcome for a live and for a test key.
const ACCEPTED: [(&str, u16, u16); 3] = [("live", 200, 403), ("test", 403, 200), ("any", 200, 200)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_listener_accepts_keys_of_its_own_installation_and_environment() {
    for (environment, live, test) in ACCEPTED {
        let config =
            ["authz", "grpc", "spoe"].map(|name| format!("[{name}]\nenvironment = \"{environment}\"\n")).concat();
        let gate =
            Gate::open_configured(&config, &["--grpc-listen", "127.0.0.1:0", "--spoe-listen", "127.0.0.1:0"]).await;
        for (door, proxy) in [
            ("/authz", nginx_over_http(&gate).await),
            ("gRPC", envoy_over_grpc(&gate).await),
            ("SPOE", haproxy_over_spoe(&gate).await),
        ] {
            let asked = async |secret: &str| {
                let line = format!("Authorization: Bearer {secret}");
                send(&proxy.address, "GET", b"/api/contacts/42", &[&line], "").await.status
            };
            let got = (asked(&gate.reader.secret).await, asked(&gate.tester.secret).await);
            assert_eq!(got, (live, test), "{door} for {environment} keys");
            assert_eq!(asked(&gate.foreigner.secret).await, 401, "{door}: another installation's key");
        }
    }
    let config = ["authz", "grpc", "spoe"].map(|name| format!("[{name}]\ninstallation = \"other\"\n")).concat();
    let gate = Gate::open_configured(&config, &["--grpc-listen", "127.0.0.1:0", "--spoe-listen", "127.0.0.1:0"]).await;
    for proxy in [nginx_over_http(&gate).await, envoy_over_grpc(&gate).await, haproxy_over_spoe(&gate).await] {
        let line = format!("Authorization: Bearer {}", gate.foreigner.secret);
        let got = send(&proxy.address, "GET", b"/api/contacts/42", &[&line], "").await;
        assert_eq!((got.status, got.sent("x-keydesk-installation")), (200, vec!["other"]));
        let line = format!("Authorization: Bearer {}", gate.reader.secret);
        assert_eq!(send(&proxy.address, "GET", b"/api/contacts/42", &[&line], "").await.status, 401);
    }
}

#[tokio::test]
async fn a_listener_for_an_installation_that_does_not_exist_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("keydesk.toml");
    fs::write(&config, "[spoe]\ninstallation = \"nobodys\"\n").unwrap();
    let ran = keydesk(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]).await;
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(said.contains("there is no installation named nobodys"), "{said}");
}

/// The table as docs/security.md prints it.
fn printed() -> String {
    let mut text = String::from(
        "| | operator | owner | manager | viewer | a key needs | and must hold every scope of the key, within its bounds |\n|---|---|---|---|---|---|---|\n",
    );
    let mark = |may: bool| if may { "yes" } else { "–" };
    for verb in &VERBS {
        let [owner, manager, viewer] = verb.roles.map(mark);
        let operator = mark(!matches!(verb.name, "edit the Default API Key" | "delete the Default API Key"));
        let key = match (verb.default_key, verb.scope) {
            (true, _) | (_, None) => "–".to_owned(),
            (_, Some(scope)) => format!("`{scope}`"),
        };
        let whole = if verb.whole { "yes" } else { "" };
        writeln!(text, "| {} | {operator} | {owner} | {manager} | {viewer} | {key} | {whole} |", verb.name).unwrap();
    }
    text.push_str("\n| a listener for | live key | test key | key of another installation |\n|---|---|---|---|\n");
    for (environment, live, test) in ACCEPTED {
        writeln!(text, "| `environment = \"{environment}\"` | {live} | {test} | 401 |").unwrap();
    }
    text
}

#[test]
fn the_table_stands_in_the_documentation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/security.md");
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) =
        ("<!-- matrix: printed by crates/server/tests/doors/matrix.rs -->\n", "<!-- end of the matrix -->");
    let stands = text.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map(|(table, _)| table.trim());
    assert_eq!(stands, Some(printed().trim()), "put this between the marks in docs/security.md:\n{}", printed());
}
