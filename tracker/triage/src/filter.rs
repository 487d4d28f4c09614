//! What the queue shows: a filter that lives in the address.

use snowguard_matching::verdict::Tier;

use crate::command::Refusal;
use crate::issue::Severity;
use crate::state::State;
use crate::text;

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Known to be exploited first, then by severity, then by EPSS.
    #[default]
    Urgency,
    /// First seen last.
    Newest,
    /// First seen first.
    Oldest,
    /// Most likely to be exploited.
    Epss,
    /// By CVSS base score.
    Severity,
}

impl Order {
    /// All, as they are offered.
    pub const ALL: [Self; 5] = [
        Self::Urgency,
        Self::Newest,
        Self::Oldest,
        Self::Epss,
        Self::Severity,
    ];

    /// As written in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Epss => "epss",
            Self::Severity => "severity",
        }
    }
}

/// Which suggestions; the default is the day's work.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// These states; empty: all.
    pub states: Vec<State>,
    /// From this severity up.
    pub severity: Option<Severity>,
    /// Only what is known to be exploited (CISA's catalogue).
    pub kev: bool,
    /// EPSS probability from here up, in ten-thousandths.
    pub epss: u16,
    /// Ties up to this tier.
    pub tier: Tier,
    /// Affecting something in this channel.
    pub channel: Option<String>,
    /// Of this maintainer's packages.
    pub maintainer: Option<String>,
    /// Of this package (attribute path or pname).
    pub package: Option<String>,
    /// First seen within so many days.
    pub days: Option<u32>,
    /// Words.
    pub text: Option<String>,
    /// Only what came back because it changed.
    pub returned: bool,
    /// Only what somebody proposes to decide.
    pub proposed: bool,
    /// Only what the reader looks at.
    pub mine: bool,
    /// In which order.
    pub order: Order,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            states: vec![State::New, State::UnderReview],
            severity: None,
            kev: false,
            epss: 0,
            tier: Tier::Medium,
            channel: None,
            maintainer: None,
            package: None,
            days: None,
            text: None,
            returned: false,
            proposed: false,
            mine: false,
            order: Order::Urgency,
        }
    }
}

impl Filter {
    /// Reads the parameters of an address. Empty values and names that are not of the filter are
    /// passed over; of several values of one name the last counts, but for `status`, which adds up.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], naming parameter and value.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        let mut states: Option<Vec<State>> = None;
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let wrong = |what| Refusal::Unknown {
                what,
                value: value.chars().take(80).collect(),
            };
            let word = || text::line("filter", value).map(Some);
            match name {
                "status" => {
                    let states = states.get_or_insert_default();
                    for word in value.split(',').filter(|word| *word != "all") {
                        states.push(State::parse(word).ok_or_else(|| wrong("status"))?);
                    }
                }
                "severity" => {
                    filter.severity =
                        Some(Severity::parse(value).ok_or_else(|| wrong("severity"))?);
                }
                "kev" => filter.kev = flag(value).ok_or_else(|| wrong("kev"))?,
                "epss" => filter.epss = probability(value).ok_or_else(|| wrong("epss"))?,
                "tier" => filter.tier = tier(value).ok_or_else(|| wrong("tier"))?,
                "channel" => filter.channel = word()?,
                "maintainer" => filter.maintainer = word()?,
                "package" => filter.package = word()?,
                "days" => filter.days = Some(value.parse().map_err(|_| wrong("days"))?),
                "q" => filter.text = word()?,
                "returned" => filter.returned = flag(value).ok_or_else(|| wrong("returned"))?,
                "proposed" => filter.proposed = flag(value).ok_or_else(|| wrong("proposed"))?,
                "mine" => filter.mine = flag(value).ok_or_else(|| wrong("mine"))?,
                "sort" => {
                    let mut all = Order::ALL.into_iter();
                    filter.order = all
                        .find(|order| order.as_str() == value)
                        .ok_or_else(|| wrong("sort"))?;
                }
                _ => {}
            }
        }
        if let Some(mut states) = states {
            states.sort_unstable();
            states.dedup();
            filter.states = states;
        }
        Ok(filter)
    }

    /// The parameters that say it, only those that differ from the default, in a fixed order.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let usual = Self::default();
        let mut pairs = Vec::new();
        if self.states != usual.states {
            let words: Vec<&str> = self.states.iter().map(|state| state.as_str()).collect();
            let all = words.is_empty();
            pairs.push((
                "status",
                if all {
                    "all".to_owned()
                } else {
                    words.join(",")
                },
            ));
        }
        pairs.extend(
            self.severity
                .map(|severity| ("severity", severity.as_str().to_owned())),
        );
        if self.epss > 0 {
            pairs.push(("epss", format!("{}", f64::from(self.epss) / EPSS)));
        }
        if self.tier != usual.tier {
            pairs.push(("tier", tier_word(self.tier).to_owned()));
        }
        for (name, value) in [
            ("channel", &self.channel),
            ("maintainer", &self.maintainer),
            ("package", &self.package),
            ("q", &self.text),
        ] {
            pairs.extend(value.clone().map(|value| (name, value)));
        }
        pairs.extend(self.days.map(|days| ("days", days.to_string())));
        for (name, set) in [
            ("kev", self.kev),
            ("returned", self.returned),
            ("proposed", self.proposed),
            ("mine", self.mine),
        ] {
            if set {
                pairs.push((name, "1".to_owned()));
            }
        }
        if self.order != usual.order {
            pairs.push(("sort", self.order.as_str().to_owned()));
        }
        pairs
    }
}

