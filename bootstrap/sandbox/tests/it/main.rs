//! Ways out of a sandbox, each tried by a program inside of one.

mod ways;
