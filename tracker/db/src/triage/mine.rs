//! Reading what affects the packages of somebody.

use std::collections::BTreeMap;

use snowguard_matching::verdict::Tier;
use snowguard_tracker_triage::mine::{Hit, Mine, Package};

use crate::db::Db;
use crate::error::Result;
use crate::matches::tier_number;
use crate::session::Value;

impl Db {
    /// What surely or likely affects packages that are owned under any of these names, in any channel. What somebody owns
    /// in one channel is theirs in all: the package is the same. Reads one row for each affected package of each channel.
    ///
    /// # Errors
    /// As every read.
    pub fn mine(&self, names: &[String]) -> Result<Mine> {
        // Of affected matches, the rank begins with the tier.
        let weak = tier_number(Tier::Low) << 8;
        self.read(|session| {
            let texts: Vec<&str> = names.iter().map(String::as_str).collect();
            let owned = session.list(
                "SELECT DISTINCT owner.attribute, attribute.name, owner.name FROM owner \
                 JOIN attribute ON attribute.id = owner.attribute WHERE owner.name IN EACH_TEXT(?1)",
                &[Value::Texts(&texts)],
                |row| Ok((row.int(0)?, row.text(1)?.to_owned(), row.text(2)?.to_owned())),
            )?;
            let mut by_number: BTreeMap<i64, Package> = BTreeMap::new();
            for (attribute, attr, name) in owned {
                let package = by_number.entry(attribute).or_insert(Package {
                    attr,
                    owners: Vec::new(),
                });
                package
                    .owners
                    .extend(names.iter().position(|one| *one == name));
            }
            let numbers: Vec<i64> = by_number.keys().copied().collect();
            let channels = session.list("SELECT id, name FROM channel ORDER BY name", &[], |row| {
                Ok((row.int(0)?, row.text(1)?.to_owned()))
            })?;
            let mut hits = Vec::new();
            for (channel, (number, _)) in channels.iter().enumerate() {
                let affected = session.list(
                    "SELECT attribute, advisory FROM match_row WHERE attribute IN EACH_INT(?1) AND channel = ?2 AND rank < ?3",
                    &[Value::Ints(&numbers), Value::Int(*number), Value::Int(weak)],
                    |row| Ok((row.int(0)?, row.int(1)?)),
                )?;
                hits.extend(affected.into_iter().filter_map(|(attribute, advisory)| {
                    let package = numbers.binary_search(&attribute).ok()?;
                    Some(Hit {
                        advisory,
                        package,
                        channel,
                    })
                }));
            }
            hits.sort_unstable();
            Ok(Mine {
                owners: names.to_vec(),
                packages: by_number.into_values().collect(),
                channels: channels.into_iter().map(|(_, name)| name).collect(),
                hits,
            })
        })
    }
}
