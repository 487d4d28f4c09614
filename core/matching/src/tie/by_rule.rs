//! Ties that a rule makes, and those that it prevents.

use super::Search;
use crate::advisory_facts::Row;
use crate::repository::Pointer;
use crate::rules::Ruling;
use crate::verdict::Tier;

impl<'a> Search<'a> {
    /// A row of which a rule speaks.
    pub(super) fn by_rule(
        &mut self,
        ruling: Ruling<'_>,
        index: usize,
        row: &'a Row,
        linked: Option<(&'a str, Pointer)>,
    ) {
        match ruling {
            Ruling::Named(rule) => {
                let text = || format!("rule {}: {}", rule.number, rule.sentence);
                self.add(Some(index), Tier::High, "rule_identity", text);
                self.by_row(index, row, linked);
            }
            Ruling::Variant(rule) => {
                let text = || {
                    let (number, sentence) = (rule.number, &rule.sentence);
                    format!("rule {number}: {sentence}, and this is built from its source")
                };
                self.add(Some(index), Tier::High, "rule_identity_variant", text);
                self.by_row(index, row, linked);
            }
            Ruling::Open => self.by_row(index, row, linked),
            Ruling::Barred(rule) => {
                // What would have tied is taken back, and told where something else ties the two.
                let (found, against) = (self.found.len(), self.against.len());
                self.by_row(index, row, linked);
                let is_prevented = self.found.len() > found;
                self.found.truncate(found);
                self.against.truncate(against);
                self.barred.push(index);
                if is_prevented {
                    let text = || format!("rule {}: {}", rule.number, rule.sentence);
                    self.speak_against(index, rule.code(), text);
                }
            }
        }
    }

    /// Whether rules keep every row that names software from the package: then a link alone says nothing.
    pub(super) fn is_all_barred(&self) -> bool {
        if self.barred.is_empty() {
            return false;
        }
        let rows = self.advisory.rows.iter().enumerate();
        let mut naming = rows.filter(|(_, row)| !row.identities.is_empty());
        naming.all(|(index, _)| self.barred.contains(&index))
    }
}
