//! Copying and clearing many megabytes.
//!
//! What the compiler makes of `copy_from_slice` and `fill` here is one instruction that repeats itself, eight bytes a
//! time; emulated processors take several times as long for it as for a loop.

/// Bytes a turn: few enough that no call is made of them.
const TURN: usize = 32;

/// Copies `from` to the beginning of `to`; `None` when there is no room.
pub fn copy(to: &mut [u8], from: &[u8]) -> Option<()> {
    let to = to.get_mut(..from.len())?;
    let (to, to_rest) = to.as_chunks_mut::<TURN>();
    let (from, from_rest) = from.as_chunks::<TURN>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
        // Else the loop becomes that one instruction again.
        core::hint::black_box(&to);
    }
    to_rest.copy_from_slice(from_rest);
    Some(())
}

/// Writes zeroes.
pub fn clear(memory: &mut [u8]) {
    let (memory, rest) = memory.as_chunks_mut::<TURN>();
    for turn in memory {
        *turn = [0; TURN];
        core::hint::black_box(&turn);
    }
    rest.fill(0);
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_byte_is_written_and_no_other() {
        for size in (0..100).chain([4095, 4096, 4097]) {
            let from: Vec<u8> = (0..size).map(|at| (at % 255) as u8 + 1).collect();
            let mut to = vec![0xee; size + 1];
            copy(&mut to, &from).unwrap();
            assert_eq!(to[..size], from);
            assert_eq!(to[size], 0xee);
            clear(&mut to[..size]);
            assert!(to[..size].iter().all(|byte| *byte == 0));
            assert_eq!(to[size], 0xee);
        }
        assert_eq!(copy(&mut [0; 3], &[1; 4]), None);
    }
}
