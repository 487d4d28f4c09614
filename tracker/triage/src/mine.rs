//! What affects the packages of a maintainer: a filter that lives in the address, and one pass that finds a part of the
//! list and every count beside it.

use std::cmp::Reverse;

use crate::command::Refusal;
use crate::filter::Order;
use crate::issue::Severity;
use crate::queue::{Place, Row};
use crate::state::State;
use crate::text;

/// Which of the open matches; the default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MineFilter {
    /// Affecting a package that is owned under this name.
    pub owner: Option<String>,
    /// Affecting this package, by attribute path.
    pub package: Option<String>,
    /// Affecting something in this channel.
    pub channel: Option<String>,
    /// From this severity up.
    pub severity: Option<Severity>,
    /// Only what is known to be exploited.
    pub kev: bool,
    /// In which order.
    pub order: Order,
}

impl MineFilter {
    /// Reads the parameters of an address. Empty values and names that are not of the filter are passed over.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], naming parameter and value.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let wrong = |what| Refusal::Unknown {
                what,
                value: value.chars().take(80).collect(),
            };
            let word = || text::line("filter", value).map(Some);
            match name {
                "maintainer" => filter.owner = word()?,
                "package" => filter.package = word()?,
                "channel" => filter.channel = word()?,
                "severity" => {
                    let severity = Severity::parse(value).ok_or_else(|| wrong("severity"))?;
                    filter.severity = Some(severity);
                }
                "kev" => {
                    filter.kev = match value {
                        "1" => true,
                        "0" => false,
                        _ => return Err(wrong("kev")),
                    }
                }
                "sort" => {
                    let mut all = Order::ALL.into_iter();
                    let found = all.find(|order| order.as_str() == value);
                    filter.order = found.ok_or_else(|| wrong("sort"))?;
                }
                _ => {}
            }
        }
        Ok(filter)
    }

    /// The parameters that say it, only those that differ from the default, in a fixed order.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let words = [
            ("maintainer", self.owner.clone()),
            ("package", self.package.clone()),
            ("channel", self.channel.clone()),
            ("severity", self.severity.map(|one| one.as_str().to_owned())),
            ("kev", self.kev.then(|| "1".to_owned())),
            (
                "sort",
                (self.order != Order::default()).then(|| self.order.as_str().to_owned()),
            ),
        ];
        words
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

/// A package of the reader's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Attribute path.
    pub attr: String,
    /// Places of the names it is owned under in [`Mine::owners`].
    pub owners: Vec<usize>,
}

/// A package that an advisory affects in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Number of the advisory.
    pub advisory: i64,
    /// Place in [`Mine::packages`].
    pub package: usize,
    /// Place in [`Mine::channels`].
    pub channel: usize,
}

/// What affects a reader's packages, surely or likely.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mine {
    /// Names under which the reader owns packages.
    pub owners: Vec<String>,
    /// Packages.
    pub packages: Vec<Package>,
    /// All channels.
    pub channels: Vec<String>,
    /// What is affected, sorted.
    pub hits: Vec<Hit>,
}

/// How many there would be, were one part of the filter another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MineCounts {
    /// That the whole filter holds.
    pub all: usize,
    /// By owner, in the order of [`Mine::owners`], and whatever the owner.
    pub owners: (Vec<usize>, usize),
    /// By package, in the order of [`Mine::packages`], and whatever the package.
    pub packages: (Vec<usize>, usize),
    /// By channel, in the order of [`Mine::channels`], and whatever the channel.
    pub channels: (Vec<usize>, usize),
    /// From each severity of [`Severity::ALL`] up, and whatever the severity.
    pub severities: ([usize; 4], usize),
    /// Known to be exploited.
    pub kev: usize,
}

/// One part of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MineSelection {
    /// Rows, in order.
    pub rows: Vec<Row>,
    /// Give this as `after` for the next part; nothing on the last one.
    pub next: Option<Place>,
    /// How many in all.
    pub counts: MineCounts,
}

/// Whether a maintainer still has to do with it.
#[must_use]
pub fn is_open(state: State) -> bool {
    !matches!(state, State::Dismissed | State::Resolved)
}

/// Tells the values of one part of a filter that an advisory has, each once.
struct Facet {
    wanted: Option<usize>,
    seen: Vec<i64>,
    counts: Vec<usize>,
    any: (i64, usize),
}

impl Facet {
    /// `wanted` is what the filter names; a name that is not known is at no place.
    fn new(size: usize, wanted: Option<usize>) -> Self {
        Self {
            wanted,
            seen: vec![i64::MIN; size],
            counts: vec![0; size],
            any: (i64::MIN, 0),
        }
    }

