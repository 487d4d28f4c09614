//! Passwords of local accounts: Argon2id (RFC 9106) with the parameters of OWASP's cheat sheet.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// Shortest password that is taken (NIST SP 800-63B, 3.1.1.2: single factor), in characters.
pub const SHORTEST: usize = 15;

/// Longest password, in bytes: hashing must not be made expensive from outside.
pub const LONGEST: usize = 1024;

/// A string (PHC) of somebody who does not exist: checking against it takes as long as against any other.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c25vd2d1YXJkLW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    // 19 MiB, two passes, one lane.
    let params = Params::new(19_456, 2, 1, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The string to keep for a password.
///
/// # Errors
/// When the password is too short or too long, or the system gives no random numbers.
pub fn hash(password: &str) -> anyhow::Result<String> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        anyhow::bail!("a password has at least {SHORTEST} characters and at most {LONGEST} bytes");
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|failed| anyhow::anyhow!("random numbers: {failed}"))?;
    let salt = SaltString::encode_b64(&salt).map_err(|failed| anyhow::anyhow!("{failed}"))?;
    let argon2 = argon2().map_err(|failed| anyhow::anyhow!("{failed}"))?;
    let hash = argon2
        .hash_password(password.as_bytes(), &salt)
        .map_err(|failed| anyhow::anyhow!("hashing a password: {failed}"))?;
    Ok(hash.to_string())
}

/// Whether a password is the one of a string; with nothing to compare it takes as long, and is not.
#[must_use]
pub fn verify(password: &str, kept: Option<&str>) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    let Ok(hash) = PasswordHash::new(kept.unwrap_or(NOBODY)) else {
        tracing::error!("a stored password is no Argon2id string");
        return false;
    };
    // The parameters are the string's own.
    let fits = Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok();
    fits && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let kept = hash("correct horse battery").unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterz", Some(&kept)));
        assert!(!verify("correct horse battery", None));
        assert!(!verify("x", Some("nonsense")));
        assert_ne!(hash("correct horse battery").unwrap(), kept, "salted");
    }

    #[test]
    fn short_and_huge_passwords_are_refused() {
        assert!(hash("fourteen chars").is_err());
        assert!(hash(&"x".repeat(LONGEST + 1)).is_err());
        assert!(!verify(&"x".repeat(LONGEST + 1), None));
    }

    #[test]
    fn nobody_has_a_password_that_can_be_parsed() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
