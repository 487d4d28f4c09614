//! Why something does not concern Nixpkgs.

use serde::{Deserialize, Serialize};

/// A structured reason. The first five are VEX's justifications (CISA, "Vulnerability Exploitability
/// eXchange: Status Justifications"), the others are Nixpkgs's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The vulnerable component is not part of the package.
    ComponentNotPresent,
    /// The component is there, the vulnerable code is not.
    VulnerableCodeNotPresent,
    /// The code is there and never runs.
    VulnerableCodeNotInExecutePath,
    /// An adversary cannot reach or control the code.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something built in prevents it.
    InlineMitigationsAlreadyExist,
    /// The software is not in Nixpkgs.
    NotInNixpkgs,
    /// It concerns a service that its owner runs, not software that is packaged.
    HostedService,
    /// It concerns hardware or its firmware.
    HardwareOnly,
    /// Another product of that name.
    OtherProduct,
    /// Nixpkgs has the fix already.
    AlreadyFixed,
}

impl Reason {
    /// All, in the order in which they are offered: the most frequent first.
    pub const ALL: [Self; 10] = [
        Self::OtherProduct,
        Self::NotInNixpkgs,
        Self::AlreadyFixed,
        Self::HostedService,
        Self::HardwareOnly,
        Self::ComponentNotPresent,
        Self::VulnerableCodeNotPresent,
        Self::VulnerableCodeNotInExecutePath,
        Self::VulnerableCodeCannotBeControlledByAdversary,
        Self::InlineMitigationsAlreadyExist,
    ];

    /// As written in the database, in URLs and in JSON; for VEX's own also its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "vulnerable_code_cannot_be_controlled_by_adversary"
            }
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
            Self::NotInNixpkgs => "not_in_nixpkgs",
            Self::HostedService => "hosted_service",
            Self::HardwareOnly => "hardware_only",
            Self::OtherProduct => "other_product",
            Self::AlreadyFixed => "already_fixed",
        }
    }

    /// The words for a page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "the component is not in the package",
            Self::VulnerableCodeNotPresent => "the vulnerable code is not in the package",
            Self::VulnerableCodeNotInExecutePath => "the vulnerable code never runs",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "an adversary cannot control the code"
            }
            Self::InlineMitigationsAlreadyExist => "something built in prevents it",
            Self::NotInNixpkgs => "not in Nixpkgs",
            Self::HostedService => "a hosted service",
            Self::HardwareOnly => "hardware only",
            Self::OtherProduct => "another product of that name",
            Self::AlreadyFixed => "already fixed",
        }
    }

    /// The reason of a word ([`Reason::as_str`]).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// VEX's justification: its own word, or the nearest for Nixpkgs's reasons. Nothing for
    /// what is fixed, which VEX says with another status.
    #[must_use]
    pub fn vex(self) -> Option<&'static str> {
        match self {
            Self::AlreadyFixed => None,
            Self::NotInNixpkgs | Self::HostedService | Self::HardwareOnly | Self::OtherProduct => {
                Some(Self::ComponentNotPresent.as_str())
            }
            own => Some(own.as_str()),
        }
    }
}

/// A dismissal: a structured reason, or words, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// The structured reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// In words; not empty where there is no reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

impl Dismissal {
    /// Checks and takes it.
    ///
    /// # Errors
    /// [`Refusal::Empty`](crate::command::Refusal::Empty) with neither, and as [`crate::text::comment`].
    pub fn new(reason: Option<Reason>, comment: &str) -> Result<Self, crate::command::Refusal> {
        let comment = crate::text::comment(comment)?;
        if reason.is_none() && comment.is_empty() {
            return Err(crate::command::Refusal::Empty { what: "reason" });
        }
        Ok(Self { reason, comment })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_and_every_reason_is_offered() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            let json = serde_json::to_value(reason).unwrap();
            assert_eq!(json, reason.as_str());
        }
    }

    #[test]
    fn a_dismissal_says_why() {
        assert!(Dismissal::new(None, " \n").is_err());
        assert!(Dismissal::new(None, "It is a toy.").is_ok());
        assert!(Dismissal::new(Some(Reason::HardwareOnly), "").is_ok());
    }
}
