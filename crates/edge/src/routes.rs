//! The routes of a process, as they are counted and logged: under their templates, never under the paths that callers
//! send.

use std::fmt;

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    /// Whether all paths below it belong to it, too.
    whole_tree: bool,
    /// Whether people read its errors, and not programs.
    for_people: bool,
}

impl Template {
    /// A path, in which a segment in braces stands for any one segment.
    pub fn path(text: impl Into<String>) -> Self {
        Self { text: text.into(), whole_tree: false, for_people: false }
    }

    /// A path and all that is below it.
    pub fn tree(text: impl Into<String>) -> Self {
        Self { text: text.into(), whole_tree: true, for_people: false }
    }

    /// The same, where errors keep the form that they have.
    #[must_use]
    pub fn for_people(self) -> Self {
        Self { for_people: true, ..self }
    }

    fn matches(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        for wanted in self.text.trim_end_matches('/').split('/') {
            let Some(segment) = segments.next() else { return false };
            if segment != wanted && !wanted.starts_with('{') {
                return false;
            }
        }
        self.whole_tree || segments.next().is_none()
    }

    /// More literal segments go before fewer, and a path before a tree.
    fn rank(&self) -> (usize, bool) {
        let literal = self.text.split('/').filter(|segment| !segment.is_empty() && !segment.starts_with('{')).count();
        (literal, !self.whole_tree)
    }
}

/// Which of the [`Routes`] a request asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(usize);

impl Route {
    /// Its index among all [`Routes`].
    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

/// Every route of a process.
#[derive(Debug)]
pub struct Routes {
    /// The more specific ones first; the last takes every path that no other does.
    templates: Vec<Template>,
}

impl Routes {
    /// These, each once, and `/` for all other paths.
    pub fn new(templates: impl IntoIterator<Item = Template>) -> Self {
        let mut all: Vec<Template> = Vec::new();
        for template in templates {
            if all.iter().all(|other| other.text != template.text) {
                all.push(template);
            }
        }
        all.sort_by_key(|template| std::cmp::Reverse(template.rank()));
        all.push(Template::tree("/").for_people());
        Self { templates: all }
    }

    /// The route that a path belongs to, whether or not anything answers there.
    pub fn find(&self, path: &str) -> Route {
        Route(self.templates.iter().position(|template| template.matches(path)).unwrap_or(self.templates.len() - 1))
    }

    /// The route's template.
    pub fn template(&self, Route(index): Route) -> &str {
        self.templates.get(index).map_or("/", |template| &template.text)
    }

    /// Whether programs read its errors.
    pub fn is_for_programs(&self, Route(index): Route) -> bool {
        self.templates.get(index).is_some_and(|template| !template.for_people)
    }

    /// All of them, with their templates.
    pub fn iter(&self) -> impl Iterator<Item = (Route, &str)> {
        self.templates.iter().enumerate().map(|(index, template)| (Route(index), template.text.as_str()))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_most_literal_template_that_matches_it() {
        let routes = Routes::new([
            Template::tree("/api"),
            Template::path("/api/v1/keys"),
            Template::path("/api/v1/keys"),
            Template::path("/api/v1/keys/{id}"),
            Template::path("/api/v1/keys/bulk-delete"),
            Template::path("/api/v1/keys/{id}/reveal"),
            Template::path("/api/v1/keys/{id}/handover/{handover}"),
            Template::tree("/api/_fn").for_people(),
            Template::tree("/authz"),
        ]);
        for (path, expected) in [
            ("/api/v1/keys", "/api/v1/keys"),
            ("/api/v1/keys/", "/api/v1/keys/{id}"),
            ("/api/v1/keys/0198", "/api/v1/keys/{id}"),
            ("/api/v1/keys/bulk-delete", "/api/v1/keys/bulk-delete"),
            ("/api/v1/keys/0198/reveal", "/api/v1/keys/{id}/reveal"),
            ("/api/v1/keys/0198/handover/7", "/api/v1/keys/{id}/handover/{handover}"),
            ("/api/v1/keys/0198/nothing", "/api"),
            ("/api/v2", "/api"),
            ("/api", "/api"),
            ("/apiary", "/"),
            ("/authz", "/authz"),
            ("/authz/api/v1/keys", "/authz"),
            ("/authzs", "/"),
            ("/api/_fn/sign_in", "/api/_fn"),
            ("/", "/"),
            ("", "/"),
            ("*", "/"),
        ] {
            assert_eq!(routes.template(routes.find(path)), expected, "{path}");
        }
        assert_eq!(routes.iter().filter(|(_, template)| *template == "/api/v1/keys").count(), 1);
        assert!(
            !routes.is_for_programs(routes.find("/api/_fn/sign_in")) && routes.is_for_programs(routes.find("/api"))
        );
    }
}
