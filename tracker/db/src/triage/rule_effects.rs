//! What rules changed: which advisories they touched, as the matcher found it.

use serde::Serialize;

use crate::db::Db;
use crate::error::Result;
use crate::names;
use crate::session::{Column, Insert, Value};

/// What a rule did to an advisory, in tiers high and medium, over all channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleEffect {
    /// Number of the rule.
    pub rule: i64,
    /// Id of the advisory.
    pub advisory: String,
    /// Packages that only the rule ties to it.
    pub made: u32,
    /// Packages that would be tied to it without rules.
    pub prevented: u32,
}

/// What a rule did in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RuleTotals {
    /// Number of the rule.
    pub rule: i64,
    /// Advisories that it touched.
    pub advisories: u64,
    /// Packages that only the rule ties, summed over advisories.
    pub made: u64,
    /// Packages that would be tied without rules, summed over advisories.
    pub prevented: u64,
}

const EFFECT: Insert<'static> = Insert {
    table: "rule_effect",
    columns: &[
        ("rule", Column::Int),
        ("advisory", Column::Int),
        ("made", Column::Int),
        ("prevented", Column::Int),
    ],
    conflict: "ON CONFLICT (rule, advisory) DO UPDATE SET made = excluded.made, prevented = excluded.prevented",
};

/// Most effects of one answer.
const MOST: usize = 1000;

impl Db {
    /// Replaces what rules did to these advisories. To be stored before their matches: an advisory that is
    /// interrupted in between stays marked, and is done again.
    ///
    /// # Errors
    /// As every write.
    pub fn put_rule_effects(&self, advisories: &[&str], effects: &[RuleEffect]) -> Result<()> {
        self.write(|session| {
            let ids: Vec<String> = advisories.iter().map(ToString::to_string).collect();
            let numbers = names::advisories(session, ids.iter())?;
            let all: Vec<i64> = numbers.values().copied().collect();
            session.run(
                "DELETE FROM rule_effect WHERE advisory IN EACH_INT(?1)",
                &[Value::Ints(&all)],
            )?;
            let known = effects
                .iter()
                .filter_map(|effect| Some((effect, *numbers.get(&effect.advisory)?)));
            let values: Vec<Value<'_>> = known
                .flat_map(|(effect, advisory)| {
                    [
                        Value::Int(effect.rule),
                        Value::Int(advisory),
                        Value::Int(effect.made.into()),
                        Value::Int(effect.prevented.into()),
                    ]
                })
                .collect();
            session.insert(&EFFECT, &values)?;
            Ok(())
        })
    }

    /// Whether any rule ever did anything that is still noted.
    ///
    /// # Errors
    /// As every read.
    pub fn has_rule_effects(&self) -> Result<bool> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM rule_effect LIMIT 1) AS noted";
        self.read(|session| Ok(session.number(sql, &[])? > 0))
    }

    /// What a rule did to each advisory, the newest CVEs first, before an advisory; at most `limit`, at most 1,000.
    /// As of the last matching.
    ///
    /// # Errors
    /// As every read.
    pub fn rule_effects(
        &self,
        rule: i64,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RuleEffect>> {
        self.read(|session| {
            let before = match before {
                Some(id) => names::advisory(session, id)?,
                None => None,
            };
            let rows = session.list(
                "SELECT advisory, made, prevented FROM rule_effect WHERE rule = ?1 AND advisory < ?2 ORDER BY advisory DESC LIMIT ?3",
                &[
                    Value::Int(rule),
                    Value::Int(before.unwrap_or(i64::MAX)),
                    Value::Int(limit.min(MOST) as i64),
                ],
                |row| Ok((row.int(0)?, count(row.int(1)?), count(row.int(2)?))),
            )?;
            rows.into_iter()
                .map(|(number, made, prevented)| {
                    Ok(RuleEffect {
                        rule,
                        advisory: names::advisory_id(session, number)?,
                        made,
                        prevented,
                    })
                })
                .collect()
        })
    }

    /// What each rule did in all, by number; rules that did nothing are left out. As of the last matching.
    ///
    /// # Errors
    /// As every read.
    pub fn rule_totals(&self) -> Result<Vec<RuleTotals>> {
        self.read(|session| {
            session.list(
                "SELECT rule, count(*), CAST(sum(made) AS bigint), CAST(sum(prevented) AS bigint) FROM rule_effect GROUP BY rule ORDER BY rule",
                &[],
                |row| {
                    Ok(RuleTotals {
                        rule: row.int(0)?,
                        advisories: row.int(1)?.cast_unsigned(),
                        made: row.int(2)?.cast_unsigned(),
                        prevented: row.int(3)?.cast_unsigned(),
                    })
                },
            )
        })
    }
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
