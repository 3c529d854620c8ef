use model::{ClientName, Code, Day, Instant, InvalidUsageRange, KeyId, Scope, TimeZone, UsageFilter, UsageRange};
use percent_encoding::utf8_percent_encode;

use super::range::{NAMED, Named, USUAL, before_days, days};
use crate::{ui::key_settings::Form, web::guard::QUERY};

/// The page.
pub(crate) const PATH: &str = "/usage";

/// What a person asks for, as the address of the page says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// The name of a range that ends now. Days go before it.
    pub(super) range: String,
    /// Days of the reader, the last one included.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) client: String,
    pub(super) key: String,
    pub(super) environment: String,
    pub(super) scope: String,
    pub(super) code: String,
}

/// What the domain is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) range: UsageRange,
    pub(super) filter: UsageFilter,
    /// The range in words.
    pub(super) title: String,
    /// The time that it is compared with.
    pub(super) before: String,
    /// It ends now, and so goes on.
    pub(super) ends_now: bool,
}

/// A field that can't be read, and a sentence about it.
pub(super) type Problem = (&'static str, String);

impl Filter {
    pub(super) fn of(form: Form<'_>) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            range: text("range"),
            from: text("from"),
            to: text("to"),
            client: text("client"),
            key: text("key"),
            environment: text("environment"),
            scope: text("scope"),
            code: text("code"),
        }
    }

    /// What it asks the domain for; or all that is wrong with it. Quarters of an hour are kept for `quarter_days`.
    pub(super) fn asked(&self, zone: &TimeZone, now: Instant, quarter_days: u16) -> Result<Asked, Vec<Problem>> {
        let mut problems = Vec::new();
        let filter = UsageFilter {
            key: given("key", &self.key, &mut problems, |text| {
                text.parse::<KeyId>().map_err(|_| "This is no id of a key.")
            }),
            client: given("client", &self.client, &mut problems, |text| {
                ClientName::parse(text).map_err(|_| "No client can be named so.")
            }),
            environment: given("environment", &self.environment, &mut problems, |text| {
                text.parse().map_err(|_| "Choose live or test keys.")
            }),
            code: given("code", &self.code, &mut problems, |text| code(text).ok_or("Choose one of the outcomes.")),
            scope: given("scope", &self.scope, &mut problems, |text| {
                Scope::parse(text).map_err(|_| "There is no such scope.")
            }),
        };
        let by_scope = filter.scope.is_some();
        let spanned = if self.has_days() {
            self.days(zone, (now, quarter_days), by_scope)
        } else {
            self.named_range(zone, now, by_scope)
        };
        match spanned {
            Ok((range, title, before)) if problems.is_empty() => {
                Ok(Asked { range, filter, title, before, ends_now: range.to() > now })
            }
            Ok(_) => Err(problems),
            Err(problem) => Err(problems.into_iter().chain([problem]).collect()),
        }
    }

    /// Whether days are asked for, and no range with a name.
    pub(super) fn has_days(&self) -> bool {
        !(self.from.is_empty() && self.to.is_empty())
    }

    /// The range with a name that is shown; `None`: days are, or there is none of this name.
    pub(super) fn named(&self) -> Option<&'static Named> {
        match self.range.as_str() {
            _ if self.has_days() => None,
            "" => Some(USUAL),
            name => NAMED.iter().find(|named| named.name == name),
        }
    }

    fn named_range(
        &self,
        zone: &TimeZone,
        now: Instant,
        by_scope: bool,
    ) -> Result<(UsageRange, String, String), Problem> {
        let named = self.named().ok_or_else(|| ("range", "There is no such range: choose one of these.".to_owned()))?;
        let range = named.range(zone, now, by_scope).map_err(range_problem)?;
        Ok((range, named.title.to_owned(), named.before.to_owned()))
    }

    fn days(
        &self,
        zone: &TimeZone,
        (now, quarter_days): (Instant, u16),
        by_scope: bool,
    ) -> Result<(UsageRange, String, String), Problem> {
        let day = |name, text: &str| match text {
            "" => Ok(None),
            text => text.parse::<Day>().map(Some).map_err(|_| (name, "Write the day as 2026-12-31.".to_owned())),
        };
        let (from, to) = (day("from", &self.from)?, day("to", &self.to)?);
        let from = from.ok_or_else(|| ("from", "Choose the first day, too.".to_owned()))?;
        if to.is_some_and(|to| from > to) {
            return Err(("to", "The last day is before the first.".to_owned()));
        }
        let range = days((from, to), zone, (now, quarter_days), by_scope).map_err(range_problem)?;
        let (first, last) = (zone.day_words(range.from()), zone.end_day_words(range.to()));
        let title = if first == last { first } else { format!("{first} to {last}") };
        Ok((range, title, before_days(range)))
    }

    /// Whether it leaves any call of its range out.
    pub(super) fn is_any(&self) -> bool {
        *self != self.range_alone()
    }

    /// Its range, and no more.
    pub(super) fn range_alone(&self) -> Self {
        Self { range: self.range.clone(), from: self.from.clone(), to: self.to.clone(), ..Self::default() }
    }

    /// The page that it is the filter of.
    pub(super) fn address(&self) -> String {
        self.at(PATH)
    }

    /// The same filter at another address.
    pub(super) fn at(&self, path: &str) -> String {
        let Self { range, from, to, client, key, environment, scope, code } = self;
        encoded(
            path,
            &[
                ("range", range),
                ("from", from),
                ("to", to),
                ("client", client),
                ("key", key),
                ("environment", environment),
                ("scope", scope),
                ("code", code),
            ],
        )
    }
}

