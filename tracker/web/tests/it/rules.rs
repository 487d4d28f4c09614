//! The page of rules.

use snowguard_tracker_db::RuleEffect;
use snowguard_tracker_triage::role::Role;

use crate::sample::Sample;
use crate::signed_in::Signed;

const SSH: &str = "CVE-2024-6387";

#[tokio::test]
async fn rules_show_what_they_changed() {
    let sample = Sample::new();
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    let rule = [
        ("kind", "identity"),
        ("vendor", "acme"),
        ("product", "shell"),
        ("attr", "openssh"),
    ];
    assert_eq!(team.post("/rules", &rule).await.status, 303);
    let page = team.get("/rules").await.body;
    assert!(page.contains("<td>nothing yet</td>"), "{page}");
    let effect = RuleEffect {
        rule: 1,
        advisory: SSH.to_owned(),
        made: 2,
        prevented: 1,
    };
    sample.db.put_rule_effects(&[SSH], &[effect]).unwrap();
    let page = team.get("/rules").await.body;
    let told = "<td>1 advisory, 2 packages tied, 1 package kept out</td>";
    assert!(page.contains(told), "{page}");
}
