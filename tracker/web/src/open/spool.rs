//! Whole documents on their way out: written into a file without a name, and sent from there piece by piece, so that
//! neither an export nor a slow reader of it takes memory or a connection to the database.

use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use snowguard_tracker_db::PublicStamp;
use snowguard_tracker_export::{Cursor, Moment};
use tokio::task::JoinHandle;

/// Bytes read at once.
const PIECE: usize = 128 << 10;

/// A document that is ready to be sent. The file has no name: it goes when nobody sends it any more.
#[derive(Debug)]
pub struct Spooled {
    /// Its bytes.
    pub file: Arc<File>,
    /// How many.
    pub length: u64,
    /// Its `ETag`.
    pub etag: String,
    /// The signature's file, where there is a key.
    pub signature: Option<Vec<u8>>,
    /// When the last issue of all changed.
    pub changed: Moment,
    /// The last issue in it.
    pub last: Option<Cursor>,
    /// What the database rested on.
    pub stamp: PublicStamp,
}

/// A body that is read from a file while it is sent.
#[derive(Debug)]
pub struct FileBody {
    file: Arc<File>,
    at: u64,
    end: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FileBody {
    /// All of a file of this length.
    #[must_use]
    pub fn new(file: Arc<File>, length: u64) -> Self {
        Self {
            file,
            at: 0,
            end: length,
            reading: None,
        }
    }

    fn read(&self) -> JoinHandle<io::Result<Bytes>> {
        let (file, at) = (Arc::clone(&self.file), self.at);
        let wanted = usize::try_from(self.end - self.at).map_or(PIECE, |left| left.min(PIECE));
        tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; wanted];
            file.read_exact_at(&mut piece, at)?;
            Ok(Bytes::from(piece))
        })
    }
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.at >= self.end {
            return Poll::Ready(None);
        }
        let mut reading = match self.reading.take() {
            Some(reading) => reading,
            None => self.read(),
        };
        match Pin::new(&mut reading).poll(context) {
            Poll::Pending => {
                self.reading = Some(reading);
                Poll::Pending
            }
            Poll::Ready(read) => {
                let piece = read.map_err(io::Error::other).flatten();
                match &piece {
                    Ok(piece) => self.at += piece.len() as u64,
                    // The connection is closed before the promised length, so that nobody takes a part for the whole.
                    Err(_) => self.at = self.end,
                }
                Poll::Ready(Some(piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.at)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use std::io::Write as _;

    use super::*;

    #[tokio::test]
    async fn a_file_arrives_whole() {
        let mut file = tempfile::tempfile().unwrap();
        let content: Vec<u8> = (0..PIECE * 2 + 7).map(|at| at.to_le_bytes()[0]).collect();
        file.write_all(&content).unwrap();
        let body = FileBody::new(Arc::new(file), content.len() as u64);
        assert_eq!(body.size_hint().exact(), Some(content.len() as u64));
        assert_eq!(body.collect().await.unwrap().to_bytes(), content);
    }

    #[tokio::test]
    async fn a_file_that_is_shorter_than_promised_is_an_error() {
        let body = FileBody::new(Arc::new(tempfile::tempfile().unwrap()), 10);
        assert!(body.collect().await.is_err());
    }
}
