use crate::{
    InvalidRoute, RawPath, Route,
    raw_path::decoded,
    route::{MethodPattern, Segment},
};

/// Routes: the most specific one that matches a call says which scopes the call needs.
///
/// The path decides first: of two templates that match it, the more specific one is found at the first segment, from the
/// left, in which they differ: there a literal goes before `{name}`, and that before `{*name}`. Then, among the routes of
/// that template alone, a named method goes before `*`. A call whose method none of them names is not matched: what was
/// written for `/a/{*rest}` was not written with `/a/export` in mind, which has a route of its own.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    routes: Vec<Route>,
    root: Node,
}

/// What has been read of a path so far.
#[derive(Clone, Debug, Default)]
struct Node {
    /// By the literal that follows, in order.
    literals: Vec<(Vec<u8>, Node)>,
    one: Option<Box<Node>>,
    /// Routes that end here.
    here: Methods,
    /// Routes that take whatever follows.
    rest: Methods,
}

/// Routes of one template, by method: places in the list of all routes.
#[derive(Clone, Debug, Default)]
struct Methods {
    named: Vec<(String, usize)>,
    any: Option<usize>,
}

impl RouteTable {
    /// Refuses routes that would leave open which one is meant.
    pub fn new(routes: Vec<Route>) -> Result<Self, InvalidRoute> {
        let mut root = Node::default();
        for (place, route) in routes.iter().enumerate() {
            if let Some(other) = root.insert(route, place) {
                return Err(InvalidRoute::Overlap(routes[other].to_string(), route.to_string()));
            }
        }
        Ok(Self { routes, root })
    }

    /// The most specific route that matches. Does not allocate.
    pub fn find(&self, method: &str, path: RawPath<'_>) -> Option<&Route> {
        let place = self.root.find(path.as_str().strip_prefix('/'))?.find(method)?;
        self.routes.get(place)
    }

    /// Whether nothing matches.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }
}

impl Node {
    /// Returns the place of the route that is already there, if there is one.
    fn insert(&mut self, route: &Route, place: usize) -> Option<usize> {
        let mut node = self;
        for segment in &route.segments {
            node = match segment {
                Segment::Literal(literal) => {
                    let at = match node.literals.binary_search_by(|(there, _)| there.cmp(literal)) {
                        Ok(at) => at,
                        Err(at) => {
                            node.literals.insert(at, (literal.clone(), Self::default()));
                            at
                        }
                    };
                    &mut node.literals[at].1
                }
                Segment::One => node.one.get_or_insert_default(),
                Segment::Rest => return node.rest.insert(&route.method, place),
            };
        }
        node.here.insert(&route.method, place)
    }

    /// The routes of the most specific template that matches, whatever their methods. Each node is visited once at most: its
    /// place in the tree says which segments led to it.
    fn find(&self, rest: Option<&str>) -> Option<&Methods> {
        let Some(rest) = rest else { return self.here.if_any() };
        let (segment, rest) = rest.split_once('/').map_or((rest, None), |(segment, rest)| (segment, Some(rest)));
        let literal = self.literals.binary_search_by(|(there, _)| there.iter().copied().cmp(decoded(segment))).ok();
        literal
            .and_then(|at| self.literals[at].1.find(rest))
            .or_else(|| self.one.as_ref().filter(|_| !segment.is_empty())?.find(rest))
            .or_else(|| self.rest.if_any())
    }
}

impl Methods {
    fn insert(&mut self, method: &MethodPattern, place: usize) -> Option<usize> {
        match method {
            MethodPattern::Any => self.any.replace(place),
            MethodPattern::Named(method) => {
                let there = self.named.iter().find(|(there, _)| there == method).map(|(_, place)| *place);
                self.named.push((method.clone(), place));
                there
            }
        }
    }

    fn if_any(&self) -> Option<&Self> {
        (self.any.is_some() || !self.named.is_empty()).then_some(self)
    }

    fn find(&self, method: &str) -> Option<usize> {
        let named = self.named.iter().find(|(there, _)| there == method).map(|(_, place)| *place);
        named.or(self.any)
    }
}

#[cfg(test)]
mod tests {
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
}
