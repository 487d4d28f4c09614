//! The index finds everything that the judge would tie: candidates by key lose nothing.

use proptest::collection::vec;
use proptest::prelude::*;
use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::Allowed;
use snowguard_matching::index::PackageIndex;
use snowguard_matching::judge::{judge_all, judge_each};
use snowguard_matching::knowledge::{Alias, AliasTable, Knowledge, Lesson};
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::rules::{Rule, Rules, Says, Target};

use crate::worlds::{advisory, package};

fn aliases() -> Vec<Alias> {
    let row = |table, left: &str, right: &str| Alias {
        table,
        left: left.to_owned(),
        right: right.to_owned(),
    };
    vec![
        row(AliasTable::Purl2cpe, "github/psf/requests", "hdfgroup:hdf5"),
        row(AliasTable::Purl2cpe, "pypi/requests", "github:git"),
        row(AliasTable::Purl2cpe, "deb/debian/openssl", "linux:linux"),
        row(AliasTable::CveBinTool, "fluent-bit", "argoproj:argo_cd"),
        row(AliasTable::Repology, "git-hub", "requests"),
    ]
}

/// A rule for every second product.
fn rules(advisories: &[Advisory], packages: &[PackageFacts]) -> Rules {
    let mut rules = Rules::default();
    let facts: Vec<AdvisoryFacts> = advisories.iter().map(AdvisoryFacts::new).collect();
    let products = facts.iter().flat_map(AdvisoryFacts::vendor_products);
    let ruled = products.step_by(2).zip(packages.iter().cycle());
    for (number, (product, package)) in (0_i64..).zip(ruled) {
        let says = match number % 3 {
            0 => Says::Never,
            _ => Says::Is(Target::new(&package.attr, [package])),
        };
        let rule = Rule {
            number,
            sentence: String::new(),
            says,
        };
        rules.add(&product.vendor, Some(&product.product), rule);
    }
    rules
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_tie_without_a_shared_key(advisories in vec(advisory(), 1..12), packages in vec(package(), 1..24), ruled in any::<bool>()) {
        let mut knowledge = Knowledge::default();
        knowledge.set_aliases(aliases());
        for advisory in &advisories {
            knowledge.learn(&advisory.id, Lesson::of(&AdvisoryFacts::new(advisory)));
        }
        // Half of the worlds have rules: some names are one of the packages, others nothing.
        let facts: Vec<_> = packages.iter().cloned().map(PackageFacts::new).collect();
        if ruled {
            knowledge.set_rules(rules(&advisories, &facts));
        }
        let index = PackageIndex::new(packages.clone());
        for advisory in &advisories {
            let facts = AdvisoryFacts::new(advisory);
            let found = judge_all(advisory, &index, &knowledge, Allowed::ALL);
            let each: Vec<_> = packages.iter().cloned().map(PackageFacts::new).collect();
            let all = judge_each(advisory, &facts, &each, &knowledge, Allowed::ALL);
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn what_was_learned_does_not_depend_on_the_order(advisories in vec(advisory(), 1..12), unlearn in any::<prop::sample::Index>()) {
        let lessons: std::collections::BTreeMap<_, _> =
            advisories.iter().map(|advisory| (advisory.id.clone(), Lesson::of(&AdvisoryFacts::new(advisory)))).collect();
        let (mut forwards, mut backwards) = (Knowledge::default(), Knowledge::default());
        for (id, lesson) in &lessons {
            forwards.learn(id, lesson.clone());
        }
        // Another order, and one of them learned wrongly first.
        let wrong = &advisories[unlearn.index(advisories.len())];
        backwards.learn(&wrong.id, Lesson { products: vec!["x:y".to_owned()], repositories: vec!["github.com/x/y".to_owned()] });
        for (id, lesson) in lessons.iter().rev() {
            backwards.learn(id, lesson.clone());
        }
        for facts in advisories.iter().map(AdvisoryFacts::new) {
            for product in facts.vendor_products() {
                let sorted = |knowledge: &Knowledge| {
                    let mut homes: Vec<String> = knowledge.learned(product).into_iter().map(str::to_owned).collect();
                    homes.sort();
                    homes
                };
                prop_assert_eq!(sorted(&forwards), sorted(&backwards));
            }
        }
    }
}
