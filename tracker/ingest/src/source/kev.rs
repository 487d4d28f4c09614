//! CISA's catalogue of exploited vulnerabilities: JSON with `vulnerabilities`, or its entries as
//! lines.
//!
//! Source: <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>

use serde::Deserialize;
use snowguard_advisory::ids;
use snowguard_advisory::model::Kev;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(default)]
    vendor_project: String,
    #[serde(default)]
    product: String,
    #[serde(default)]
    vulnerability_name: String,
    date_added: String,
    due_date: Option<String>,
    known_ransomware_campaign_use: Option<String>,
}

/// One entry, with the CVE it is about.
///
/// # Errors
/// What is wrong with it.
pub fn entry(raw: &[u8]) -> Result<(String, Kev), String> {
    let listed: Listed = serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    if !ids::is_cve(&listed.cve) {
        return Err(format!("not a CVE id: {:?}", listed.cve));
    }
    let kev = Kev {
        date_added: listed.date_added,
        due_date: listed.due_date.filter(|date| !date.is_empty()),
        vendor: listed.vendor_project,
        product: listed.product,
        name: listed.vulnerability_name,
        ransomware: listed.known_ransomware_campaign_use.as_deref() == Some("Known"),
    };
    Ok((listed.cve, kev))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_catalogue() {
        let raw = br#"{"cveID":"CVE-2025-48384","vendorProject":"Git","product":"Git",
            "vulnerabilityName":"Git Link","dateAdded":"2025-08-25","dueDate":"2025-09-15",
            "knownRansomwareCampaignUse":"Known"}"#;
        let (cve, kev) = entry(raw).expect("well-formed");
        assert_eq!((cve.as_str(), kev.ransomware), ("CVE-2025-48384", true));
        assert_eq!(kev.due_date.as_deref(), Some("2025-09-15"));
        assert!(entry(br#"{"cveID":"<script>","dateAdded":"x"}"#).is_err());
    }
}
