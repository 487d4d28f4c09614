//! Whether firmware verifies what it starts.

/// The state of Secure Boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecureBoot {
    /// Firmware starts only what is signed.
    On,
    /// It starts anything.
    Off,
}

/// What reading a firmware variable gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read<'a> {
    /// Its bytes.
    Value(&'a [u8]),
    /// There is none of this name.
    Missing,
    /// Anything else.
    Failed,
}

impl SecureBoot {
    /// From the variable `SecureBoot` (one byte, 1 for on). Doubt means on: only a variable that is not
    /// there, or that clearly says 0, is off.
    ///
    /// Source: UEFI 2.10, 3.3 (globally defined variables).
    pub fn decide(variable: Read<'_>) -> Self {
        match variable {
            Read::Missing | Read::Value([0]) => Self::Off,
            Read::Value(_) | Read::Failed => Self::On,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_means_on() {
        for (read, state) in [
            (Read::Missing, SecureBoot::Off),
            (Read::Value(&[0]), SecureBoot::Off),
            (Read::Value(&[1]), SecureBoot::On),
            (Read::Value(&[2]), SecureBoot::On),
            (Read::Value(&[]), SecureBoot::On),
            (Read::Value(&[0, 0]), SecureBoot::On),
            (Read::Failed, SecureBoot::On),
        ] {
            assert_eq!(SecureBoot::decide(read), state, "{read:?}");
        }
    }
}
