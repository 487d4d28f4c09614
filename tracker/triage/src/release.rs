//! Until when a release of NixOS is supported.

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// The last day on which the release of a channel gets updates: a month after the next release is due, as the
/// NixOS release process has it. Nothing for a channel that is no release, such as `nixos-unstable`.
#[must_use]
pub fn support_ends(channel: &str) -> Option<Day> {
    let rest = ["nixos-", "nixpkgs-", "release-"]
        .iter()
        .find_map(|prefix| channel.strip_prefix(prefix))?;
    let release = rest.split('-').next()?;
    let (year, month) = release.split_once('.')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year) || !digits(month) {
        return None;
    }
    let year = 2000 + year.parse::<i16>().ok()?;
    let (year, month, day) = match month {
        "05" => (year, 12, 31),
        "11" => (year + 1, 6, 30),
        // Until 2021, releases came in March and September.
        "03" => (year, 10, 31),
        "09" => (year + 1, 4, 30),
        _ => return None,
    };
    Some(Day { year, month, day })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_end_a_month_after_the_next() {
        let of = |channel| support_ends(channel).map(|day| (day.year, day.month, day.day));
        assert_eq!(of("nixos-25.11"), Some((2026, 6, 30)));
        assert_eq!(of("nixos-26.05-small"), Some((2026, 12, 31)));
        assert_eq!(of("nixpkgs-25.05-darwin"), Some((2025, 12, 31)));
        assert_eq!(of("release-20.09"), Some((2021, 4, 30)));
        for none in [
            "nixos-unstable",
            "nixos-26.5",
            "nixos-26.07",
            "nixos-",
            "master",
            "nixos-2é.05",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
