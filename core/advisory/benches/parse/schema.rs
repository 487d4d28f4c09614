//! The peer: the CVE record format as any program would declare it for `serde_json`, every field
//! typed, texts borrowed where they hold no escapes. What the format does not name is dropped, and a
//! wrong type refuses the record.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A text. In a type of its own: serde borrows no `Option<Cow<str>>`.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CveRecord<'a> {
    #[serde(borrow, rename = "dataType")]
    pub data_type: Option<Text<'a>>,
    #[serde(borrow, rename = "dataVersion")]
    pub data_version: Option<Text<'a>>,
    #[serde(borrow, rename = "cveMetadata")]
    pub metadata: Metadata<'a>,
    #[serde(borrow, rename = "containers")]
    pub containers: Containers<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Metadata<'a> {
    #[serde(borrow, rename = "cveId")]
    pub cve_id: Option<Text<'a>>,
    #[serde(borrow, rename = "assignerOrgId")]
    pub assigner_org_id: Option<Text<'a>>,
    #[serde(borrow, rename = "assignerShortName")]
    pub assigner_short_name: Option<Text<'a>>,
    #[serde(borrow, rename = "requesterUserId")]
    pub requester_user_id: Option<Text<'a>>,
    #[serde(borrow, rename = "state")]
    pub state: Option<Text<'a>>,
    #[serde(rename = "serial")]
    pub serial: Option<f64>,
    #[serde(borrow, rename = "dateReserved")]
    pub date_reserved: Option<Text<'a>>,
    #[serde(borrow, rename = "datePublished")]
    pub date_published: Option<Text<'a>>,
    #[serde(borrow, rename = "dateUpdated")]
    pub date_updated: Option<Text<'a>>,
    #[serde(borrow, rename = "dateRejected")]
    pub date_rejected: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Containers<'a> {
    #[serde(borrow, rename = "cna")]
    pub cna: Container<'a>,
    #[serde(borrow, rename = "adp")]
    pub adp: Vec<Container<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Container<'a> {
    #[serde(borrow, rename = "providerMetadata")]
    pub provider: Provider<'a>,
    #[serde(borrow, rename = "dateAssigned")]
    pub date_assigned: Option<Text<'a>>,
    #[serde(borrow, rename = "datePublic")]
    pub date_public: Option<Text<'a>>,
    #[serde(borrow, rename = "title")]
    pub title: Option<Text<'a>>,
    #[serde(borrow, rename = "descriptions")]
    pub descriptions: Vec<Description<'a>>,
    #[serde(borrow, rename = "affected")]
    pub affected: Vec<Product<'a>>,
    #[serde(borrow, rename = "cpeApplicability")]
    pub cpe_applicability: Vec<CpeApplicability<'a>>,
    #[serde(borrow, rename = "problemTypes")]
    pub problem_types: Vec<ProblemType<'a>>,
    #[serde(borrow, rename = "references")]
    pub references: Vec<Reference<'a>>,
    #[serde(borrow, rename = "impacts")]
    pub impacts: Vec<Impact<'a>>,
    #[serde(borrow, rename = "metrics")]
    pub metrics: Vec<Metric<'a>>,
    #[serde(borrow, rename = "configurations")]
    pub configurations: Vec<Description<'a>>,
    #[serde(borrow, rename = "workarounds")]
    pub workarounds: Vec<Description<'a>>,
    #[serde(borrow, rename = "solutions")]
    pub solutions: Vec<Description<'a>>,
    #[serde(borrow, rename = "exploits")]
    pub exploits: Vec<Description<'a>>,
    #[serde(borrow, rename = "timeline")]
    pub timeline: Vec<TimelineEntry<'a>>,
    #[serde(borrow, rename = "credits")]
    pub credits: Vec<Credit<'a>>,
    #[serde(borrow, rename = "source")]
    pub source: Option<&'a RawValue>,
    #[serde(borrow, rename = "tags")]
    pub tags: Vec<Text<'a>>,
    #[serde(borrow, rename = "taxonomyMappings")]
    pub taxonomy_mappings: Vec<TaxonomyMapping<'a>>,
    #[serde(borrow, rename = "rejectedReasons")]
    pub rejected_reasons: Vec<Description<'a>>,
    #[serde(borrow, rename = "replacedBy")]
    pub replaced_by: Vec<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Provider<'a> {
    #[serde(borrow, rename = "orgId")]
    pub org_id: Option<Text<'a>>,
    #[serde(borrow, rename = "shortName")]
    pub short_name: Option<Text<'a>>,
    #[serde(borrow, rename = "dateUpdated")]
    pub date_updated: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Description<'a> {
    #[serde(borrow, rename = "lang")]
    pub lang: Option<Text<'a>>,
    #[serde(borrow, rename = "value")]
    pub value: Option<Text<'a>>,
    #[serde(borrow, rename = "supportingMedia")]
    pub supporting_media: Vec<Media<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Media<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(rename = "base64")]
    pub base64: Option<bool>,
    #[serde(borrow, rename = "value")]
    pub value: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Product<'a> {
    #[serde(borrow, rename = "vendor")]
    pub vendor: Option<Text<'a>>,
    #[serde(borrow, rename = "product")]
    pub product: Option<Text<'a>>,
    #[serde(borrow, rename = "collectionURL")]
    pub collection_url: Option<Text<'a>>,
    #[serde(borrow, rename = "packageName")]
    pub package_name: Option<Text<'a>>,
    #[serde(borrow, rename = "packageURL")]
    pub package_url: Option<Text<'a>>,
    #[serde(borrow, rename = "cpes")]
    pub cpes: Vec<Text<'a>>,
    #[serde(borrow, rename = "cpe")]
    pub cpe: Vec<Text<'a>>,
    #[serde(borrow, rename = "modules")]
    pub modules: Vec<Text<'a>>,
    #[serde(borrow, rename = "programFiles")]
    pub program_files: Vec<Text<'a>>,
    #[serde(borrow, rename = "programRoutines")]
    pub program_routines: Vec<ProgramRoutine<'a>>,
    #[serde(borrow, rename = "platforms")]
    pub platforms: Vec<Text<'a>>,
    #[serde(borrow, rename = "repo")]
    pub repo: Option<Text<'a>>,
    #[serde(borrow, rename = "defaultStatus")]
    pub default_status: Option<Text<'a>>,
    #[serde(borrow, rename = "versions")]
    pub versions: Vec<Version<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ProgramRoutine<'a> {
    #[serde(borrow, rename = "name")]
    pub name: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Version<'a> {
    #[serde(borrow, rename = "version")]
    pub version: Option<Text<'a>>,
    #[serde(borrow, rename = "status")]
    pub status: Option<Text<'a>>,
    #[serde(borrow, rename = "versionType")]
    pub version_type: Option<Text<'a>>,
    #[serde(borrow, rename = "lessThan")]
    pub less_than: Option<Text<'a>>,
    #[serde(borrow, rename = "lessThanOrEqual")]
    pub less_than_or_equal: Option<Text<'a>>,
    #[serde(borrow, rename = "changes")]
    pub changes: Vec<Change<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Change<'a> {
    #[serde(borrow, rename = "at")]
    pub at: Option<Text<'a>>,
    #[serde(borrow, rename = "status")]
    pub status: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CpeApplicability<'a> {
    #[serde(borrow, rename = "operator")]
    pub operator: Option<Text<'a>>,
    #[serde(rename = "negate")]
    pub negate: Option<bool>,
    #[serde(borrow, rename = "nodes")]
    pub nodes: Vec<CpeNode<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CpeNode<'a> {
    #[serde(borrow, rename = "operator")]
    pub operator: Option<Text<'a>>,
    #[serde(rename = "negate")]
    pub negate: Option<bool>,
    #[serde(borrow, rename = "cpeMatch")]
    pub cpe_match: Vec<CpeMatch<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CpeMatch<'a> {
    #[serde(rename = "vulnerable")]
    pub vulnerable: Option<bool>,
    #[serde(borrow, rename = "criteria")]
    pub criteria: Option<Text<'a>>,
    #[serde(borrow, rename = "matchCriteriaId")]
    pub match_criteria_id: Option<Text<'a>>,
    #[serde(borrow, rename = "versionStartExcluding")]
    pub version_start_excluding: Option<Text<'a>>,
    #[serde(borrow, rename = "versionStartIncluding")]
    pub version_start_including: Option<Text<'a>>,
    #[serde(borrow, rename = "versionEndExcluding")]
    pub version_end_excluding: Option<Text<'a>>,
    #[serde(borrow, rename = "versionEndIncluding")]
    pub version_end_including: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ProblemType<'a> {
    #[serde(borrow, rename = "descriptions")]
    pub descriptions: Vec<ProblemDescription<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ProblemDescription<'a> {
    #[serde(borrow, rename = "lang")]
    pub lang: Option<Text<'a>>,
    #[serde(borrow, rename = "description")]
    pub description: Option<Text<'a>>,
    #[serde(borrow, rename = "cweId")]
    pub cwe_id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(borrow, rename = "references")]
    pub references: Vec<Reference<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Reference<'a> {
    #[serde(borrow, rename = "url")]
    pub url: Option<Text<'a>>,
    #[serde(borrow, rename = "name")]
    pub name: Option<Text<'a>>,
    #[serde(borrow, rename = "tags")]
    pub tags: Vec<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Impact<'a> {
    #[serde(borrow, rename = "capecId")]
    pub capec_id: Option<Text<'a>>,
    #[serde(borrow, rename = "descriptions")]
    pub descriptions: Vec<Description<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Metric<'a> {
    #[serde(borrow, rename = "format")]
    pub format: Option<Text<'a>>,
    #[serde(borrow, rename = "scenarios")]
    pub scenarios: Vec<Description<'a>>,
    #[serde(borrow, rename = "cvssV2_0")]
    pub cvss_v2_0: Option<Cvss<'a>>,
    #[serde(borrow, rename = "cvssV3_0")]
    pub cvss_v3_0: Option<Cvss<'a>>,
    #[serde(borrow, rename = "cvssV3_1")]
    pub cvss_v3_1: Option<Cvss<'a>>,
    #[serde(borrow, rename = "cvssV4_0")]
    pub cvss_v4_0: Option<Cvss<'a>>,
    #[serde(borrow, rename = "ssvcV1_0_1")]
    pub ssvc_v1_0_1: Option<&'a RawValue>,
    #[serde(borrow, rename = "other")]
    pub other: Option<OtherMetric<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Cvss<'a> {
    #[serde(borrow, rename = "version")]
    pub version: Option<Text<'a>>,
    #[serde(borrow, rename = "vectorString")]
    pub vector: Option<Text<'a>>,
    #[serde(rename = "baseScore")]
    pub base_score: Option<f64>,
    #[serde(borrow, rename = "baseSeverity")]
    pub base_severity: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct OtherMetric<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(borrow, rename = "content")]
    pub content: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct TimelineEntry<'a> {
    #[serde(borrow, rename = "time")]
    pub time: Option<Text<'a>>,
    #[serde(borrow, rename = "lang")]
    pub lang: Option<Text<'a>>,
    #[serde(borrow, rename = "value")]
    pub value: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Credit<'a> {
    #[serde(borrow, rename = "lang")]
    pub lang: Option<Text<'a>>,
    #[serde(borrow, rename = "value")]
    pub value: Option<Text<'a>>,
    #[serde(borrow, rename = "user")]
    pub user: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct TaxonomyMapping<'a> {
    #[serde(borrow, rename = "taxonomyName")]
    pub name: Option<Text<'a>>,
    #[serde(borrow, rename = "taxonomyVersion")]
    pub version: Option<Text<'a>>,
    #[serde(borrow, rename = "taxonomyRelations")]
    pub relations: Vec<TaxonomyRelation<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct TaxonomyRelation<'a> {
    #[serde(borrow, rename = "taxonomyId")]
    pub id: Option<Text<'a>>,
    #[serde(borrow, rename = "relationshipName")]
    pub name: Option<Text<'a>>,
    #[serde(borrow, rename = "relationshipValue")]
    pub value: Option<Text<'a>>,
}