/// An address with these parameters; one that is empty is left out.
pub(super) fn encoded(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, text)| !text.is_empty());
    let query: Vec<_> = pairs.map(|(name, text)| format!("{name}={}", utf8_percent_encode(text, QUERY))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// The value of a field that is not empty.
fn given<T>(
    field: &'static str,
    text: &str,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&str) -> Result<T, &'static str>,
) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    read(text).map_err(|problem| problems.push((field, problem.to_owned()))).ok()
}

/// Outcomes that a call with a known key has.
pub(super) fn codes() -> impl Iterator<Item = Code> {
    Code::ALL.into_iter().filter(|code| *code != Code::NotFound)
}

fn code(text: &str) -> Option<Code> {
    codes().find(|code| code.as_str().eq_ignore_ascii_case(text))
}

fn range_problem(problem: InvalidUsageRange) -> Problem {
    let words = match problem {
        InvalidUsageRange::Empty => "This day has not come yet.",
        InvalidUsageRange::TooLong { .. } => "Choose at most 800 days.",
    };
    ("from", words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pairs: &[(&str, &str)]) -> Filter {
        let pairs: Vec<_> = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Filter::of(Form(&pairs))
    }

    fn now() -> Instant {
        "2026-11-27T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_filter_is_read_from_an_address_and_written_into_one() {
        let all = [
            ("range", "7d"),
            ("client", " Müller & Söhne "),
            ("environment", "test"),
            ("scope", "calls:read"),
            ("code", "expired"),
        ];
        let read = filter(&all);
        let asked = read.asked(&TimeZone::UTC, now(), 90).unwrap();
        assert_eq!(
            (asked.title.as_str(), asked.before.as_str(), asked.ends_now),
            ("Last 7 days", "the 7 days before", true)
        );
        assert_eq!(asked.filter.client.unwrap().as_str(), "Müller & Söhne");
        assert_eq!((asked.filter.code, asked.filter.scope.unwrap().as_str()), (Some(Code::Expired), "calls:read"));
        assert_eq!(
            read.at("/usage.csv"),
            "/usage.csv?range=7d&client=M%C3%BCller%20%26%20S%C3%B6hne&environment=test&scope=calls%3Aread&code=expired"
        );
        assert_eq!((read.range_alone().address().as_str(), read.is_any()), ("/usage?range=7d", true));
        let usual = filter(&[]);
        assert_eq!((usual.address().as_str(), usual.is_any()), (PATH, false));
        assert_eq!(usual.asked(&TimeZone::UTC, now(), 90).unwrap().title, "Last 24 hours");
    }

    #[test]
    fn days_go_before_a_range_and_say_when_they_are_over() {
        let days = filter(&[("range", "1h"), ("from", "2026-11-01"), ("to", "2026-11-02")]);
        let asked = days.asked(&TimeZone::UTC, now(), 90).unwrap();
        assert_eq!((asked.title.as_str(), asked.ends_now), ("1 Nov 2026 to 2 Nov 2026", false));
        let today = filter(&[("from", "2026-11-27"), ("to", "2026-11-30")]).asked(&TimeZone::UTC, now(), 90).unwrap();
        assert_eq!((today.title.as_str(), today.ends_now), ("27 Nov 2026", true));
    }

    #[test]
    fn all_that_cant_be_read_is_named() {
        let fields = |pairs: &[(&str, &str)]| {
            let problems = filter(pairs).asked(&TimeZone::UTC, now(), 90).unwrap_err();
            problems.into_iter().map(|(field, _)| field).collect::<Vec<_>>().join(" ")
        };
        for (name, text) in [
            ("range", "1y"),
            ("from", "yesterday"),
            ("from", "2026-11-28"),
            ("from", "2001-01-01"),
            ("key", "1"),
            ("client", "a\u{202e}b"),
            ("environment", "dev"),
            ("scope", "*"),
            ("code", "NOT_FOUND"),
        ] {
            assert_eq!(fields(&[(name, text)]), name, "{text}");
        }
        assert_eq!(fields(&[("from", "2026-11-02"), ("to", "2026-11-01"), ("code", "GONE")]), "code to");
        assert_eq!(fields(&[("to", "2026-11-01")]), "from");
    }
}
