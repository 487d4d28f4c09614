//! The queue in memory: one small row for each suggestion, so that any filter is one pass over a few
//! megabytes, and every count beside it comes from the same pass.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use snowguard_matching::verdict::Tier;

use crate::filter::{Filter, Order};
use crate::state::State;
use crate::suggestion::Person;

/// What the queue knows of a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Number of the advisory.
    pub advisory: i64,
    /// First seen, in milliseconds since the Unix epoch.
    pub first_seen: i64,
    /// One bit for each channel that it affects ([`channel_bit`]).
    pub channels: u64,
    /// Who looks at it; 0: nobody.
    pub assignee: Person,
    /// EPSS probability in ten-thousandths.
    pub epss: u16,
    /// CVSS base score times 10; 0 where there is none.
    pub severity: u8,
    /// Where it stands.
    pub state: State,
    /// Best tie among what is affected.
    pub tier: Tier,
    /// Known to be exploited.
    pub kev: bool,
    /// Came back because it changed.
    pub returned: bool,
    /// Somebody proposes a decision.
    pub proposed: bool,
}

/// The bit of a channel's number in [`Row::channels`]. A channel beyond the 62nd has none: it is not filtered by.
#[must_use]
pub fn channel_bit(channel: i64) -> u64 {
    match channel {
        1..=62 => 1 << (channel - 1),
        _ => 0,
    }
}

/// What a filter's names mean, looked up beforehand.
#[derive(Debug, Clone, Default)]
pub struct Meaning {
    /// The bit of the filter's channel; nothing: all channels.
    pub channel: Option<u64>,
    /// Only these advisories: what package, maintainer and words come to. Sorted, each once.
    pub only: Option<Vec<i64>>,
    /// Who asks.
    pub reader: Person,
    /// Now, in milliseconds since the Unix epoch.
    pub now: i64,
}

/// How many suggestions there would be, were one part of the filter another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// That the whole filter holds.
    pub all: usize,
    /// By state, in the order of [`State::ALL`], whatever states are wanted.
    pub states: [usize; 7],
    /// With ties up to high, medium, low, whatever tier is wanted.
    pub tiers: [usize; 3],
    /// Known to be exploited.
    pub kev: usize,
    /// Came back, in any state.
    pub returned: usize,
    /// Proposed, in any state.
    pub proposed: usize,
}

/// One part of what the filter holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Numbers of advisories, in order.
    pub advisories: Vec<i64>,
    /// Give this as `after` for the next part; nothing on the last one.
    pub next: Option<Place>,
    /// How many in all.
    pub counts: Counts,
}

/// A place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    key: u64,
    advisory: i64,
}

impl Place {
    /// Where a row stands in an order; what is greater comes first.
    #[must_use]
    pub fn of(row: &Row, order: Order) -> Self {
        Self {
            key: key(row, order),
            advisory: row.advisory,
        }
    }

    /// The advisory there.
    #[must_use]
    pub fn advisory(self) -> i64 {
        self.advisory
    }

    /// As [`Place`] writes itself.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (key, advisory) = text.split_once('.')?;
        Some(Self {
            key: u64::from_str_radix(key, 16).ok()?,
            advisory: i64::from_str_radix(advisory, 16).ok()?,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}.{:x}", self.key, self.advisory)
    }
}

/// All suggestions.
#[derive(Debug, Default)]
pub struct Queue {
    rows: Vec<Row>,
    places: HashMap<i64, usize>,
}

