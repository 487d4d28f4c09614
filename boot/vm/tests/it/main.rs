//! What boots, what is refused, and what is measured: by real firmware, with a real kernel.

mod vm;
