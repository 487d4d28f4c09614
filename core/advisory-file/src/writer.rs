//! Writing.

use std::collections::BTreeMap;

use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::keys;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package::Package;
use snowguard_matching::package_facts::VendorProduct;

use crate::blocks::{self, Packed};
use crate::file::PackageKey;
use crate::header::{ChannelInfo, Chunk, FLAT_CHUNK, Header, Kind, MAGIC, Section, SourceInfo};
use crate::hint::{self, Hint};
use crate::key::SecretKey;
use crate::multimap;
use crate::parts;
use crate::ruling::Ruling;
use crate::stored;

/// What the header says beside the content.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Grows with every file.
    pub serial: u64,
    /// Milliseconds since the Unix epoch.
    pub created: i64,
    /// Where the advisories are from.
    pub sources: Vec<SourceInfo>,
    /// Those of the file before, so that what did not change keeps its bytes and need not be
    /// fetched again; `None` trains new ones.
    pub dictionaries: Option<Dictionaries>,
    /// What people decided.
    pub rulings: Vec<Ruling>,
}

/// What a file's blocks are compressed against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionaries {
    pub(crate) facts: Vec<u8>,
    pub(crate) prose: Vec<u8>,
    pub(crate) packages: Vec<u8>,
}

/// Gathers what goes into a file. Memory is about that of the JSON of all that is added.
#[derive(Debug, Default)]
pub struct Writer {
    advisories: Vec<Entry>,
    hints: BTreeMap<u64, Hint>,
    projects: BTreeMap<u64, Vec<String>>,
    packages: Vec<Packaged>,
    channels: Vec<ChannelInfo>,
}

/// An advisory to be written.
#[derive(Debug)]
struct Entry {
    /// Advisories of one product stand together.
    product: String,
    id: String,
    keys: Vec<u64>,
    facts: Vec<u8>,
    prose: Vec<u8>,
}

/// A package to be written.
#[derive(Debug)]
struct Packaged {
    pname: String,
    attr: String,
    channel: usize,
    keys: Vec<u64>,
    document: Vec<u8>,
}

impl Writer {
    /// Adds an advisory, with all keys by which it finds packages.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn advisory(
        &mut self,
        advisory: &Advisory,
        knowledge: &Knowledge,
    ) -> serde_json::Result<()> {
        let facts = AdvisoryFacts::new(advisory);
        if facts.is_void {
            return Ok(());
        }
        let products: Vec<&VendorProduct> = facts
            .rows
            .iter()
            .flat_map(|row| &row.identities)
            .map(|identity| &identity.vendor_product)
            .collect();
        for product in &products {
            self.hints
                .entry(hint::key(product))
                .or_insert_with(|| Hint::of(product, knowledge));
        }
        let keys = keys::lookup(&facts, knowledge)
            .into_iter()
            .map(|key| key.to_i64().cast_unsigned())
            .collect();
        let prose = parts::prose(advisory);
        self.advisories.push(Entry {
            product: products
                .first()
                .map(|product| product.product.clone())
                .unwrap_or_default(),
            id: advisory.id.clone(),
            keys,
            facts: stored::facts_to_bytes(advisory, facts, parts::brief(advisory))
                .map_err(serde::ser::Error::custom)?,
            prose: serde_json::to_vec(&prose)?,
        });
        Ok(())
    }

    /// Adds what is known of names in general: Repology's projects.
    pub fn names(&mut self, knowledge: &Knowledge) {
        for (name, projects) in knowledge.projects() {
            self.projects
                .insert(hint::projects_key(name), projects.to_vec());
        }
    }

    /// Adds a channel with all its packages.
    ///
    /// # Errors
    /// When a package cannot be written as JSON.
    pub fn channel(
        &mut self,
        name: &str,
        revision: Option<&str>,
        packages: impl IntoIterator<Item = Package>,
    ) -> serde_json::Result<()> {
        let channel = self.channels.len();
        let before = self.packages.len();
        for package in packages {
            self.packages.push(packaged(channel, package)?);
        }
        self.channels.push(ChannelInfo {
            name: name.to_owned(),
            revision: revision.map(str::to_owned),
            packages: u32::try_from(self.packages.len() - before).unwrap_or(u32::MAX),
        });
        Ok(())
    }

    /// The signed file. The same content gives the same bytes.
    ///
    /// # Errors
    /// When compression fails, or a section is larger than its numbers reach (4 GiB).
    pub fn finish(mut self, contents: Contents, key: &SecretKey) -> std::io::Result<Vec<u8>> {
        self.advisories
            .sort_by(|a, b| (&a.product, &a.id).cmp(&(&b.product, &b.id)));
        self.packages
            .sort_by(|a, b| (&a.pname, &a.attr, a.channel).cmp(&(&b.pname, &b.attr, b.channel)));
        self.hints.retain(|_, hint| !hint.is_empty());
        let mut body = BodyWriter::default();
        let counts = (count(self.advisories.len())?, count(self.packages.len())?);
        let dictionaries = contents.dictionaries.as_ref();
        write_advisories(&mut body, &mut self.advisories, dictionaries)?;
        write_hints(&mut body, &self.hints, &self.projects)?;
        let rulings = match contents.rulings.as_slice() {
            [] => Vec::new(),
            some => postcard::to_allocvec(some).map_err(std::io::Error::other)?,
        };
        body.flat(Kind::Rulings, &rulings)?;
        write_packages(&mut body, &mut self.packages, dictionaries)?;
        let header = Header {
            serial: contents.serial,
            created: contents.created,
            matcher: keys::DERIVATION,
            advisories: counts.0,
            packages: counts.1,
            channels: self.channels,
            sources: contents.sources,
            sections: body.sections,
            chunks: body.chunks,
        };
        let header = postcard::to_allocvec(&header).map_err(std::io::Error::other)?;
        let mut file = MAGIC.to_vec();
        file.extend(count(header.len())?.to_le_bytes());
        file.extend(header);
        let signature = key.sign(&file);
        file.extend(signature);
        file.extend(body.bytes);
        Ok(file)
    }
}

