//! From tokens to the tree.

use super::lexer::{Spot, Token};
use super::tree::{
    Action, Base, Block, Constant, Entry, Expression, For, Item, Operation, Statement, TypeName,
    Variable,
};
use crate::notation::{Fault, NotationError, Place};

/// The operators of two operands, the loosest first.
const RANKS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<", ">", "<=", ">="],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// Expressions and statements may be nested so deep. The rungs have no limit but their stack.
const DEEPEST: usize = 1000;

pub(super) fn parse(spots: &[Spot]) -> Result<Vec<Item>, NotationError> {
    let mut parser = Parser {
        spots,
        at: 0,
        depth: 0,
    };
    let mut items = Vec::new();
    while parser.peek() != &Token::End {
        items.push(parser.item()?);
    }
    Ok(items)
}

type Parsed<T> = Result<T, NotationError>;

struct Parser<'a> {
    spots: &'a [Spot],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn spot(&self) -> &Spot {
        // The last token is the end, and nothing goes beyond it.
        &self.spots[self.at.min(self.spots.len() - 1)]
    }

    fn peek(&self) -> &Token {
        &self.spot().token
    }

    fn place(&self) -> Place {
        self.spot().place.clone()
    }

    fn fail<T>(&self, what: impl Into<String>) -> Parsed<T> {
        Err(NotationError {
            place: self.place(),
            fault: Fault::C(what.into()),
        })
    }

    /// Whether the token is this word or sign.
    fn is(&self, text: &str) -> bool {
        matches!(self.peek(), Token::Name(word) | Token::Sign(word) if word == text)
    }

    fn accept(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.accept(text) {
            Ok(())
        } else {
            self.fail(format!("expected {text}"))
        }
    }

    fn name(&mut self) -> Parsed<String> {
        match self.peek().clone() {
            Token::Name(name) => {
                self.at += 1;
                Ok(name)
            }
            _ => self.fail("expected a name"),
        }
    }

    fn constant(&mut self) -> Parsed<Constant> {
        match *self.peek() {
            Token::Number(number) => {
                self.at += 1;
                Ok(Constant::Number(number))
            }
            _ => self.name().map(Constant::Name),
        }
    }

    fn is_type(&self) -> bool {
        ["int", "char", "void", "struct"]
            .iter()
            .any(|word| self.is(word))
    }

    fn type_name(&mut self) -> Parsed<TypeName> {
        let place = self.place();
        let base = if self.accept("int") {
            Base::Int
        } else if self.accept("char") {
            Base::Char
        } else if self.accept("void") {
            Base::Void
        } else if self.accept("struct") {
            let tag = self.name()?;
            let members = if self.accept("{") {
                Some(self.members()?)
            } else {
                None
            };
            Base::Struct { tag, members }
        } else {
            return self.fail("expected a type");
        };
        let mut stars = 0;
        while self.accept("*") {
            stars += 1;
        }
        Ok(TypeName { base, stars, place })
    }

    fn members(&mut self) -> Parsed<Vec<Variable>> {
        let mut members = Vec::new();
        loop {
            let type_name = self.type_name()?;
            members.push(self.variable(type_name)?);
            self.expect(";")?;
            if self.accept("}") {
                return Ok(members);
            }
        }
    }

    /// The name and perhaps the length of an array.
    fn variable(&mut self, type_name: TypeName) -> Parsed<Variable> {
        let place = self.place();
        let name = self.name()?;
        let length = if self.accept("[") {
            let length = self.constant()?;
            self.expect("]")?;
            Some(length)
        } else {
            None
        };
        Ok(Variable {
            type_name,
            name,
            length,
            place,
        })
    }

    fn item(&mut self) -> Parsed<Item> {
        if self.accept("enum") {
            return self.constants();
        }
        let type_name = self.type_name()?;
        if self.accept(";") {
            return Ok(Item::Type(type_name));
        }
        let place = self.place();
        let name = self.name()?;
        if self.accept("(") {
            let parameters = self.parameters()?;
            let body = if self.accept(";") {
                None
            } else {
                self.expect("{")?;
                Some(self.block()?)
            };
            return Ok(Item::Function {
                result: type_name,
                name,
                parameters,
                end: body
                    .as_ref()
                    .map_or_else(|| place.clone(), |body| body.end.clone()),
                body,
                place,
            });
        }
        self.at -= 1;
        let variable = self.variable(type_name)?;
        self.expect(";")?;
        Ok(Item::Variable(variable))
    }

    fn constants(&mut self) -> Parsed<Item> {
        self.expect("{")?;
        let mut constants = Vec::new();
        loop {
            let place = self.place();
            let name = self.name()?;
            let value = if self.accept("=") {
                Some(self.constant()?)
            } else {
                None
            };
            constants.push((name, value, place));
            if !self.accept(",") {
                break;
            }
        }
        self.expect("}")?;
        self.expect(";")?;
        Ok(Item::Constants(constants))
    }

    fn parameters(&mut self) -> Parsed<Vec<Variable>> {
        let mut parameters = Vec::new();
        if self.accept(")") {
            return Ok(parameters);
        }
        loop {
            let type_name = self.type_name()?;
            if matches!(type_name.base, Base::Void) && type_name.stars == 0 {
                break;
            }
            let place = self.place();
            parameters.push(Variable {
                type_name,
                name: self.name()?,
                length: None,
                place,
            });
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(parameters)
    }

    fn block(&mut self) -> Parsed<Block> {
        let mut entries = Vec::new();
        loop {
            let end = self.place();
            if self.accept("}") {
                return Ok(Block { entries, end });
            }
            if !self.is_type() {
                entries.push(Entry::Statement(self.statement()?));
                continue;
            }
            let type_name = self.type_name()?;
            let variable = self.variable(type_name)?;
            let mut value = None;
            // An array has no value to begin with.
            if variable.length.is_none() && self.accept("=") {
                value = Some(self.expression()?);
            }
            self.expect(";")?;
            entries.push(Entry::Variable(variable, value));
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail("this is nested too deep");
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let place = self.place();
        let what = self.deeper(Self::action)?;
        Ok(Statement { what, place })
    }

    fn action(&mut self) -> Parsed<Action> {
        if self.accept("{") {
            return self.block().map(Action::Block);
        }
        if self.accept(";") {
            return Ok(Action::Nothing);
        }
        if self.accept("if") {
            let condition = self.condition()?;
            let then = Box::new(self.statement()?);
            let other = if self.accept("else") {
                Some(Box::new(self.statement()?))
            } else {
                None
            };
            return Ok(Action::If {
                condition,
                then,
                other,
            });
        }
        if self.accept("while") {
            let condition = self.condition()?;
            let body = Box::new(self.statement()?);
            return Ok(Action::While { condition, body });
        }
        if self.accept("for") {
            self.expect("(")?;
            let first = self.optional(";")?;
            let condition = self.optional(";")?;
            let step = self.optional(")")?;
            let body = self.statement()?;
            return Ok(Action::For(Box::new(For {
                first,
                condition,
                step,
                body,
            })));
        }
        let action = if self.accept("return") {
            return self.optional(";").map(Action::Return);
        } else if self.accept("break") {
            Action::Break
        } else if self.accept("continue") {
            Action::Continue
        } else {
            Action::Expression(self.expression()?)
        };
        self.expect(";")?;
        Ok(action)
    }

    fn condition(&mut self) -> Parsed<Expression> {
        self.expect("(")?;
        let condition = self.expression()?;
        self.expect(")")?;
        Ok(condition)
    }

    /// An expression, unless `close` comes at once; and `close`.
    fn optional(&mut self, close: &str) -> Parsed<Option<Expression>> {
        if self.accept(close) {
            return Ok(None);
        }
        let expression = self.expression()?;
        self.expect(close)?;
        Ok(Some(expression))
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.deeper(|parser| {
            let place = parser.place();
            let left = parser.binary(0)?;
            if !parser.accept("=") {
                return Ok(left);
            }
            let right = parser.expression()?;
            let what = Operation::Assign(Box::new(left), Box::new(right));
            Ok(Expression { what, place })
        })
    }

    fn binary(&mut self, rank: usize) -> Parsed<Expression> {
        let place = self.place();
        let Some(operators) = RANKS.get(rank) else {
            return self.unary();
        };
        let mut left = self.binary(rank + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.is(operator)) {
            self.at += 1;
            let right = self.binary(rank + 1)?;
            let operator = (*operator).to_owned();
            left = Expression {
                what: Operation::Binary(operator, Box::new(left), Box::new(right)),
                place: place.clone(),
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expression> {
        self.deeper(|parser| {
            let place = parser.place();
            for sign in ['-', '!', '~', '*', '&'] {
                if parser.accept(sign.encode_utf8(&mut [0; 4])) {
                    let what = Operation::Unary(sign, Box::new(parser.unary()?));
                    return Ok(Expression { what, place });
                }
            }
            if parser.accept("sizeof") {
                parser.expect("(")?;
                let what = Operation::Size(parser.type_name()?);
                parser.expect(")")?;
                return Ok(Expression { what, place });
            }
            if !parser.accept("(") {
                let primary = parser.primary()?;
                return parser.postfix(primary);
            }
            if parser.is_type() {
                let type_name = parser.type_name()?;
                parser.expect(")")?;
                let what = Operation::Cast(type_name, Box::new(parser.unary()?));
                return Ok(Expression { what, place });
            }
            let inner = parser.expression()?;
            parser.expect(")")?;
            parser.postfix(inner)
        })
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let place = self.place();
        let what = match self.peek().clone() {
            Token::Number(number) => Operation::Number(number),
            Token::Text(text) => Operation::Text(text),
            Token::Name(name) => {
                self.at += 1;
                let what = if self.accept("(") {
                    Operation::Call(name, self.arguments()?)
                } else {
                    Operation::Name(name)
                };
                return Ok(Expression { what, place });
            }
            _ => return self.fail("expected an expression"),
        };
        self.at += 1;
        Ok(Expression { what, place })
    }

    fn arguments(&mut self) -> Parsed<Vec<Expression>> {
        let mut arguments = Vec::new();
        if self.accept(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.accept(",") {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    fn postfix(&mut self, mut operand: Expression) -> Parsed<Expression> {
        loop {
            let place = self.place();
            let inner = Box::new(operand);
            let what = if self.accept("[") {
                let index = Box::new(self.expression()?);
                self.expect("]")?;
                Operation::Index(inner, index)
            } else if self.accept(".") {
                Operation::Member(inner, self.name()?)
            } else if self.accept("->") {
                Operation::Arrow(inner, self.name()?)
            } else {
                return Ok(*inner);
            };
            operand = Expression { what, place };
        }
    }
}
