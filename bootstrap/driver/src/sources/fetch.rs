//! Fetching single files from a Debian mirror.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::graph::Digest;

/// Tries again this often when a connection breaks; what came is kept.
const ATTEMPTS: u32 = 4;
/// A server that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(60);

/// A mirror of the Debian archive.
#[derive(Debug, Clone)]
pub struct Mirror {
    base: String,
    agent: ureq::Agent,
}

impl Mirror {
    /// The mirror at an address such as `http://deb.debian.org/debian`.
    ///
    /// # Errors
    /// When it is neither `http` nor `https`.
    pub fn new(address: &str) -> Result<Self> {
        if !address.starts_with("http://") && !address.starts_with("https://") {
            bail!("`{address}` is no address of a mirror: http:// or https://");
        }
        let agent = ureq::Agent::config_builder()
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Self {
            base: address.trim_end_matches('/').to_owned(),
            agent,
        })
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// The file at `path`, which has `size` bytes. What a broken connection left is kept in `work`
    /// and continued. No byte more than `size` is taken.
    ///
    /// # Errors
    /// When the server hasn't it, or it has another length.
    pub fn fetch(&self, path: &str, size: u64, work: &Path) -> Result<Vec<u8>> {
        let address = format!("{}/{path}", self.base);
        let part = work.join(format!("part-{}", Digest::of(address.as_bytes())));
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match self.attempt(&address, size, &part) {
                Ok(true) => {
                    let content = std::fs::read(&part)
                        .with_context(|| format!("cannot read {}", part.display()))?;
                    std::fs::remove_file(&part).context("cannot remove a fetched file")?;
                    return Ok(content);
                }
                Ok(false) => last = Some(anyhow::anyhow!("{address}: the connection broke")),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("{address}: not fetched")))
    }

    /// A small file of unknown length, at most `most` bytes.
    ///
    /// # Errors
    /// When the server hasn't it, or it is longer.
    pub fn fetch_small(&self, path: &str, most: u64) -> Result<Vec<u8>> {
        let address = format!("{}/{path}", self.base);
        let response = self
            .agent
            .get(&address)
            .call()
            .with_context(|| format!("cannot fetch {address}"))?;
        if response.status() != 200 {
            bail!("{address}: the server answers {}", response.status());
        }
        let mut content = Vec::new();
        response
            .into_body()
            .into_reader()
            .take(most + 1)
            .read_to_end(&mut content)
            .with_context(|| format!("cannot fetch {address}"))?;
        if content.len() as u64 > most {
            bail!("{address}: longer than {most} bytes");
        }
        Ok(content)
    }

    /// One request; whether the file is whole now.
    fn attempt(&self, address: &str, size: u64, part: &Path) -> Result<bool> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(part)
            .with_context(|| format!("cannot open {}", part.display()))?;
        let have = file.seek(SeekFrom::End(0))?;
        if have == size && size > 0 {
            return Ok(true);
        }
        let mut request = self.agent.get(address);
        if have > 0 {
            request = request.header("range", format!("bytes={have}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => {
                tracing_line(address, &error.to_string());
                return Ok(false);
            }
        };
        match response.status().as_u16() {
            206 if have > 0 => {}
            200 => restart(&mut file)?,
            // The server has less than what came before: another file by that name.
            416 => {
                restart(&mut file)?;
                return Ok(false);
            }
            404 | 410 => bail!("{address}: the mirror does not have it any more"),
            status if status >= 500 => return Ok(false),
            status => bail!("{address}: the server answers {status}"),
        }
        let have = file.stream_position()?;
        let left = size.saturating_sub(have);
        let mut body = response
            .into_body()
            .into_with_config()
            .limit(left + 1)
            .reader();
        let mut buffer = vec![0; 64 << 10];
        let mut came = have;
        loop {
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    came += read as u64;
                    if came > size {
                        bail!("{address}: longer than the declared {size} bytes");
                    }
                    file.write_all(&buffer[..read])
                        .with_context(|| format!("cannot write {}", part.display()))?;
                }
                Err(_) if came > have => return Ok(false),
                Err(error) => {
                    tracing_line(address, &error.to_string());
                    return Ok(false);
                }
            }
        }
        Ok(came == size)
    }
}

fn restart(file: &mut File) -> Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}

fn tracing_line(address: &str, what: &str) {
    eprintln!("{address}: {what}; trying again");
}
