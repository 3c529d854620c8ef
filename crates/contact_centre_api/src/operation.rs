use axum::routing::MethodRouter;

use crate::centre::Centre;

/// One thing that can be asked for: what the router, the rights and the published description are made of.
#[derive(Clone, Copy)]
pub struct Operation {
    /// `GET` also answers `HEAD`.
    pub method: &'static str,
    /// Below `/v1`, with `{names}` of what is put into it.
    pub path: &'static str,
    /// The only right that it asks for. An empty one is any valid key.
    pub scope: &'static str,
    /// Whether made-up data alone has it.
    pub sandbox: bool,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// The parameters that may come. Each name means the same wherever it comes.
    pub query: &'static [&'static str],
    /// The schema of its body; empty for none.
    pub body: &'static str,
    /// The schema of its answer; empty for what is no JSON, and for none.
    pub answer: &'static str,
    /// What answers it.
    pub(crate) handler: fn() -> MethodRouter<Centre>,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Writes operations as a table: method, path, right, then the handler, what it does, its parameters, its body's schema and its answer's.
macro_rules! operations {
    ($($method:ident $path:literal $scope:literal $($sandbox:ident)? => $handler:path, $summary:literal, [$($query:literal),*], $body:literal -> $answer:literal;)*) => {
        &[$($crate::operation::Operation {
            method: stringify!($method),
            path: $path,
            scope: $scope,
            sandbox: !stringify!($($sandbox)?).is_empty(),
            summary: $summary,
            query: &[$($query),*],
            body: $body,
            answer: $answer,
            handler: || axum::routing::on(axum::routing::MethodFilter::$method, $handler),
        }),*]
    };
}

pub(crate) use operations;
