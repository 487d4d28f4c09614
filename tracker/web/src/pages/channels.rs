//! `/channels`: the channels and their evaluations.

use askama::Template;

use crate::pages::home::{ChannelRow, ChannelSummary, grouped};
use crate::pages::shell::Shell;
use crate::show::time::{Millis, When};

/// A channel with its latest evaluations.
#[derive(Debug, Clone)]
pub struct ChannelInput {
    /// The channel as it is now.
    pub summary: ChannelSummary,
    /// Evaluations, newest first.
    pub evaluations: Vec<EvaluationInput>,
}

/// An evaluation.
#[derive(Debug, Clone)]
pub struct EvaluationInput {
    /// The Nixpkgs revision.
    pub revision: String,
    /// When it was evaluated.
    pub at: Millis,
    /// Attributes in it.
    pub packages: u64,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/channels.html")]
pub struct Page {
    shell: Shell,
    channels: Vec<(ChannelRow, Vec<EvaluationRow>)>,
}

#[derive(Debug)]
struct EvaluationRow {
    revision: String,
    at: When,
    packages: String,
}

impl Page {
    /// Builds the page as seen at `now`.
    pub fn new(shell: Shell, input: Vec<ChannelInput>, now: Millis) -> Self {
        let evaluation = |evaluation: EvaluationInput| EvaluationRow {
            revision: evaluation.revision,
            at: When::new(evaluation.at, now),
            packages: grouped(evaluation.packages),
        };
        let channel = |channel: ChannelInput| {
            let evaluations = channel.evaluations.into_iter().map(evaluation).collect();
            (ChannelRow::new(channel.summary, now), evaluations)
        };
        Self {
            shell,
            channels: input.into_iter().map(channel).collect(),
        }
    }
}
