//! Bills of materials and channels as input, and our own bills read again.

use serde_json::Value;

use crate::stage::{Stage, digest, text};

fn findings(stage: &Stage, arguments: &[&str]) -> Vec<(String, String, String)> {
    let output = stage.run(&[&["--format", "json", "--fail-on", "never"], arguments].concat());
    let (out, err, code) = text(&output);
    assert_eq!(code, Some(0), "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    let rows = document["findings"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (word("advisory"), word("package"), word("version"))
        })
        .collect()
}

fn expected() -> Vec<(String, String, String)> {
    vec![(
        "CVE-2024-1001".to_owned(),
        "openssl".to_owned(),
        "3.0.13".to_owned(),
    )]
}

#[test]
fn cyclonedx_is_read_with_its_components_of_components_and_patches() {
    let stage = Stage::new();
    stage.put(
        "bom.json",
        r#"{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,
            "components":[{"type":"application","name":"app","version":"1","components":[
              {"type":"library","bom-ref":"x","name":"openssl","version":"3.0.13","purl":"pkg:generic/openssl@3.0.13"}]},
             {"type":"library","name":"curl","version":"8.4.0",
              "pedigree":{"patches":[{"type":"backport","resolves":[{"type":"security","id":"CVE-2024-1002"}]}]}},
             {"type":"file","name":"openssl-3.0.12.conf","version":"3.0.12"}]}"#,
    );
    assert_eq!(findings(&stage, &["bom.json"]), expected());
}

/// A bill that gives store paths also knows what lies there better than the path's name does.
#[test]
fn a_path_is_what_its_bill_says() {
    let stage = Stage::new();
    let path = format!("/nix/store/{}-openssl-libs-3.0.13-odd", digest('z'));
    let component = |patches: &str| {
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[
                {{"type":"library","bom-ref":"{path}","name":"openssl","version":"3.0.13",
                  "properties":[{{"name":"nix:store_path","value":"{path}"}}]{patches}}}]}}"#
        )
    };
    stage.put("bom.json", &component(""));
    assert_eq!(findings(&stage, &["bom.json"]), expected());
    let patches = r#","pedigree":{"patches":[{"type":"backport","resolves":[
        {"type":"security","id":"CVE-2024-1001"}]}]}"#;
    stage.put("bom.json", &component(patches));
    assert_eq!(findings(&stage, &["bom.json"]), []);
}

#[test]
fn cyclonedx_is_read_as_xml_within_limits() {
    let stage = Stage::new();
    let bom = |inside: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\" version=\"1\">{inside}</bom>"
        )
    };
    let path = format!("/nix/store/{}-openssl-3.0.13", digest('p'));
    let components = format!(
        r#"<components>
             <component type="application" bom-ref="app"><name>app</name><version>1</version>
               <components><component type="library"><name>openssl</name><version>3.0.13</version>
                 <purl>pkg:generic/openssl@3.0.13</purl></component></components></component>
             <component type="library" bom-ref="curl"><name>curl</name><version> 8.4.0 </version>
               <pedigree><patches><patch type="backport"><resolves>
                 <issue type="security"><id>CVE-2024-1002</id></issue></resolves></patch></patches></pedigree></component>
             <component type="library" bom-ref="patched"><name>openssl</name><version>3.0.13</version>
               <properties><property name="nix:store_path">{path}</property></properties></component>
           </components>
           <dependencies><dependency ref="app"><dependency ref="curl"/></dependency></dependencies>"#
    );
    stage.put("bom.xml", &bom(&components));
    assert_eq!(findings(&stage, &["bom.xml"]), expected());
    let laughs =
        r#"<!DOCTYPE bom [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><bom>&b;</bom>"#;
    let deep = "<components><component type=\"library\">".repeat(40);
    let deep = bom(&format!("{deep}{}", "</component></components>".repeat(40)));
    for (text, told) in [
        (laughs, "DTD"),
        (deep.as_str(), "deep"),
        ("<?xml version=\"1.0\"?><html/>", "not CycloneDX"),
        ("<bom", "bom.xml"),
    ] {
        stage.put("bom.xml", text);
        let (_, err, code) = crate::stage::text(&stage.run(&["bom.xml"]));
        assert_eq!(code, Some(3), "{err}");
        assert!(err.contains(told), "{told}: {err}");
    }
}

