//! A connection that has to come to its end in time.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A stream whose reads and writes all together may take no longer than its patience, so that a
/// client that sends a byte now and then doesn't hold a place for ever.
#[derive(Debug)]
pub(super) struct Hurried {
    stream: TcpStream,
    until: Instant,
}

impl Hurried {
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self {
            stream,
            until: Instant::now() + patience,
        }
    }

    fn left(&self) -> Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::new(ErrorKind::TimedOut, "the client takes too long"));
        }
        Ok(left)
    }
}

impl Read for Hurried {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(into)
    }
}

impl Write for Hurried {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_client_that_sends_a_byte_now_and_then_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let address = listener.local_addr().expect("known");
        let mut slow = TcpStream::connect(address).expect("connected");
        let (stream, _) = listener.accept().expect("accepted");
        let mut hurried = Hurried::new(stream, Duration::from_millis(300));
        let started = Instant::now();
        let error = loop {
            slow.write_all(b"x").expect("sent");
            if let Err(error) = hurried.read(&mut [0; 1]) {
                break error;
            }
            std::thread::sleep(Duration::from_millis(20));
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "it is never let go"
            );
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
