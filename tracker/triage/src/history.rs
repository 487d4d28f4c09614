//! What a change touched, so that it can be shown, and taken back.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::command::Refusal;

/// The members that a change touched, as JSON, before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Values before; a member that was absent is null.
    pub before: Map<String, Value>,
    /// Values after; a member that is absent is null.
    pub after: Map<String, Value>,
}

/// What is different between two states of a thing. A thing that is no JSON object has no members.
#[must_use]
pub fn touched<T: Serialize>(before: &T, after: &T) -> Touched {
    let (before, after) = (members(before), members(after));
    let mut touched = Touched::default();
    for name in before.keys().chain(after.keys()) {
        let of = |all: &Map<String, Value>| all.get(name).cloned().unwrap_or(Value::Null);
        if of(&before) != of(&after) {
            touched.before.insert(name.clone(), of(&before));
            touched.after.insert(name.clone(), of(&after));
        }
    }
    touched
}

/// The thing without a change of the past: each member that it touched gets its old value
/// back, provided that nobody touched it since; members in `loose` may have been.
///
/// # Errors
/// [`Refusal::Overtaken`].
pub fn without<T>(now: &T, touched: &Touched, loose: &[&str]) -> Result<T, Refusal>
where
    T: Serialize + DeserializeOwned,
{
    let mut now = members(now);
    for (name, after) in &touched.after {
        let same = now.get(name).unwrap_or(&Value::Null) == after;
        if !same && !loose.contains(&name.as_str()) {
            return Err(Refusal::Overtaken);
        }
    }
    for (name, before) in &touched.before {
        match before {
            Value::Null => drop(now.remove(name)),
            value => drop(now.insert(name.clone(), value.clone())),
        }
    }
    serde_json::from_value(Value::Object(now)).map_err(|_| Refusal::Overtaken)
}

fn members<T: Serialize>(thing: &T) -> Map<String, Value> {
    match serde_json::to_value(thing) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
