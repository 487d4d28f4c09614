//! What a text of small C says, before any name is looked up.

use crate::notation::Place;

/// A type as it is written.
#[derive(Debug, Clone)]
pub(super) struct TypeName {
    pub(super) base: Base,
    pub(super) stars: usize,
    pub(super) place: Place,
}

#[derive(Debug, Clone)]
pub(super) enum Base {
    Void,
    Char,
    Int,
    Struct {
        tag: String,
        /// The members, if it is defined here.
        members: Option<Vec<Variable>>,
    },
}

/// A variable, parameter or member.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) type_name: TypeName,
    pub(super) name: String,
    /// The length of an array.
    pub(super) length: Option<Constant>,
    pub(super) place: Place,
}

/// Something that is known while compiling.
#[derive(Debug, Clone)]
pub(super) enum Constant {
    Number(i64),
    Name(String),
}

#[derive(Debug)]
pub(super) enum Item {
    Constants(Vec<(String, Option<Constant>, Place)>),
    /// A type alone, which may define a struct.
    Type(TypeName),
    Variable(Variable),
    Function {
        result: TypeName,
        name: String,
        parameters: Vec<Variable>,
        body: Option<Block>,
        place: Place,
        /// Where the body is closed.
        end: Place,
    },
}

#[derive(Debug)]
pub(super) struct Block {
    pub(super) entries: Vec<Entry>,
    /// Where it is closed.
    pub(super) end: Place,
}

#[derive(Debug)]
pub(super) enum Entry {
    Variable(Variable, Option<Expression>),
    Statement(Statement),
}

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) what: Action,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Action {
    Nothing,
    Block(Block),
    If {
        condition: Expression,
        then: Box<Statement>,
        other: Option<Box<Statement>>,
    },
    While {
        condition: Expression,
        body: Box<Statement>,
    },
    For(Box<For>),
    Return(Option<Expression>),
    Break,
    Continue,
    Expression(Expression),
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) first: Option<Expression>,
    pub(super) condition: Option<Expression>,
    pub(super) step: Option<Expression>,
    pub(super) body: Statement,
}

#[derive(Debug)]
pub(super) struct Expression {
    pub(super) what: Operation,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Operation {
    Number(i64),
    Text(Vec<u8>),
    Name(String),
    Call(String, Vec<Expression>),
    Size(TypeName),
    Cast(TypeName, Box<Expression>),
    /// `-`, `!`, `~`, `*` or `&`.
    Unary(char, Box<Expression>),
    Binary(String, Box<Expression>, Box<Expression>),
    Assign(Box<Expression>, Box<Expression>),
    Index(Box<Expression>, Box<Expression>),
    /// `a.b`
    Member(Box<Expression>, String),
    /// `a->b`
    Arrow(Box<Expression>, String),
}
