//! Times as people read them. The server does not know their language, so it writes the day in the page's, by their clocks as far as
//! those are known; the browser puts its own words there once the page is hydrated.

use std::thread::LocalKey;

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::prelude::*;
use web_sys::{Element, wasm_bindgen::JsValue};

use super::state::KeysState;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The day.
    Day,
    /// How long ago.
    Ago,
}

/// A time, with the whole instant on hover.
#[component]
pub(super) fn Time(ms: i64, written: Written) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let sent = StoredValue::new(sent(ms));
    let text = move || match (state.now.get(), written) {
        (None, _) => sent.with_value(|sent| sent.day.clone()),
        (Some(_), Written::Day) => local(ms, &DAY),
        (Some(now), Written::Ago) => ago(now - ms),
    };
    let whole = move || match state.now.with(Option::is_some) {
        false => sent.with_value(|sent| sent.whole.clone()),
        true => local(ms, &WHOLE),
    };
    // What is written in the reader's language says so; what the server wrote is in the page's.
    let own = move |name: &'static LocalKey<Option<String>>| {
        state.now.with(Option::is_some).then(|| name.with(Clone::clone)).flatten()
    };
    let (lang, dir) = (Signal::derive(move || own(&LANG)), Signal::derive(move || own(&DIR)));
    view! {
        <time datetime=instant(ms) title=whole lang=lang dir=dir>
            {text}
        </time>
    }
}

/// A time in a row. Nothing in it changes by itself: [`write_anew`] does that, for all rows at once.
pub(super) fn of_row(now: Option<i64>, ms: i64, written: Written) -> impl IntoView {
    let text = match now {
        None => sent(ms).day,
        Some(now) => words(ms, written, now),
    };
    let whole = if now.is_some() { local(ms, &WHOLE) } else { sent(ms).whole };
    let own = |name: &'static LocalKey<Option<String>>| if now.is_some() { name.with(Clone::clone) } else { None };
    let ago = written == Written::Ago;
    view! {
        <time
            datetime=instant(ms)
            title=whole
            lang=own(&LANG)
            dir=own(&DIR)
            data-at=ms.to_string()
            data-ago=ago.then_some("")
            data-own=now.is_some().then_some("")
        >
            {text}
        </time>
    }
}

/// Writes a time of a row anew, in the reader's language from the first time on.
pub(super) fn write_anew(time: &Element, now: i64) {
    let Some(ms) = time.get_attribute("data-at").and_then(|at| at.parse().ok()) else { return };
    let (ago, own) = (time.has_attribute("data-ago"), time.has_attribute("data-own"));
    if !own {
        let language = [("lang", LANG.with(Clone::clone)), ("dir", DIR.with(Clone::clone))];
        let marked = [("title", Some(local(ms, &WHOLE))), ("data-own", Some(String::new()))];
        for (name, value) in language.into_iter().chain(marked) {
            if let Some(value) = value {
                // Fails for malformed names only.
                _ = time.set_attribute(name, &value);
            }
        }
    }
    if ago || !own {
        let text = words(ms, if ago { Written::Ago } else { Written::Day }, now);
        if time.text_content().as_deref() != Some(&text) {
            time.set_text_content(Some(&text));
        }
    }
}

fn words(ms: i64, written: Written, now: i64) -> String {
    match written {
        Written::Day => local(ms, &DAY),
        Written::Ago => ago(now - ms),
    }
}

/// A time as the server writes it.
#[derive(Default)]
struct Sent {
    /// `22 Nov 2026`
    day: String,
    /// `22 Nov 2026, 21:20, Sydney`
    whole: String,
}

#[cfg(feature = "ssr")]
fn sent(ms: i64) -> Sent {
    let (zone, at) = (crate::web::Reader::of_page().zone, model::Instant::from_millis(ms));
    Sent { day: zone.day_words(at), whole: zone.words(at) }
}

/// In the browser it stands in the page already, and waking up leaves it there until it is written anew.
#[cfg(not(feature = "ssr"))]
fn sent(_: i64) -> Sent {
    Sent::default()
}

/// When a key stops, as the server has spelled it out for the reader: `31 Dec 2026, 23:59, Sydney`. The day is seen, the rest is on
/// hover. `zone.js` writes both anew where the browser knows better.
#[component]
pub(super) fn End(ms: i64, mut words: String) -> impl IntoView {
    let whole = format!("Stops {words}");
    words.truncate(words.find(',').unwrap_or(words.len()));
    let day = words;
    view! {
        <time datetime=instant(ms) title=whole data-time="ends">
            <span>{day}</span>
        </time>
    }
}

/// `2026-11-22`, in UTC.
fn day(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(DAY_MS));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-11-22T21:20:00Z`
fn instant(ms: i64) -> String {
    let second = ms.rem_euclid(DAY_MS) / 1000;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{}T{hour:02}:{minute:02}:{:02}Z", day(ms), second % 60)
}

/// Year, month and day of a day since 1970, after Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// In the reader's zone and language.
fn local(ms: i64, style: &'static LocalKey<Function>) -> String {
    let text = style.with(|format| format.call1(&JsValue::UNDEFINED, &(ms as f64).into()));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

// Which language that is, as `zone.js` says.
thread_local! {
    static LANG: Option<String> = of_document("data-times-lang");
    static DIR: Option<String> = of_document("data-times-dir");
}

fn of_document(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}

// Made once: making one takes far longer than writing a date with it.
thread_local! {
    static DAY: Function = format("medium", None);
    static WHOLE: Function = format("full", Some("long"));
}

fn format(date: &str, time: Option<&str>) -> Function {
    let options = Object::new();
    set(&options, "dateStyle", date);
    if let Some(time) = time {
        set(&options, "timeStyle", time);
    }
    // Whoever has chosen a time zone for their account reads by that one.
    if let Some(zone) = of_document("data-zone") {
        set(&options, "timeZone", &zone);
    }
    Intl::DateTimeFormat::new(&Array::new(), &options).format()
}

/// How long ago, in the reader's language.
pub(super) fn ago(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (count, unit) = match seconds {
        0..60 => (0, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..2_592_000 => (seconds / 86_400, "day"),
        2_592_000..31_536_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    let text = AGO.with(|(format, method)| {
        let method = method.as_ref()?;
        method.call2(format, &(-(count as f64)).into(), &unit.into()).ok()
    });
    text.and_then(|text| text.as_string()).unwrap_or_default()
}

// As above.
thread_local! {
    static AGO: (JsValue, Option<Function>) = {
        let options = Object::new();
        set(&options, "numeric", "auto");
        let format = JsValue::from(Intl::RelativeTimeFormat::new(&Array::new(), &options));
        let method = Reflect::get(&format, &"format".into()).ok().map(Function::from);
        (format, method)
    };
}

fn set(options: &Object, name: &str, value: &str) {
    // Setting a field fails for frozen objects only.
    _ = Reflect::set(options, &name.into(), &value.into());
}

/// The browser's clock.
pub(super) fn now() -> i64 {
    Date::now() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_written_as_dates() {
        assert_eq!(instant(0), "1970-01-01T00:00:00Z");
        assert_eq!(instant(1_795_382_405_999), "2026-11-22T21:20:05Z");
        assert_eq!(day(951_782_400_000), "2000-02-29");
        assert_eq!(day(-1), "1969-12-31");
        assert_eq!(day(4_107_542_400_000), "2100-03-01");
    }
}
