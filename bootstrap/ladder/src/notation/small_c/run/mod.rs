//! Small C, run as `docs/small-c.md` describes its meaning, with no code made and no processor involved.
//!
//! It checks what the rungs can't be compared for line by line: a program in small C, such as c2, followed on its
//! own inputs. What the rungs' cc, M1 and hex2 made of that program has to write the same bytes.
//!
//! `lower` looks up every name and turns the tree into what `machine` follows; `memory` holds what has an address;
//! `kernel` is the part of the kernel that the ladder's programs call, with files in memory.

mod code;
mod kernel;
mod lower;
mod machine;
mod memory;

use std::collections::BTreeMap;

use super::{lexer, parse};
use crate::notation::{Image, NotationError, Source};

/// Calls within calls need a stack of this machine, too: so many bytes are set aside for it.
const STACK: usize = 1 << 28;

/// A program and what it finds when it starts.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// The program, in small C; the parts are joined.
    pub program: &'a [Source],
    /// `argv`, with the program's own name in front.
    pub arguments: &'a [&'a str],
    /// The files that are there, by path.
    pub files: &'a BTreeMap<String, Vec<u8>>,
}

/// Runs a program to its end; the files that it wrote, by path. Where the program has a global `current`
/// that points to a struct with the members `file` and `line` (c2's token), a byte that it writes from a global
/// array has the place that `current` told when it was put there.
///
/// # Errors
/// When the text is not small C, the program does what the description gives no meaning (an address that is no
/// object's, a division by zero), calls what the ladder's programs have no need for, or ends with another status than 0.
pub fn run(start: &Start<'_>) -> Result<BTreeMap<String, Image>, NotationError> {
    let tokens = lexer::tokens(start.program)?;
    let items = parse::parse(&tokens)?;
    let program = lower::lower(&items)?;
    // Calls of the program are calls here, more of them than a thread of a test has room for.
    std::thread::scope(|scope| {
        let running = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                machine::run(&program, start.arguments, start.files)
            })
            .map_err(|error| program.fault(0, format!("no thread to run in: {error}")))?;
        running
            .join()
            .unwrap_or_else(|_| Err(program.fault(0, "the checker failed".into())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program writes to `out`, or why not.
    fn told(text: &str) -> Result<Vec<u8>, String> {
        let files = BTreeMap::from([("in".to_owned(), b"input".to_vec())]);
        let program = [Source::new("x.c", text)];
        let start = Start {
            program: &program,
            arguments: &["x", "in", "out"],
            files: &files,
        };
        let mut written = run(&start).map_err(|error| error.to_string())?;
        Ok(written.remove("out").expect("out").bytes)
    }

    #[test]
    fn a_program_does_what_it_says() {
        let text = "enum { A = 3, B }; struct s { char c; int n; struct s *next; char t[5]; };
            struct s one; int words[4];
            int sum(int a, int b, int c) { if (c == 0) return a; return sum(a + b, b, c - 1); }
            void set(int *to, int what) { *to = what; }
            int main(int argc, char **argv) {
                char out[40]; int n = 0; int i; int d; struct s *p = &one;
                d = syscall(2, argv[1], 0, 0);
                n = syscall(0, d, out, 40);
                syscall(3, d, 0, 0);
                out[n] = '0' + argc; n = n + 1;
                for (i = 0; i < 9; i = i + 1) { if (i == 2) continue; if (i == 6) break; words[i & 3] = i; }
                out[n] = '0' + words[1] - words[0] * -1 % 3; n = n + 1;
                set(&p->n, 7); p->next = p; p->next->t[4] = (char)(256 + 'x');
                out[n] = one.t[B]; out[n + 1] = 48 + one.n; n = n + 2;
                out[n] = '0' + sum(1, 2, 3); n = n + 1;
                while (1) { int j = 5; j = j >> 1; if (j == 2 && !0 || n / 0) break; }
                out[n] = 'a' + (&words[3] - &words[1]) + (A << 1) + ~-1; n = n + 1;
                out[n] = *\"q\"; n = n + 1;
                d = syscall(2, argv[2], 577, 493);
                syscall(1, d, out, n);
                return 0;
            }";
        assert_eq!(told(text).expect("it runs"), b"input36x77iq");
    }

    #[test]
    fn what_has_no_meaning_is_told_with_its_line() {
        for (text, why) in [
            (
                "int main() {\n return 1 / 0; }",
                "x.c:2: a division by zero",
            ),
            (
                "int main() { int *p = (int *)8;\n return *p; }",
                "x.c:2: there is nothing at the address 0x8",
            ),
            (
                "int main() { *\"a\" = 1;\n return 0; }",
                "x.c:1: there is nothing at",
            ),
            (
                "int main() { return syscall(59, 0, 0, 0); }",
                "the call 59 of the kernel",
            ),
            (
                "int main() { syscall(1, 2, \"why\", 3); return 2; }",
                "ends with status 2: why",
            ),
            (
                "int f(int a) { return f(a); } int main() { return f(1); }",
                "too deep",
            ),
            (
                "int f(); int main() { return f(); }",
                "the function f has no body",
            ),
            ("int f() { }", "there is no main"),
            ("int main() { break; }", "not in a loop"),
            ("int main() { return x; }", "an unknown name"),
        ] {
            let said = told(text).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