    fn passes(&self, value: usize) -> bool {
        self.wanted.is_none_or(|wanted| wanted == value)
    }

    fn count(&mut self, advisory: i64, value: usize) {
        if self.seen[value] != advisory {
            self.seen[value] = advisory;
            self.counts[value] += 1;
        }
        if self.any.0 != advisory {
            self.any = (advisory, self.any.1 + 1);
        }
    }

    fn done(self) -> (Vec<usize>, usize) {
        (self.counts, self.any.1)
    }
}

impl Mine {
    /// Up to `limit` rows behind `after`, and the counts; `row` is what the queue knows of an advisory. One pass over all
    /// hits.
    #[must_use]
    pub fn select<'r>(
        &self,
        filter: &MineFilter,
        after: Option<Place>,
        limit: usize,
        row: impl Fn(i64) -> Option<&'r Row>,
    ) -> MineSelection {
        // What is not known is beyond the end, and nothing is there.
        let place = |wanted: &Option<String>, find: &dyn Fn(&str) -> Option<usize>| {
            wanted
                .as_deref()
                .map(|name| find(name).unwrap_or(usize::MAX))
        };
        let in_list = |all: &[String], name: &str| all.iter().position(|one| one == name);
        let owner = place(&filter.owner, &|name| in_list(&self.owners, name));
        let channel = place(&filter.channel, &|name| in_list(&self.channels, name));
        let package = place(&filter.package, &|name| {
            self.packages.iter().position(|one| one.attr == name)
        });
        let mut owners = Facet::new(self.owners.len(), owner);
        let mut packages = Facet::new(self.packages.len(), package);
        let mut channels = Facet::new(self.channels.len(), channel);
        let threshold = filter.severity.map_or(0, Severity::threshold);
        let mut selection = MineSelection::default();
        let counts = &mut selection.counts;
        let mut found: Vec<(Place, Row)> = Vec::new();
        for hits in self.hits.chunk_by(|a, b| a.advisory == b.advisory) {
            let advisory = hits[0].advisory;
            let Some(row) = row(advisory).filter(|row| is_open(row.state)) else {
                continue;
            };
            let severe = row.severity >= threshold;
            let exploited = row.kev || !filter.kev;
            let mut hit = false;
            for one in hits {
                let of = &self.packages[one.package].owners;
                let by_owner = owners.wanted.is_none_or(|wanted| of.contains(&wanted));
                let by_package = packages.passes(one.package);
                let by_channel = channels.passes(one.channel);
                hit |= by_owner && by_package && by_channel;
                if !(severe && exploited) {
                    continue;
                }
                if by_package && by_channel {
                    of.iter().for_each(|owner| owners.count(advisory, *owner));
                }
                if by_owner && by_channel {
                    packages.count(advisory, one.package);
                }
                if by_owner && by_package {
                    channels.count(advisory, one.channel);
                }
            }
            if !hit {
                continue;
            }
            if exploited {
                counts.severities.1 += 1;
                for (place, severity) in Severity::ALL.into_iter().enumerate() {
                    counts.severities.0[place] += usize::from(row.severity >= severity.threshold());
                }
            }
            counts.kev += usize::from(severe && row.kev);
            if severe && exploited {
                counts.all += 1;
                let place = Place::of(row, filter.order);
                if after.is_none_or(|after| place < after) {
                    found.push((place, *row));
                }
            }
        }
        counts.owners = owners.done();
        counts.packages = packages.done();
        counts.channels = channels.done();
        found.sort_unstable_by_key(|(place, _)| Reverse(*place));
        let more = found.len() > limit;
        found.truncate(limit);
        selection.next = found.last().map(|(place, _)| *place).filter(|_| more);
        selection.rows = found.into_iter().map(|(_, row)| row).collect();
        selection
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use snowguard_matching::verdict::Tier;

    use super::*;

    fn row(advisory: i64) -> Row {
        Row {
            advisory,
            first_seen: advisory,
            channels: 0,
            assignee: 0,
            epss: 0,
            severity: u8::try_from(advisory * 7 % 101).unwrap(),
            state: State::ALL[usize::try_from(advisory % 7).unwrap()],
            tier: Tier::High,
            kev: advisory % 5 == 0,
            returned: false,
            proposed: false,
        }
    }

    fn mine(hits: &BTreeSet<(i64, usize, usize)>) -> Mine {
        let names = |start: &str, count| (0..count).map(|n| format!("{start}{n}")).collect();
        let package = |n: usize| Package {
            attr: format!("p{n}"),
            owners: if n == 2 { vec![0, 1] } else { vec![n % 2] },
        };
        let hit = |&(advisory, package, channel): &(i64, usize, usize)| Hit {
            advisory,
            package,
            channel,
        };
        Mine {
            owners: names("o", 2),
            packages: (0..4).map(package).collect(),
            channels: names("c", 3),
            hits: hits.iter().map(hit).collect(),
        }
    }

    /// How many a filter holds, the slow way.
    fn slow(mine: &Mine, filter: &MineFilter) -> usize {
        let named =
            |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|w| w == name);
        let held = mine.hits.iter().filter(|hit| {
            let row = row(hit.advisory);
            let package = &mine.packages[hit.package];
            is_open(row.state)
                && (row.kev || !filter.kev)
                && row.severity >= filter.severity.map_or(0, Severity::threshold)
                && named(&filter.package, &package.attr)
                && named(&filter.channel, &mine.channels[hit.channel])
                && package
                    .owners
                    .iter()
                    .any(|one| named(&filter.owner, &mine.owners[*one]))
        });
        held.map(|hit| hit.advisory).collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn what_is_no_value_is_named() {
        for (name, value) in [("severity", "9"), ("kev", "yes"), ("sort", "random")] {
            let refusal = MineFilter::parse([(name, value)]).unwrap_err();
            assert!(matches!(refusal, Refusal::Unknown { what, .. } if what == name));
        }
        let usual = MineFilter::parse([("q", "x"), ("kev", ""), ("kev", "0")]).unwrap();
        assert_eq!(usual, MineFilter::default());
    }

    proptest! {
        #[test]
        fn every_count_is_what_its_click_gives(
            hits in proptest::collection::btree_set((1..40_i64, 0..4_usize, 0..3_usize), 0..80),
            owner in proptest::option::of(0..3_usize),
            package in proptest::option::of(0..5_usize),
            channel in proptest::option::of(0..4_usize),
            severity in proptest::option::of(0..4_usize),
            kev in any::<bool>(),
            order in 0..5_usize,
        ) {
            let mine = mine(&hits);
            // Names beyond the last are of nobody.
            let filter = MineFilter {
                owner: owner.map(|n| format!("o{n}")),
                package: package.map(|n| format!("p{n}")),
                channel: channel.map(|n| format!("c{n}")),
                severity: severity.map(|n| Severity::ALL[n]),
                kev,
                order: Order::ALL[order],
            };
            let pairs = filter.pairs();
            let again = MineFilter::parse(pairs.iter().map(|(name, value)| (*name, value.as_str())));
            prop_assert_eq!(again.unwrap(), filter.clone());

            let rows: Vec<Row> = (0..50).map(row).collect();
            let find = |one: i64| usize::try_from(one).ok().and_then(|n| rows.get(n));
            let counts = mine.select(&filter, None, 0, find).counts;
            prop_assert_eq!(counts.all, slow(&mine, &filter));
            let other = |change: &dyn Fn(&mut MineFilter)| {
                let mut filter = filter.clone();
                change(&mut filter);
                slow(&mine, &filter)
            };
            for (n, count) in counts.owners.0.iter().enumerate() {
                prop_assert_eq!(*count, other(&|f| f.owner = Some(format!("o{n}"))));
            }
            for (n, count) in counts.packages.0.iter().enumerate() {
                prop_assert_eq!(*count, other(&|f| f.package = Some(format!("p{n}"))));
            }
            for (n, count) in counts.channels.0.iter().enumerate() {
                prop_assert_eq!(*count, other(&|f| f.channel = Some(format!("c{n}"))));
            }
            for (n, count) in counts.severities.0.iter().enumerate() {
                prop_assert_eq!(*count, other(&|f| f.severity = Some(Severity::ALL[n])));
            }
            prop_assert_eq!(counts.kev, other(&|f| f.kev = true));
            prop_assert_eq!(counts.owners.1, other(&|f| f.owner = None));
            prop_assert_eq!(counts.packages.1, other(&|f| f.package = None));
            prop_assert_eq!(counts.channels.1, other(&|f| f.channel = None));
            prop_assert_eq!(counts.severities.1, other(&|f| f.severity = None));

            // The parts are the whole, each row once, in order.
            let mut seen: Vec<Place> = Vec::new();
            let mut after = None;
            loop {
                let part = mine.select(&filter, after, 3, find);
                seen.extend(part.rows.iter().map(|row| Place::of(row, filter.order)));
                after = part.next;
                if after.is_none() { break; }
            }
            prop_assert_eq!(seen.len(), counts.all);
            prop_assert!(seen.is_sorted_by(|a, b| a > b));
        }
    }
}
