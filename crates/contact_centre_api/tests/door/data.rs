use std::collections::BTreeMap;

use bytes::Bytes;
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use serde_json::{Value, json};

use crate::support::{ALL, BI, Door, NOW, small};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Case 18 of the design: every form of every table has the same rows, and says how many and up to where.
#[tokio::test]
async fn every_form_of_a_table_has_the_same_rows() {
    let door = Door::open(10);
    let catalogue = door.get(BI, "/data").await;
    let tables = catalogue["tables"].as_array().unwrap();
    assert!(!tables.is_empty());
    for table in tables {
        let name = table["name"].as_str().unwrap();
        // A part of a day, of what has so much.
        let range = match name {
            "events" | "agent_states" | "queue_intervals" | "agent_intervals" => {
                "&from=2026-03-04T00:00:00Z&to=2026-03-04T02:00:00Z"
            }
            _ => "",
        };
        let ask = |format: &str| door.ask(BI, "GET", &format!("/data/{name}?format={format}{range}")).send();
        let ndjson = ask("ndjson").await;
        assert_eq!(ndjson.status, 200, "{name}: {}", ndjson.text());
        let rows = lines(ndjson.text());
        assert!(!rows.is_empty(), "{name}");
        let seq = door.world(|world| world.state().seq()).to_string();
        for told in [&ndjson, &ask("csv").await, &ask("parquet").await] {
            assert_eq!(told.trailers["x-row-count"].to_str().unwrap(), rows.len().to_string(), "{name}");
            assert_eq!(told.trailers["x-as-of-seq"].to_str().unwrap(), seq, "{name}");
        }
        let columns = table["columns"].as_array().unwrap();
        let csv = ask("csv").await;
        let mut reader = csv::Reader::from_reader(&*csv.bytes);
        let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(names, columns.iter().map(|column| column["name"].as_str().unwrap()).collect::<Vec<_>>());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), rows.len(), "{name}");
        for (record, row) in records.iter().zip(&rows) {
            for (cell, column) in record.iter().zip(columns) {
                same(cell, row.pointer(column["path"].as_str().unwrap()), name, column);
            }
        }
        let parquet = SerializedFileReader::new(ask("parquet").await.bytes).unwrap();
        assert_eq!(usize::try_from(parquet.metadata().file_metadata().num_rows()).unwrap(), rows.len(), "{name}");
        check_parquet(&parquet, columns, &rows, name);
    }
}

