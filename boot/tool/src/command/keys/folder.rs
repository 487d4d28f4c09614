//! A folder of keys: `GUID`, and `keys/NAME/NAME.key` and `.pem` for PK, KEK and db.
//!
//! This is the layout of sbctl, so either tool reads the other's keys.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::guid::Guid;
use snowguard_boot_format::time::Time;
use snowguard_boot_format::variable::VariableName;
use snowguard_boot_format::x509::{Certificate, CertificateRequest};
use snowguard_boot_signer::{
    KeyKindToMake, Secret, SoftwareKey, SoftwareSigner, open_pem, read_certificates,
};

use crate::files;
use crate::signer::PassphraseOptions;

/// The three levels, from the top.
pub const LEVELS: [VariableName; 3] = [VariableName::Pk, VariableName::Kek, VariableName::Db];

/// Where keys lie.
#[derive(Debug, Clone, Args)]
pub struct FolderOptions {
    /// Folder of the keys; sbctl's /var/lib/sbctl is read as well
    #[arg(
        long,
        value_name = "DIR",
        default_value = "/var/lib/snowguard/secure-boot"
    )]
    folder: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseOptions,
}

impl FolderOptions {
    /// The folder, which may not be there yet.
    pub fn folder(&self) -> KeyFolder {
        KeyFolder {
            root: self.folder.clone(),
            keys: self.folder.join("keys"),
            passphrase: self.passphrase.secret(),
        }
    }
}

/// What new keys are like.
#[derive(Debug, Clone)]
pub struct NewKeys {
    pub kind: KeyKindToMake,
    pub name: String,
    pub days: i64,
    pub now: Time,
}

/// A folder of keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    root: PathBuf,
    keys: PathBuf,
    passphrase: Secret,
}

impl KeyFolder {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The folder of the keys proper.
    pub fn keys(&self) -> &Path {
        &self.keys
    }

    /// The same, with its keys in a folder of another name beside.
    pub fn beside(&self, name: &str) -> Self {
        Self {
            root: self.root.clone(),
            keys: self.root.join(name),
            passphrase: self.passphrase.clone(),
        }
    }

    /// The owner of entries in signature lists.
    ///
    /// # Errors
    /// When the file `GUID` cannot be read or holds none.
    pub fn owner(&self) -> Result<Guid> {
        let path = self.root.join("GUID");
        let text = files::read(&path, files::MAX_SMALL)?;
        let text =
            String::from_utf8(text).with_context(|| format!("{} is no text", path.display()))?;
        Guid::parse(text.trim()).with_context(|| format!("cannot use {}", path.display()))
    }

    fn file(&self, level: VariableName, ending: &str) -> PathBuf {
        let name = level.name();
        self.keys.join(name).join(format!("{name}.{ending}"))
    }

    /// A level's certificate; its private key may be elsewhere.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn certificate(&self, level: VariableName) -> Result<Certificate> {
        let path = self.file(level, "pem");
        let certificates = read_certificates(&path)?;
        let first = certificates.into_iter().next();
        first.with_context(|| format!("{} holds no certificate", path.display()))
    }

    /// A level's signer.
    ///
    /// # Errors
    /// When its key or certificate cannot be used.
    pub fn signer(&self, level: VariableName) -> Result<SoftwareSigner> {
        Ok(open_pem(
            &self.file(level, "key"),
            &self.file(level, "pem"),
            &self.passphrase,
        )?)
    }

    /// Makes all three keys. The folder of keys must not be there.
    ///
    /// # Errors
    /// When it is there, or something cannot be written.
    pub fn create(&self, new: &NewKeys) -> Result<Vec<Certificate>> {
        if self.keys.exists() {
            bail!(
                "{} is there already; keys are never overwritten",
                self.keys.display()
            );
        }
        let made = LEVELS
            .into_iter()
            .map(|level| make(level, new))
            .collect::<Result<Vec<_>>>()?;
        private_folder(&self.root)?;
        let guid = self.root.join("GUID");
        if !guid.exists() {
            let owner = Guid::from_random(random()?);
            files::replace(&guid, format!("{owner}\n").as_bytes(), 0o644)?;
        }
        for (level, key, certificate) in &made {
            private_folder(&self.keys.join(level.name()))?;
            files::replace(&self.file(*level, "key"), key.to_pem()?.as_bytes(), 0o600)?;
            files::replace(
                &self.file(*level, "pem"),
                certificate.to_pem().as_bytes(),
                0o644,
            )?;
        }
        // Before firmware holds their certificates: the folders themselves last as well.
        let root = self.root.canonicalize().unwrap_or(self.root.clone());
        for folder in [Some(self.keys.as_path()), Some(&root), root.parent()] {
            folder.map_or(Ok(()), files::sync_folder)?;
        }
        Ok(made
            .into_iter()
            .map(|(_, _, certificate)| certificate)
            .collect())
    }
}

fn make(level: VariableName, new: &NewKeys) -> Result<(VariableName, SoftwareKey, Certificate)> {
    let key = SoftwareKey::generate(new.kind)?;
    let title = match level {
        VariableName::Pk => "Platform Key",
        VariableName::Kek => "Key Exchange Key",
        _ => "Database Key",
    };
    // A day earlier, for machines whose clock is behind.
    let validity = (new.now.plus_days(-1), new.now.plus_days(new.days));
    let common_name = format!("{} {title}", new.name);
    let request =
        CertificateRequest::new(&common_name, &key.public_key_der()?, random()?, validity)?;
    let algorithm = DigestAlgorithm::Sha256;
    let signature = key.sign(algorithm, &request.message(algorithm)?)?;
    let certificate = request.finish(algorithm, &signature)?;
    Ok((level, key, certificate))
}

fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
    Ok(bytes)
}

fn private_folder(path: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
        .context(crate::outcome::Failure::Effect)
}
