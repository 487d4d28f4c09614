//! `graph`: check the graph of steps and list it.

use clap::Args;

use super::{Failure, GraphOptions};

/// What to list.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    graph: GraphOptions,
}

/// Prints the steps, each after its inputs: name, whether its output's hash is recorded, what it
/// sees.
pub fn run(options: &Options) -> Result<(), Failure> {
    let graph = options.graph.load()?;
    for name in &graph.order {
        let step = &graph.steps[name];
        let pinned = match step.expected {
            Some(digest) => digest.to_string(),
            None => format!("{:64}", "no hash recorded"),
        };
        let seen: Vec<&str> = step
            .inputs
            .iter()
            .chain(&step.sources)
            .chain(step.files.keys())
            .map(|name| name.as_str())
            .collect();
        say!("{pinned}  {name} <- {}", seen.join(" "));
    }
    Ok(())
}
