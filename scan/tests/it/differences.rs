use serde_json::Value;

use crate::stage::{Stage, digest, text};

#[test]
fn a_difference_tells_what_is_fixed_and_what_comes() {
    let stage = Stage::new();
    let (a, b) = (digest('a'), digest('b'));
    stage.put("old", &format!("{a}-openssl-3.0.13\n{b}-zlib-1.3\n"));
    stage.put("new", &format!("{a}-openssl-3.0.14\n{b}-curl-8.4.0\n"));
    let run = |arguments: &[&str]| {
        let key = stage.key.public().to_string();
        let output = stage
            .command(stage.folder.path())
            .arg("diff")
            .args(["--db", "advisories", "--trusted-key", &key])
            .args(arguments)
            .output()
            .unwrap();
        text(&output)
    };
    let (out, err, code) = run(&["old", "new"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(out.contains("(becomes 3.0.14)"), "{out}");
    assert!(out.contains("(new package)"), "{out}");
    assert!(
        out.contains("1 fixed, the worst critical; 1 brought, the worst medium; 0 remain"),
        "{out}"
    );
    assert_eq!(run(&["--fail-on", "high", "old", "new"]).2, Some(0));
    assert_eq!(run(&["new", "new"]).2, Some(0));
    let (out, _, _) = run(&["--format", "json", "old", "new"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["fixed"][0]["advisory"], "CVE-2024-1001");
    assert_eq!(document["brought"][0]["package"], "curl");
    assert_eq!(document["packages"].as_array().unwrap().len(), 3);
    let (out, _, _) = run(&["--format", "markdown", "old", "new"]);
    assert!(out.contains("| brought | CVE-2024-1002 |"), "{out}");
}
