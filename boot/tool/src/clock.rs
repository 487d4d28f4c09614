//! The time: the system's, or the one that `SOURCE_DATE_EPOCH` gives.

use anyhow::{Context, Result};
use snowguard_boot_format::time::Time;

/// Now, to the second.
///
/// # Errors
/// When `SOURCE_DATE_EPOCH` is not a number of seconds, or the system's clock is absurd.
pub fn now() -> Result<Time> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text
            .parse()
            .with_context(|| format!("SOURCE_DATE_EPOCH is {text:?}, not a number of seconds"))?,
        Err(_) => {
            let since = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .context("the system's clock stands before 1970")?;
            i64::try_from(since.as_secs()).context("the system's clock is absurd")?
        }
    };
    Time::from_unix(seconds).context("the time is outside of the calendar")
}
