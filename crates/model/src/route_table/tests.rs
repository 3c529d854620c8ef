use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn route(method: &str, template: &str) -> Route {
    Route::new(method, template, Vec::new()).unwrap()
}

fn table(routes: &[&str]) -> RouteTable {
    let routes = routes.iter().map(|text| text.split_once(' ').unwrap());
    RouteTable::new(routes.map(|(method, template)| route(method, template)).collect()).unwrap()
}

fn found(table: &RouteTable, method: &str, path: &str) -> String {
    let path = RawPath::parse(path.as_bytes()).unwrap();
    table.find(method, path).map_or("none".to_owned(), ToString::to_string)
}

#[test]
fn the_most_specific_route_wins() {
    let table = table(&[
        "* /{*rest}",
        "GET /api/contacts",
        "GET /api/contacts/{id}",
        "* /api/contacts/{id}",
        "GET /api/contacts/export",
        "GET /api/{kind}/export/{*rest}",
        "GET /api/{kind}/{id}/calls",
        "GET /api/contacts/{*rest}",
        "DELETE /",
    ]);
    for (method, path, expected) in [
        ("GET", "/api/contacts", "GET /api/contacts"),
        ("GET", "/api/contacts/", "GET /api/contacts/{*rest}"),
        ("GET", "/api/contacts/42", "GET /api/contacts/{id}"),
        ("PUT", "/api/contacts/42", "* /api/contacts/{id}"),
        ("GET", "/api/contacts/export", "GET /api/contacts/export"),
        ("GET", "/api/contacts/export/calls", "GET /api/contacts/{*rest}"),
        ("GET", "/api/agents/export/calls", "GET /api/{kind}/export/{*rest}"),
        ("GET", "/api/agents/7/calls", "GET /api/{kind}/{id}/calls"),
        ("GET", "/API/contacts", "* /{*rest}"),
        ("GET", "/", "none"),
        ("DELETE", "/", "DELETE /"),
    ] {
        assert_eq!(found(&table, method, path), expected, "{method} {path}");
    }
}

#[test]
fn a_method_that_the_most_specific_path_does_not_name_goes_by_no_other_route() {
    let table = table(&[
        "* /{*rest}",
        "GET /api/{kind}/{id}",
        "PUT /api/{kind}/{id}",
        "GET /api/contacts/export",
        "DELETE /api/contacts/{*rest}",
        "GET /api/calls/{id}/parts",
        "* /api/calls/{id}",
        "POST /api/calls/{call}",
    ]);
    for (method, path, expected) in [
        ("GET", "/api/contacts/export", "GET /api/contacts/export"),
        ("HEAD", "/api/contacts/export", "none"),
        ("PUT", "/api/contacts/export", "none"),
        ("get", "/api/contacts/export", "none"),
        ("DELETE", "/api/contacts/export", "none"),
        ("DELETE", "/api/contacts/42", "DELETE /api/contacts/{*rest}"),
        ("GET", "/api/contacts/42", "none"),
        ("PUT", "/api/agents/42", "PUT /api/{kind}/{id}"),
        ("PATCH", "/api/agents/42", "none"),
        // One template, whatever the names in it: a route for any method, and one for a named method.
        ("POST", "/api/calls/7", "POST /api/calls/{call}"),
        ("PATCH", "/api/calls/7", "* /api/calls/{id}"),
        // A longer literal that leads nowhere is no match.
        ("GET", "/api/calls/7/other", "* /{*rest}"),
        ("GET", "/api/calls", "* /{*rest}"),
    ] {
        assert_eq!(found(&table, method, path), expected, "{method} {path}");
    }
}

#[test]
fn a_call_that_no_route_names_is_not_matched() {
    let table = table(&["GET /api/contacts/{id}", "GET /files/{*rest}", "GET /tail/"]);
    for (method, path) in [
        ("POST", "/api/contacts/42"),
        ("HEAD", "/api/contacts/42"),
        ("GET", "/api/contacts"),
        ("GET", "/api/contacts/"),
        ("GET", "/api/contacts/42/"),
        ("GET", "/api/contacts/42/calls"),
        ("GET", "/api/contact/42"),
        ("GET", "/files"),
        ("GET", "/tail"),
        ("GET", "/"),
    ] {
        assert_eq!(found(&table, method, path), "none", "{method} {path}");
    }
    assert_eq!(found(&RouteTable::default(), "GET", "/"), "none");
}

