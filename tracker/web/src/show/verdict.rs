//! Verdicts, tiers and reasons in words.

use snowguard_matching::verdict::{Tier, Verdict, Weight};

/// The word for a verdict.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Affected => "affected",
        Verdict::Unknown => "unknown",
        Verdict::Fixed => "fixed",
        Verdict::NotAffected => "not affected",
    }
}

/// The style's class for a verdict, and its JSON form.
pub fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Affected => "affected",
        Verdict::Unknown => "unknown",
        Verdict::Fixed => "fixed",
        Verdict::NotAffected => "not_affected",
    }
}

/// The word for a tier, which is its JSON form too.
pub fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::High => "high",
        Tier::Medium => "medium",
        Tier::Low => "low",
    }
}

/// What a tier rests on, as a hint.
pub fn tier_hint(tier: Tier) -> &'static str {
    match tier {
        Tier::High => "an identifier or source repository ties the two",
        Tier::Medium => "name and further evidence agree",
        Tier::Low => "a name alone ties the two",
    }
}

/// The word for which way a reason speaks.
pub fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Tie => "ties",
        Weight::Against => "against",
        Weight::Decides => "decides",
        Weight::Note => "note",
    }
}
