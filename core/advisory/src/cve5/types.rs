//! The CVE Record Format 5.0, 5.1 and 5.2, whole.
//!
//! Names follow the schema, `definitions` of `CVE_Record_Format.json`. Texts are borrowed from
//! the input.

use crate::json::{RawOption, Text, object};

object! {
    /// A CVE record.
    pub struct CveRecord {
        /// `CVE_RECORD`.
        pub data_type: Option<Text<'de>> = "dataType",
        /// `5.0`, `5.1.1`, `5.2.0` …
        pub data_version: Option<Text<'de>> = "dataVersion",
        /// Id, state and dates.
        pub metadata: Metadata<'de> = "cveMetadata",
        /// What the CNA and the ADPs say.
        pub containers: Containers<'de> = "containers",
    }
}

object! {
    /// `cveMetadata`, of published and rejected records.
    pub struct Metadata {
        /// `CVE-2024-3094`.
        pub cve_id: Option<Text<'de>> = "cveId",
        /// UUID of the assigner.
        pub assigner_org_id: Option<Text<'de>> = "assignerOrgId",
        /// Short name of the assigner.
        pub assigner_short_name: Option<Text<'de>> = "assignerShortName",
        /// UUID of who asked for the id.
        pub requester_user_id: Option<Text<'de>> = "requesterUserId",
        /// `PUBLISHED` or `REJECTED`; absent in records of the Go CNA.
        pub state: Option<Text<'de>> = "state",
        /// Counts the submissions.
        pub serial: Option<f64> = "serial",
        /// When the id was reserved.
        pub date_reserved: Option<Text<'de>> = "dateReserved",
        /// When the record was published.
        pub date_published: Option<Text<'de>> = "datePublished",
        /// When anything in the record changed last.
        pub date_updated: Option<Text<'de>> = "dateUpdated",
        /// When it was rejected.
        pub date_rejected: Option<Text<'de>> = "dateRejected",
    }
}

object! {
    /// `containers`.
    pub struct Containers {
        /// Of the CNA that assigned the id.
        pub cna: Container<'de> = "cna",
        /// Of each authorised data publisher, in the order given.
        pub adp: Vec<Container<'de>> = "adp",
    }
}

object! {
    /// A container of a CNA (published or rejected) or of an ADP.
    pub struct Container {
        /// Who wrote it.
        pub provider: Provider<'de> = "providerMetadata",
        /// When the id was bound to the vulnerability.
        pub date_assigned: Option<Text<'de>> = "dateAssigned",
        /// When the vulnerability became public.
        pub date_public: Option<Text<'de>> = "datePublic",
        /// Headline; of an ADP, the name of its container.
        pub title: Option<Text<'de>> = "title",
        /// In several languages.
        pub descriptions: Vec<Description<'de>> = "descriptions",
        /// Products and versions.
        pub affected: Vec<Product<'de>> = "affected",
        /// CPE applicability (since 5.1).
        pub cpe_applicability: Vec<CpeApplicability<'de>> = "cpeApplicability",
        /// CWE and text.
        pub problem_types: Vec<ProblemType<'de>> = "problemTypes",
        /// Links.
        pub references: Vec<Reference<'de>> = "references",
        /// CAPEC and text.
        pub impacts: Vec<Impact<'de>> = "impacts",
        /// CVSS, SSVC, KEV and others.
        pub metrics: Vec<Metric<'de>> = "metrics",
        /// Under which configurations it can be exploited, in prose.
        pub configurations: Vec<Description<'de>> = "configurations",
        /// In prose.
        pub workarounds: Vec<Description<'de>> = "workarounds",
        /// In prose.
        pub solutions: Vec<Description<'de>> = "solutions",
        /// Whether it is exploited, in prose.
        pub exploits: Vec<Description<'de>> = "exploits",
        /// What happened when.
        pub timeline: Vec<TimelineEntry<'de>> = "timeline",
        /// Who found it.
        pub credits: Vec<Credit<'de>> = "credits",
        /// Free form by the schema.
        pub source: RawOption<'de> = "source",
        /// `disputed`, `exclusively-hosted-service` …
        pub tags: Vec<Text<'de>> = "tags",
        /// ATT&CK and others.
        pub taxonomy_mappings: Vec<TaxonomyMapping<'de>> = "taxonomyMappings",
        /// Rejected records: why.
        pub rejected_reasons: Vec<Description<'de>> = "rejectedReasons",
        /// Rejected records: in favour of which ids.
        pub replaced_by: Vec<Text<'de>> = "replacedBy",
    }
}

object! {
    /// `providerMetadata`.
    pub struct Provider {
        /// UUID.
        pub org_id: Option<Text<'de>> = "orgId",
        /// `redhat`, `CISA-ADP`, `CVE` …
        pub short_name: Option<Text<'de>> = "shortName",
        /// When the container changed last.
        pub date_updated: Option<Text<'de>> = "dateUpdated",
    }
}

object! {
    /// Text in one language.
    pub struct Description {
        /// BCP 47, more or less.
        pub lang: Option<Text<'de>> = "lang",
        /// Plain text.
        pub value: Option<Text<'de>> = "value",
        /// The same in other forms.
        pub supporting_media: Vec<Media<'de>> = "supportingMedia",
    }
}

