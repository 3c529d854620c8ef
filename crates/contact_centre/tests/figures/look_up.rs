//! Whose number it is: case 16 of the design.

use std::{collections::BTreeMap, sync::Arc};

use contact_centre::{
    id::ContactId,
    objects::{Contact, ContactPhone, PhoneType, Presentation},
    phone::{How, QueryKind, look_up, number},
    state::{Genesis, Keep, State},
};
use model::phone::{PhoneKind, Region, Withheld};
use uuid::Uuid;

use crate::script::at;

fn au() -> Region {
    "AU".parse().unwrap()
}

fn contact(n: u128, phones: &[&str]) -> Contact {
    let since = at("2026-01-01T00:00:00Z");
    let phones = phones.iter().enumerate().map(|(place, text)| ContactPhone {
        kind: if place == 0 { PhoneType::Work } else { PhoneType::Mobile },
        number: Arc::new(number(text, au(), &Withheld::default())),
        primary: place == 0,
    });
    Contact {
        id: ContactId(Uuid::from_u128(n)),
        display_name: format!("Contact {n}").into(),
        company: None,
        email: None,
        phones: phones.collect(),
        external_ids: BTreeMap::new(),
        timezone: None,
        do_not_call: false,
        notes: None,
        seq: 0,
        subject_seq: 0,
        created_at: since,
        updated_at: since,
    }
}

fn state() -> State {
    let contacts = vec![
        // Their mobile number is the second.
        contact(1, &["(02) 8000 1234", "0491 570 006"]),
        contact(2, &["+61 2 8000 9999 ext. 12"]),
        contact(3, &["+61 2 8000 9999 ext. 13"]),
        contact(4, &["+61 491 570 156"]),
        contact(5, &["0491 570 156"]),
    ];
    State::new(Keep { calls_max: 10, history_ms: 1 }, Genesis { contacts, ..Genesis::default() })
}

/// Whom a text finds, how, and whether it may be several.
fn found(text: &str) -> (Vec<u128>, Option<How>, bool) {
    let state = state();
    let answer = look_up(&state, text, au(), &Withheld::default());
    let who = answer.matches.iter().map(|found| found.contact.id.0.as_u128()).collect();
    (who, answer.matches.first().map(|found| found.how), answer.ambiguous)
}

#[test]
fn any_notation_finds_one_contact_by_any_of_its_numbers() {
    for (text, how) in [
        ("0491 570 006", How::National),
        ("491570006", How::National),
        ("٠٤٩١٥٧٠٠٠٦", How::National),
        ("０４９１５７０００６", How::National),
        ("0491 570 006 ", How::National),
        ("+61 (0)491 570 006", How::Exact),
        ("61491570006", How::Exact),
        (" 61491570006", How::Exact),
        ("0011 61 491 570 006", How::Exact),
        ("00 61 491 570 006", How::Exact),
        ("tel:+61-491-570-006", How::Exact),
        ("0491 570 006 ext. 12", How::Extension),
    ] {
        assert_eq!(found(text), (vec![1], Some(how), false), "{text:?}");
    }
}

#[test]
fn an_extension_tells_colleagues_apart() {
    assert_eq!(found("(02) 8000 9999 ext. 13"), (vec![3], Some(How::Extension), false));
    assert_eq!(found("(02) 8000 9999 ext. 99"), (vec![], None, false));
    assert_eq!(found("(02) 8000 9999"), (vec![2, 3], Some(How::National), true));
}

#[test]
fn a_number_of_two_contacts_is_ambiguous() {
    assert_eq!(found("+61491570156"), (vec![4, 5], Some(How::Exact), true));
}

#[test]
fn nobody_is_found_by_what_is_no_number_and_nobody_is_made() {
    for text in ["anonymous", "restricted", "+266696687", "", "57O", "1001", "+61 491 570 110", "\u{0}"] {
        assert_eq!(found(text), (vec![], None, false), "{text:?}");
    }
    let state = state();
    let kind = |text: &str| look_up(&state, text, au(), &Withheld::default()).query.kind;
    assert_eq!(kind("restricted"), QueryKind::Withheld);
    assert_eq!(kind("1001"), QueryKind::Invalid);
    assert_eq!(kind("0491 570 006"), QueryKind::Number(PhoneKind::Mobile));
    let query = look_up(&state, " 61491570006", au(), &Withheld::default()).query;
    assert_eq!(
        serde_json::to_value(query).unwrap(),
        serde_json::json!({ "input": " 61491570006", "e164": "+61491570006", "region": "AU", "kind": "mobile" })
    );
    assert_eq!(state.contact_count(), 5);
}

#[test]
fn a_number_is_kept_as_it_came_and_as_it_is_understood() {
    let read = |text: &str| number(text, au(), &Withheld::default());
    let known = read("0491 570 006 ext. 12");
    assert_eq!(
        (known.e164.as_deref(), &*known.raw, known.extension.as_deref(), known.presentation),
        (Some("+61491570006"), "0491 570 006 ext. 12", Some("12"), Presentation::Allowed)
    );
    for (text, presentation) in
        [("1001", Presentation::Allowed), ("anonymous", Presentation::Restricted), ("", Presentation::Unavailable)]
    {
        let unknown = read(text);
        assert_eq!((unknown.e164, &*unknown.raw, unknown.presentation), (None, text, presentation));
    }
}
