//! The fields of the settings. One more setting is one more row.

use leptos::prelude::*;
use model::{CONTACT_MAX, KeyLife, LeakRule, Preset, RequiredSecondFactor, TimeZone};

use super::typed::Typed;
use crate::FieldProblem;

/// One setting of the form.
type Row = fn(&Typed, &[FieldProblem]) -> AnyView;

/// In the order of the form.
const ROWS: [Row; 8] = [title, time_zone, contact, secrets, longest_life, default_preset, second_factor, leaked_keys];

/// All of them.
pub(super) fn rows(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    ROWS.iter().map(|row| row(typed, problems)).collect_view().into_any()
}

fn title(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    let hint = "What people call your contact centre. It stands at the top of every page, and in letters.";
    let value = typed.title.clone();
    view! {
        <div class="field">
            <label for="title">"Title"</label>
            <input class="input" id="title" name="title" value=value required maxlength="400" autocomplete="off" dir="auto"
                aria-invalid=wrong(problems, "title") aria-describedby="title-note"/>
            {note("title-note", problems, "title", hint)}
        </div>
    }
    .into_any()
}

fn time_zone(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    let hint =
        "Whose days are meant where nobody says whose else, such as Europe/Zurich. Keys that exist end when they did.";
    let value = typed.time_zone.clone();
    view! {
        <div class="field">
            <label for="time-zone">"Time zone"</label>
            <input class="input" id="time-zone" name="time_zone" value=value required maxlength="64" list="time-zones"
                autocomplete="off" autocapitalize="none" spellcheck="false"
                aria-invalid=wrong(problems, "time_zone") aria-describedby="time-zone-note"/>
            <datalist id="time-zones">
                {TimeZone::names().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
            </datalist>
            {note("time-zone-note", problems, "time_zone", hint)}
        </div>
    }
    .into_any()
}

fn contact(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    let hint = "Whom people are sent to where API Keys are not available: “Please contact …”. Empty: your Account Manager or Support.";
    let value = typed.contact.clone();
    view! {
        <div class="field">
            <label for="contact">"Contact"</label>
            <input class="input" id="contact" name="contact" value=value maxlength=(CONTACT_MAX * 4).to_string()
                placeholder="the Service Desk, desk@example.com" autocomplete="off" dir="auto"
                aria-invalid=wrong(problems, "contact") aria-describedby="contact-note"/>
            {note("contact-note", problems, "contact", hint)}
        </div>
    }
    .into_any()
}

fn secrets(typed: &Typed, _: &[FieldProblem]) -> AnyView {
    let choice = |value: &'static str, once: bool, words: &'static str| {
        view! {
            <label class="tick">
                <input type="radio" name="secrets" value=value checked=typed.show_once == once aria-describedby="secrets-note"/>
                <span>{words}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choices">
            <legend>"API keys"</legend>
            {choice("kept", false, "Can be revealed again: Keydesk keeps a sealed copy of each")}
            {choice("once", true, "Are shown once, when they are generated")}
            <p class="field-note" id="secrets-note">
                "If they are shown once, the copies that there are are erased. Keys go on working, and can be rotated."
            </p>
        </fieldset>
    }
    .into_any()
}

fn longest_life(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    let hint = "Within how many days a key must end, counted from when it is made or its end is changed. Empty: a key needs no end. \
                Keys that exist end when they did.";
    let value = typed.longest_life.clone();
    view! {
        <div class="field">
            <label for="longest-life">"Longest life of keys, in days"</label>
            <input class="input" id="longest-life" name="longest_life_days" value=value type="number" inputmode="numeric" min="1"
                max=KeyLife::MAX_DAYS.to_string() step="1" autocomplete="off"
                aria-invalid=wrong(problems, "longest_life_days") aria-describedby="longest-life-note"/>
            {note("longest-life-note", problems, "longest_life_days", hint)}
        </div>
    }
    .into_any()
}

fn default_preset(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    let hint = "What the form of a new key begins with. Whoever fills it in can choose another.";
    let chosen = typed.default_preset.clone();
    let options = Preset::ALL.map(|preset| {
        let selected = preset.as_str() == chosen;
        view! { <option value=preset.as_str() selected=selected>{preset.title()}</option> }
    });
    view! {
        <div class="field">
            <label for="default-preset">"Default preset"</label>
            <select class="choice" id="default-preset" name="default_preset"
                aria-invalid=wrong(problems, "default_preset") aria-describedby="default-preset-note">
                <option value="" selected=typed.default_preset.is_empty()>"None: it is chosen for each key"</option>
                {options.collect_view()}
            </select>
            {note("default-preset-note", problems, "default_preset", hint)}
        </div>
    }
    .into_any()
}

fn second_factor(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    let hint = "Who must prove who they are by an authenticator app or a passkey, too. Whoever must and has none sets one up before anything \
                else.";
    let options = RequiredSecondFactor::ALL.map(|who| {
        let words = match who {
            RequiredSecondFactor::None => "Nobody: everybody may have one",
            RequiredSecondFactor::Owners => "Owners",
            RequiredSecondFactor::Everyone => "Everyone",
        };
        let selected = who.as_str() == typed.required_second_factor;
        view! { <option value=who.as_str() selected=selected>{words}</option> }
    });
    view! {
        <div class="field">
            <label for="second-factor">"Second factor of"</label>
            <select class="choice" id="second-factor" name="required_second_factor"
                aria-invalid=wrong(problems, "required_second_factor") aria-describedby="second-factor-note">
                {options.collect_view()}
            </select>
            {note("second-factor-note", problems, "required_second_factor", hint)}
        </div>
    }
    .into_any()
}

fn leaked_keys(typed: &Typed, problems: &[FieldProblem]) -> AnyView {
    let hint = "What becomes of a key that a signed report says was found where it must not be. Whatever is chosen, the audit log has it and \
                receivers of events are told. The Default API Key is never touched.";
    let options = LeakRule::ALL.map(|rule| {
        let words = match rule {
            LeakRule::Notify => "People are told, and decide",
            LeakRule::Disable => "They are disabled",
            LeakRule::Revoke => "They are deleted, and can be restored for 30 days",
        };
        let selected = rule.as_str() == typed.leak_rule;
        view! { <option value=rule.as_str() selected=selected>{words}</option> }
    });
    view! {
        <div class="field">
            <label for="leak-rule">"Leaked keys"</label>
            <select class="choice" id="leak-rule" name="leak_rule"
                aria-invalid=wrong(problems, "leak_rule") aria-describedby="leak-rule-note">
                {options.collect_view()}
            </select>
            {note("leak-rule-note", problems, "leak_rule", hint)}
        </div>
    }
    .into_any()
}

fn wrong(problems: &[FieldProblem], field: &str) -> Option<&'static str> {
    problems.iter().any(|problem| problem.field == field).then_some("true")
}

/// What is wrong with a field, or else what it is for.
fn note(id: &'static str, problems: &[FieldProblem], field: &str, hint: &'static str) -> AnyView {
    let messages: Vec<_> =
        problems.iter().filter(|problem| problem.field == field).map(|problem| problem.message.clone()).collect();
    let class = if messages.is_empty() { "field-note" } else { "field-note wrong" };
    let text = if messages.is_empty() { hint.to_owned() } else { messages.join(" ") };
    view! { <p class=class id=id>{text}</p> }.into_any()
}
