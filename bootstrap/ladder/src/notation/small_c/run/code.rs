//! What the machine follows: small C with every name looked up and every size known.

use crate::notation::{Fault, NotationError, Place};

/// An operation on two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    ExclusiveOr,
    And,
    Equal,
    Unequal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// The operator of this sign.
    pub(super) fn named(operator: &str) -> Self {
        match operator {
            "|" => Self::Or,
            "^" => Self::ExclusiveOr,
            "&" => Self::And,
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "<" => Self::Less,
            ">" => Self::Greater,
            "<=" => Self::LessOrEqual,
            ">=" => Self::GreaterOrEqual,
            "<<" => Self::ShiftLeft,
            ">>" => Self::ShiftRight,
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            // The only one that is left is %.
            _ => Self::Remainder,
        }
    }
}

/// An expression; its value is a word.
#[derive(Debug)]
pub(super) enum Value {
    Number(i64),
    /// The address of a local variable, from the start of the function's frame.
    Frame(i64),
    /// The word at an address.
    Word(Box<Value>),
    /// The byte at an address.
    Byte(Box<Value>),
    /// Stores the second at the address that the first is.
    SetWord(Box<Value>, Box<Value>),
    SetByte(Box<Value>, Box<Value>),
    /// A function by number.
    Call(usize, Vec<Value>),
    Kernel(Box<[Value; 4]>),
    Negative(Box<Value>),
    Complement(Box<Value>),
    Not(Box<Value>),
    /// The lowest byte.
    Low(Box<Value>),
    /// The second only if the first is not 0.
    Both(Box<Value>, Box<Value>),
    /// The second only if the first is 0.
    Either(Box<Value>, Box<Value>),
    Binary(Operator, Box<Value>, Box<Value>),
}

/// A statement, and the number of its place.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) what: Act,
    pub(super) place: usize,
}

#[derive(Debug)]
pub(super) enum Act {
    Do(Value),
    If(Value, Vec<Step>, Vec<Step>),
    Loop {
        test: Option<Value>,
        after: Option<Value>,
        body: Vec<Step>,
    },
    Return(Option<Value>),
    Break,
    Continue,
}

/// A function. Parameters are the first words of its frame.
#[derive(Debug, Default)]
pub(super) struct Function {
    pub(super) body: Vec<Step>,
    /// Bytes of parameters and local variables.
    pub(super) frame: i64,
}

/// Where the struct that `current` points to says what is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    /// The address of `current`.
    pub(super) current: i64,
    /// Offsets in what it points to.
    pub(super) file: i64,
    pub(super) line: i64,
}

/// A whole program.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) functions: Vec<Function>,
    pub(super) main: usize,
    /// Bytes of global variables.
    pub(super) data: i64,
    /// The strings, one after the other.
    pub(super) texts: Vec<u8>,
    pub(super) places: Vec<Place>,
    pub(super) watch: Option<Watch>,
}

impl Program {
    /// What went wrong in the statement of a place.
    pub(super) fn fault(&self, place: usize, what: String) -> NotationError {
        let nowhere = || Place {
            file: "".into(),
            line: 0,
        };
        NotationError {
            place: self.places.get(place).cloned().unwrap_or_else(nowhere),
            fault: Fault::C(what),
        }
    }
}