#[test]
fn spdx_is_read_in_both_forms() {
    let stage = Stage::new();
    stage.put(
        "spdx.json",
        r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[
            {"SPDXID":"SPDXRef-a","name":"openssl","versionInfo":"3.0.13","externalRefs":[
              {"referenceCategory":"SECURITY","referenceType":"cpe23Type",
               "referenceLocator":"cpe:2.3:a:openssl:openssl:3.0.13:*:*:*:*:*:*:*"}]},
            {"SPDXID":"SPDXRef-b","name":"curl","versionInfo":"8.6.0"}]}"#,
    );
    assert_eq!(findings(&stage, &["spdx.json"]), expected());
    stage.put(
        "bill.spdx",
        "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n# a comment\nPackageName: openssl\nSPDXID: SPDXRef-a\n\
         PackageVersion: 3.0.13\nPackageComment: <text>PackageName: curl\nPackageVersion: 8.4.0\n</text>\n\
         PackageName: curl\nSPDXID: SPDXRef-b\nPackageVersion: 8.6.0\n\
         Relationship: SPDXRef-a DEPENDS_ON SPDXRef-b\n",
    );
    assert_eq!(findings(&stage, &["bill.spdx"]), expected());
}

#[test]
fn a_channel_is_read_packed_or_not() {
    let stage = Stage::new();
    let channel = r#"{"version":2,"packages":{
        "openssl":{"name":"openssl-3.0.13","pname":"openssl","version":"3.0.13","meta":{"homepage":"https://openssl.org/"}},
        "curl":{"name":"curl-8.6.0","meta":{"knownVulnerabilities":[]}}}}"#;
    stage.put("packages.json", channel);
    assert_eq!(findings(&stage, &["packages.json"]), expected());
    let mut packed = Vec::new();
    brotli::BrotliCompress(
        &mut channel.as_bytes(),
        &mut packed,
        &brotli::enc::BrotliEncoderParams::default(),
    )
    .unwrap();
    std::fs::write(stage.path("packages.json.br"), packed).unwrap();
    assert_eq!(findings(&stage, &["packages.json.br"]), expected());
}

#[test]
fn our_own_bills_give_the_same_findings_when_they_are_scanned() {
    let stage = Stage::new();
    let (a, b, c) = (digest('a'), digest('b'), digest('p'));
    stage.put(
        "info.json",
        &format!(
            r#"{{"/nix/store/{a}-openssl-3.0.13":{{"narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","narSize":1,"references":[]}},
                "/nix/store/{c}-openssl-3.0.13":{{"narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","narSize":1,"references":[]}},
                "/nix/store/{b}-etc":{{"narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","narSize":1,
                  "references":["/nix/store/{a}-openssl-3.0.13","/nix/store/{c}-openssl-3.0.13"]}}}}"#
        ),
    );
    let direct = findings(&stage, &["info.json"]);
    assert_eq!(direct, expected());
    for form in ["cyclonedx", "spdx"] {
        let (out, err, code) = text(&stage.run(&["--sbom", form, "info.json"]));
        assert_eq!(code, Some(0), "{err}");
        stage.put("own.json", &out);
        assert_eq!(findings(&stage, &["own.json"]), direct, "{form}");
        // The way through the graph came along.
        let (out, _, _) = text(&stage.run(&["own.json"]));
        assert!(out.contains("etc → openssl-3.0.13"), "{form}: {out}");
    }
}

#[test]
fn a_flake_without_nix_says_what_to_do() {
    let stage = Stage::new();
    let key = stage.key.public().to_string();
    let output = stage
        .command(stage.folder.path())
        .env("PATH", stage.folder.path())
        .args(["--db", "advisories", "--trusted-key", &key, "nixpkgs#hello"])
        .output()
        .unwrap();
    let (_, err, code) = text(&output);
    assert_eq!(code, Some(3));
    assert!(err.contains("no `nix` in PATH"), "{err}");
}
