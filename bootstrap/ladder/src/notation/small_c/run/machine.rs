//! Following the steps of a program.

use std::collections::{BTreeMap, HashMap};

use super::super::frame::{DATA, rounded};
use super::code::{Act, Operator, Program, Step, Value, Watch};
use super::kernel::{Kernel, Stop};
use super::memory::{FRAMES, HEAP, Memory, Nowhere};
use crate::notation::{Image, NotationError, Place};

/// Calls within calls.
const DEEPEST: usize = 20_000;
/// A program that goes round more often than this does not end.
const MOST_ROUNDS: u64 = 1 << 34;

/// Why it does not go on.
enum Trap {
    Stop(Stop),
    Fault(&'static str),
}

impl From<Nowhere> for Trap {
    fn from(nowhere: Nowhere) -> Self {
        Self::Stop(nowhere.into())
    }
}

impl From<Stop> for Trap {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// How a statement ends.
enum Flow {
    Next,
    Break,
    Continue,
    Return(i64),
}

struct Machine<'a> {
    program: &'a Program,
    memory: Memory,
    kernel: Kernel<'a>,
    /// The start of the current function's frame, and of the next one's.
    frame: i64,
    next: i64,
    depth: usize,
    rounds: u64,
    /// The number of the last place.
    place: usize,
    origins: Origins,
}

/// For each byte of the global variables, what `current` told when it was stored.
#[derive(Default)]
struct Origins {
    /// 0 for nothing, else one more than the index of the place.
    of: Vec<u32>,
    places: Vec<Place>,
    known: HashMap<(i64, i64), u32>,
    last: ((i64, i64), u32),
}

pub(super) fn run(
    program: &Program,
    arguments: &[&str],
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, Image>, NotationError> {
    let data = usize::try_from(program.data).unwrap_or(0);
    let mut machine = Machine {
        program,
        memory: Memory {
            texts: program.texts.clone(),
            data: vec![0; data],
            ..Memory::default()
        },
        kernel: Kernel::new(files),
        frame: FRAMES,
        next: FRAMES,
        depth: 0,
        rounds: 0,
        place: 0,
        origins: Origins {
            of: if program.watch.is_some() {
                vec![0; data]
            } else {
                Vec::new()
            },
            ..Origins::default()
        },
    };
    let ended = machine.start(arguments);
    let what = match ended {
        Ok(0) | Err(Trap::Stop(Stop::Exit(0))) => return Ok(machine.kernel.written),
        Ok(status) | Err(Trap::Stop(Stop::Exit(status))) => format!(
            "the program ends with status {status}: {}",
            String::from_utf8_lossy(&machine.kernel.said).trim_end()
        ),
        Err(Trap::Stop(Stop::Nowhere(address))) => {
            format!("there is nothing at the address {address:#x}")
        }
        Err(Trap::Stop(Stop::Unknown(number))) => {
            format!("the call {number} of the kernel is not known here")
        }
        Err(Trap::Fault(what)) => what.to_owned(),
    };
    Err(program.fault(machine.place, what))
}

impl Machine<'_> {
    /// Lays `argv` where the kernel's memory begins, and calls main.
    fn start(&mut self, arguments: &[&str]) -> Result<i64, Trap> {
        let mut pointers = Vec::new();
        let mut texts = Vec::new();
        let table = 8 * (arguments.len() + 1);
        for argument in arguments {
            pointers.push(HEAP + i64::try_from(table + texts.len()).unwrap_or(i64::MAX));
            texts.extend_from_slice(argument.as_bytes());
            texts.push(0);
        }
        pointers.push(0);
        for pointer in pointers {
            self.memory.heap.extend_from_slice(&pointer.to_le_bytes());
        }
        self.memory.heap.extend_from_slice(&texts);
        let size = rounded(i64::try_from(self.memory.heap.len()).unwrap_or(0));
        self.memory.set_end(HEAP + size);
        let count = i64::try_from(arguments.len()).unwrap_or(0);
        self.call(self.program.main, &[count, HEAP])
    }

    fn call(&mut self, function: usize, arguments: &[i64]) -> Result<i64, Trap> {
        let program = self.program;
        let function = &program.functions[function];
        if self.depth == DEEPEST {
            return Err(Trap::Fault("functions call one another too deep"));
        }
        let (frame, next) = (self.frame, self.next);
        self.frame = next;
        // main may name none of its arguments.
        let given = 8 * i64::try_from(arguments.len()).unwrap_or(0);
        let size = rounded(function.frame.max(given));
        self.memory.frame(next, size)?;
        self.next = next + size;
        for (at, argument) in (self.frame..).step_by(8).zip(arguments) {
            self.memory.set_word(at, *argument)?;
        }
        self.depth += 1;
        let flow = self.steps(&function.body)?;
        self.depth -= 1;
        (self.frame, self.next) = (frame, next);
        match flow {
            Flow::Return(value) => Ok(value),
            // What a function without `return` gives has no meaning, and is not used.
            _ => Ok(0),
        }
    }

    fn steps(&mut self, steps: &[Step]) -> Result<Flow, Trap> {
        for step in steps {
            self.place = step.place;
            let flow = match &step.what {
                Act::Do(value) => {
                    self.value(value)?;
                    Flow::Next
                }
                Act::If(condition, then, other) => {
                    let chosen = if self.value(condition)? != 0 {
                        then
                    } else {
                        other
                    };
                    self.steps(chosen)?
                }
                Act::Loop { test, after, body } => {
                    self.rounds(test.as_ref(), after.as_ref(), body)?
                }
                Act::Return(None) => Flow::Return(0),
                Act::Return(Some(value)) => Flow::Return(self.value(value)?),
                Act::Break => Flow::Break,
                Act::Continue => Flow::Continue,
            };
            if !matches!(flow, Flow::Next) {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn rounds(
        &mut self,
        test: Option<&Value>,
        after: Option<&Value>,
        body: &[Step],
    ) -> Result<Flow, Trap> {
        loop {
            if let Some(test) = test
                && self.value(test)? == 0
            {
                return Ok(Flow::Next);
            }
            self.rounds += 1;
            if self.rounds > MOST_ROUNDS {
                return Err(Trap::Fault("the program does not end"));
            }
            match self.steps(body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Next | Flow::Continue => {}
            }
            if let Some(after) = after {
                self.value(after)?;
            }
        }
    }

    fn value(&mut self, value: &Value) -> Result<i64, Trap> {
        Ok(match value {
            Value::Number(number) => *number,
            Value::Frame(offset) => self.frame + offset,
            Value::Word(at) => {
                let at = self.value(at)?;
                self.memory.word(at)?
            }
            Value::Byte(at) => {
                let at = self.value(at)?;
                i64::from(self.memory.bytes(at, 1)?[0])
            }
            Value::SetWord(at, what) => {
                let at = self.value(at)?;
                let what = self.value(what)?;
                self.memory.set_word(at, what)?;
                what
            }
            Value::SetByte(at, what) => {
                let at = self.value(at)?;
                let what = self.value(what)?;
                self.memory.bytes_mut(at, 1)?[0] = what.to_le_bytes()[0];
                if let Some(watch) = self.program.watch {
                    self.origins.note(&self.memory, watch, at);
                }
                what
            }
            Value::Call(function, arguments) => {
                let mut few = [0; 6];
                match few.get_mut(..arguments.len()) {
                    Some(few) => {
                        for (to, argument) in few.iter_mut().zip(arguments) {
                            *to = self.value(argument)?;
                        }
                        self.call(*function, few)?
                    }
                    None => {
                        let many = arguments.iter().map(|argument| self.value(argument));
                        let many = many.collect::<Result<Vec<_>, _>>()?;
                        self.call(*function, &many)?
                    }
                }
            }
            Value::Kernel(arguments) => {
                let mut words = [0; 4];
                for (to, argument) in words.iter_mut().zip(arguments.iter()) {
                    *to = self.value(argument)?;
                }
                let origins = &self.origins;
                self.kernel
                    .call(&mut self.memory, words, &|at| origins.place(at))?
            }
            Value::Negative(value) => self.value(value)?.wrapping_neg(),
            Value::Complement(value) => !self.value(value)?,
            Value::Not(value) => i64::from(self.value(value)? == 0),
            Value::Low(value) => self.value(value)? & 0xff,
            Value::Both(left, right) => {
                i64::from(self.value(left)? != 0 && self.value(right)? != 0)
            }
            Value::Either(left, right) => {
                i64::from(self.value(left)? != 0 || self.value(right)? != 0)
            }
            Value::Binary(operator, left, right) => {
                let left = self.value(left)?;
                let right = self.value(right)?;
                binary(*operator, left, right)?
            }
        })
    }
}

fn binary(operator: Operator, left: i64, right: i64) -> Result<i64, Trap> {
    // A shift takes the lowest six bits of its count, as the processor does.
    let count = (right & 63) as u32;
    let quotient = |result: Option<i64>| result.ok_or(Trap::Fault("a division by zero"));
    Ok(match operator {
        Operator::Or => left | right,
        Operator::ExclusiveOr => left ^ right,
        Operator::And => left & right,
        Operator::Equal => i64::from(left == right),
        Operator::Unequal => i64::from(left != right),
        Operator::Less => i64::from(left < right),
        Operator::Greater => i64::from(left > right),
        Operator::LessOrEqual => i64::from(left <= right),
        Operator::GreaterOrEqual => i64::from(left >= right),
        Operator::ShiftLeft => left.wrapping_shl(count),
        Operator::ShiftRight => left.wrapping_shr(count),
        Operator::Add => left.wrapping_add(right),
        Operator::Subtract => left.wrapping_sub(right),
        Operator::Multiply => left.wrapping_mul(right),
        Operator::Divide => quotient(left.checked_div(right))?,
        Operator::Remainder => quotient(left.checked_rem(right))?,
    })
}

impl Origins {
    /// A byte was stored at `at`: it came from what `current` points to now.
    fn note(&mut self, memory: &Memory, watch: Watch, at: i64) {
        let Some(index) = usize::try_from(at - DATA)
            .ok()
            .filter(|index| *index < self.of.len())
        else {
            return;
        };
        let Some(from) = Self::current(memory, watch) else {
            return;
        };
        if self.last.0 != from {
            let next = u32::try_from(self.places.len() + 1).unwrap_or(u32::MAX);
            let number = *self.known.entry(from).or_insert(next);
            if number == next {
                let file = memory.text(from.0).unwrap_or_default();
                let file = String::from_utf8_lossy(&file);
                // The script names sources by their folder; places don't.
                let file = file.strip_prefix("src/").unwrap_or(&file);
                self.places.push(Place {
                    file: file.into(),
                    line: usize::try_from(from.1).unwrap_or(0),
                });
            }
            self.last = (from, number);
        }
        self.of[index] = self.last.1;
    }

    /// The addresses of the file's name, and the line; nothing before anything is read.
    fn current(memory: &Memory, watch: Watch) -> Option<(i64, i64)> {
        let token = memory
            .word(watch.current)
            .ok()
            .filter(|token| *token != 0)?;
        let file = memory
            .word(token + watch.file)
            .ok()
            .filter(|file| *file != 0)?;
        Some((file, memory.word(token + watch.line).ok()?))
    }

    fn place(&self, at: i64) -> Option<Place> {
        let index = usize::try_from(at.wrapping_sub(DATA)).ok()?;
        let number = usize::try_from(*self.of.get(index)?).ok()?;
        self.places.get(number.checked_sub(1)?).cloned()
    }
}
