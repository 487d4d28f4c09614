//! The queue.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use snowguard_tracker_db::{Millis, SavedView};
use snowguard_tracker_triage::filter::Filter;
use snowguard_tracker_triage::queue::{Place, Row};
use snowguard_tracker_triage::role::Action;
use snowguard_tracker_triage::text;

use super::see;
use crate::account::posted::Posted;
use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::handlers::{Answer, Shared, show};
use crate::pages::triage::queue::{Input, Page};

/// Suggestions of a page.
pub const LIMIT: usize = 50;

/// What an address of the queue asks for.
#[derive(Debug)]
pub struct Wish {
    /// Which suggestions.
    pub filter: Filter,
    /// Behind which.
    pub after: Option<Place>,
    /// Entries of the log that the reader has just made.
    pub done: Vec<i64>,
    /// Advisories that could not be decided.
    pub failed: Vec<String>,
}

impl Wish {
    /// Reads the part after the question mark.
    ///
    /// # Errors
    /// [`Failure::BadRequest`], naming what is no value.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let filter = Filter::parse(pairs.iter().map(|(name, value)| (&**name, &**value)))?;
        let get = |wanted: &str| {
            pairs
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| &**value)
        };
        let wrong = || Failure::BadRequest("This is not a place in the queue.".to_owned());
        let list = |name| {
            get(name)
                .unwrap_or_default()
                .split(',')
                .filter(|part| !part.is_empty())
        };
        Ok(Self {
            filter,
            after: match get("after").filter(|text| !text.is_empty()) {
                None => None,
                Some(text) => Some(Place::parse(text).ok_or_else(wrong)?),
            },
            done: list("done")
                .take(500)
                .filter_map(|part| part.parse().ok())
                .collect(),
            failed: list("failed").take(500).map(str::to_owned).collect(),
        })
    }
}

/// `/queue`
pub async fn page(State(app): Shared, reader: Reader, uri: Uri, request: HeaderMap) -> Answer {
    let wish = Wish::parse(uri.query().unwrap_or_default())?;
    let state = app.clone();
    show(app, reader, request, move |view| {
        let meaning =
            view.db
                .queue_meaning(&wish.filter, view.reader.id(), Millis::new(view.now))?;
        // Rows and selection are of the same moment.
        let (selection, rows) = state.queue(view.db, |queue| {
            let selection = queue.select(&wish.filter, &meaning, wish.after, LIMIT);
            let rows: Vec<Row> = selection
                .advisories
                .iter()
                .filter_map(|one| queue.row(*one).copied())
                .collect();
            (selection, rows)
        })?;
        let entries = view.db.queue_entries(&selection.advisories)?;
        let views = view
            .reader
            .id()
            .map_or(Ok(Vec::new()), |id| view.db.views(id))?;
        let input = Input {
            entries,
            rows,
            counts: selection.counts,
            next: selection.next,
            channels: view
                .db
                .channels()?
                .into_iter()
                .map(|channel| channel.name)
                .collect(),
            views,
            triages: view.reader.may(Action::Triage),
            wish,
        };
        Ok(Page::new(view.shell, input, view.now).render()?)
    })
    .await
}

/// `POST /queue/views`
pub async fn keep_view(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let name = text::line("name", posted.fields.get("name")).map_err(Failure::from)?;
    // What is kept is what the filter says, not what somebody wrote.
    let query = query(&Wish::parse(posted.fields.get("query"))?.filter);
    let view = SavedView { name, query };
    let place = format!("/queue?{}", view.query);
    app.work(move |db| Ok(db.put_view(person, &view)?)).await?;
    Ok(see(&place)?)
}

/// `POST /queue/views/remove`
pub async fn remove_view(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::OwnAccount)?;
    let name = posted.fields.get("name").to_owned();
    app.work(move |db| Ok(db.remove_view(person, &name)?))
        .await?;
    Ok(see("/queue")?)
}

/// A filter as the part of an address after the question mark.
pub fn query(filter: &Filter) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(filter.pairs())
        .finish()
}
