//! Who maintains Nixpkgs: its `maintainer-list.nix` and `team-list.nix`, each as one JSON object.
//!
//! `nix eval --json --file lib maintainers` and `… teams` write both in full; of what they hold, only names and
//! GitHub accounts are read, never addresses or keys.

use serde_json::{Map, Value};
use snowguard_tracker_db::{Maintainer, Team};

/// Longest handle, login or team name that is believed.
const NAME: usize = 100;
/// Longest name of a person that is kept, in characters.
const PERSON: usize = 200;
/// Most members of a team.
const MEMBERS: usize = 1000;

/// A member of the list of maintainers: handle → what is known.
///
/// # Errors
/// What is wrong with it.
pub fn maintainer(handle: Option<&str>, raw: &[u8]) -> Result<Maintainer, String> {
    let handle = handle.ok_or("a maintainer without a handle")?;
    if !is_name(handle) {
        return Err(format!("no usable handle: {:?}", short(handle)));
    }
    let object = object(raw)?;
    Ok(Maintainer {
        handle: handle.to_owned(),
        name: person(&object).unwrap_or_else(|| handle.to_owned()),
        github: login(&object),
        github_id: account(&object),
    })
}

/// A member of the list of teams: key → team. Members are handles, or objects as the evaluated list has them, of
/// which the GitHub login is the nearest.
///
/// # Errors
/// What is wrong with it.
pub fn team(key: Option<&str>, raw: &[u8]) -> Result<Team, String> {
    let object = object(raw)?;
    let short_name = object.get("shortName").and_then(Value::as_str);
    let name = short_name.or(key).map(str::trim).unwrap_or_default();
    if !is_name(name) {
        return Err(format!("no usable name: {:?}", short(name)));
    }
    let listed = object.get("members").and_then(Value::as_array);
    let listed = listed.ok_or("a team without a list of members")?;
    if listed.len() > MEMBERS {
        return Err(format!("{} members; at most {MEMBERS}", listed.len()));
    }
    let mut members: Vec<String> = listed.iter().filter_map(member).collect();
    members.sort_unstable();
    members.dedup();
    Ok(Team {
        name: name.to_owned(),
        members,
    })
}

/// The GitHub accounts in `meta.maintainers` of a channel's package. They have no handle; the login stands for it.
#[must_use]
pub fn of_package(meta: &Map<String, Value>) -> Vec<Maintainer> {
    let listed = meta.get("maintainers").and_then(Value::as_array);
    let objects = listed.into_iter().flatten().filter_map(Value::as_object);
    let known = objects.filter_map(|object| {
        let (login, account) = (login(object)?, account(object)?);
        Some(Maintainer {
            name: person(object).unwrap_or_else(|| login.clone()),
            handle: login.clone(),
            github: Some(login),
            github_id: Some(account),
        })
    });
    known.collect()
}

fn object(raw: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(raw) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("not an object".to_owned()),
        Err(failed) => Err(format!("not JSON: {failed}")),
    }
}

fn member(value: &Value) -> Option<String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let name = value
        .as_str()
        .or_else(|| text("handle"))
        .or_else(|| text("github"));
    name.filter(|name| is_name(name)).map(str::to_owned)
}

fn person(object: &Map<String, Value>) -> Option<String> {
    let name = object.get("name").and_then(Value::as_str)?.trim();
    (!name.is_empty()).then(|| name.chars().take(PERSON).collect())
}

/// GitHub allows letters, digits and single dashes, at most 39.
fn login(object: &Map<String, Value>) -> Option<String> {
    let login = object.get("github").and_then(Value::as_str)?;
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_login = !login.is_empty() && login.len() <= 39 && login.bytes().all(fine);
    is_login.then(|| login.to_owned())
}

fn account(object: &Map<String, Value>) -> Option<i64> {
    let number = object.get("githubId").and_then(Value::as_i64);
    number.filter(|number| *number > 0)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME && !text.chars().any(char::is_control)
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maintainer_is_a_handle_and_an_account() {
        let raw = br#"{"email":"a@b.example","github":"Ada-L","githubId":7,"name":"Ada","keys":[{"fingerprint":"x"}]}"#;
        let ada = maintainer(Some("ada"), raw).unwrap();
        let want = Maintainer {
            handle: "ada".to_owned(),
            name: "Ada".to_owned(),
            github: Some("Ada-L".to_owned()),
            github_id: Some(7),
        };
        assert_eq!(ada, want);
        let bare = maintainer(Some("bo"), br#"{"github":"b o","githubId":-1}"#).unwrap();
        assert_eq!(
            (bare.name.as_str(), bare.github, bare.github_id),
            ("bo", None, None)
        );
        for (handle, raw) in [
            (None, "{}"),
            (Some(""), "{}"),
            (Some("a\nb"), "{}"),
            (Some("a"), "[]"),
            (Some("a"), "{"),
        ] {
            assert!(
                maintainer(handle, raw.as_bytes()).is_err(),
                "{handle:?} {raw}"
            );
        }
    }

    #[test]
    fn a_team_has_its_short_name_and_handles() {
        let raw = br#"{"shortName":"GNOME","members":["b",{"github":"a","name":"A"},"b",7,""],"scope":"s"}"#;
        let team = super::team(Some("gnome"), raw).unwrap();
        assert_eq!(
            (team.name.as_str(), team.members),
            ("GNOME", vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(
            super::team(Some("c"), br#"{"members":[]}"#).unwrap().name,
            "c"
        );
        assert!(super::team(Some("c"), br#"{"shortName":"C"}"#).is_err());
        let many = format!(r#"{{"members":[{}1]}}"#, "1,".repeat(MEMBERS));
        assert!(super::team(Some("c"), many.as_bytes()).is_err());
    }
}