object! {
    /// `supportingMedia`.
    pub struct Media {
        /// `text/html` …
        pub kind: Option<Text<'de>> = "type",
        /// Whether `value` is Base64.
        pub base64: Option<bool> = "base64",
        /// The content.
        pub value: Option<Text<'de>> = "value",
    }
}

object! {
    /// An entry of `affected`.
    pub struct Product {
        /// Who makes it.
        pub vendor: Option<Text<'de>> = "vendor",
        /// What it is called.
        pub product: Option<Text<'de>> = "product",
        /// The collection in which `package_name` is meant.
        pub collection_url: Option<Text<'de>> = "collectionURL",
        /// Name in the collection.
        pub package_name: Option<Text<'de>> = "packageName",
        /// Package URL without version (since 5.2).
        pub package_url: Option<Text<'de>> = "packageURL",
        /// CPE names, 2.2 or 2.3.
        pub cpes: Vec<Text<'de>> = "cpes",
        /// Not of the schema; some CNAs write it for `cpes`.
        pub cpe: Vec<Text<'de>> = "cpe",
        /// Features, components.
        pub modules: Vec<Text<'de>> = "modules",
        /// Source files.
        pub program_files: Vec<Text<'de>> = "programFiles",
        /// Functions.
        pub program_routines: Vec<ProgramRoutine<'de>> = "programRoutines",
        /// Operating systems, architectures.
        pub platforms: Vec<Text<'de>> = "platforms",
        /// Source repository.
        pub repo: Option<Text<'de>> = "repo",
        /// Of versions that no entry matches.
        pub default_status: Option<Text<'de>> = "defaultStatus",
        /// Versions and ranges.
        pub versions: Vec<Version<'de>> = "versions",
    }
}

object! {
    /// An entry of `programRoutines`.
    pub struct ProgramRoutine {
        /// Function or method.
        pub name: Option<Text<'de>> = "name",
    }
}

object! {
    /// An entry of `versions`.
    pub struct Version {
        /// The version, or the lower bound of the range.
        pub version: Option<Text<'de>> = "version",
        /// `affected`, `unaffected`, `unknown`.
        pub status: Option<Text<'de>> = "status",
        /// `semver`, `custom`, `git` …
        pub version_type: Option<Text<'de>> = "versionType",
        /// Upper bound, outside.
        pub less_than: Option<Text<'de>> = "lessThan",
        /// Upper bound, inside.
        pub less_than_or_equal: Option<Text<'de>> = "lessThanOrEqual",
        /// Changes inside the range.
        pub changes: Vec<Change<'de>> = "changes",
    }
}

object! {
    /// An entry of `changes`.
    pub struct Change {
        /// From this version on.
        pub at: Option<Text<'de>> = "at",
        /// The new status.
        pub status: Option<Text<'de>> = "status",
    }
}

object! {
    /// An entry of `cpeApplicability`.
    pub struct CpeApplicability {
        /// `AND` or `OR`.
        pub operator: Option<Text<'de>> = "operator",
        /// Negates the whole.
        pub negate: Option<bool> = "negate",
        /// Nodes.
        pub nodes: Vec<CpeNode<'de>> = "nodes",
    }
}

object! {
    /// An entry of `nodes`.
    pub struct CpeNode {
        /// `AND` or `OR`.
        pub operator: Option<Text<'de>> = "operator",
        /// Negates the node.
        pub negate: Option<bool> = "negate",
        /// Matches.
        pub cpe_match: Vec<CpeMatch<'de>> = "cpeMatch",
    }
}

object! {
    /// An entry of `cpeMatch`.
    pub struct CpeMatch {
        /// Whether this is the vulnerable thing.
        pub vulnerable: Option<bool> = "vulnerable",
        /// CPE 2.3 match string.
        pub criteria: Option<Text<'de>> = "criteria",
        /// NVD's UUID of the match string.
        pub match_criteria_id: Option<Text<'de>> = "matchCriteriaId",
        /// Lower bound, outside.
        pub version_start_excluding: Option<Text<'de>> = "versionStartExcluding",
        /// Lower bound, inside.
        pub version_start_including: Option<Text<'de>> = "versionStartIncluding",
        /// Upper bound, outside.
        pub version_end_excluding: Option<Text<'de>> = "versionEndExcluding",
        /// Upper bound, inside.
        pub version_end_including: Option<Text<'de>> = "versionEndIncluding",
    }
}

object! {
    /// An entry of `problemTypes`.
    pub struct ProblemType {
        /// In several languages.
        pub descriptions: Vec<ProblemDescription<'de>> = "descriptions",
    }
}

object! {
    /// A description of a problem type.
    pub struct ProblemDescription {
        /// Language.
        pub lang: Option<Text<'de>> = "lang",
        /// Text, often `CWE-79 …`.
        pub description: Option<Text<'de>> = "description",
        /// `CWE-79`.
        pub cwe_id: Option<Text<'de>> = "cweId",
        /// `CWE`, `text`, …
        pub kind: Option<Text<'de>> = "type",
        /// Links.
        pub references: Vec<Reference<'de>> = "references",
    }
}

