use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use domain::NewAdministrator;
use model::{Actor, PlainSecret, Role};
use serde_json::Value;

use super::{Answer, TestApp};

const PASSWORD: &str = "correct horse battery";

/// Somebody who is signed in to the Workspace.
pub(crate) struct Person<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl<'a> Person<'a> {
    /// Ada, with this role.
    pub(crate) async fn sign_in(app: &'a TestApp, role: Role) -> Self {
        let new = NewAdministrator {
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            role,
            password: PlainSecret::new(PASSWORD.to_owned()),
        };
        let installation = app.operator("default").await.installation;
        app.keydesk.create_administrator(Actor::Operator, installation, new).await.expect("a new administrator");
        let form = format!("email=ada@example.com&password={}", PASSWORD.replace(' ', "+"));
        let request = Request::post("/login")
            .header("host", "127.0.0.1")
            .header("origin", "http://127.0.0.1")
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = app.send(request.body(Body::from(form)).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        Self { app, cookie }
    }

    pub(crate) async fn open(&self, path: &str) -> Answer {
        let request = Request::get(path).header("host", "127.0.0.1").header("accept", "text/html");
        self.app.send(request.header("cookie", &self.cookie).body(Body::empty()).expect("a request")).await
    }

    /// What a page says that there is, without the marks that Leptos puts between texts.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.open(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.text().replace("<!>", "")
    }

    /// What a server function answers to the script of a page.
    pub(crate) async fn ask(&self, function: &str, arguments: &Value) -> Value {
        let page = self.page("/keys").await;
        let drawn_for = page.split("data-for=\"").nth(1).and_then(|rest| rest.split('"').next());
        let request = Request::post(format!("/api/_fn/{function}"))
            .header("host", "127.0.0.1")
            .header("origin", "http://127.0.0.1")
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("cookie", &self.cookie)
            .header("x-keydesk-drawn-for", drawn_for.expect("for whom the page is drawn"));
        let answer = self.app.send(request.body(Body::from(arguments.to_string())).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::OK, "{function}: {}", answer.text());
        answer.json()
    }

    /// Posts a form of a page.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        self.send(path, "application/x-www-form-urlencoded", form.to_owned()).await
    }

    /// Posts a file in this field of a form.
    pub(crate) async fn post_file(&self, path: &str, field: &str, name: &str, content: &str) -> Answer {
        let disposition = format!("Content-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"");
        let body = format!("--b\r\n{disposition}\r\n\r\n{content}\r\n--b--\r\n");
        self.send(path, "multipart/form-data; boundary=b", body).await
    }

    async fn send(&self, path: &str, media_type: &str, body: String) -> Answer {
        let page = self.page("/keys").await;
        let drawn_for = page.split("data-for=\"").nth(1).and_then(|rest| rest.split('"').next());
        let request = Request::post(path)
            .header("host", "127.0.0.1")
            .header("origin", "http://127.0.0.1")
            .header("content-type", media_type)
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .header("x-keydesk-drawn-for", drawn_for.expect("for whom the page is drawn"));
        self.app.send(request.body(Body::from(body)).expect("a request")).await
    }
}
