//! CVSS: FIRST's examples and the scores of real records. What this holds to account is the
//! `cvss` crate under our `base_score`.

use snowguard_advisory::cvss::base_score;

/// CVSS v2.0 guide, section 3.3; v3.1 examples; v4.0 examples, all by FIRST.
#[test]
fn examples_by_first() {
    for (vector, expected) in [
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),
        ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 6.8),
        ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 5.8),
        ("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 9.3),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N", 5.4),
        ("CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N", 7.4),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H", 9.6),
        (
            "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            7.3,
        ),
        (
            "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            7.7,
        ),
        (
            "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N",
            8.3,
        ),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
            10.0,
        ),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
            8.7,
        ),
    ] {
        assert_eq!(base_score(vector), Some(expected), "{vector}");
    }
}

/// Every tenth part of a point counts. The vectors that differ were scored by calculators that
/// don't follow the specification: 0.1 off for a changed scope, or a score of another vector.
#[test]
fn scores_of_real_records() {
    let table = include_str!("../data/cvss-scores.tsv");
    let mut lines = 0;
    let mut differ = Vec::new();
    for line in table.lines() {
        let mut fields = line.split('\t');
        let (vector, score) = (fields.next().unwrap(), fields.next().unwrap());
        lines += 1;
        let computed = base_score(vector).expect(vector);
        if (computed - score.parse::<f64>().unwrap()).abs() > 0.001 {
            differ.push(format!("{vector}: {computed}, record says {score}"));
        }
    }
    assert_eq!(lines, 1593);
    insta::assert_snapshot!(differ.join("\n"));
}

#[test]
fn other_metrics_don_t_change_the_base_score() {
    let base = base_score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N");
    let with =
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/MAV:P/RE:L/U:Green";
    assert_eq!(base_score(with), base);
    let base = base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
    assert_eq!(
        base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/MC:N"),
        base
    );
    assert_eq!(base_score("(AV:N/AC:L/Au:N/C:P/I:P/A:P)"), Some(7.5));
}

#[test]
fn nonsense_has_no_score() {
    for vector in [
        "",
        "CVSS:3.1/",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L",
        "CVSS:9.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "n/a",
        "AV:N/AC:L/Au:N/C:P/I:P",
        "é",
    ] {
        assert_eq!(base_score(vector), None, "{vector}");
    }
    assert_eq!(base_score(&"AV:N/".repeat(1000)), None);
}