object! {
    /// An entry of `references`.
    pub struct Reference {
        /// The link.
        pub url: Option<Text<'de>> = "url",
        /// Its name.
        pub name: Option<Text<'de>> = "name",
        /// `patch`, `x_…` …
        pub tags: Vec<Text<'de>> = "tags",
    }
}

object! {
    /// An entry of `impacts`.
    pub struct Impact {
        /// `CAPEC-122`.
        pub capec_id: Option<Text<'de>> = "capecId",
        /// In several languages.
        pub descriptions: Vec<Description<'de>> = "descriptions",
    }
}

object! {
    /// An entry of `metrics`.
    pub struct Metric {
        /// `CVSS` …
        pub format: Option<Text<'de>> = "format",
        /// When the metric holds.
        pub scenarios: Vec<Description<'de>> = "scenarios",
        /// CVSS 2.0.
        pub cvss_v2_0: Option<Cvss<'de>> = "cvssV2_0",
        /// CVSS 3.0.
        pub cvss_v3_0: Option<Cvss<'de>> = "cvssV3_0",
        /// CVSS 3.1.
        pub cvss_v3_1: Option<Cvss<'de>> = "cvssV3_1",
        /// CVSS 4.0.
        pub cvss_v4_0: Option<Cvss<'de>> = "cvssV4_0",
        /// SSVC (since 5.2).
        pub ssvc_v1_0_1: RawOption<'de> = "ssvcV1_0_1",
        /// Anything else.
        pub other: Option<OtherMetric<'de>> = "other",
    }
}

object! {
    /// A CVSS object. The single metrics repeat the vector; they are kept in `extra`.
    pub struct Cvss {
        /// `3.1`.
        pub version: Option<Text<'de>> = "version",
        /// `CVSS:3.1/AV:N/…`.
        pub vector: Option<Text<'de>> = "vectorString",
        /// 0.0 to 10.0.
        pub base_score: Option<f64> = "baseScore",
        /// `HIGH`.
        pub base_severity: Option<Text<'de>> = "baseSeverity",
    }
}

object! {
    /// `metrics[].other`.
    pub struct OtherMetric {
        /// `ssvc`, `kev`, or a URL.
        pub kind: Option<Text<'de>> = "type",
        /// Its form depends on `kind`.
        pub content: RawOption<'de> = "content",
    }
}

object! {
    /// The content of an SSVC metric by CISA.
    pub struct SsvcContent {
        /// The CVE id.
        pub id: Option<Text<'de>> = "id",
        /// `CISA Coordinator`.
        pub role: Option<Text<'de>> = "role",
        /// One decision point each.
        pub options: Vec<SsvcOption<'de>> = "options",
        /// Of the decision tree.
        pub version: Option<Text<'de>> = "version",
        /// When it was decided.
        pub timestamp: Option<Text<'de>> = "timestamp",
    }
}

object! {
    /// A decision point.
    pub struct SsvcOption {
        /// `none`, `poc`, `active`.
        pub exploitation: Option<Text<'de>> = "Exploitation",
        /// `yes`, `no`.
        pub automatable: Option<Text<'de>> = "Automatable",
        /// `partial`, `total`.
        pub technical_impact: Option<Text<'de>> = "Technical Impact",
    }
}

object! {
    /// The content of a KEV metric by CISA.
    pub struct KevContent {
        /// `YYYY-MM-DD`.
        pub date_added: Option<Text<'de>> = "dateAdded",
        /// Link to the catalogue.
        pub reference: Option<Text<'de>> = "reference",
    }
}

object! {
    /// An entry of `timeline`.
    pub struct TimelineEntry {
        /// When.
        pub time: Option<Text<'de>> = "time",
        /// Language.
        pub lang: Option<Text<'de>> = "lang",
        /// What.
        pub value: Option<Text<'de>> = "value",
    }
}

object! {
    /// An entry of `credits`.
    pub struct Credit {
        /// Language.
        pub lang: Option<Text<'de>> = "lang",
        /// Who, or a sentence.
        pub value: Option<Text<'de>> = "value",
        /// UUID.
        pub user: Option<Text<'de>> = "user",
        /// `finder` …
        pub kind: Option<Text<'de>> = "type",
    }
}

object! {
    /// An entry of `taxonomyMappings`.
    pub struct TaxonomyMapping {
        /// `ATT&CK`.
        pub name: Option<Text<'de>> = "taxonomyName",
        /// Version of the taxonomy.
        pub version: Option<Text<'de>> = "taxonomyVersion",
        /// What maps to what.
        pub relations: Vec<TaxonomyRelation<'de>> = "taxonomyRelations",
    }
}

object! {
    /// An entry of `taxonomyRelations`.
    pub struct TaxonomyRelation {
        /// Id in the taxonomy.
        pub id: Option<Text<'de>> = "taxonomyId",
        /// `mitigated by` …
        pub name: Option<Text<'de>> = "relationshipName",
        /// The other end.
        pub value: Option<Text<'de>> = "relationshipValue",
    }
}