#[test]
fn a_literal_is_found_however_it_is_written() {
    let table = table(&["GET /api/{id}", "POST /api/{id}", "GET /api/a@b", "GET /api/b%C3%BCro"]);
    for path in ["/api/a@b", "/api/a%40b"] {
        assert_eq!(found(&table, "GET", path), "GET /api/a@b");
    }
    for path in ["/api/b%c3%bcro", "/api/b%C3%BCro"] {
        assert_eq!(found(&table, "GET", path), "GET /api/b%C3%BCro");
    }
    assert_eq!(found(&table, "GET", "/api/a%21b"), "GET /api/{id}");
}

#[test]
fn routes_of_equal_rank_are_refused_by_name() {
    for (one, other) in [
        ("GET /api/{id}", "GET /api/{name}"),
        ("* /api/{id}", "* /api/{id}"),
        ("GET /{*a}", "GET /{*b}"),
        ("GET /a@b/{x}", "GET /a%40b/{y}"),
    ] {
        let routes = [one, other].map(|text| text.split_once(' ').unwrap());
        let routes = routes.map(|(method, template)| route(method, template));
        let refused = RouteTable::new(routes.to_vec()).unwrap_err();
        assert_eq!(refused, InvalidRoute::Overlap(one.to_owned(), other.to_owned()));
    }
}

/// The rules of the documentation, word for word and slowly.
fn most_specific<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<&'a Route> {
    let segments: Vec<Vec<u8>> = path[1..].split('/').map(|segment| decoded(segment).collect()).collect();
    let matching: Vec<&Route> = routes.iter().filter(|route| matches(route, &segments)).collect();
    let best = matching.iter().copied().min_by(|a, b| rank(a, b))?;
    let mut of_best = matching.into_iter().filter(|route| rank(route, best).is_eq());
    let named = of_best.clone().find(|route| route.method == MethodPattern::Named(method.to_owned()));
    named.or_else(|| of_best.find(|route| route.method == MethodPattern::Any))
}

fn matches(route: &Route, path: &[Vec<u8>]) -> bool {
    let length = match route.segments.last() {
        Some(Segment::Rest) => path.len() >= route.segments.len(),
        _ => path.len() == route.segments.len(),
    };
    let each = route.segments.iter().zip(path).all(|(segment, there)| match segment {
        Segment::Literal(literal) => literal == there,
        Segment::One => !there.is_empty(),
        Segment::Rest => true,
    });
    length && each
}

fn rank(a: &Route, b: &Route) -> Ordering {
    let kind = |segment: &Segment| match segment {
        Segment::Literal(_) => 0,
        Segment::One => 1,
        Segment::Rest => 2,
    };
    let segments = a.segments.iter().zip(&b.segments).map(|(a, b)| kind(a).cmp(&kind(b)));
    segments.fold(Ordering::Equal, Ordering::then)
}

