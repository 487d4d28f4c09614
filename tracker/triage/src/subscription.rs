//! Who wants to hear of what, and when.

use serde::{Deserialize, Serialize};

use crate::command::Refusal;
use crate::issue::Severity;
use crate::text;

/// What somebody wants to hear of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "subject")]
pub enum Subject {
    /// Everything.
    Everything,
    /// One package.
    Package {
        /// Attribute path.
        attr: String,
    },
    /// The packages of a maintainer.
    Maintainer {
        /// Handle.
        handle: String,
    },
    /// What is in a channel.
    Channel {
        /// Its name.
        channel: String,
    },
    /// An uploaded list of packages.
    List {
        /// Its name.
        name: String,
        /// Attribute paths, sorted, each once.
        attrs: Vec<String>,
    },
}

/// Most packages of a list: a system closure has some thousand.
pub const LIST: usize = 50_000;

impl Subject {
    /// A subject of a kind: `everything`, `package`, `maintainer`, `channel`, or `list` with one attribute
    /// path per line.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] for another kind, [`Refusal::TooMany`] beyond [`LIST`], and as [`text::line`].
    pub fn new(kind: &str, what: &str, list: &str) -> Result<Self, Refusal> {
        match kind {
            "everything" => Ok(Self::Everything),
            "package" => Ok(Self::Package {
                attr: text::line("attribute path", what)?,
            }),
            "maintainer" => Ok(Self::Maintainer {
                handle: text::line("handle", what)?,
            }),
            "channel" => Ok(Self::Channel {
                channel: text::line("channel", what)?,
            }),
            "list" => {
                let lines = list.lines().map(str::trim);
                let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
                let mut attrs = lines
                    .map(|line| text::line("attribute path", line))
                    .collect::<Result<Vec<_>, _>>()?;
                attrs.sort_unstable();
                attrs.dedup();
                if attrs.len() > LIST {
                    return Err(Refusal::TooMany { most: LIST });
                }
                if attrs.is_empty() {
                    return Err(Refusal::Empty { what: "list" });
                }
                Ok(Self::List {
                    name: text::line("name of the list", what)?,
                    attrs,
                })
            }
            other => Err(Refusal::Unknown {
                what: "kind of subscription",
                value: other.chars().take(40).collect(),
            }),
        }
    }

    /// In words.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Everything => "everything".to_owned(),
            Self::Package { attr } => format!("package {attr}"),
            Self::Maintainer { handle } => format!("packages of {handle}"),
            Self::Channel { channel } => format!("channel {channel}"),
            Self::List { name, attrs } => format!("list {name} ({} packages)", attrs.len()),
        }
    }
}

/// How often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// At once.
    AtOnce,
    /// One message a day.
    #[default]
    Daily,
    /// One message a week.
    Weekly,
}

impl Cadence {
    /// All, as they are offered.
    pub const ALL: [Self; 3] = [Self::AtOnce, Self::Daily, Self::Weekly];

    /// As written in forms and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtOnce => "at_once",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// The cadence of a word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// Milliseconds between two digests; 0: at once.
    #[must_use]
    pub fn period(self) -> i64 {
        match self {
            Self::AtOnce => 0,
            Self::Daily => 86_400_000,
            Self::Weekly => 7 * 86_400_000,
        }
    }
}

/// One subscription. Everything shows in the tracker itself; mail and web hook come on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Of what.
    #[serde(flatten)]
    pub subject: Subject,
    /// From this severity up; nothing: all, also what has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What is known to be exploited comes at once and whatever its severity.
    #[serde(default)]
    pub kev_at_once: bool,
    /// How often.
    #[serde(default)]
    pub cadence: Cadence,
    /// Also by mail.
    #[serde(default)]
    pub mail: bool,
    /// Also to this web hook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// Nothing is sent, and the subscription stays.
    #[serde(default)]
    pub muted: bool,
    /// Which address its feed has: a new number makes a new one, and the old one leads nowhere.
    #[serde(default)]
    pub feed: u32,
}

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Attribute paths concerned.
    pub attrs: &'a [String],
    /// Handles of their maintainers.
    pub maintainers: &'a [String],
    /// Channels concerned.
    pub channels: &'a [String],
    /// CVSS base score times 10; 0 where there is none.
    pub severity: u8,
    /// Known to be exploited.
    pub kev: bool,
}

impl Subscription {
    /// How soon the subscriber wants to hear of it; nothing: not at all.
    #[must_use]
    pub fn wants(&self, event: &Event<'_>) -> Option<Cadence> {
        let concerned = match &self.subject {
            Subject::Everything => true,
            Subject::Package { attr } => event.attrs.contains(attr),
            Subject::Maintainer { handle } => event.maintainers.contains(handle),
            Subject::Channel { channel } => event.channels.contains(channel),
            Subject::List { attrs, .. } => {
                let mut hit = event.attrs.iter();
                hit.any(|attr| attrs.binary_search(attr).is_ok())
            }
        };
        if self.muted || !concerned {
            return None;
        }
        if self.kev_at_once && event.kev {
            return Some(Cadence::AtOnce);
        }
        let grave = self
            .severity
            .is_none_or(|least| event.severity >= least.threshold());
        grave.then_some(self.cadence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(subject: Subject) -> Subscription {
        Subscription {
            subject,
            severity: Some(Severity::High),
            kev_at_once: true,
            cadence: Cadence::Weekly,
            mail: true,
            hook: None,
            muted: false,
            feed: 0,
        }
    }

    #[test]
    fn rules_decide_whether_and_when() {
        let list = Subject::new("list", "mine", "zlib\n# no\n openssl \nzlib\n").unwrap();
        let attrs = ["openssl".to_owned()];
        let event = Event {
            attrs: &attrs,
            maintainers: &[],
            channels: &[],
            severity: 70,
            kev: false,
        };
        let wants = subscription(list);
        assert_eq!(wants.wants(&event), Some(Cadence::Weekly));
        assert_eq!(
            wants.wants(&Event {
                severity: 69,
                ..event
            }),
            None
        );
        assert_eq!(
            wants.wants(&Event {
                severity: 0,
                kev: true,
                ..event
            }),
            Some(Cadence::AtOnce)
        );
        assert_eq!(
            wants.wants(&Event {
                attrs: &[],
                kev: true,
                ..event
            }),
            None
        );
        assert_eq!(
            Subscription {
                muted: true,
                ..wants
            }
            .wants(&event),
            None
        );
    }

    #[test]
    fn a_list_has_an_end() {
        let long: String = (0..=LIST).map(|number| format!("p{number}\n")).collect();
        assert!(matches!(
            Subject::new("list", "n", &long),
            Err(Refusal::TooMany { .. })
        ));
        assert!(matches!(
            Subject::new("list", "n", "#\n"),
            Err(Refusal::Empty { .. })
        ));
        let json = serde_json::to_value(subscription(Subject::Everything)).unwrap();
        assert_eq!(json["subject"], "everything");
        assert_eq!(
            serde_json::from_value::<Subscription>(json).unwrap(),
            subscription(Subject::Everything)
        );
    }
}
