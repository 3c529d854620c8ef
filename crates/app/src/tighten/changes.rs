//! A restriction beside what a key has: what goes, what comes, what stays.

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::Restriction;

use crate::ui::count;

/// How often each value was used, in words, by its text.
pub(super) type Used = BTreeMap<String, String>;

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Goes,
    Comes,
    Stays,
}

impl Fate {
    /// Its sign, its word and its class.
    const fn shown(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Goes => ("−", "Removed", "change goes"),
            Self::Comes => ("+", "Added", "change comes"),
            Self::Stays => ("=", "Stays", "change stays"),
        }
    }
}

/// The settings of a restriction: label, what an empty one means, and the values.
fn settings(of: &Restriction) -> [(&'static str, &'static str, Vec<String>); 3] {
    [
        ("Scopes", "None", of.scopes.iter().map(|scope| scope.as_str().to_owned()).collect()),
        ("Allowed addresses", "Every address", of.allowed_ips.iter().map(ToString::to_string).collect()),
        ("Allowed origins", "Every origin", of.allowed_origins.iter().map(ToString::to_string).collect()),
    ]
}

/// The values of a setting, those that go first. One that is empty has this meaning.
fn fates(from: &[String], to: &[String], empty: &str) -> Vec<(Fate, String)> {
    let all = |values: &[String]| if values.is_empty() { vec![empty.to_owned()] } else { values.to_vec() };
    let (from, to) = (all(from), all(to));
    let goes = from.iter().filter(|value| !to.contains(value)).map(|value| (Fate::Goes, value.clone()));
    let comes = to.iter().filter(|value| !from.contains(value)).map(|value| (Fate::Comes, value.clone()));
    let stays = from.iter().filter(|value| to.contains(value)).map(|value| (Fate::Stays, value.clone()));
    goes.chain(comes).chain(stays).collect()
}

/// Scopes and addresses with their values, and origins where they change: of these no use is recorded. `used`: how often each
/// value was, by setting.
pub(super) fn changes(from: &Restriction, to: &Restriction, used: Option<&[Used; 2]>) -> AnyView {
    let pairs = settings(from).into_iter().zip(settings(to)).enumerate();
    pairs
        .filter(|(number, ((.., from), (.., to)))| *number < 2 || from != to)
        .map(|(number, ((title, empty, from), (.., to)))| {
            let used = used.and_then(|used| used.get(number));
            let rows = fates(&from, &to, empty).into_iter().map(|(fate, value)| row(fate, &value, used)).collect_view();
            let same = from == to;
            view! {
                <section class="change-setting">
                    <h3>{title} " " {same.then(|| view! { <span class="badge">"Unchanged"</span> })}</h3>
                    <ul class="change-list">{rows}</ul>
                </section>
            }
        })
        .collect_view()
        .into_any()
}

fn row(fate: Fate, value: &str, used: Option<&Used>) -> AnyView {
    let (sign, word, class) = fate.shown();
    let use_of = used.map(|used| match used.get(value) {
        Some(times) => times.clone(),
        None if fate == Fate::Goes => "not used".to_owned(),
        None => String::new(),
    });
    view! {
        <li class=class>
            <span class="change-sign" aria-hidden="true">{sign}</span>
            <span class="change-word">{word}</span>
            " "
            <code translate="no">{value.to_owned()}</code>
            " "
            <span class="faint">{use_of}</span>
        </li>
    }
    .into_any()
}

/// `1 call`, `1,204 calls`.
pub(super) fn times(calls: u64) -> String {
    format!("{} {}", count(calls), if calls == 1 { "call" } else { "calls" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_setting_is_everything() {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let fates = |from: &[&str], to: &[&str]| {
            let told = fates(&texts(from), &texts(to), "Every address").into_iter();
            told.map(|(fate, value)| format!("{} {value}", fate.shown().1)).collect::<Vec<_>>()
        };
        assert_eq!(fates(&[], &["192.0.2.7"]), ["Removed Every address", "Added 192.0.2.7"]);
        assert_eq!(fates(&["a", "b"], &["b"]), ["Removed a", "Stays b"]);
        assert_eq!(fates(&[], &[]), ["Stays Every address"]);
    }
}
