//! Which steps to run: decided from what is on the machine, as plain data.

/// What the machine has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Machine {
    /// `cargo nextest`.
    pub nextest: bool,
    /// `cargo deny`.
    pub deny: bool,
    /// `cargo machete`.
    pub machete: bool,
}

/// One check.
#[derive(Debug)]
pub struct Step {
    /// Shown before it runs.
    pub name: &'static str,
    /// What it does.
    pub action: Action,
    /// Set for it.
    pub environment: &'static [(&'static str, &'static str)],
}

/// What a step does.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// The layer check of this program.
    Layers,
    /// A moment of every fuzz target.
    Fuzz,
    /// The firmware stub, built twice.
    Stub,
    /// Cargo with these arguments.
    Cargo(Vec<&'static str>),
}

/// The steps in order, and what is left out and why.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order to run; the tests are last.
    pub steps: Vec<Step>,
    /// One line each.
    pub left_out: Vec<String>,
}

impl Plan {
    fn cargo(&mut self, name: &'static str, arguments: &[&'static str]) {
        self.steps.push(Step {
            name,
            action: Action::Cargo(arguments.to_vec()),
            environment: &[],
        });
    }
}

/// Decides the steps for a machine.
pub fn plan(machine: &Machine, full: bool) -> Plan {
    let mut plan = Plan::default();
    plan.cargo("fmt", &["fmt", "--all", "--check"]);
    plan.steps.push(Step {
        name: "layers",
        action: Action::Layers,
        environment: &[],
    });
    dependency_gates(&mut plan, machine, full);
    plan.cargo(
        "clippy",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    );
    firmware(&mut plan);
    plan.steps.push(Step {
        name: "doc",
        action: Action::Cargo(vec![
            "doc",
            "--workspace",
            "--no-deps",
            "--locked",
            "--quiet",
        ]),
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    });
    if full {
        plan.steps.push(Step {
            name: "fuzz",
            action: Action::Fuzz,
            environment: &[],
        });
    } else {
        plan.left_out
            .push("fuzz targets: `cargo xtask check --full` runs each a moment".to_owned());
    }
    plan.cargo(
        "doc tests",
        &["test", "--workspace", "--doc", "--locked", "--quiet"],
    );
    if machine.nextest {
        plan.cargo("tests", &["nextest", "run", "--workspace", "--locked"]);
    } else {
        plan.left_out
            .push("cargo-nextest is not here; `cargo test` runs the tests".to_owned());
        plan.cargo(
            "tests",
            &[
                "test",
                "--workspace",
                "--lib",
                "--bins",
                "--tests",
                "--locked",
            ],
        );
    }
    plan
}

/// The firmware program stands outside the workspace, so it is checked by steps of its own.
fn firmware(plan: &mut Plan) {
    const MANIFEST: &str = "boot/stub/firmware/Cargo.toml";
    plan.cargo(
        "fmt of the stub",
        &["fmt", "--check", "--manifest-path", MANIFEST],
    );
    plan.cargo(
        "clippy of the stub",
        &[
            "clippy",
            "--manifest-path",
            MANIFEST,
            "--target-dir",
            "target/stub/clippy",
            "--lib",
            "--release",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    );
    plan.steps.push(Step {
        name: "stub",
        action: Action::Stub,
        environment: &[],
    });
}

/// The gates on dependencies. Both tools take minutes to build, so they are installed only on
/// request. The database of RustSec advisories needs a network, so `deny` leaves it out.
fn dependency_gates(plan: &mut Plan, machine: &Machine, full: bool) {
    for (name, present, install, check) in [
        (
            "deny",
            machine.deny,
            ["install", "--locked", "cargo-deny"],
            &["deny", "check", "licenses", "bans", "sources"][..],
        ),
        (
            "machete",
            machine.machete,
            ["install", "--locked", "cargo-machete"],
            &["machete"][..],
        ),
    ] {
        if !present && !full {
            plan.left_out.push(format!(
                "cargo {name}: not installed; `cargo {}`, or `cargo xtask check --full`, which \
                 does that",
                install.join(" ")
            ));
            continue;
        }
        if !present {
            plan.cargo("install", &install);
        }
        plan.cargo(name, check);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(plan: &Plan) -> Vec<&'static str> {
        plan.steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn what_fails_early_comes_first_and_tests_come_last() {
        let machine = Machine {
            nextest: true,
            deny: true,
            machete: true,
        };
        let all = plan(&machine, false);
        assert_eq!(
            names(&all),
            [
                "fmt",
                "layers",
                "deny",
                "machete",
                "clippy",
                "fmt of the stub",
                "clippy of the stub",
                "stub",
                "doc",
                "doc tests",
                "tests"
            ]
        );
        assert_eq!(all.left_out.len(), 1, "the fuzz targets");
    }

    #[test]
    fn what_is_missing_is_left_out_and_said() {
        let bare = plan(&Machine::default(), false);
        assert_eq!(
            names(&bare),
            [
                "fmt",
                "layers",
                "clippy",
                "fmt of the stub",
                "clippy of the stub",
                "stub",
                "doc",
                "doc tests",
                "tests"
            ]
        );
        assert_eq!(bare.left_out.len(), 4);
        let Some(Action::Cargo(words)) = bare.steps.last().map(|step| &step.action) else {
            panic!("the tests are a command");
        };
        assert_eq!(words[0], "test");
    }

    #[test]
    fn full_installs_the_gates() {
        let full = plan(
            &Machine {
                nextest: true,
                ..Machine::default()
            },
            true,
        );
        assert_eq!(
            names(&full)[2..6],
            ["install", "deny", "install", "machete"]
        );
        assert!(full.left_out.is_empty());
    }
}
