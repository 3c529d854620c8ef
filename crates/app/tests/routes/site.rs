use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use app::{Assets, BrowserAccess, Documentation};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use domain::{Clock, Keydesk, NewAdministrator, OpenOptions, SystemClock};
use http_body_util::BodyExt;
use model::{Actor, Instant, PlainSecret, Role};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const HOST: (&str, &str) = ("host", "desk.example");
pub(crate) const OWN: (&str, &str) = ("origin", "https://desk.example");
pub(crate) const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9");

/// For whom a page was drawn, as its scripts say it.
pub(crate) const DRAWN_FOR: &str = "x-keydesk-drawn-for";

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The machine's clock, moved forward.
#[derive(Default)]
pub(crate) struct Later(AtomicI64);

impl Later {
    pub(crate) fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Relaxed);
    }
}

impl Clock for Later {
    fn now(&self) -> Instant {
        SystemClock.now().plus_millis(self.0.load(Relaxed))
    }
}

pub(crate) struct Site {
    pub(crate) keydesk: Keydesk,
    pub(crate) clock: Arc<Later>,
    router: Router,
    _folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie of this answer, as a browser would send it back.
    pub(crate) fn cookie(&self) -> &str {
        self.header("set-cookie").split(';').next().unwrap()
    }
}

impl Site {
    /// A site that is reached by https.
    pub(crate) async fn open() -> Self {
        Self::reached(BrowserAccess::at("https://desk.example")).await
    }

    pub(crate) async fn reached(access: BrowserAccess) -> Self {
        Self::documented(access, Documentation::default()).await
    }

    pub(crate) async fn documented(access: BrowserAccess, documentation: Documentation) -> Self {
        Self::opened(access, documentation, |_| {}).await
    }

    pub(crate) async fn opened(
        access: BrowserAccess,
        documentation: Documentation,
        tune: impl FnOnce(&mut OpenOptions),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}/keydesk.db", folder.path().display());
        let clock = Arc::<Later>::default();
        let mut options = OpenOptions::founding(database, folder.path());
        options.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        tune(&mut options);
        let keydesk = Keydesk::open(options).await.unwrap();
        let assets = Assets {
            js: "/pkg/keydesk.js".to_owned(),
            wasm: "/pkg/keydesk.wasm".to_owned(),
            wake: "/wake.js".to_owned(),
            css: "/pkg/keydesk.css".to_owned(),
            icon: "/favicon.svg".to_owned(),
            scopes: "/scopes.js".to_owned(),
            zone: "/zone.js".to_owned(),
            document: "/document.js".to_owned(),
            key: "/key.js".to_owned(),
            passkey: "/passkey.js".to_owned(),
            account: "/account.js".to_owned(),
            usage: "/usage.js".to_owned(),
            docs: "/docs.js".to_owned(),
            try_it: "/try-it.js".to_owned(),
            link: "/link.js".to_owned(),
        };
        Self { router: app::routes(keydesk.clone(), assets, access, documentation), keydesk, clock, _folder: folder }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, path, headers, Body::empty()).await
    }

    /// Posts a form as Keydesk's own page does.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let drawn_for = self.signed_in(headers).await.unwrap_or_default();
        let own = [("content-type", "application/x-www-form-urlencoded"), (DRAWN_FOR, drawn_for.as_str())];
        self.send("POST", path, &[headers, &own].concat(), Body::from(form.to_owned())).await
    }

    /// The id of the person whose cookie this is.
    pub(crate) async fn signed_in(&self, headers: &[(&str, &str)]) -> Option<String> {
        let (_, cookie) = headers.iter().find(|(name, _)| *name == "cookie")?;
        let session = self.keydesk.session_unused(cookie.split_once('=')?.1).await.ok()??;
        Some(session.administrator.id.to_string())
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn set_up_token(&self) -> String {
        let installation = self.keydesk.installation("default").await.unwrap().unwrap().id;
        let link = self.keydesk.set_up_link(Actor::System, installation).await.unwrap().unwrap();
        link.token.expose().to_owned()
    }

    /// Creates the owner `ada@example.com`.
    pub(crate) async fn add_owner(&self) {
        let installation = self.keydesk.installation("default").await.unwrap().unwrap().id;
        let owner = NewAdministrator {
            email: "ada@example.com".to_owned(),
            name: "Ada Lovelace".to_owned(),
            role: Role::Owner,
            password: PlainSecret::new(PASSWORD.to_owned()),
        };
        self.keydesk.create_administrator(Actor::Operator, installation, owner).await.unwrap();
    }

    /// Creates `ada@example.com`, and returns the cookie of a session.
    pub(crate) async fn sign_in(&self) -> String {
        self.add_owner().await;
        let answer = self.post("/login", &[HOST, OWN], "email=ada@example.com&password=correct+horse+battery").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.cookie().to_owned()
    }

    /// The finding of `doctor` on the audit log, which grows with every change.
    pub(crate) async fn changes(&self) -> String {
        let findings = self.keydesk.examine().await;
        findings.into_iter().find(|finding| finding.what == "audit log").unwrap().found
    }
}