/// A file whose header is some bytes, signed: what a reader must survive even of a key that it trusts.
/// For tests; the first four bytes say how many of the rest are the header. Where these are one, it is
/// made to fit matcher and body, so that what stands behind the digests is read too.
#[must_use]
pub fn sign_anything(bytes: &[u8], key: &SecretKey) -> Vec<u8> {
    let (length, rest) = bytes.split_at_checked(4).unwrap_or((&[], bytes));
    let wanted = length.try_into().map_or(0, u32::from_le_bytes) as usize;
    let (header, body) = rest.split_at(wanted.min(rest.len()));
    let header = fitted(header, body).unwrap_or_else(|| header.to_vec());
    let mut file = MAGIC.to_vec();
    file.extend(
        u32::try_from(header.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    file.extend_from_slice(&header);
    let signature = key.sign(&file);
    file.extend(signature);
    file.extend_from_slice(body);
    file
}

/// A header with the digests of a body. `None` where it is no header.
fn fitted(header: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let mut header: Header = postcard::from_bytes(header).ok()?;
    header.matcher = keys::DERIVATION;
    let mut rest = body;
    for chunk in &mut header.chunks {
        let (own, behind) = rest.split_at(rest.len().min(chunk.length as usize));
        if own.len() == chunk.length as usize {
            *chunk = Chunk::of(own);
        }
        rest = behind;
    }
    postcard::to_allocvec(&header).ok()
}

fn packaged(channel: usize, package: Package) -> serde_json::Result<Packaged> {
    let mut keys = vec![
        PackageKey::Pname(&package.pname).hash(),
        PackageKey::Name(&package.name).hash(),
        PackageKey::Attribute(&package.attr).hash(),
    ];
    let digests = package
        .outputs
        .iter()
        .filter_map(|(_, path)| path.get(..32));
    keys.extend(digests.map(|digits| PackageKey::Output(digits).hash()));
    let derivation = package.drv_path.as_deref().and_then(|path| path.get(..32));
    keys.extend(derivation.map(|digits| PackageKey::Derivation(digits).hash()));
    keys.sort_unstable();
    keys.dedup();
    let number = u32::try_from(channel).unwrap_or(u32::MAX);
    Ok(Packaged {
        document: stored::package_to_bytes(number, &package).map_err(serde::ser::Error::custom)?,
        pname: package.pname,
        attr: package.attr,
        channel,
        keys,
    })
}

fn write_advisories(
    body: &mut BodyWriter,
    entries: &mut [Entry],
    dictionaries: Option<&Dictionaries>,
) -> std::io::Result<()> {
    let mut map: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for key in &entry.keys {
            map.entry(*key).or_default().push(count(number)?);
        }
    }
    let laid = multimap::lay(&map);
    body.flat(Kind::AdvisoryKeys, &laid.keys)?;
    body.flat(Kind::AdvisoryOffsets, &laid.offsets)?;
    body.flat(Kind::AdvisoryPostings, &laid.values)?;
    let ends: Vec<bool> = entries
        .iter()
        .map(|entry| keys::Key::new("cut", &entry.id).to_i64().cast_unsigned() >> 60 == 0)
        .collect();
    let facts: Vec<Vec<u8>> = entries
        .iter_mut()
        .map(|entry| std::mem::take(&mut entry.facts))
        .collect();
    let packed = blocks::pack(
        &facts,
        dictionaries.map(|all| all.facts.as_slice()),
        |number| ends[number],
    )?;
    body.blocks(Kind::Facts, Kind::FactsDictionary, &packed)?;
    body.flat(Kind::AdvisoryFirst, &packed.firsts)?;
    let prose: Vec<Vec<u8>> = entries
        .iter_mut()
        .map(|entry| std::mem::take(&mut entry.prose))
        .collect();
    let packed = blocks::pack(
        &prose,
        dictionaries.map(|all| all.prose.as_slice()),
        |number| ends[number],
    )?;
    body.blocks(Kind::Prose, Kind::ProseDictionary, &packed)?;
    body.flat(Kind::ProseFirst, &packed.firsts)
}

fn write_hints(
    body: &mut BodyWriter,
    hints: &BTreeMap<u64, Hint>,
    projects: &BTreeMap<u64, Vec<String>>,
) -> std::io::Result<()> {
    let mut all: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for (key, hint) in hints {
        let bytes = postcard::to_allocvec(hint).map_err(std::io::Error::other)?;
        all.insert(*key, bytes);
    }
    for (key, projects) in projects {
        let bytes = postcard::to_allocvec(projects).map_err(std::io::Error::other)?;
        all.insert(*key, bytes);
    }
    let (mut keys, mut offsets, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (key, bytes) in all {
        keys.extend(key.to_le_bytes());
        offsets.extend(count(values.len())?.to_le_bytes());
        values.extend(bytes);
    }
    offsets.extend(count(values.len())?.to_le_bytes());
    body.flat(Kind::HintKeys, &keys)?;
    body.flat(Kind::HintOffsets, &offsets)?;
    body.flat(Kind::Hints, &values)
}

fn write_packages(
    body: &mut BodyWriter,
    packages: &mut [Packaged],
    dictionaries: Option<&Dictionaries>,
) -> std::io::Result<()> {
    let mut map: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (number, package) in packages.iter().enumerate() {
        for key in &package.keys {
            map.entry(*key).or_default().push(count(number)?);
        }
    }
    let laid = multimap::lay(&map);
    body.flat(Kind::PackageKeys, &laid.keys)?;
    body.flat(Kind::PackageOffsets, &laid.offsets)?;
    body.flat(Kind::PackagePostings, &laid.values)?;
    let ends: Vec<bool> = packages
        .iter()
        .map(|package| {
            keys::Key::new("cut", &package.attr)
                .to_i64()
                .cast_unsigned()
                >> 59
                == 0
        })
        .collect();
    let documents: Vec<Vec<u8>> = packages
        .iter_mut()
        .map(|package| std::mem::take(&mut package.document))
        .collect();
    let packed = blocks::pack(
        &documents,
        dictionaries.map(|all| all.packages.as_slice()),
        |number| ends[number],
    )?;
    body.blocks(Kind::Packages, Kind::PackagesDictionary, &packed)?;
    body.flat(Kind::PackageFirst, &packed.firsts)
}

fn count(number: usize) -> std::io::Result<u32> {
    u32::try_from(number).map_err(std::io::Error::other)
}

#[derive(Debug, Default)]
struct BodyWriter {
    bytes: Vec<u8>,
    chunks: Vec<Chunk>,
    sections: Vec<Section>,
}

impl BodyWriter {
    fn flat(&mut self, kind: Kind, bytes: &[u8]) -> std::io::Result<()> {
        self.section(kind, bytes.chunks(FLAT_CHUNK))
    }

    fn blocks(&mut self, kind: Kind, dictionary: Kind, packed: &Packed) -> std::io::Result<()> {
        self.flat(dictionary, &packed.dictionary)?;
        self.section(kind, packed.blocks.iter().map(Vec::as_slice))
    }

    fn section<'b>(
        &mut self,
        kind: Kind,
        chunks: impl Iterator<Item = &'b [u8]>,
    ) -> std::io::Result<()> {
        let first = count(self.chunks.len())?;
        for chunk in chunks {
            self.chunks.push(Chunk::of(chunk));
            self.bytes.extend_from_slice(chunk);
        }
        self.sections.push(Section {
            kind,
            first,
            count: count(self.chunks.len())? - first,
        });
        Ok(())
    }
}
