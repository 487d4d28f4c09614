//! What else a channel builds from a package's repository.

use std::collections::{BTreeSet, HashMap};

use snowguard_matching::package::Package;
use snowguard_matching::repository::Repository;

/// From more than so many, a repository is a collection (of fonts, of dictionaries), and a name in it says
/// nothing of the others. It also bounds what a hostile channel can make of one address.
const MOST: usize = 64;

/// Names of packages, by repository.
#[derive(Debug, Default)]
pub struct Siblings {
    built: HashMap<Repository, BTreeSet<String>>,
}

impl Siblings {
    /// Notes that the channel has a package. Its repository is the first that its sources name, or its homepages where a
    /// channel does not tell sources. Memory grows with the repositories, by at most 65 names for each.
    pub fn note(&mut self, package: &Package) {
        let Some(home) = home(package) else { return };
        let names = self.built.entry(home).or_default();
        if names.len() <= MOST && !names.contains(&package.pname) {
            names.insert(package.pname.clone());
        }
    }

    /// Fills [`Package::siblings`], when all packages of the channel were noted.
    pub fn name(&self, package: &mut Package) {
        let names = home(package).and_then(|home| self.built.get(&home));
        let names = names.filter(|names| (2..=MOST).contains(&names.len()));
        let others = names.into_iter().flatten();
        let others = others.filter(|name| **name != package.pname);
        package.siblings = others.cloned().collect();
    }
}

fn home(package: &Package) -> Option<Repository> {
    let mut urls = package.sources.iter().chain(&package.homepages);
    urls.find_map(|url| Repository::in_url(url).map(|(repository, _)| repository))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(attr: &str, pname: &str, source: &str) -> Package {
        Package {
            attr: attr.to_owned(),
            pname: pname.to_owned(),
            sources: vec![source.to_owned()],
            ..Package::default()
        }
    }

    fn name_siblings(packages: &mut [Package]) {
        let mut siblings = Siblings::default();
        packages.iter().for_each(|package| siblings.note(package));
        packages
            .iter_mut()
            .for_each(|package| siblings.name(package));
    }

    #[test]
    fn what_is_built_from_one_repository_is_named() {
        let beats = "https://github.com/elastic/beats/archive/v8.tar.gz";
        let older = "https://github.com/Elastic/Beats/archive/v7.tar.gz";
        let mut all = vec![
            package("filebeat7", "filebeat", older),
            package("filebeat8", "filebeat", beats),
            package("packetbeat", "packetbeat", beats),
            package("hello", "hello", "mirror://gnu/hello/hello-2.tar.gz"),
            package("odd", "odd", "https://example.org/odd.tar.gz"),
            package("even", "even", "https://example.org/even.tar.gz"),
        ];
        name_siblings(&mut all);
        let named: Vec<String> = all.iter().map(|it| it.siblings.join(" ")).collect();
        assert_eq!(
            named,
            ["packetbeat", "packetbeat", "filebeat", "", "", ""],
            "versions of one are no siblings, and a host is no repository"
        );
    }

    #[test]
    fn homepages_tell_where_sources_do_not() {
        let at = |attr: &str| Package {
            attr: attr.to_owned(),
            pname: attr.to_owned(),
            homepages: vec!["https://github.com/elastic/beats".to_owned()],
            ..Package::default()
        };
        let mut all = vec![at("filebeat"), at("packetbeat")];
        name_siblings(&mut all);
        assert_eq!(all[0].siblings, ["packetbeat"]);
    }

    #[test]
    fn a_collection_names_none() {
        let source = "https://github.com/fonts/fonts/archive/v1.tar.gz";
        let font = |number: usize| package("x", &format!("font-{number}"), source);
        let mut all: Vec<Package> = (0..MOST).map(font).collect();
        name_siblings(&mut all);
        assert_eq!(all[0].siblings.len(), MOST - 1);
        all.push(font(MOST));
        name_siblings(&mut all);
        assert!(all.iter().all(|package| package.siblings.is_empty()));
    }
}