/// Whether a cell of CSV is what NDJSON has there.
fn same(cell: &str, value: Option<&Value>, table: &str, column: &Value) {
    let expected = match value.unwrap_or(&Value::Null) {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if column["type"] == "real" && !expected.is_empty() {
        return close(cell.parse().unwrap(), expected.parse().unwrap(), table, column);
    }
    assert!(cell == expected || cell == format!("'{expected}"), "{table} {column}: {cell} and not {expected}");
}

/// The library that reads JSON here is right to the last digit but one.
fn close(found: f64, expected: f64, table: &str, column: &Value) {
    assert!((found - expected).abs() <= f64::EPSILON * expected.abs(), "{table} {column}: {found} and not {expected}");
}

fn check_parquet(file: &SerializedFileReader<Bytes>, columns: &[Value], rows: &[Value], table: &str) {
    for (read, row) in file.get_row_iter(None).unwrap().map(Result::unwrap).zip(rows) {
        let read: BTreeMap<_, _> = read.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect();
        for column in columns {
            let (name, expected) = (column["name"].as_str().unwrap(), row.pointer(column["path"].as_str().unwrap()));
            let expected = expected.unwrap_or(&Value::Null);
            let found = &read[name];
            match column["type"].as_str().unwrap() {
                "instant" => assert_eq!(found.is_null(), expected.is_null(), "{table} {name}"),
                "json" if !expected.is_null() => {
                    assert_eq!(found.as_str().unwrap(), expected.to_string(), "{table} {name}");
                }
                "real" if !expected.is_null() => {
                    close(found.as_f64().unwrap(), expected.as_f64().unwrap(), table, column);
                }
                _ => assert_eq!(found, expected, "{table} {name}"),
            }
        }
    }
}

fn value(field: &Field) -> Value {
    match field {
        Field::Bool(flag) => json!(flag),
        Field::Long(whole) | Field::TimestampMillis(whole) => json!(whole),
        Field::Double(real) => json!(real),
        Field::Str(text) => json!(text),
        Field::Null => Value::Null,
        other => panic!("no table has {other:?}"),
    }
}

/// Case 1 of the design, of what is exported.
#[tokio::test]
async fn exported_durations_are_differences_of_instants() {
    let door = Door::open(10);
    let told = door.ask(BI, "GET", "/data/calls").send().await;
    let legs = lines(told.text());
    assert_eq!(legs.len(), door.world(|world| world.state().calls().count()));
    let handled = legs.iter().filter(|leg| crate::calls::check_durations(leg)).count();
    assert!(handled > 100, "{handled}");
}

/// One snapshot: what happens while a table is read is not in it.
#[tokio::test]
async fn a_table_is_one_moment_however_long_it_is_read() {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    let mut config = small(10);
    config.history_days = 5;
    let door = Door::at(config, NOW);
    let before = door.get(ALL, "/calls?state=connected&limit=500").await;
    let request = axum::extract::Request::builder()
        .uri("/v1/data/calls")
        .header("x-keydesk-key-id", crate::support::KEY)
        .header("x-keydesk-environment", "test")
        .header("x-keydesk-scopes", BI)
        .extension(axum::extract::ConnectInfo::<std::net::SocketAddr>("192.0.2.7:4711".parse().unwrap()))
        .body(axum::body::Body::empty())
        .unwrap();
    let response = door.router.clone().oneshot(request).await.unwrap();
    let seq: u64 = response.headers()["x-as-of-seq"].to_str().unwrap().parse().unwrap();
    assert_eq!(before["as_of"]["seq"], seq);
    // The feed holds a few pieces; the rest is read after an hour has passed.
    door.pass(3_600_000);
    let read = response.into_body().collect().await.unwrap();
    assert_eq!(read.trailers().unwrap()["x-as-of-seq"].to_str().unwrap(), seq.to_string());
    let bytes = read.to_bytes();
    let legs = lines(std::str::from_utf8(&bytes).unwrap());
    assert!(!legs.is_empty() && legs.iter().all(|leg| leg["seq"].as_u64().unwrap() <= seq));
    let connected: Vec<_> =
        legs.iter().filter(|leg| leg["state"] == "connected").map(|leg| leg["id"].clone()).collect();
    let then: Vec<_> = before["items"].as_array().unwrap().iter().map(|leg| leg["id"].clone()).collect();
    assert!(!then.is_empty(), "somebody is on the line");
    assert_eq!(connected, then);
}

/// Whoever has read a table once comes back with its cursor for what changed, and misses nothing.
#[tokio::test]
async fn a_table_says_with_what_to_come_back_for_what_changes() {
    let door = Door::open(10);
    let read = async |query: String| {
        let told = door.ask(BI, "GET", &format!("/data/calls?{query}")).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        let cursor = told.header("x-changes-cursor").unwrap().to_owned();
        (lines(told.text()), cursor)
    };
    let (all, cursor) = read(String::new()).await;
    let place: contact_centre::log::Cursor = cursor.parse().unwrap();
    assert!(all.iter().all(|leg| leg["seq"].as_u64().unwrap() <= place.seq));
    let (none, again) = read(format!("changed_since={cursor}")).await;
    assert_eq!((none.len(), &again), (0, &cursor));
    door.pass(600_000);
    let (changed, next) = read(format!("changed_since={cursor}")).await;
    assert!(!changed.is_empty() && changed.iter().all(|leg| leg["seq"].as_u64().unwrap() > place.seq));
    let expected = door.world(|world| world.state().calls().filter(|call| call.seq > place.seq).count());
    assert_eq!(changed.len(), expected);
    assert_ne!(next, cursor);
    let head = door.ask(BI, "HEAD", "/data/calls").send().await;
    assert_eq!(head.header("x-changes-cursor"), Some(&*next));
}

/// A range and changes hold together. Spans of agents have no place in the log, so the instants of their ends decide.
#[tokio::test]
async fn of_a_range_of_spans_those_come_that_have_changed() {
    let door = Door::open(10);
    let read = async |query: &str| {
        let told = door.ask(BI, "GET", &format!("/data/agent_states?{query}")).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        (lines(told.text()), told.header("x-changes-cursor").unwrap().to_owned())
    };
    let (_, cursor) = read("from=2026-03-04T00:00:00Z").await;
    let place: contact_centre::log::Cursor = cursor.parse().unwrap();
    let since = door.world(|world| world.window().event(place.seq).unwrap().at);
    door.pass(600_000);
    let has_changed = |span: &&Value| {
        let instants = [&span["started_at"], &span["ended_at"]];
        instants.iter().filter_map(|at| at.as_str()).any(|at| at.parse::<model::Instant>().unwrap() >= since)
    };
    for range in ["", "from=2026-03-04T00:00:00Z", "from=2026-03-04T02:03:00Z&to=2026-03-04T02:06:00Z"] {
        let (whole, _) = read(range).await;
        let (changed, next) = read(&format!("{range}&changed_since={cursor}")).await;
        let expected: Vec<_> = whole.iter().filter(has_changed).cloned().collect();
        assert!(!expected.is_empty(), "{range}");
        assert!(range.contains("to=") || expected.len() < whole.len(), "{range}");
        assert_eq!(changed, expected, "{range}");
        assert_ne!(next, cursor);
    }
}

/// Rows of intervals are those of the figures, whatever they are made by; their changes are revisions alone.
#[tokio::test]
async fn rows_of_intervals_are_those_of_the_figures() {
    let door = Door::open(10);
    let range = "from=2026-03-03T22:10:00Z&to=2026-03-04T01:40:00Z";
    let cursor = door.get(BI, "/calls?limit=1").await["changes_cursor"].as_str().unwrap().to_owned();
    door.pass(1_800_000);
    let mut figures = Vec::new();
    for (table, path, of) in [("queue_intervals", "queues", "queue"), ("agent_intervals", "agents", "agent")] {
        let told = door.ask(BI, "GET", &format!("/data/{table}?{range}")).send().await;
        let page = door.get(BI, &format!("/metrics/{path}?{range}&limit=500")).await;
        let sorted = |mut rows: Vec<Value>| {
            rows.sort_by_key(|row| (row[of]["id"].to_string(), row["start"].to_string()));
            rows
        };
        let rows = sorted(lines(told.text()));
        assert_eq!(rows.len() % 15, 0, "quarters from 22:00 to 01:45");
        assert_eq!(rows, sorted(page["items"].as_array().unwrap().clone()), "{table}");
        let changed = door.ask(BI, "GET", &format!("/data/{table}?{range}&changed_since={cursor}")).send().await;
        figures.push((table, lines(changed.text())));
    }
    assert!(figures.iter().all(|(_, rows)| rows.iter().all(|row| row["revision"] != 0)), "{figures:?}");
    let call = door.leg(|leg| {
        let over = leg.closed_at.is_some_and(|closed| closed.as_millis() < 1_772_585_000_000);
        over && leg.queue_id.is_some() && leg.wrap.is_some()
    });
    let put =
        door.ask(ALL, "PUT", &format!("/calls/{call}/wrap")).json(&json!({"code": "complaint", "comments": "late"}));
    assert_eq!(put.send().await.status, 200);
    for (table, before) in figures {
        let changed = door.ask(BI, "GET", &format!("/data/{table}?{range}&changed_since={cursor}")).send().await;
        let changed = lines(changed.text());
        assert!(changed.len() > before.len() && changed.iter().all(|row| row["revision"] != 0), "{table}: {changed:?}");
    }
}

#[tokio::test]
async fn rows_that_are_written_are_told_line_by_line() {
    let door = Door::open(10);
    let campaign = door.get(ALL, "/campaigns").await["items"][0]["id"].clone();
    let call = door.leg(|leg| leg.closed_at.is_some() && leg.wrap.is_some());
    let post = async |table: &str, body: String| {
        let told = door.ask(ALL, "POST", &format!("/data/{table}")).raw("application/x-ndjson", body).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        lines(told.text())
    };
    let contacts = [
        json!({"display_name": "Ada", "external_ids": {"crm": "Z1"}}),
        json!({"display_name": ""}),
        json!({"display_name": "Ada L.", "external_ids": {"crm": "Z1"}}),
        json!({"display_name": "Ada L.", "external_ids": {"crm": "Z1"}}),
    ];
    let body = contacts.iter().map(|line| format!("{line}\n")).collect::<String>() + "\n{broken";
    let told = post("contacts", body).await;
    let results: Vec<_> = told.iter().filter_map(|line| line["result"].as_str()).collect();
    assert_eq!(results, ["created", "refused", "updated", "unchanged", "refused"]);
    assert_eq!(
        told.last().unwrap()["summary"],
        json!({"lines": 6, "created": 1, "updated": 1, "unchanged": 1, "refused": 2})
    );
    let leads =
        post("leads", json!({"campaign_id": campaign, "external_id": "Z", "phones": ["0491570006"]}).to_string()).await;
    assert_eq!(leads[0]["result"], "created");
    let wraps = post(
        "wraps",
        format!("{}\n{}", json!({"call_id": call, "code": "order"}), json!({"call_id": call, "code": "nothing"})),
    )
    .await;
    assert_eq!((&wraps[0]["result"], &wraps[1]["code"]), (&json!("updated"), &json!("invalid_field")));
    let told = door.ask(ALL, "POST", "/data/calls").raw("application/x-ndjson", "{}").send().await;
    assert_eq!(told.code(405), "method_not_allowed");
    let told = door.ask(ALL, "POST", "/data/none").raw("application/x-ndjson", "{}").send().await;
    assert_eq!(told.code(404), "not_found");
    let told = door.ask(ALL, "POST", "/data/leads").raw("text/plain", "{}").send().await;
    assert_eq!(told.code(415), "unsupported_media_type");
    let told = post("leads", "x".repeat(70_000)).await;
    assert_eq!(told[0]["code"], "body_too_large");
}

#[tokio::test]
async fn a_form_is_asked_for_by_its_name_or_its_media_type() {
    let door = Door::open(10);
    let ask = |accept: &str| door.ask(BI, "GET", "/data/queues").header("accept", accept).send();
    for (accept, media) in [
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("*/*", "application/x-ndjson"),
    ] {
        assert_eq!(ask(accept).await.header("content-type"), Some(media), "{accept}");
    }
    assert_eq!(ask("image/png").await.code(406), "not_acceptable");
    let told = door.ask(BI, "GET", "/data/queues?by=ended").send().await;
    assert_eq!(told.code(400), "invalid_request");
}
