//! Roles by GitHub teams.

use std::collections::BTreeMap;

use anyhow::Result;
use snowguard_tracker_db::Millis;
use snowguard_tracker_triage::role::Roles;

use super::{End, Worker};

impl Worker {
    /// Asks GitHub who is in which team. When one team cannot be read nothing changes: an answer that fails is not
    /// an empty team.
    pub(super) fn teams(&self) -> Result<End> {
        let Some(teams) = &self.reach.teams else {
            return Ok(End::Done);
        };
        let mut roles: BTreeMap<i64, Roles> = BTreeMap::new();
        for (team, role) in &teams.roles {
            let members = match teams.client.team_members(&teams.organization, team) {
                Ok(members) => members,
                Err(failed) => return Ok(super::publish::again(&failed)),
            };
            for member in members {
                let id = i64::try_from(member.id.0)?;
                let known = roles.entry(id).or_default();
                *known = known.with(*role);
            }
        }
        let roles: Vec<(i64, Roles)> = roles.into_iter().collect();
        let changed = self
            .db
            .put_team_roles(&roles, Millis::new(self.clock.now()))?;
        tracing::info!(changed, "roles by teams");
        Ok(End::Done)
    }
}
