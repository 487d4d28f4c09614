//! Rules that the matcher takes over.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use snowguard_tracker_db::{Millis, Retire};
use snowguard_tracker_triage::role::Action;
use snowguard_tracker_triage::rule::Rule;

use super::see;
use crate::account::posted::Posted;
use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::handlers::{Answer, Segment, Shared, show};
use crate::pages::triage::rules::Page;
use crate::request::number;

/// `/rules`
pub async fn page(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    show(app, reader, request, move |view| {
        let may = view.reader.may(Action::Rules);
        let (rules, totals) = (view.db.rules()?, view.db.rule_totals()?);
        Ok(Page::new(view.shell, rules, &totals, may, view.now).render()?)
    })
    .await
}

/// `POST /rules`
pub async fn make(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::Rules)?;
    let get = |name| posted.fields.get(name);
    let rule = Rule::new(get("kind"), get("vendor"), get("product"), get("attr"))
        .map_err(Failure::from)?;
    let advisory = Some(get("advisory").to_owned()).filter(|id| !id.is_empty());
    let now = Millis::new(app.now());
    app.work(move |db| Ok(db.put_rule(&rule, advisory.as_deref(), person, now)?))
        .await?;
    Ok(see("/rules")?)
}

/// `POST /rules/{id}/retire`
pub async fn retire(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::Rules)?;
    let id = number(id)?;
    let retire = match posted.fields.get("restore") {
        "" => Retire::Retire,
        _ => Retire::Restore,
    };
    let now = Millis::new(app.now());
    app.work(move |db| Ok(db.retire_rule(id, retire, person, now)?))
        .await?;
    Ok(see("/rules")?)
}
