//! Keydesk's own pages behind each proxy, with the documented files and TLS.

use std::{path::Path, process::Output};

use tempfile::TempDir;
use tokio::process::Command;

use super::{
    nginx::AROUND,
    proxy::{Proxy, documented, free_address},
};
use crate::support::{Program, init, keydesk, wait_until};

const HOST: &str = "desk.example.com";

/// Where a proxy listens, and what stands there in the documented files.
struct Place {
    /// For https.
    secure: String,
    /// For http, which leads to https.
    clear: String,
    keydesk: String,
    /// The folder of the certificate.
    folder: TempDir,
}

/// Keydesk, told of its public address before it or the proxy in front is started.
struct Workspace {
    place: Place,
    program: Program,
    /// The browser.
    jar: TempDir,
    _data: TempDir,
}

impl Workspace {
    async fn open() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        init(data.path(), &[]).await;
        let password = data.path().join("password");
        std::fs::write(&password, "correct horse battery staple").expect("a file");
        let password = password.to_str().expect("a path");
        let owner = ["admin", "create", "--email", "ada@example.com", "--name", "Ada", "--role", "owner"];
        let made = keydesk(data.path(), &[&owner[..], &["--password-file", password]].concat()).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (secure, clear) = (free_address(), free_address());
        // The documented configuration, as flags: the port is the test's own.
        let public = format!("https://{HOST}:{}", port(&secure));
        let text = documented("workspace/keydesk.toml", &[("https://desk.example.com", &public)]);
        let config = data.path().join("keydesk.toml");
        std::fs::write(&config, text).expect("a file");
        let program = Program::serve(data.path(), &["--config", config.to_str().expect("a path")]).await;
        let folder = tempfile::tempdir().expect("a folder");
        certificate(folder.path()).await;
        let place = Place { secure, clear, keydesk: program.address.clone(), folder };
        Self { place, program, jar: tempfile::tempdir().expect("a folder"), _data: data }
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", port(&self.place.secure))
    }

    /// Whether the proxy shows the certificate.
    async fn is_reached(&self) -> bool {
        let mut curl = Command::new("curl");
        curl.args(self.fixed()).args(["--silent", "--noproxy", "*", "--output", "/dev/null", &self.url("/login")]);
        curl.status().await.expect("curl").success()
    }

    /// Where the host is, and whose certificate is trusted.
    fn fixed(&self) -> [String; 4] {
        let to = format!("{HOST}:{}:127.0.0.1", port(&self.place.secure));
        ["--resolve".to_owned(), to, "--cacert".to_owned(), self.place.path("chain.pem")]
    }

    /// What a browser does: one request, with its cookies.
    async fn browse(&self, path: &str, args: &[&str]) -> String {
        let jar = self.jar.path().join("jar");
        let jar = jar.to_str().expect("a path");
        let fixed = self.fixed();
        let fixed: Vec<_> =
            fixed.iter().map(String::as_str).chain(["-b", jar, "-c", jar, "-H", "Accept: text/html"]).collect();
        curl(&[&fixed[..], args, &[&self.url(path)]].concat()).await
    }
}

async fn curl(args: &[&str]) -> String {
    let fixed = ["--silent", "--show-error", "--include", "--max-time", "60", "--noproxy", "*"];
    let Output { status, stdout, stderr } = Command::new("curl").args(fixed).args(args).output().await.expect("curl");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

async fn certificate(folder: &Path) {
    let args = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        "key.pem",
        "-out",
        "chain.pem",
        "-subj",
        "/CN=desk.example.com",
        "-addext",
        "subjectAltName=DNS:desk.example.com",
    ];
    let made = Command::new("openssl").args(args).current_dir(folder).output().await.expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let both = ["chain.pem", "key.pem"].map(|name| std::fs::read_to_string(folder.join(name)).expect("a file"));
    std::fs::write(folder.join("both.pem"), both.concat()).expect("a file");
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().expect("a port")
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).map_or(rest, |(between, _)| between)
}

