//! `/queue`: the day's work.

use std::collections::HashMap;

use askama::Template;
use snowguard_matching::verdict::Tier;
use snowguard_tracker_db::{QueueEntry, SavedView};
use snowguard_tracker_triage::dismissal::Reason;
use snowguard_tracker_triage::filter::{Filter, Order, tier_word};
use snowguard_tracker_triage::issue::Severity;
use snowguard_tracker_triage::queue::{Counts, Place, Row};
use snowguard_tracker_triage::state::State;

use crate::pages::home::grouped;
use crate::pages::shell::Shell;
use crate::show::path;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};
use crate::show::verdict;
use crate::triage::queue::{Wish, query};

/// What the page is made from.
#[derive(Debug)]
pub struct Input {
    /// The suggestions of this part, in order.
    pub entries: Vec<QueueEntry>,
    /// Their rows.
    pub rows: Vec<Row>,
    /// Counts over all parts.
    pub counts: Counts,
    /// Where the next part begins.
    pub next: Option<Place>,
    /// All channels.
    pub channels: Vec<String>,
    /// The reader's views.
    pub views: Vec<SavedView>,
    /// Whether the reader decides.
    pub triages: bool,
    /// What was asked for.
    pub wish: Wish,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/triage/queue.html")]
pub struct Page {
    shell: Shell,
    filter: Filter,
    query: String,
    total: String,
    states: Vec<Link>,
    tiers: Vec<Link>,
    flags: Vec<Link>,
    severities: Vec<(&'static str, bool)>,
    orders: Vec<(&'static str, bool)>,
    channels: Vec<(String, bool)>,
    rows: Vec<Suggestion>,
    next: Option<String>,
    views: Vec<(String, String)>,
    triages: bool,
    reasons: Vec<(&'static str, &'static str)>,
    done: String,
    done_count: usize,
    failed: Vec<(String, String)>,
    epss: String,
    hidden: Vec<(&'static str, String)>,
}

/// A part of the filter that a click changes, with what it would give.
#[derive(Debug)]
struct Link {
    title: String,
    href: String,
    count: String,
    chosen: bool,
}

/// A row.
#[derive(Debug)]
struct Suggestion {
    id: String,
    href: String,
    pick: String,
    title: String,
    score: Score,
    kev: bool,
    epss: Option<String>,
    tier: &'static str,
    tier_hint: &'static str,
    state: (&'static str, &'static str),
    seen: When,
    packages: Vec<(String, String)>,
    more: usize,
    fixed_in: Option<String>,
    assignee: Option<String>,
    returned: bool,
    proposed: bool,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(shell: Shell, input: Input, now: Millis) -> Self {
        let filter = input.wish.filter;
        let mut rows: HashMap<i64, Row> = input
            .rows
            .into_iter()
            .map(|row| (row.advisory, row))
            .collect();
        let rows = input.entries.into_iter().filter_map(|entry| {
            let row = rows.remove(&entry.number)?;
            Some(Suggestion::new(entry, row, now))
        });
        let rows: Vec<Suggestion> = rows.collect();
        let next = input.next.map(|place| {
            let mut pairs = form_urlencoded::Serializer::new(String::new());
            pairs
                .extend_pairs(filter.pairs())
                .append_pair("after", &place.to_string());
            format!("/queue?{}", pairs.finish())
        });
        let views = input
            .views
            .into_iter()
            .map(|view| (view.name, format!("/queue?{}", view.query)));
        let done = input
            .wish
            .done
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        // A form sends its fields alone: what the links decide on goes along.
        let kept = ["status", "tier", "kev", "returned", "proposed", "mine"];
        let hidden = filter
            .pairs()
            .into_iter()
            .filter(|(name, _)| kept.contains(name));
        Self {
            query: query(&filter),
            total: grouped(input.counts.all as u64),
            states: states(&filter, &input.counts),
            tiers: tiers(&filter, &input.counts),
            flags: flags(&filter, &input.counts, shell.reader.is_some()),
            severities: Severity::ALL
                .map(|one| (one.as_str(), filter.severity == Some(one)))
                .to_vec(),
            orders: Order::ALL
                .map(|one| (one.as_str(), filter.order == one))
                .to_vec(),
            channels: input
                .channels
                .into_iter()
                .map(|name| (name.clone(), filter.channel.as_ref() == Some(&name)))
                .collect(),
            rows,
            next,
            views: views.collect(),
            triages: input.triages,
            reasons: Reason::ALL
                .map(|reason| (reason.as_str(), reason.title()))
                .to_vec(),
            done_count: done.len(),
            done: done.join(","),
            failed: input
                .wish
                .failed
                .into_iter()
                .map(|id| (path::advisory(&id), id))
                .collect(),
            epss: match filter.epss {
                0 => String::new(),
                epss => format!("{}", f64::from(epss) / 10_000.0),
            },
            hidden: hidden.collect(),
            filter,
            shell,
        }
    }
}

impl Suggestion {
    fn new(entry: QueueEntry, row: Row, now: Millis) -> Self {
        let id = entry.advisory.id;
        let packages = entry
            .attrs
            .into_iter()
            .map(|attr| (path::package(&attr), attr));
        let packages: Vec<_> = packages.collect();
        Self {
            href: path::advisory(&id),
            pick: format!("{id} {}", entry.revision),
            title: entry.advisory.title,
            score: Score::new(entry.advisory.severity),
            kev: row.kev,
            epss: (row.epss > 0).then(|| format!("{:.1} %", f64::from(row.epss) / 100.0)),
            tier: verdict::tier(row.tier),
            tier_hint: verdict::tier_hint(row.tier),
            state: (row.state.title(), row.state.as_str()),
            seen: When::new(row.first_seen, now),
            more: entry.affected.saturating_sub(packages.len()),
            packages,
            fixed_in: entry.fixed_in,
            assignee: entry.assignee,
            returned: row.returned,
            proposed: row.proposed,
            id,
        }
    }
}

fn link(title: String, count: usize, chosen: bool, filter: &Filter) -> Link {
    let query = query(filter);
    Link {
        title,
        count: grouped(count as u64),
        chosen,
        href: match query.is_empty() {
            true => "/queue".to_owned(),
            false => format!("/queue?{query}"),
        },
    }
}

fn states(filter: &Filter, counts: &Counts) -> Vec<Link> {
    let with = |states: Vec<State>| Filter {
        states,
        ..filter.clone()
    };
    let count = |states: &[State]| {
        states
            .iter()
            .map(|state| counts.states[usize::from(state.number())])
            .sum()
    };
    let open = vec![State::New, State::UnderReview];
    let mut links = vec![link(
        "open".to_owned(),
        count(&open),
        filter.states == open,
        &with(open.clone()),
    )];
    for state in State::ALL {
        let one = vec![state];
        links.push(link(
            state.title().to_owned(),
            count(&one),
            filter.states == one,
            &with(one.clone()),
        ));
    }
    links.push(link(
        "all".to_owned(),
        count(&State::ALL),
        filter.states.is_empty(),
        &with(Vec::new()),
    ));
    links
}

fn tiers(filter: &Filter, counts: &Counts) -> Vec<Link> {
    let titles = ["sure", "likely too", "by name too"];
    let tiers = [Tier::High, Tier::Medium, Tier::Low]
        .into_iter()
        .zip(titles)
        .enumerate();
    tiers
        .map(|(place, (tier, title))| {
            let wanted = Filter {
                tier,
                ..filter.clone()
            };
            link(
                title.to_owned(),
                counts.tiers[place],
                tier_word(filter.tier) == tier_word(tier),
                &wanted,
            )
        })
        .collect()
}

fn flags(filter: &Filter, counts: &Counts, signed_in: bool) -> Vec<Link> {
    let turned = |change: &dyn Fn(&mut Filter)| {
        let mut filter = filter.clone();
        change(&mut filter);
        filter
    };
    // What came back or was proposed is looked for in every state.
    let wide = |filter: &mut Filter, on: bool| {
        filter.states = if on {
            Vec::new()
        } else {
            Filter::default().states
        };
    };
    let mut links = vec![
        link(
            "exploited".to_owned(),
            counts.kev,
            filter.kev,
            &turned(&|filter| filter.kev = !filter.kev),
        ),
        link(
            "came back".to_owned(),
            counts.returned,
            filter.returned,
            &turned(&|filter| {
                filter.returned = !filter.returned;
                wide(filter, filter.returned);
            }),
        ),
        link(
            "proposed".to_owned(),
            counts.proposed,
            filter.proposed,
            &turned(&|filter| {
                filter.proposed = !filter.proposed;
                wide(filter, filter.proposed);
            }),
        ),
    ];
    if signed_in {
        let mine = link(
            "mine".to_owned(),
            0,
            filter.mine,
            &turned(&|filter| filter.mine = !filter.mine),
        );
        links.push(Link {
            count: String::new(),
            ..mine
        });
    }
    links
}
