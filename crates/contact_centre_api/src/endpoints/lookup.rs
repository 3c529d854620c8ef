use axum::response::IntoResponse;
use contact_centre::{
    phone::{self, How, LookUp, Query},
    view::{ContactView, Rights},
    world::AsOf,
};
use model::phone::Region;
use serde::Serialize;

use crate::{
    asked::Asked,
    protocol::{Problem, json},
};

#[derive(Serialize)]
struct Found<'a> {
    query: &'a Query,
    matches: Vec<MatchView<'a>>,
    ambiguous: bool,
    as_of: AsOf,
}

#[derive(Serialize)]
struct MatchView<'a> {
    contact: ContactView<'a>,
    matched: Matched,
}

#[derive(Serialize)]
struct Matched {
    r#type: contact_centre::objects::PhoneType,
    how: How,
}

/// Whose number it is. Whatever is asked is answered, and nothing is made of it.
pub(crate) async fn get(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let region = query.get::<Region>("region").unwrap_or(asked.centre.settings().region);
    let phone = query.text("phone").map(str::to_owned);
    if phone.is_none() {
        query.refuse("phone".to_owned(), "is required");
    }
    query.end()?;
    let phone = phone.unwrap_or_default();
    let found = asked.ask(move |asked, world| {
        let LookUp { query, matches, ambiguous } =
            phone::look_up(world.state(), &phone, region, &asked.centre.settings().withheld);
        let matches = matches.iter().map(|found| MatchView {
            contact: ContactView::of(found.contact, Rights::ALL),
            matched: Matched { r#type: found.kind, how: found.how },
        });
        json(&Found { query: &query, matches: matches.collect(), ambiguous, as_of: world.as_of() })
    });
    found.await
}
