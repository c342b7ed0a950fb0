//! What Telegram asks of a picture: PNG or JPEG, its dimensions, and the sizes it is shown in.
//!
//! Called by `methods` for `sendPhoto`. It reads headers only and decodes nothing.

/// A photo is at most so big (Bot API, `sendPhoto`: 10 MB).
pub const LARGEST_BYTES: usize = 10 * 1024 * 1024;
/// Width and height together (Bot API, `sendPhoto`).
const LARGEST_SUM: u32 = 10_000;
/// Width to height or height to width (Bot API, `sendPhoto`).
const STEEPEST: u32 = 20;
/// The longer sides of the sizes that Telegram makes, s, m, x and y (Telegram API, «Files»).
const LONGER_SIDES: [u32; 4] = [100, 320, 800, 1280];

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// Why a file is not taken as a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unfit {
    /// More than 10 MB.
    TooBig,
    /// Neither PNG nor JPEG, or broken at the beginning.
    NoPicture,
    /// Too large, or too long for its width.
    Dimensions,
}

/// Width and height of a picture that Telegram takes.
pub fn size(bytes: &[u8]) -> Result<(u32, u32), Unfit> {
    if bytes.len() > LARGEST_BYTES {
        return Err(Unfit::TooBig);
    }
    let size = if bytes.starts_with(PNG) {
        png_size(bytes)
    } else if bytes.starts_with(JPEG) {
        jpeg_size(bytes)
    } else {
        None
    };
    let (width, height) = size.ok_or(Unfit::NoPicture)?;
    let sum = width.saturating_add(height);
    let longer = width.max(height);
    if width.min(height) == 0 || sum > LARGEST_SUM || longer > STEEPEST * width.min(height) {
        return Err(Unfit::Dimensions);
    }
    Ok((width, height))
}

/// The sizes that people get, the smallest first; none is larger than the picture.
pub fn shown(width: u32, height: u32) -> Vec<(u32, u32)> {
    let longer = width.max(height);
    let within = |side: u32| {
        let scaled = |length: u32| (length * side / longer).max(1);
        (scaled(width), scaled(height))
    };
    let smaller = LONGER_SIDES.into_iter().filter(|side| *side < longer);
    let mut sizes: Vec<_> = smaller.map(within).collect();
    if longer <= 1280 {
        sizes.push((width, height));
    }
    sizes
}

/// The header chunk of a PNG comes first: its length, `IHDR`, width, height.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.get(PNG.len()..PNG.len() + 16)?;
    let number = |from: usize| {
        Some(u32::from_be_bytes(
            header.get(from..from + 4)?.try_into().ok()?,
        ))
    };
    (&header[4..8] == b"IHDR").then_some((number(8)?, number(12)?))
}

/// The frame header of a JPEG is one of its segments.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let word = |at: usize| {
        Some(u32::from(u16::from_be_bytes(
            bytes.get(at..at + 2)?.try_into().ok()?,
        )))
    };
    let mut at = 2;
    loop {
        let marker = word(at)?;
        match marker {
            0xffc4 | 0xffc8 | 0xffcc => {}
            0xffc0..=0xffcf => return Some((word(at + 7)?, word(at + 5)?)),
            0xff01..=0xfffe => {}
            _ => return None,
        }
        at += 2 + usize::try_from(word(at + 2)?).ok()?;
    }
}
