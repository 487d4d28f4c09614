//! A folder with a signed advisory file, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use snowguard_advisory::model::{
    Advisory, Affected, CveVersion, Record, Severity, Source, Status, Versions,
};
use snowguard_advisory_file::{Contents, Ruling, SecretKey, Writer};
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;

/// The digest part of a made-up store path.
pub fn digest(letter: char) -> String {
    std::iter::repeat_n(letter, 32).collect()
}

pub struct Stage {
    pub folder: tempfile::TempDir,
    pub key: SecretKey,
}

impl Stage {
    /// OpenSSL before 3.0.14 is affected by CVE-2024-1001, which a patch in the channel mends for one
    /// build; curl before 8.5 by CVE-2024-1002.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SecretKey::from_seed("test-1", &[3; 32]).unwrap();
        let stage = Self { folder, key };
        stage.write(&stage.key, jiff::Timestamp::now().as_millisecond());
        stage
    }

    pub fn write(&self, key: &SecretKey, created: i64) {
        self.write_ruled(key, created, Vec::new());
    }

    /// The same with what people decided.
    pub fn write_ruled(&self, key: &SecretKey, created: i64, rulings: Vec<Ruling>) {
        let knowledge = Knowledge::default();
        let mut writer = Writer::default();
        for advisory in [
            advisory("CVE-2024-1001", "openssl", "openssl", "3.0.14", 9.8),
            advisory("CVE-2024-1002", "curl", "curl", "8.5.0", 5.3),
        ] {
            writer.advisory(&advisory, &knowledge).unwrap();
        }
        let patched = Package {
            outputs: vec![("out".to_owned(), format!("{}-openssl-3.0.13", digest('p')))],
            drv_path: Some(format!("{}-openssl-3.0.13.drv", digest('q'))),
            patches: vec!["CVE-2024-1001.patch".to_owned()],
            ..package("openssl", "3.0.13")
        };
        writer
            .channel("unstable", Some("abc"), [patched, package("curl", "8.6.0")])
            .unwrap();
        let contents = Contents {
            serial: 1,
            created,
            rulings,
            ..Contents::default()
        };
        fs::write(
            self.path("advisories"),
            writer.finish(contents, key).unwrap(),
        )
        .unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs the program with a scrubbed environment.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let key = self.key.public().to_string();
        self.command(self.folder.path())
            .args(["--db", "advisories", "--trusted-key", &key])
            .args(arguments)
            .output()
            .unwrap()
    }

    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snowguard-scan"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(folder);
        command
    }
}

pub fn text(output: &Output) -> (String, String, Option<i32>) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        output.status.code(),
    )
}

fn package(pname: &str, version: &str) -> Package {
    Package {
        attr: pname.to_owned(),
        name: format!("{pname}-{version}"),
        pname: pname.to_owned(),
        version: version.to_owned(),
        sources: vec![format!("https://github.com/{pname}/{pname}/x.tar.gz")],
        homepages: vec![format!("https://{pname}.org/")],
        ..Package::default()
    }
}

fn advisory(id: &str, vendor: &str, product: &str, fixed: &str, score: f64) -> Advisory {
    let mut record = Record::new(id, Source::CveList);
    record.title = Some(format!("A flaw in {product} \u{1b}[31m<script>"));
    record.description = "Something happens.".to_owned();
    record.severities.push(Severity {
        by: "cna".to_owned(),
        version: "3.1".to_owned(),
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned(),
        score: Some(score),
    });
    record.affected.push(Affected {
        by: "cna".to_owned(),
        pointer: "/containers/cna/affected/0".to_owned(),
        vendor: Some(vendor.to_owned()),
        product: Some(product.to_owned()),
        repo: Some(format!("https://github.com/{vendor}/{product}")),
        versions: Versions::Cve {
            default: Status::Unaffected,
            entries: vec![CveVersion {
                version: "0".to_owned(),
                status: Status::Affected,
                less_than: Some(fixed.to_owned()),
                less_than_or_equal: None,
                version_type: Some("custom".to_owned()),
                changes: Vec::new(),
            }],
        },
        ..Affected::default()
    });
    Advisory {
        id: id.to_owned(),
        records: vec![record],
        kev: None,
        epss: None,
    }
}
