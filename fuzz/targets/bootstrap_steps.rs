//! Step files: a graph that was checked has each step after its inputs.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use snowguard_bootstrap::graph::read_one;

fuzz_target!(|text: &str| {
    match read_one(text, "x86_64") {
        Ok(graph) => {
            assert_eq!(graph.order.len(), graph.steps.len());
            let mut before = BTreeSet::new();
            for name in &graph.order {
                let step = &graph.steps[name];
                assert!(step.inputs.iter().all(|input| before.contains(input)));
                assert!(step.sources.iter().all(|source| graph.sources.contains_key(source)));
                before.insert(name);
            }
        }
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
});