/// EPSS probabilities are kept in ten-thousandths, the precision they are published in but for one digit.
const EPSS: f64 = 10_000.0;

/// The number kept for a probability.
#[must_use]
pub fn epss_number(probability: f64) -> u16 {
    // In 0..=10000, so nothing is cut off.
    (probability.clamp(0.0, 1.0) * EPSS).round() as u16
}

/// The word for a tier in addresses.
#[must_use]
pub fn tier_word(tier: Tier) -> &'static str {
    match tier {
        Tier::High => "high",
        Tier::Medium => "medium",
        Tier::Low => "low",
    }
}

fn tier(word: &str) -> Option<Tier> {
    [Tier::High, Tier::Medium, Tier::Low]
        .into_iter()
        .find(|tier| tier_word(*tier) == word)
}

fn flag(word: &str) -> Option<bool> {
    match word {
        "1" | "on" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

fn probability(text: &str) -> Option<u16> {
    let number: f64 = text.parse().ok()?;
    (0.0..=1.0).contains(&number).then(|| epss_number(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Filter, Refusal> {
        Filter::parse(pairs.iter().copied())
    }

    #[test]
    fn nothing_said_is_the_days_work() {
        assert_eq!(read(&[]).unwrap(), Filter::default());
        assert_eq!(
            read(&[("q", ""), ("page", "x")]).unwrap(),
            Filter::default()
        );
        assert!(Filter::default().pairs().is_empty());
    }

    #[test]
    fn what_is_no_value_is_named() {
        for (name, value) in [
            ("status", "gone"),
            ("severity", "9"),
            ("epss", "1.5"),
            ("epss", "NaN"),
            ("tier", "none"),
            ("days", "-1"),
            ("kev", "yes"),
            ("sort", "random"),
        ] {
            let refusal = read(&[(name, value)]).unwrap_err();
            assert!(
                matches!(refusal, Refusal::Unknown { what, .. } if what == name),
                "{refusal}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_filter_comes_back_from_its_address(
            states in proptest::collection::btree_set(0..7_i64, 0..7),
            severity in proptest::option::of(0..4_usize),
            flags in 0..16_u8,
            epss in 0..=10_000_u16,
            text in proptest::option::of("[a-z][a-z ]{0,9}[a-z]"),
            days in proptest::option::of(0..4000_u32),
            order in 0..5_usize,
        ) {
            let filter = Filter {
                states: states.into_iter().filter_map(State::from_number).collect(),
                severity: severity.map(|place| Severity::ALL[place]),
                kev: flags & 1 > 0,
                returned: flags & 2 > 0,
                proposed: flags & 4 > 0,
                mine: flags & 8 > 0,
                epss,
                text: text.clone(),
                package: text,
                days,
                order: Order::ALL[order],
                ..Filter::default()
            };
            let pairs = filter.pairs();
            let again = Filter::parse(pairs.iter().map(|(name, value)| (*name, value.as_str())));
            prop_assert_eq!(again.unwrap(), filter);
        }
    }
}
