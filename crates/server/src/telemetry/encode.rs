//! Spans in the words of OpenTelemetry: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>.

use bytes::Bytes;
use edge::{
    Routes,
    traces::{SpanKind, SpanRecord},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span, status::StatusCode},
};
use prost::Message as _;
use uuid::Uuid;

/// Who sends the spans.
pub(super) struct Resource(v1::Resource);

impl Resource {
    pub(super) fn new(service: &str, instance: Uuid) -> Self {
        let attributes = vec![
            text("service.name", service),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("service.instance.id", instance.to_string()),
        ];
        Self(v1::Resource { attributes, ..v1::Resource::default() })
    }

    /// A request to the collector.
    pub(super) fn encode(&self, routes: &Routes, spans: &[SpanRecord]) -> Bytes {
        let scope = InstrumentationScope {
            name: "keydesk".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let spans = spans.iter().map(|record| span(record, routes)).collect();
        let of_scope = ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() };
        let of_resource =
            ResourceSpans { resource: Some(self.0.clone()), scope_spans: vec![of_scope], ..ResourceSpans::default() };
        ExportTraceServiceRequest { resource_spans: vec![of_resource] }.encode_to_vec().into()
    }
}

fn span(record: &SpanRecord, routes: &Routes) -> Span {
    let (name, kind, attributes, status) = match &record.what {
        SpanKind::Request { id, method, route, status, code } => {
            let template = routes.template(*route);
            let mut attributes = vec![
                text("http.request.method", *method),
                text("http.route", template),
                number("http.response.status_code", i64::from(*status)),
                text("keydesk.request_id", id.to_string()),
            ];
            attributes.extend(code.map(|code| text("error.type", code)));
            // A refusal is no failure of the server.
            let failed = *status >= 500;
            let status = failed.then(|| Status { code: StatusCode::Error.into(), ..Status::default() });
            (format!("{method} {template}"), span::SpanKind::Server, attributes, status)
        }
        SpanKind::Database { operation, place } => {
            let attributes = vec![text("db.operation.name", *operation), text("code.namespace", *place)];
            (format!("database {operation}"), span::SpanKind::Internal, attributes, None)
        }
    };
    Span {
        trace_id: record.trace_id.to_vec(),
        span_id: record.span_id.to_vec(),
        parent_span_id: record.parent.map(|parent| parent.to_vec()).unwrap_or_default(),
        name,
        kind: kind.into(),
        start_time_unix_nano: record.began,
        end_time_unix_nano: record.ended,
        attributes,
        status,
        // Sampled.
        flags: 1,
        ..Span::default()
    }
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
