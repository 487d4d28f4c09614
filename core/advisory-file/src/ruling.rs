//! What people decided: triage decisions and rules.

use serde::{Deserialize, Serialize};

/// A decision about advisories and a package, or a rule over several. It sets findings aside, and
/// never makes one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ruling {
    /// Whether it is a rule; otherwise a decision about what is named.
    pub is_rule: bool,
    /// Ids of advisories; empty for all.
    pub advisories: Vec<String>,
    /// `pname` or attribute path; `None` for all.
    pub package: Option<String>,
    /// First version, inclusive.
    pub from: Option<String>,
    /// Version before which it ends.
    pub before: Option<String>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
    /// Where that is written down.
    pub url: Option<String>,
    /// Who decided, or the name of the rule.
    pub by: String,
    /// The software is affected, and that is accepted: nobody will mend it. Otherwise the ruling says
    /// that it is not affected.
    pub is_accepted: bool,
}
