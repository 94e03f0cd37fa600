//! Recursion on a stack that grows.

use std::cell::Cell;

/// So many levels fit on any stack. Where a stack ends is asked only below them: that takes as long as a small template.
const SHALLOW: usize = 16;
/// Bytes that one level takes at most.
const LEVEL: usize = 64 << 10;
/// Bytes by which a stack grows.
const GROWTH: usize = 1 << 20;

thread_local! {
    static LEVELS: Cell<usize> = const { Cell::new(0) };
}

/// Goes back to the level before, also when the work panics.
struct Back(usize);

impl Drop for Back {
    fn drop(&mut self) {
        LEVELS.set(self.0);
    }
}

/// Does work one level deeper.
pub(crate) fn deeper<T>(work: impl FnOnce() -> T) -> T {
    let level = LEVELS.get();
    LEVELS.set(level + 1);
    let _back = Back(level);
    if level < SHALLOW {
        work()
    } else {
        stacker::maybe_grow(LEVEL, GROWTH, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descend(levels: usize) -> usize {
        if levels == 0 {
            return LEVELS.get();
        }
        // A level about as large as they come.
        let ballast = std::hint::black_box([1_u8; 32 << 10]);
        deeper(|| descend(levels - 1)) * usize::from(ballast[levels])
    }

    #[test]
    fn a_stack_grows_and_levels_are_counted_back() {
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(|| {
                assert_eq!(descend(3), 3);
                assert_eq!(descend(1_000), 1_000);
                let fall = || deeper(|| deeper(|| panic!("on purpose")));
                assert!(std::panic::catch_unwind(fall).is_err());
                assert_eq!(LEVELS.get(), 0);
            })
            .expect("a thread")
            .join()
            .expect("no overflow");
    }
}
