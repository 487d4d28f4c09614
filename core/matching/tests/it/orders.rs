//! Orders are orders: antisymmetric, and equal to themselves.

use proptest::prelude::*;
use snowguard_matching::order::Scheme;

const SCHEMES: [Scheme; 4] = [
    Scheme::Generic,
    Scheme::Semver,
    Scheme::Pep440,
    Scheme::Debian,
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn comparing_the_other_way_round_reverses(a in "[0-9a-c.~+-]{0,12}|[0-9]{1,2}(\\.[0-9]{1,2}){0,3}(-?(rc|beta|unstable-2024-01-0)[1-3])?", b in "[0-9a-c.~+-]{0,12}|[0-9]{1,2}(\\.[0-9]{1,2}){0,3}(-?(rc|beta|unstable-2024-01-0)[1-3])?") {
        for scheme in SCHEMES {
            let (forth, back) = (scheme.compare(&a, &b), scheme.compare(&b, &a));
            prop_assert_eq!(forth, back.map(std::cmp::Ordering::reverse), "{:?} {:?} {:?}", scheme, a, b);
            prop_assert_eq!(scheme.compare(&a, &a), Some(std::cmp::Ordering::Equal));
        }
    }
}
