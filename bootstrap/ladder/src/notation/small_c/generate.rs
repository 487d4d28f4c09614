//! Expressions. The code leaves a value, or the address where it lies, in rax.

use super::frame::DATA;
use super::scope::{Kind, Meaning, Object, Scopes, Type};
use super::statements::Loop;
use super::tree::{Expression, Item, Operation};
use crate::notation::{Fault, NotationError, Place, Text};

pub(super) type Done<T = ()> = Result<T, NotationError>;

/// What an expression leaves in rax.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    of: Type,
    /// Whether it is the address of the value.
    place: bool,
}

impl Left {
    fn value(of: Type) -> Self {
        Self { of, place: false }
    }

    fn place(of: Type) -> Self {
        Self { of, place: true }
    }
}

/// What is known so far, and what is written.
#[derive(Debug)]
pub(super) struct Generator {
    pub(super) scopes: Scopes,
    pub(super) loops: Vec<Loop>,
    /// Bytes of local variables on the stack.
    pub(super) depth: i64,
    /// The address of the next global variable.
    pub(super) data: i64,
    /// The line that is being translated.
    pub(super) place: Place,
    labels: usize,
    text: Text,
}

pub(super) fn generate(items: &[Item]) -> Result<Text, NotationError> {
    let mut generator = Generator::new();
    for item in items {
        generator.item(item)?;
    }
    Ok(generator.text)
}

impl Generator {
    pub(super) fn new() -> Self {
        Self {
            scopes: Scopes::new(),
            loops: Vec::new(),
            depth: 0,
            data: DATA,
            place: Place {
                file: "".into(),
                line: 0,
            },
            labels: 0,
            text: Text::default(),
        }
    }

    pub(super) fn emit(&mut self, line: &str) {
        self.text.line(line.as_bytes(), &self.place);
    }

    pub(super) fn label(&mut self) -> usize {
        self.labels += 1;
        self.labels
    }

    pub(super) fn fail<T>(&self, what: &str) -> Done<T> {
        Err(NotationError {
            place: self.place.clone(),
            fault: Fault::C(what.to_owned()),
        })
    }

    pub(super) fn check<T>(&self, result: Result<T, &'static str>) -> Done<T> {
        result.or_else(|what| self.fail(what))
    }

    /// Leaves the value of an expression in rax.
    pub(super) fn value(&mut self, expression: &Expression) -> Done<Type> {
        let left = self.expression(expression)?;
        if left.place {
            if left.of.is_char() {
                self.emit("movzx_eax,byte_[rax]");
            } else if left.of.is_word() {
                self.emit("mov_rax,[rax]");
            } else {
                return self.fail("this type has no values");
            }
        }
        Ok(left.of)
    }

    /// Stores a value where rax points to.
    pub(super) fn store(&mut self, of: Type, value: &Expression) -> Done {
        self.emit("push_rax");
        self.value(value)?;
        self.emit("pop_rbx");
        if of.is_char() {
            self.emit("mov_[rbx],al");
        } else if of.is_word() {
            self.emit("mov_[rbx],rax");
        } else {
            return self.fail("this type has no values");
        }
        Ok(())
    }

    pub(super) fn expression(&mut self, expression: &Expression) -> Done<Left> {
        self.place = expression.place.clone();
        match &expression.what {
            Operation::Number(number) => self.number(*number),
            Operation::Text(text) => self.string(text),
            Operation::Name(name) => self.name(name),
            Operation::Call(name, arguments) => self.call(name, arguments),
            Operation::Size(of) => {
                let of = self.type_of(of)?;
                let size = self.check(self.scopes.size(of))?;
                self.number(size)
            }
            Operation::Cast(of, inner) => {
                let of = self.type_of(of)?;
                self.value(inner)?;
                if of.is_char() {
                    self.emit("movzx_eax,al");
                } else if !of.is_word() {
                    return self.fail("this type has no values");
                }
                Ok(Left::value(of))
            }
            Operation::Unary(sign, inner) => self.unary(*sign, inner),
            Operation::Binary(operator, left, right) => match operator.as_str() {
                "||" => self.logic("jne", left, right),
                "&&" => self.logic("je", left, right),
                _ => self.binary(operator, left, right),
            },
            Operation::Assign(target, value) => {
                let target = self.expression(target)?;
                if !target.place {
                    return self.fail("this cannot be assigned to");
                }
                self.store(target.of, value)?;
                Ok(Left::value(target.of))
            }
            Operation::Index(array, index) => {
                let array = self.value(array)?;
                let element = self.check(array.target())?;
                self.emit("push_rax");
                self.value(index)?;
                self.scale(element)?;
                self.emit("pop_rbx");
                self.emit("add_rax,rbx");
                Ok(Left::place(element))
            }
            Operation::Member(inner, name) => {
                let left = self.expression(inner)?;
                if !left.place {
                    return self.fail("this is not a struct");
                }
                self.member(left.of, name)
            }
            Operation::Arrow(inner, name) => {
                let pointer = self.value(inner)?;
                let of = self.check(pointer.target())?;
                self.member(of, name)
            }
        }
    }

    fn number(&mut self, number: i64) -> Done<Left> {
        self.emit(&format!("mov_rax,imm32 %{number}"));
        Ok(Left::value(Type::INT))
    }

    /// The bytes stand in the code; a call over them leaves their address on the stack.
    fn string(&mut self, text: &[u8]) -> Done<Left> {
        let after = self.label();
        self.emit(&format!("call %L{after}"));
        let digits: String = text.iter().map(|byte| format!("{byte:02X}")).collect();
        self.emit(&format!("'{digits}00'"));
        self.emit(&format!(":L{after}"));
        self.emit("pop_rax");
        Ok(Left::value(Type::TEXT))
    }

