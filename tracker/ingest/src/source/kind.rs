//! The kinds of sources.

use std::fmt;

/// What a source holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// CVE Record Format 5.x.
    CveList,
    /// NVD 2.0, or configurations in its shape.
    Nvd,
    /// OSV.
    Osv,
    /// Catalogues in formats of their own, told apart by `_src`.
    Vendor,
    /// CISA's catalogue of exploited vulnerabilities.
    Kev,
    /// FIRST's exploit predictions, CSV.
    Epss,
    /// A lossy extract of the CVE list. Only loaded when asked for.
    CveLite,
    /// Package URLs with their CPE names.
    Purl2Cpe,
    /// Project names of Repology.
    Repology,
    /// Checkers of cve-bin-tool with their CPE names.
    CveBinTool,
    /// Nixpkgs' list of maintainers.
    Maintainers,
    /// Nixpkgs' list of teams.
    Teams,
    /// The packages of a channel.
    Channel,
}

impl Kind {
    /// All, in the order in which a folder of several is loaded: advisories, what is said about
    /// them, names, and last the packages that are matched with all of it.
    pub const ALL: [Self; 13] = [
        Self::CveList,
        Self::Nvd,
        Self::Osv,
        Self::Vendor,
        Self::Kev,
        Self::Epss,
        Self::CveLite,
        Self::Purl2Cpe,
        Self::Repology,
        Self::CveBinTool,
        Self::Maintainers,
        Self::Teams,
        Self::Channel,
    ];

    /// The word for it: on the command line, in the name of a feed, in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CveList => "cvelist",
            Self::Nvd => "nvd",
            Self::Osv => "osv",
            Self::Vendor => "advisories",
            Self::Kev => "kev",
            Self::Epss => "epss",
            Self::CveLite => "cve-lite",
            Self::Purl2Cpe => "purl2cpe",
            Self::Repology => "repology",
            Self::CveBinTool => "cve-bin-tool",
            Self::Maintainers => "maintainers",
            Self::Teams => "teams",
            Self::Channel => "channel",
        }
    }

    /// From its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether a file of this name, in a folder or archive of this kind, can hold records.
    #[must_use]
    pub fn wants(self, name: &str) -> bool {
        let file = name.rsplit('/').next().unwrap_or(name);
        let has = |ending: &str| {
            file.len() > ending.len()
                && file.as_bytes()[file.len() - ending.len()..]
                    .eq_ignore_ascii_case(ending.as_bytes())
        };
        match self {
            // Beside the records stand delta.json and deltaLog.json.
            Self::CveList => file.starts_with("CVE-") && has(".json"),
            Self::Epss => has(".csv") || has(".csv.gz"),
            _ => [".json", ".json.gz", ".jsonl", ".jsonl.zst", ".json.br"]
                .into_iter()
                .any(has),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
