//! Decompression, chosen by what the bytes are and not by what a name says.

use std::io::{self, BufRead, BufReader, Read};

use super::meter::{Count, Counted, Guarded};
use crate::limits::Limits;

/// How a stream is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not packed.
    Plain,
    /// gzip, one or several members.
    Gzip,
    /// Zstandard, windows up to 128 MiB (`--long=27`).
    Zstd,
    /// Brotli. It has no magic number: see [`Packing::of`].
    Brotli,
    /// A zip archive, which is not a stream.
    Zip,
}

/// Exponent of the largest zstd window accepted.
const ZSTD_WINDOW_LOG: u32 = 27;
const BUFFER: usize = 128 << 10;

impl Packing {
    /// From the first bytes of a file.
    ///
    /// Brotli cannot be told by its bytes alone. A head that is neither a known magic nor the
    /// beginning of a text is tried as brotli, and is brotli when a text comes out of it.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A skippable zstd frame (pzstd and seekable files begin with one).
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            _ if is_text(head) => Self::Plain,
            _ if is_brotli(head) => Self::Brotli,
            _ => Self::Plain,
        }
    }
}

/// Whether a feed may begin like this: JSON, or CSV with a header.
fn is_text(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let blank = head
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    matches!(head.get(blank), None | Some(b'{' | b'[' | b'#' | b'a'..=b'z' | b'A'..=b'Z' | b'"'))
        && head
            .iter()
            .take(512)
            .all(|byte| *byte >= 0x20 || byte.is_ascii_whitespace())
}

fn is_brotli(head: &[u8]) -> bool {
    let mut out = [0; 64];
    let mut decoder = brotli::Decompressor::new(head, 4096);
    let mut filled = 0;
    // The head ends in the middle of the stream, which is an error that says nothing here.
    while let Ok(count @ 1..) = decoder.read(&mut out[filled..]) {
        filled += count;
        if filled == out.len() {
            break;
        }
    }
    filled > 0 && is_text(&out[..filled])
}

/// A decoded stream, guarded by the limits. `input` adds up all documents of one input. `packed`
/// counts what `reader` itself unpacks, where it does (an entry of an archive).
///
/// # Errors
/// When the first bytes cannot be read, or the decoder refuses them.
pub(super) fn decoded<'a>(
    reader: impl Read + 'a,
    packed: Option<&Count>,
    input: &Count,
    limits: &Limits,
) -> io::Result<(Packing, Box<dyn Read + 'a>)> {
    let encoded = Count::default();
    let mut reader = BufReader::with_capacity(BUFFER, Counted::new(reader, encoded.clone()));
    let packing = Packing::of(reader.fill_buf()?);
    let decoder: Box<dyn Read + 'a> = match packing {
        Packing::Plain | Packing::Zip => Box::new(reader),
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
        Packing::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(reader)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        Packing::Brotli => Box::new(brotli::Decompressor::new(reader, BUFFER)),
    };
    Ok((
        packing,
        Box::new(Guarded::new(
            decoder,
            packed.cloned().unwrap_or(encoded),
            input.clone(),
            limits,
        )),
    ))
}

#[cfg(test)]
mod tests {
    use std::io::{Write, repeat};

    use super::*;

    const TEXT: &[u8] =
        br#"{"id":"CVE-2024-0001","text":"a text that repeats, a text that repeats"}"#;

    fn gzip(data: impl Read) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::GzEncoder::new(data, flate2::Compression::best())
            .read_to_end(&mut out)
            .expect("memory");
        out
    }

    fn brotlied(data: &[u8]) -> Vec<u8> {
        let mut out = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 22);
        out.write_all(data).expect("memory");
        out.into_inner()
    }

    fn decode(bytes: &[u8], limits: &Limits) -> io::Result<(Packing, Vec<u8>)> {
        let (packing, mut reader) = decoded(bytes, None, &Count::default(), limits)?;
        let mut out = Vec::new();
        reader.read_to_end(&mut out)?;
        Ok((packing, out))
    }

    #[test]
    fn every_packing_is_recognised_by_its_content() {
        let limits = Limits::default();
        let zst = zstd::encode_all(TEXT, 3).expect("memory");
        let twice = [gzip(TEXT), gzip(TEXT)].concat();
        for (bytes, packing, times) in [
            (TEXT.to_vec(), Packing::Plain, 1),
            (gzip(TEXT), Packing::Gzip, 1),
            (twice, Packing::Gzip, 2),
            ([zst.clone(), zst].concat(), Packing::Zstd, 2),
            (brotlied(TEXT), Packing::Brotli, 1),
        ] {
            let got = decode(&bytes, &limits).expect("well-formed");
            assert_eq!(got, (packing, TEXT.repeat(times)));
        }
    }

    #[test]
    fn a_zstd_window_of_128_mib_is_read_and_a_larger_one_refused() {
        let packed = |log: u32| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
            encoder.window_log(log).expect("within zstd's own bounds");
            encoder
                .long_distance_matching(true)
                .expect("a known parameter");
            // Without a known size, and flushed early, the frame keeps the window asked for.
            encoder.write_all(TEXT).expect("memory");
            encoder.flush().expect("memory");
            encoder.write_all(TEXT).expect("memory");
            encoder.finish().expect("memory")
        };
        assert_eq!(
            decode(&packed(27), &Limits::default()).expect("27").1,
            TEXT.repeat(2)
        );
        assert!(decode(&packed(28), &Limits::default()).is_err());
    }

    #[test]
    fn a_decompression_bomb_is_stopped_by_its_ratio() {
        let limits = Limits {
            ratio_grace: 1 << 20,
            ..Limits::default()
        };
        let bomb = gzip(repeat(b' ').take(16 << 20));
        let error = decode(&bomb, &limits).expect_err("1000 to 1");
        assert_eq!(error.to_string(), "unpacks to more than 250 times its size");
        let bomb = zstd::encode_all(repeat(b'[').take(16 << 20), 1).expect("memory");
        assert!(decode(&bomb, &limits).is_err());
    }

    #[test]
    fn a_decompression_bomb_is_stopped_by_its_size() {
        let limits = Limits {
            document: 1000,
            ..Limits::default()
        };
        let error = decode(&gzip(repeat(b' ').take(1001)), &limits).expect_err("over");
        assert_eq!(error.to_string(), "unpacks to more than 1000 bytes");
        assert!(decode(&gzip(repeat(b' ').take(1000)), &limits).is_ok());
    }

    #[test]
    fn a_truncated_stream_is_an_error() {
        for packed in [
            gzip(TEXT),
            zstd::encode_all(TEXT, 3).expect("memory"),
            brotlied(TEXT),
        ] {
            assert!(decode(&packed[..packed.len() - 4], &Limits::default()).is_err());
        }
    }
}
