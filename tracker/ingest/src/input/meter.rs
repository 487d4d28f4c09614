//! Readers that count, and that stop a decompression bomb.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::Limits;

/// Bytes that went through, shared between a reader and who watches it.
#[derive(Debug, Clone, Default)]
pub(super) struct Count(Rc<Cell<u64>>);

impl Count {
    pub(super) fn get(&self) -> u64 {
        self.0.get()
    }

    /// Begins to count anew.
    pub(super) fn reset(&self) {
        self.0.set(0);
    }

    fn add(&self, more: usize) {
        self.0.set(self.0.get().saturating_add(more as u64));
    }
}

/// Counts what is read through it.
pub(super) struct Counted<R> {
    inner: R,
    count: Count,
}

impl<R> Counted<R> {
    pub(super) fn new(inner: R, count: Count) -> Self {
        Self { inner, count }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.add(count);
        Ok(count)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Tells another thread how much of a file was read, for a progress bar.
pub(super) struct Metered<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R> Metered<R> {
    pub(super) fn new(inner: R, read: Arc<AtomicU64>) -> Self {
        Self { inner, read }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// The decoded side of a decompression: refuses when it outgrows the limits.
pub(super) struct Guarded<R> {
    inner: R,
    encoded: Count,
    document: u64,
    input: Count,
    limits: Limits,
}

impl<R> Guarded<R> {
    /// `encoded` counts what `inner` reads; `input` is shared by all documents of one input.
    pub(super) fn new(inner: R, encoded: Count, input: Count, limits: &Limits) -> Self {
        Self {
            inner,
            encoded,
            document: 0,
            input,
            limits: *limits,
        }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.document = self.document.saturating_add(count as u64);
        self.input.add(count);
        let Limits {
            document,
            input,
            ratio,
            ratio_grace,
            ..
        } = self.limits;
        if self.document > document {
            return Err(bomb(format!("unpacks to more than {document} bytes")));
        }
        if self.input.get() > input {
            return Err(bomb(format!(
                "the whole input unpacks to more than {input} bytes"
            )));
        }
        let allowed = self.encoded.get().saturating_mul(ratio).max(ratio_grace);
        if self.document > allowed {
            return Err(bomb(format!("unpacks to more than {ratio} times its size")));
        }
        Ok(count)
    }
}

fn bomb(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
