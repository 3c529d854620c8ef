use crate::{
    Aliases, InvalidPath, InvalidRoute, RawPath, Route,
    path_alias::{Folded, cut, folded_literal},
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
    /// The same as forgiving programs read them, without endings, in order, with their places among the literals.
    folded: Vec<(Vec<u8>, usize)>,
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
        root.fold();
        Ok(Self { routes, root })
    }

    /// The route that says what a call needs: the most specific one that matches, unless the API might read the path as that of
    /// another one, which asks for more. Then that one's [`Aliases`] says what happens. Does not allocate, but for
    /// percent-encoded segments that no route names.
    pub fn resolve(&self, method: &str, path: RawPath<'_>) -> Result<Option<&Route>, InvalidPath> {
        let Some(found) = self.find(method, path) else { return Ok(None) };
        let mut resolved = Ok(Some(found));
        self.root.readings(path.as_str().strip_prefix('/'), &mut |methods| {
            let alias = methods.find(method).and_then(|place| self.routes.get(place));
            if resolved.is_err() || alias.is_some_and(|alias| !found.is_laxer_than(alias)) {
                return;
            }
            match methods.places().filter_map(|place| self.routes.get(place)).map(Route::aliases).max() {
                Some(Aliases::Refuse) => resolved = Err(InvalidPath::Alias),
                // A method that the path does not know is refused, as it would be on the path itself.
                Some(Aliases::Fold) => resolved = Ok(alias),
                Some(Aliases::Distinct) | None => {}
            }
        });
        resolved
    }

    /// Each route that takes whatever is left of a path, with each route below it that asks for more: where the API reads a path
    /// that the table does not know as one that it knows, a call gets by with less than was meant.
    pub fn lax_catch_alls(&self) -> impl Iterator<Item = (&Route, &Route)> {
        let below = |above| self.routes.iter().filter(move |route| Route::is_catch_all_above(above, route));
        self.routes.iter().flat_map(move |above| {
            below(above).filter(|route| above.is_laxer_than(route)).map(move |route| (above, route))
        })
    }

    /// The most specific route that matches. Does not allocate.
    pub fn find(&self, method: &str, path: RawPath<'_>) -> Option<&Route> {
        let place = self.root.find(path.as_str().strip_prefix('/'))?.find(method)?;
        self.routes.get(place)
    }

    /// All of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
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

    /// Prepares [`readings`](Self::readings), once all routes are there.
    fn fold(&mut self) {
        for (place, (literal, node)) in self.literals.iter_mut().enumerate() {
            node.fold();
            self.folded.push((folded_literal(literal), place));
        }
        self.folded.sort_unstable();
        if let Some(one) = &mut self.one {
            one.fold();
        }
    }

    /// Calls `see` with the routes of the template that each reading of a path leads to: the path as it is, and as programs read
    /// it that ignore case and what stands at the ends of segments. Returns whether there is any.
    ///
    /// A segment that a route names exactly has that reading alone: whoever wrote the route tells it apart.
    fn readings<'a>(&'a self, rest: Option<&str>, see: &mut impl FnMut(&'a Methods)) -> bool {
        let Some(rest) = rest else { return self.ends(see) };
        let (segment, rest) = rest.split_once('/').map_or((rest, None), |(segment, rest)| (segment, Some(rest)));
        let exact = self.literals.binary_search_by(|(there, _)| there.iter().copied().cmp(decoded(segment)));
        if exact.is_ok_and(|at| self.literals[at].1.readings(rest, see)) {
            return true;
        }
        let (segment, rest) = cut(segment).map_or((segment, rest), |before| (before, None));
        let read = Folded::new(segment);
        let mut seen = false;
        if read.is_empty() {
            // A slash at the end, which many programs drop.
            seen = rest.is_none() && see_any(&self.here, see);
        } else {
            // The path goes on behind a program's name, or names the file that stands for a folder.
            let ends_here = rest.is_some_and(|rest| read.has_ending() || Folded::new(rest).is_index());
            let first = self.folded.partition_point(|(there, _)| there.iter().copied().lt(read.reading()));
            let same = self.folded[first..].iter().take_while(|(there, _)| there.iter().copied().eq(read.reading()));
            for (_, place) in same {
                let node = &self.literals[*place].1;
                seen |= node.readings(rest, see);
                seen |= ends_here && see_any(&node.here, see);
            }
        }
        seen || self.one.as_ref().is_some_and(|one| !segment.is_empty() && one.readings(rest, see))
            || see_any(&self.rest, see)
    }

    /// The end of a path. Many programs add the slash that their own routes end with.
    fn ends<'a>(&'a self, see: &mut impl FnMut(&'a Methods)) -> bool {
        let slash = || self.literals.first().filter(|(literal, _)| literal.is_empty()).map(|(_, node)| &node.here);
        see_any(&self.here, see) || slash().is_some_and(|here| see_any(here, see)) || see_any(&self.rest, see)
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

fn see_any<'a>(methods: &'a Methods, see: &mut impl FnMut(&'a Methods)) -> bool {
    let any = methods.if_any();
    any.map(see).is_some()
}

impl Methods {
    fn places(&self) -> impl Iterator<Item = usize> {
        self.named.iter().map(|(_, place)| *place).chain(self.any)
    }

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
mod tests;