fn template() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "c@d", "{x}", "{y}"]);
    let end = prop::sample::select(vec!["", "/", "/{*rest}"]);
    (prop::collection::vec(segment, 0..4), end).prop_map(|(segments, end)| {
        let path: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        if path.is_empty() && end.is_empty() { "/".to_owned() } else { path + end }
    })
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "c@d", "c%40d", "e", "%21"]);
    (prop::collection::vec(segment, 0..5), any::<bool>()).prop_map(|(segments, slash)| {
        let path: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        if slash || path.is_empty() { path + "/" } else { path }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn the_slow_rules_find_the_same_route(
        entries in prop::collection::vec((prop::sample::select(vec!["GET", "PUT", "*"]), template()), 0..12),
        calls in prop::collection::vec((prop::sample::select(vec!["GET", "PUT", "HEAD"]), path()), 1..20),
    ) {
        let mut routes: Vec<Route> = Vec::new();
        for (method, template) in entries {
            let new = route(method, &template);
            let same = routes.iter().position(|there| there.method == new.method && there.segments == new.segments);
            let mut with_it = routes.clone();
            with_it.push(new);
            prop_assert_eq!(RouteTable::new(with_it.clone()).is_err(), same.is_some());
            if same.is_none() {
                routes = with_it;
            }
        }
        let table = RouteTable::new(routes.clone()).unwrap();
        for (method, path) in calls {
            let expected = most_specific(&routes, method, &path);
            let path = RawPath::parse(path.as_bytes()).unwrap();
            prop_assert_eq!(table.find(method, path), expected, "{} {}", method, path.as_str());
        }
    }
}

fn asking(routes: &[(&str, &str)]) -> RouteTable {
    let routes = routes.iter().map(|(text, scopes)| {
        let (method, template) = text.split_once(' ').unwrap();
        let scopes = scopes.split_whitespace().map(|scope| scope.parse().unwrap()).collect();
        Route::new(method, template, scopes).unwrap()
    });
    RouteTable::new(routes.collect()).unwrap()
}

fn resolved(table: &RouteTable, method: &str, path: &str) -> String {
    match table.resolve(method, RawPath::parse(path.as_bytes()).unwrap()) {
        Ok(route) => route.map_or("none".to_owned(), ToString::to_string),
        Err(InvalidPath::Alias) => "alias".to_owned(),
        Err(other) => panic!("{other}"),
    }
}

const LAX: [(&str, &str); 8] = [
    ("* /v1/{*rest}", "calls:read"),
    ("GET /v1/export", "data:read"),
    ("GET /v1/wide", "calls:read"),
    ("GET /v1/export/{id}/notes", "calls:read"),
    ("GET /v1/export/{id}", "data:*"),
    ("* /v1/admin/{*rest}", "data:write"),
    ("* /v1/slash/", "data:read"),
    ("GET /v1/b\u{fc}ro", "data:read"),
];

#[test]
fn a_path_that_may_be_read_as_one_that_asks_for_more_is_refused() {
    // Braces, slashes and letters beyond ASCII aside, a template is written as a path is.
    let table = asking(
        &LAX.map(|(route, scopes)| if route.is_ascii() { (route, scopes) } else { ("GET /v1/b%C3%BCro", scopes) }),
    );
    for (path, expected) in [
        ("/v1/export", "GET /v1/export"),
        ("/v1/other", "* /v1/{*rest}"),
        ("/v1/exports", "* /v1/{*rest}"),
        ("/v1/export-2", "* /v1/{*rest}"),
        ("/v1/my.export", "* /v1/{*rest}"),
        ("/v1/a/export", "* /v1/{*rest}"),
        ("/v1/EXPORT", "alias"),
        ("/v1/export/", "alias"),
        ("/v1/export%20", "alias"),
        ("/v1/%20export", "alias"),
        ("/v1/export%C2%A0", "alias"),
        ("/v1/export+", "alias"),
        ("/v1/export.", "alias"),
        ("/v1/export...", "alias"),
        ("/v1/export.json", "alias"),
        ("/v1/Export.JSON", "alias"),
        ("/v1/export.json/", "alias"),
        ("/v1/export.csv.gz", "alias"),
        ("/v1/export.php/more/of/it", "alias"),
        ("/v1/EXPORT/index.html", "alias"),
        ("/v1/export::$DATA", "alias"),
        ("/v1/export%E2%80%8B", "alias"),
        ("/v1/%EF%BC%A5xport", "alias"),
        ("/v1/export%3F", "alias"),
        ("/v1/export%3fx=y", "alias"),
        ("/v1/export%23x", "alias"),
        ("/v1/export%23x/and/more", "alias"),
        ("/v1/export/%20", "GET /v1/export/{id}"),
        ("/v1/export/%3Fx", "GET /v1/export/{id}"),
        // Nobody is let in further: what it is read as asks for no more.
        ("/v1/WIDE", "* /v1/{*rest}"),
        ("/v1/wide/", "* /v1/{*rest}"),
        ("/v1/export/7/notes", "GET /v1/export/{id}/notes"),
        ("/v1/EXPORT/7", "alias"),
        ("/v1/export/7%23/notes", "alias"),
        ("/v1/export/7/notes/", "* /v1/{*rest}"),
        ("/v1/admin", "alias"),
        ("/v1/Admin/a/b", "alias"),
        ("/v1/admin/a/b", "* /v1/admin/{*rest}"),
        ("/v1/slash", "alias"),
        ("/v1/slash/", "* /v1/slash/"),
        ("/v1/b%C3%BCro", "GET /v1/b%C3%BCro"),
        ("/v1/B%C3%9CRO", "alias"),
        ("/v1/bu%CC%88ro", "alias"),
        ("/V1/export", "none"),
    ] {
        assert_eq!(resolved(&table, "GET", path), expected, "{path}");
    }
    // A method that the path does not know.
    assert_eq!(resolved(&table, "PUT", "/v1/WIDE"), "alias");
    assert_eq!(resolved(&table, "PUT", "/v1/wide"), "none");
}

#[test]
fn aliases_are_found_below_any_name_and_of_any_ending() {
    let table = asking(&[
        ("GET /v1/users/{id}/{*rest}", "live:read"),
        ("GET /v1/users/{id}/secret", "data:read"),
        ("GET /v1/a/{x}/b/{y}", "live:read"),
        ("GET /v1/a/{x}/b/export", "data:read"),
        ("GET /v1/up/{*rest}", "live:read"),
        ("GET /v1/up/LOAD.json", "data:read"),
        ("GET /v1/up/items/all", "data:read"),
        ("GET /v1/up/v1.2", "data:read"),
    ]);
    for (path, expected) in [
        ("/v1/users/1/secret", "GET /v1/users/{id}/secret"),
        ("/v1/users/1/secrets", "GET /v1/users/{id}/{*rest}"),
        ("/v1/users/1/SECRET", "alias"),
        ("/v1/users/1/secret%20", "alias"),
        ("/v1/users/1/secret.json", "alias"),
        ("/v1/users/1/secret%3Fx", "alias"),
        ("/v1/users/1/secret%23", "alias"),
        ("/v1/users/1/secret/", "alias"),
        ("/v1/a/1/b/other", "GET /v1/a/{x}/b/{y}"),
        ("/v1/a/1/b/EXPORT", "alias"),
        ("/v1/a/1/b/export%3F", "alias"),
        ("/v1/a/1/b/export.json", "alias"),
        ("/v1/up/LOAD.json", "GET /v1/up/LOAD.json"),
        ("/v1/up/load", "alias"),
        ("/v1/up/LOAD", "alias"),
        ("/v1/up/LOAD.xml", "alias"),
        ("/v1/up/items.json/all", "alias"),
        ("/v1/up/items/all/index.html", "alias"),
        ("/v1/up/v1.3", "GET /v1/up/{*rest}"),
    ] {
        assert_eq!(resolved(&table, "GET", path), expected, "{path}");
    }
}

#[test]
fn a_route_says_what_happens_to_its_aliases() {
    let route = |method: &str, path: &str, scope: &str, aliases| {
        Route::new(method, path, vec![scope.parse().unwrap()]).unwrap().with_aliases(aliases)
    };
    for (aliases, get, put) in [
        (Aliases::Refuse, "alias", "alias"),
        (Aliases::Fold, "GET /v1/export", "none"),
        (Aliases::Distinct, "* /v1/{*rest}", "* /v1/{*rest}"),
    ] {
        let routes = vec![
            route("*", "/v1/{*rest}", "calls:read", Aliases::Refuse),
            route("GET", "/v1/export", "data:read", aliases),
        ];
        let table = RouteTable::new(routes).unwrap();
        assert_eq!(
            (resolved(&table, "GET", "/v1/EXPORT"), resolved(&table, "PUT", "/v1/EXPORT")),
            (get.into(), put.into())
        );
        let other = route("GET", "/v1/export", "calls:read", aliases).accepting(Some(crate::AcceptedEnvironment::Test));
        let routes = vec![route("*", "/v1/{*rest}", "calls:read", Aliases::Refuse), other];
        let table = RouteTable::new(routes).unwrap();
        assert_eq!(resolved(&table, "GET", "/v1/EXPORT"), get, "keys of another environment");
        let other = route("GET", "/v1/export", "calls:read", aliases).of_bearers(crate::Bearers::KeysAlone);
        let routes = vec![route("*", "/v1/{*rest}", "calls:read", Aliases::Refuse), other];
        let table = RouteTable::new(routes).unwrap();
        assert_eq!(resolved(&table, "GET", "/v1/EXPORT"), get, "no tokens");
        assert_eq!(table.lax_catch_alls().count(), 1);
    }
}

#[test]
fn paths_that_routes_name_are_told_apart() {
    let table = asking(&[
        ("GET /a/export", "calls:read"),
        ("GET /a/Export", "data:read"),
        ("GET /a/export.json", "data:write"),
        ("GET /a/export/", "agents:read"),
        ("GET /a/{id}", "live:read"),
        ("GET /{x}/export", "reports:read"),
    ]);
    for (path, expected) in [
        ("/a/export", "GET /a/export"),
        ("/a/Export", "GET /a/Export"),
        ("/a/export.json", "GET /a/export.json"),
        ("/a/export/", "GET /a/export/"),
        ("/a/EXPORT", "alias"),
        ("/a/other", "GET /a/{id}"),
        ("/A/export", "alias"),
        ("/b/export", "GET /{x}/export"),
    ] {
        assert_eq!(resolved(&table, "GET", path), expected, "{path}");
    }
}

#[test]
fn catch_alls_that_ask_for_less_than_what_lies_below_them_are_named() {
    let table = asking(&[
        ("* /v1/{*rest}", "calls:read"),
        ("GET /v1/export", "data:read"),
        ("GET /v1/calls/{id}", "calls:read"),
        ("GET /v2/{*rest}", "data:* calls:read"),
        ("GET /v2/export", "data:read"),
        ("PUT /v2/import", "data:write"),
        ("POST /v2/{kind}/import", "agents:read"),
        ("GET /v2/{kind}/{*rest}", "agents:read"),
    ]);
    let named: Vec<_> = table.lax_catch_alls().map(|(above, below)| format!("{above} < {below}")).collect();
    assert_eq!(named, ["* /v1/{*rest} < GET /v1/export", "GET /v2/{*rest} < GET /v2/{kind}/{*rest}"]);
}