impl Queue {
    /// Puts a row in, in the place of the one of the same advisory.
    pub fn put(&mut self, row: Row) {
        match self.places.get(&row.advisory) {
            Some(&place) => self.rows[place] = row,
            None => {
                self.places.insert(row.advisory, self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// Takes a row out.
    pub fn remove(&mut self, advisory: i64) {
        if let Some(place) = self.places.remove(&advisory) {
            self.rows.swap_remove(place);
            if let Some(moved) = self.rows.get(place) {
                self.places.insert(moved.advisory, place);
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of an advisory.
    #[must_use]
    pub fn row(&self, advisory: i64) -> Option<&Row> {
        self.places.get(&advisory).map(|&place| &self.rows[place])
    }

    /// Up to `limit` suggestions behind `after`, and the counts. One pass over all rows, or over
    /// those of [`Meaning::only`].
    #[must_use]
    pub fn select(
        &self,
        filter: &Filter,
        meaning: &Meaning,
        after: Option<Place>,
        limit: usize,
    ) -> Selection {
        let sieve = Sieve::new(filter, meaning);
        let mut counts = Counts::default();
        // The least of the best so far lies on top.
        let mut best: BinaryHeap<Reverse<Place>> = BinaryHeap::with_capacity(limit + 2);
        let mut visit = |row: &Row| {
            let fails = sieve.fails(row);
            counts.count(row, fails);
            if fails != 0 {
                return;
            }
            let place = Place::of(row, filter.order);
            if after.is_none_or(|after| place < after) {
                best.push(Reverse(place));
                if best.len() > limit + 1 {
                    best.pop();
                }
            }
        };
        match &meaning.only {
            Some(only) => only
                .iter()
                .filter_map(|one| self.row(*one))
                .for_each(&mut visit),
            None => self.rows.iter().for_each(&mut visit),
        }
        let mut places: Vec<Place> = best.into_iter().map(|Reverse(place)| place).collect();
        places.sort_unstable_by_key(|place| Reverse(*place));
        let more = places.len() > limit;
        places.truncate(limit);
        Selection {
            next: places.last().copied().filter(|_| more),
            advisories: places.into_iter().map(|place| place.advisory).collect(),
            counts,
        }
    }
}

/// Parts of a filter that have counts of their own; the others share a bit.
const STATE: u8 = 1;
const TIER: u8 = 2;
const KEV: u8 = 4;
const RETURNED: u8 = 8;
const PROPOSED: u8 = 16;
const OTHER: u8 = 32;

struct Sieve<'f> {
    filter: &'f Filter,
    states: u8,
    severity: u8,
    since: i64,
    channels: u64,
    assignee: Option<Person>,
}

impl<'f> Sieve<'f> {
    fn new(filter: &'f Filter, meaning: &Meaning) -> Self {
        let states = filter
            .states
            .iter()
            .fold(0, |all, state| all | 1 << state.number());
        let days = |days: u32| meaning.now - i64::from(days) * 86_400_000;
        Self {
            filter,
            states: if states == 0 { u8::MAX } else { states },
            severity: filter.severity.map_or(0, |severity| severity.threshold()),
            since: filter.days.map_or(i64::MIN, days),
            channels: meaning.channel.filter(|bit| *bit != 0).unwrap_or(u64::MAX),
            assignee: filter.mine.then_some(meaning.reader),
        }
    }

    /// A bit for each part of the filter that the row does not pass.
    fn fails(&self, row: &Row) -> u8 {
        let bit = |passes: bool, bit: u8| if passes { 0 } else { bit };
        let other = row.severity >= self.severity
            && row.first_seen >= self.since
            && (row.channels & self.channels != 0 || self.channels == u64::MAX)
            && row.epss >= self.filter.epss
            && self
                .assignee
                .is_none_or(|one| one == row.assignee && one != 0);
        bit(self.states >> row.state.number() & 1 == 1, STATE)
            | bit(row.tier <= self.filter.tier, TIER)
            | bit(row.kev || !self.filter.kev, KEV)
            | bit(row.returned || !self.filter.returned, RETURNED)
            | bit(row.proposed || !self.filter.proposed, PROPOSED)
            | bit(other, OTHER)
    }
}

impl Counts {
    fn count(&mut self, row: &Row, fails: u8) {
        let but_for = |bits: u8| usize::from(fails & !bits == 0);
        self.all += but_for(0);
        self.states[usize::from(row.state.number())] += but_for(STATE);
        for (place, tier) in [Tier::High, Tier::Medium, Tier::Low]
            .into_iter()
            .enumerate()
        {
            self.tiers[place] += usize::from(row.tier <= tier) * but_for(TIER);
        }
        self.kev += usize::from(row.kev) * but_for(KEV);
        self.returned += usize::from(row.returned) * but_for(RETURNED | STATE);
        self.proposed += usize::from(row.proposed) * but_for(PROPOSED | STATE);
    }
}

/// Greater comes first; ties are broken by the advisory's number, the newest first.
fn key(row: &Row, order: Order) -> u64 {
    // Times before 1970 do not occur; they would count as 1970.
    let time = row.first_seen.max(0).cast_unsigned();
    match order {
        Order::Urgency => {
            let tie = 2 - row.tier as u64;
            u64::from(row.kev) << 40
                | u64::from(row.severity) << 24
                | u64::from(row.epss) << 8
                | tie
        }
        Order::Newest => time,
        Order::Oldest => u64::MAX - time,
        Order::Epss => u64::from(row.epss),
        Order::Severity => u64::from(row.severity) << 16 | u64::from(row.epss),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(advisory: i64) -> Row {
        Row {
            advisory,
            first_seen: advisory * 86_400_000,
            channels: channel_bit(1 + advisory % 3),
            assignee: advisory % 4,
            epss: u16::try_from(advisory * 37 % 10_000).unwrap(),
            severity: u8::try_from(advisory * 7 % 101).unwrap(),
            state: State::ALL[usize::try_from(advisory % 7).unwrap()],
            tier: [Tier::High, Tier::Medium, Tier::Low][usize::try_from(advisory % 3).unwrap()],
            kev: advisory % 11 == 0,
            returned: advisory % 13 == 0,
            proposed: advisory % 17 == 0,
        }
    }

    fn queue() -> Queue {
        let mut queue = Queue::default();
        (1..=500).rev().map(row).for_each(|row| queue.put(row));
        queue
    }

    fn everything() -> Filter {
        Filter {
            states: Vec::new(),
            tier: Tier::Low,
            ..Filter::default()
        }
    }

    #[test]
    fn parts_hold_every_row_once_in_order() {
        let queue = queue();
        for order in Order::ALL {
            let filter = Filter {
                order,
                ..everything()
            };
            let whole = queue.select(&filter, &Meaning::default(), None, 1000);
            assert_eq!((whole.advisories.len(), whole.next), (500, None));
            let (mut all, mut after) = (Vec::new(), None);
            loop {
                let part = queue.select(&filter, &Meaning::default(), after, 7);
                assert_eq!(part.counts, whole.counts);
                all.extend(part.advisories);
                after = part.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(all, whole.advisories);
            let keys: Vec<u64> = all
                .iter()
                .map(|one| key(queue.row(*one).unwrap(), order))
                .collect();
            assert!(keys.iter().rev().is_sorted(), "{order:?}");
        }
    }

    #[test]
    fn filters_compose_and_counts_say_what_the_next_click_gives() {
        let queue = queue();
        let filter = Filter {
            kev: true,
            severity: Some(crate::issue::Severity::Medium),
            ..Filter::default()
        };
        let meaning = Meaning {
            channel: Some(channel_bit(2)),
            ..Meaning::default()
        };
        let counts = queue.select(&filter, &meaning, None, 0).counts;
        let slow = |filter: &Filter| {
            let rows = (1..=500).map(row).filter(|row| {
                (filter.states.is_empty() || filter.states.contains(&row.state))
                    && row.tier <= filter.tier
                    && (row.kev || !filter.kev)
                    && row.severity >= 40
                    && row.channels == channel_bit(2)
            });
            rows.count()
        };
        assert_eq!(counts.all, slow(&filter));
        for (place, state) in State::ALL.into_iter().enumerate() {
            let clicked = Filter {
                states: vec![state],
                ..filter.clone()
            };
            assert_eq!(counts.states[place], slow(&clicked), "{state:?}");
        }
        for (place, tier) in [Tier::High, Tier::Medium, Tier::Low]
            .into_iter()
            .enumerate()
        {
            assert_eq!(
                counts.tiers[place],
                slow(&Filter {
                    tier,
                    ..filter.clone()
                })
            );
        }
    }

    #[test]
    fn what_names_mean_narrows() {
        let queue = queue();
        let only = Meaning {
            only: Some(vec![3, 4, 9999]),
            ..Meaning::default()
        };
        assert_eq!(queue.select(&everything(), &only, None, 10).counts.all, 2);
        let mine = Filter {
            mine: true,
            ..everything()
        };
        let reader = Meaning {
            reader: 3,
            ..Meaning::default()
        };
        assert_eq!(queue.select(&mine, &reader, None, 0).counts.all, 125);
        assert_eq!(
            queue.select(&mine, &Meaning::default(), None, 0).counts.all,
            0
        );
        let recent = Filter {
            days: Some(10),
            ..everything()
        };
        let now = Meaning {
            now: 500 * 86_400_000,
            ..Meaning::default()
        };
        assert_eq!(queue.select(&recent, &now, None, 0).counts.all, 11);
    }

    #[test]
    fn rows_are_replaced_and_removed() {
        let mut queue = queue();
        queue.put(Row {
            kev: true,
            ..row(5)
        });
        assert_eq!((queue.len(), queue.row(5).unwrap().kev), (500, true));
        for advisory in [500, 1, 250, 1] {
            queue.remove(advisory);
        }
        assert_eq!(queue.len(), 497);
        assert!((2..250).all(|one| queue.row(one).unwrap().advisory == one));
    }

    #[test]
    fn places_come_back() {
        let place = Place {
            key: u64::MAX - 3,
            advisory: (2026 << 32) | 7,
        };
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        assert_eq!(Place::parse("x.1"), None);
    }
}