/// Signs in, makes a key and downloads the list, through the proxy.
async fn people_work_behind(workspace: &Workspace, leads_to_https: bool) {
    let own = format!("Origin: {}", workspace.url(""));
    let form = "email=ada@example.com&password=correct+horse+battery+staple";
    let foreign = workspace.browse("/login", &["-H", "Origin: https://evil.example", "-d", form]).await;
    assert!(foreign.contains(" 403 "), "{foreign}");
    let signed_in = workspace.browse("/login", &["-H", &own, "-d", form]).await;
    assert!(signed_in.to_ascii_lowercase().contains("location: /keys\r"), "{signed_in}");
    assert!(signed_in.contains("__Host-keydesk-"), "{signed_in}");

    let page = workspace.browse("/keys", &[]).await;
    let for_whom = format!("/keys?for={}", between(&page, "data-for=\"", "\""));
    let form = "intent=create&client_name=Behind+a+proxy&preset=crm&environment=live";
    let made = workspace.browse(&for_whom, &["-H", &own, "-d", form]).await;
    let result = between(&made.replace("Location:", "location:"), "location: ", "\r").to_owned();
    let shown = workspace.browse(&result[result.find("/keys/").unwrap_or_default()..], &[]).await;
    assert!(made.contains(" 303") && shown.contains(" 200") && shown.contains("ccc_live_"), "{made}{shown}");
    let secret = between(between(&shown, "id=\"new-key\"", "<"), "ccc_live_", "<");
    assert_eq!(secret.len(), 36, "{secret}");
    let table = workspace.browse("/keys.csv", &[]).await;
    assert!(table.contains("client_name,key,"), "{table}");
    assert!(table.contains(&format!("Behind a proxy,ccc_live_{}", &secret[..4])), "{table}");

    // Nearly the largest form that Keydesk reads arrives, and is answered by Keydesk.
    let large = workspace.jar.path().join("large");
    std::fs::write(&large, format!("intent=create&preset=crm&client_name={}", "a".repeat(1_000_000))).expect("a file");
    let large = format!("@{}", large.display());
    let refused = workspace.browse(&for_whom, &["-H", &own, "-H", "Expect:", "--data", &large]).await;
    assert!(refused.contains(" 422 ") && refused.contains("100 characters"), "{}", &refused[..refused.len().min(500)]);

    // The browser's own address is what is written down, not the proxy's or a claim.
    let forged = ["-H", own.as_str(), "-H", "X-Forwarded-For: 203.0.113.9", "-H", "X-Forwarded-Proto: http"];
    let forged = workspace
        .browse("/login", &[&forged[..], &["-d", "email=eve@example.com&password=wrong+wrong"]].concat())
        .await;
    assert!(!forged.contains("needs_https"), "{forged}");
    let line = workspace.program.line("a sign-in was refused").await;
    assert_eq!(line["address"], "127.0.0.1", "{line}");

    if leads_to_https {
        let to = format!("{HOST}:{}:127.0.0.1", port(&workspace.place.clear));
        let clear = curl(&["--resolve", &to, &format!("http://{HOST}:{}/keys?a", port(&workspace.place.clear))]).await;
        let place = between(&clear.to_ascii_lowercase(), "location: ", "\r").to_owned();
        assert!(place.starts_with("https://desk.example.com") && place.ends_with("/keys?a"), "{clear}");
    }
}

impl Place {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_work_behind_nginx() {
    let workspace = Workspace::open().await;
    let place = &workspace.place;
    let (clear, secure) = (format!("listen {};", place.clear), format!("listen {} ssl;", place.secure));
    let (chain, key) = (place.path("chain.pem"), place.path("key.pem"));
    let text = documented(
        "workspace/nginx.conf",
        &[
            ("127.0.0.1:3000", &place.keydesk),
            ("listen 80;", &clear),
            ("listen 443 ssl;", &secure),
            ("/etc/ssl/desk.example.com/chain.pem", &chain),
            ("/etc/ssl/desk.example.com/key.pem", &key),
        ],
    );
    let files = [("nginx.conf", AROUND.to_owned()), ("keydesk.conf", text)];
    let args = ["-p", ".", "-c", "nginx.conf", "-e", "stderr"];
    let _proxy = Proxy::start("nginx", &args, place.secure.clone(), &files).await;
    people_work_behind(&workspace, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_work_behind_caddy() {
    let workspace = Workspace::open().await;
    let place = &workspace.place;
    // The certificate is the test's own, and Caddy's port for http is nobody's to take.
    let site = format!(
        "https://{HOST}:{} {{\n\tbind 127.0.0.1\n\ttls {} {}",
        port(&place.secure),
        place.path("chain.pem"),
        place.path("key.pem")
    );
    let text = documented(
        "workspace/Caddyfile",
        &[
            ("127.0.0.1:3000", &place.keydesk),
            ("desk.example.com {", &site),
            ("admin off", "admin off\n\tauto_https disable_redirects"),
        ],
    );
    let args = ["run", "--config", "Caddyfile"];
    let _proxy = Proxy::start("caddy", &args, place.secure.clone(), &[("Caddyfile", text)]).await;
    people_work_behind(&workspace, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_work_behind_haproxy() {
    let workspace = Workspace::open().await;
    let place = &workspace.place;
    let (clear, secure) = (format!("bind {}", place.clear), format!("bind {} ssl", place.secure));
    let text = documented(
        "workspace/haproxy.cfg",
        &[
            ("127.0.0.1:3000", &place.keydesk),
            ("bind :80", &clear),
            ("bind :443 ssl", &secure),
            ("/etc/haproxy/desk.example.com.pem", &place.path("both.pem")),
        ],
    );
    let args = ["-db", "-f", "haproxy.cfg"];
    let _proxy = Proxy::start("haproxy", &args, place.secure.clone(), &[("haproxy.cfg", text)]).await;
    people_work_behind(&workspace, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_work_behind_traefik() {
    let workspace = Workspace::open().await;
    let place = &workspace.place;
    let quoted = |address: &str| format!("\"{address}\"");
    let (clear, secure) = (quoted(&place.clear), quoted(&place.secure));
    let entry = documented("workspace/traefik-static.yaml", &[("\":80\"", &clear), ("\":443\"", &secure)]);
    let routes = documented(
        "workspace/traefik-dynamic.yaml",
        &[
            ("127.0.0.1:3000", &place.keydesk),
            ("/etc/ssl/desk.example.com/chain.pem", &place.path("chain.pem")),
            ("/etc/ssl/desk.example.com/key.pem", &place.path("key.pem")),
        ],
    );
    let files = [("traefik-static.yaml", entry), ("traefik-dynamic.yaml", routes)];
    let args = ["--configfile=traefik-static.yaml"];
    let proxy = Proxy::start("traefik", &args, place.secure.clone(), &files).await;
    // Traefik listens before it has read its routes and its certificate.
    let routed = wait_until(async || workspace.is_reached().await);
    assert!(routed.await, "{}", proxy.said());
    people_work_behind(&workspace, true).await;
    assert_eq!(proxy.said(), "", "Traefik warns of the documented files");
}
