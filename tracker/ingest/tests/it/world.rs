//! A database in a temporary folder, and inputs for it.

use std::path::{Path, PathBuf};

use snowguard_tracker_db::{Db, RunCounts};
use snowguard_tracker_ingest::input::Location;
use snowguard_tracker_ingest::{End, IngestError, Options, Progress, Report, ingest};
use tempfile::TempDir;

pub struct World {
    folder: TempDir,
    pub db: Db,
    pub options: Options,
}

impl World {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let location = snowguard_tracker_db::Location::Sqlite(folder.path().join("db.sqlite"));
        let db = Db::open(&location).expect("a database");
        let options = Options::new(folder.path().join("downloads"));
        Self {
            folder,
            db,
            options,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes an input and gives its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub fn try_ingest(&self, place: &str) -> Result<Report, IngestError> {
        let location = Location::parse(place)?;
        ingest(&self.db, &location, &self.options, &Progress::hidden())
    }

    /// Loads a path that holds one feed, to its end.
    pub fn load(&self, path: &Path) -> RunCounts {
        self.load_from(path.to_str().expect("UTF-8"))
    }

    /// Loads a place that holds one feed, to its end.
    pub fn load_from(&self, place: &str) -> RunCounts {
        let mut report = self.try_ingest(place).expect("ingested");
        assert_eq!(report.feeds.len(), 1, "{report:?}");
        let feed = report.feeds.remove(0);
        assert!(matches!(feed.end, End::Done), "{feed:?}");
        feed.counts
    }

    /// Loads a path that holds one feed, which must fail; with why, and what was counted.
    pub fn fail(&self, path: &Path) -> (String, RunCounts) {
        match self.try_ingest(path.to_str().expect("UTF-8")) {
            Err(error) => (error.to_string(), RunCounts::default()),
            Ok(mut report) => {
                let feed = report.feeds.remove(0);
                let End::Failed(error) = feed.end else {
                    panic!("{feed:?} should have failed")
                };
                (error.to_string(), feed.counts)
            }
        }
    }

    /// Ids and reasons in quarantine.
    pub fn quarantine(&self) -> Vec<(String, String)> {
        let list = self.db.quarantine_list(None).expect("readable");
        list.into_iter()
            .map(|entry| (entry.record, entry.reason))
            .collect()
    }
}

/// A CVE record with a product and a date.
pub fn cve(id: &str, product: &str, updated: &str) -> String {
    format!(
        r#"{{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{{"cveId":"{id}","assignerOrgId":"00000000-0000-4000-8000-000000000000","state":"PUBLISHED","dateUpdated":"{updated}"}},"containers":{{"cna":{{"providerMetadata":{{"orgId":"00000000-0000-4000-8000-000000000000"}},"descriptions":[{{"lang":"en","value":"A flaw in {product}."}}],"affected":[{{"vendor":"v","product":"{product}","versions":[{{"version":"1","status":"affected","lessThan":"2","versionType":"semver"}}]}}],"references":[{{"url":"https://example.org/{id}"}}]}}}}}}"#
    )
}

/// Lines of `count` CVE records.
pub fn cves(count: usize) -> String {
    let line = |number: usize| {
        cve(
            &format!("CVE-2024-{number:05}"),
            "thing",
            "2024-05-01T00:00:00.000Z",
        )
    };
    (1..=count).map(|number| line(number) + "\n").collect()
}

/// A zip archive of these entries.
pub fn zip<N: AsRef<str>, B: AsRef<[u8]>>(entries: &[(N, B)]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, body) in entries {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(name.as_ref(), options).expect("memory");
        writer.write_all(body.as_ref()).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

pub fn gzip(data: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(data, flate2::Compression::fast());
    encoder.read_to_end(&mut out).expect("memory");
    out
}

pub fn brotli(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut out = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    out.write_all(data).expect("memory");
    out.into_inner()
}
