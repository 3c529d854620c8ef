use std::{cmp::Ordering, collections::BTreeMap};

use model::PlainSecret;

use crate::finder::Form;

/// Places of one secret that are kept. Further ones are counted.
pub const PLACES_MAX: usize = 100;
/// Secrets that are kept. Further ones are counted.
pub const FINDINGS_MAX: usize = 100_000;

/// Where something was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file; in a history the one that the commit changes. `None`: standard input, or the text of a commit itself.
    pub path: Option<String>,
    /// The commit, in a history.
    pub commit: Option<String>,
    /// The line, from 1: of the file, of the text of the commit, else of the input.
    pub line: u64,
    /// The character in it, from 1.
    pub column: u64,
    /// The commit removes this line. It stood there before.
    pub removed: bool,
}

/// A secret, and where it was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is, as far as its form says so.
    pub form: Form,
    /// The secret itself.
    pub secret: PlainSecret,
    /// Where: the first [`PLACES_MAX`] places.
    pub places: Vec<Place>,
    /// How often altogether.
    pub count: u64,
}

/// A secret, by which findings are told apart.
#[derive(Debug)]
struct Text(PlainSecret);

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.expose().cmp(other.0.expose())
    }
}

#[derive(Debug)]
struct Sighting {
    form: Form,
    places: Vec<Place>,
    count: u64,
}

/// What was found so far, each secret once.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: BTreeMap<Text, Sighting>,
    /// Found and not kept, since there were too many.
    left_out: u64,
}

impl Findings {
    pub(crate) fn add(&mut self, form: Form, secret: PlainSecret, place: Place) {
        self.note(Text(secret), Sighting { form, places: vec![place], count: 1 });
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.left_out += other.left_out;
        for (text, sighting) in other.all {
            self.note(text, sighting);
        }
    }

    fn note(&mut self, text: Text, new: Sighting) {
        if let Some(known) = self.all.get_mut(&text) {
            known.count += new.count;
            let room = PLACES_MAX.saturating_sub(known.places.len());
            known.places.extend(new.places.into_iter().take(room));
        } else if self.all.len() < FINDINGS_MAX {
            self.all.insert(text, new);
        } else {
            self.left_out += new.count;
        }
    }

    /// All of them, in the order of their first places, and how often something was found that is not among them.
    pub(crate) fn done(self) -> (Vec<Finding>, u64) {
        let mut all: Vec<Finding> = self
            .all
            .into_iter()
            .map(|(Text(secret), Sighting { form, mut places, count })| {
                places.sort();
                Finding { form, secret, places, count }
            })
            .collect();
        all.sort_by(|one, other| one.places.cmp(&other.places));
        (all, self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use model::Environment;

    use super::*;

    fn at(line: u64) -> Place {
        Place { path: Some("a".to_owned()), line, column: 1, ..Place::default() }
    }

    fn add(findings: &mut Findings, text: &str, line: u64) {
        findings.add(Form::Key(Environment::Live), PlainSecret::new(text.to_owned()), at(line));
    }

    #[test]
    fn a_secret_is_one_finding_wherever_it_is() {
        let (mut one, mut other) = (Findings::default(), Findings::default());
        add(&mut one, "b", 7);
        add(&mut one, "a", 9);
        add(&mut other, "a", 3);
        one.merge(other);
        let (all, left_out) = one.done();
        let shown: Vec<_> =
            all.iter().map(|found| (found.secret.expose(), found.places[0].line, found.count)).collect();
        assert_eq!((shown, left_out), (vec![("a", 3, 2), ("b", 7, 1)], 0));
        assert!(format!("{:?}", all[0]).contains("PlainSecret(…)"));
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_rest_is_counted() {
        let mut findings = Findings::default();
        for line in 0..250 {
            add(&mut findings, "a", line);
        }
        for number in 0..FINDINGS_MAX {
            add(&mut findings, &format!("b{number}"), 1_000);
        }
        let (all, left_out) = findings.done();
        assert_eq!((all.len(), all[0].places.len(), all[0].count, left_out), (FINDINGS_MAX, PLACES_MAX, 250, 1));
    }
}