    fn name(&mut self, name: &str) -> Done<Left> {
        match self.scopes.find(name) {
            Some(Meaning::Constant(value)) => self.number(value),
            Some(Meaning::Global(object)) => {
                self.emit(&format!("mov_rax,imm32 %{}", object.at));
                self.object(object)
            }
            Some(Meaning::Local(object)) => {
                self.emit(&format!("lea_rax,[rbp+disp32] %{}", object.at));
                self.object(object)
            }
            Some(Meaning::Function { .. }) => self.fail("expected ("),
            None => self.fail("an unknown name"),
        }
    }

    /// rax is the address of this; an array is the address of its first element.
    fn object(&self, object: Object) -> Done<Left> {
        match object.length {
            None => Ok(Left::place(object.of)),
            Some(_) => Ok(Left::value(self.check(object.of.pointer())?)),
        }
    }

    fn member(&mut self, of: Type, name: &str) -> Done<Left> {
        let members = match of {
            Type {
                base: Kind::Struct(index),
                stars: 0,
            } => &self.scopes.structs[index].members,
            _ => return self.fail("this is not a struct"),
        };
        let Some(object) = members.get(name).copied() else {
            return self.fail("no such member");
        };
        self.emit(&format!("add_rax,imm32 %{}", object.at));
        self.object(object)
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) -> Done<Left> {
        let place = self.place.clone();
        let Some(Meaning::Function { result, parameters }) = self.scopes.find(name) else {
            return self.fail("no function of this name");
        };
        for argument in arguments {
            self.value(argument)?;
            self.emit("push_rax");
        }
        self.place = place;
        if arguments.len() != parameters {
            return self.fail("another number of arguments than parameters");
        }
        self.emit(&format!("call %f_{name}"));
        self.emit(&format!("add_rsp,imm32 %{}", 8 * arguments.len()));
        Ok(Left::value(result))
    }

    fn unary(&mut self, sign: char, inner: &Expression) -> Done<Left> {
        if sign == '&' {
            let left = self.expression(inner)?;
            if !left.place {
                return self.fail("this has no address");
            }
            return Ok(Left::value(self.check(left.of.pointer())?));
        }
        let of = self.value(inner)?;
        match sign {
            '*' => return Ok(Left::place(self.check(of.target())?)),
            '-' => self.emit("neg_rax"),
            '~' => self.emit("not_rax"),
            _ => {
                self.emit("test_rax,rax");
                self.emit("sete_al");
                self.emit("movzx_eax,al");
            }
        }
        Ok(Left::value(Type::INT))
    }

    fn logic(&mut self, jump: &str, left: &Expression, right: &Expression) -> Done<Left> {
        self.value(left)?;
        self.truth();
        let end = self.label();
        self.emit(&format!("{jump} %L{end}"));
        self.value(right)?;
        self.truth();
        self.emit(&format!(":L{end}"));
        Ok(Left::value(Type::INT))
    }

    fn truth(&mut self) {
        self.emit("test_rax,rax");
        self.emit("setne_al");
        self.emit("movzx_eax,al");
    }

    fn binary(&mut self, operator: &str, left: &Expression, right: &Expression) -> Done<Left> {
        let left = self.value(left)?;
        self.emit("push_rax");
        let right = self.value(right)?;
        let mut result = Type::INT;
        let mut size = 1;
        if matches!(operator, "+" | "-") {
            match (left.stars > 0, right.stars > 0) {
                (false, false) => {}
                (true, false) => {
                    self.scale(self.check(left.target())?)?;
                    result = left;
                }
                (true, true) if operator == "-" => {
                    size = self.check(self.scopes.size(self.check(left.target())?))?;
                }
                _ => return self.fail("a pointer on the right of + or -"),
            }
        }
        self.emit("mov_rbx,rax");
        self.emit("pop_rax");
        for line in code(operator) {
            self.emit(line);
        }
        if size != 1 {
            self.emit(&format!("mov_rbx,imm32 %{size}"));
            self.emit("cqo");
            self.emit("idiv_rbx");
        }
        Ok(Left::value(result))
    }

    /// Multiplies rax with the size of a type.
    fn scale(&mut self, of: Type) -> Done {
        let size = self.check(self.scopes.size(of))?;
        if size != 1 {
            self.emit(&format!("imul_rax,imm32 %{size}"));
        }
        Ok(())
    }
}

/// The code of an operator on rax and rbx.
fn code(operator: &str) -> &'static [&'static str] {
    match operator {
        "|" => &["or_rax,rbx"],
        "^" => &["xor_rax,rbx"],
        "&" => &["and_rax,rbx"],
        "==" => &["cmp_rax,rbx", "sete_al", "movzx_eax,al"],
        "!=" => &["cmp_rax,rbx", "setne_al", "movzx_eax,al"],
        "<" => &["cmp_rax,rbx", "setl_al", "movzx_eax,al"],
        ">" => &["cmp_rax,rbx", "setg_al", "movzx_eax,al"],
        "<=" => &["cmp_rax,rbx", "setle_al", "movzx_eax,al"],
        ">=" => &["cmp_rax,rbx", "setge_al", "movzx_eax,al"],
        "<<" => &["mov_rcx,rbx", "shl_rax,cl"],
        ">>" => &["mov_rcx,rbx", "sar_rax,cl"],
        "+" => &["add_rax,rbx"],
        "-" => &["sub_rax,rbx"],
        "*" => &["imul_rax,rbx"],
        "/" => &["cqo", "idiv_rbx"],
        // The only one that is left is %.
        _ => &["cqo", "idiv_rbx", "mov_rax,rdx"],
    }
}
