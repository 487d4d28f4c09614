// cc in small C: the same compiler as cc.M1, in the language that it compiles. docs/small-c.md describes the language, and
// the code that each construct becomes.
//
// One pass from front to back: each function below reads one construct, and writes its code at once. The
// code leaves a value in rax and keeps what it still needs on the stack.

enum { INPUT_ROOM = 12000000, OUTPUT_ROOM = 32000000, SYMBOLS = 100000, LARGEST = 0x4000000, DATA = 0x10000000 };

// Kinds of tokens, and of symbols in the space of names.
enum { END, NAME, NUMBER, STRING, OTHER };
enum { CONSTANT = 1, GLOBAL, LOCAL, FUNCTION };

// A type is a number: these, 24, 32, ... for structs, and one more for each `*`.
enum { VOID, CHAR = 8, INT = 16, STRUCT = 24, STARS = 7 };

// The spaces of names and of tags; the members of a struct live in the space of its type.
enum { NAMES, TAGS };

struct symbol {
    char *name;
    int length;
    int space;
    int kind;
    int type;
    int value;          // constant, address, distance from rbp, offset; a tag's is the struct's size (0: not known yet)
    int count;          // the length of an array (0: none), or how many parameters
};

char input[INPUT_ROOM];
char output[OUTPUT_ROOM];
struct symbol symbols[SYMBOLS];
int used_symbols;
int written;

char *at;               // where we read, after the current token
char *end;
int line;
int kind;               // the current token
char *token;
int token_length;
int number;

char *name;             // the name that was read last
int name_length;

int type;               // of what was compiled last
int place;              // 1: rax is the address of the value, 0: the value
int labels;
int depth;              // bytes of local variables that are on the stack now
int break_label;        // 0 outside of loops
int continue_label;
int data;               // the address of the next global variable
int structs;            // the type of the next struct
int inside;             // whether we are within a function

// ---- output ----

void emit_byte(int byte) {
    if (written == OUTPUT_ROOM) fail("the output is too long");
    output[written] = byte;
    written = written + 1;
}

void emit(char *text) {
    while (*text) {
        emit_byte(*text);
        text = text + 1;
    }
}

void emit_bytes(char *bytes, int length) {
    int i;
    for (i = 0; i < length; i = i + 1) emit_byte(bytes[i]);
}

void decimal(int n) {
    if (n < 0) {
        emit_byte('-');
        n = -n;
    }
    if (n > 9) decimal(n / 10);
    emit_byte('0' + n % 10);
}

void emit_number(char *text, int n) {
    emit(text);
    decimal(n);
    emit_byte('\n');
}

void emit_digit(int value) {
    if (value < 10) emit_byte('0' + value);
    else emit_byte('A' + value - 10);
}

int label() {
    labels = labels + 1;
    return labels;
}

void emit_frame() {
    emit_number("lea_rsp,[rbp+disp32] %", -depth);
}

// Says what is wrong at the current token, and ends.
void stop(char *before, char *text) {
    written = 0;
    emit("line ");
    decimal(line);
    emit(": ");
    emit(before);
    emit(text);
    emit(": ");
    emit_bytes(token, token_length);
    write_all(2, output, written);
    fail("");
}

void too_large() {
    stop("", "this is too large");
}

// ---- tokens ----

int is_digit(int c) {
    return c >= '0' && c <= '9';
}

int is_name(int c) {
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// One character within quotes, at `at`.
int character() {
    int c = *at;
    at = at + 1;
    if (c == '\\') {
        c = *at;
        at = at + 1;
        if (c == 'n') return '\n';
        if (c == 't') return '\t';
        if (c == 'r') return '\r';
        if (c == '0') return 0;
        if (c == '\\' || c == '\'' || c == '"') return c;
        stop("", "this is not a character");
    }
    if (c < ' ') stop("", "this is not a character");
    return c;
}

void block_comment() {
    at = at + 2;
    while (*at != '*' || at[1] != '/') {
        if (*at == 0) stop("", "a comment is not closed");
        if (*at == '\n') line = line + 1;
        at = at + 1;
    }
    at = at + 2;
}

void read_number() {
    int base = 10;
    kind = NUMBER;
    number = 0;
    if (at[0] == '0' && at[1] == 'x') {
        base = 16;
        at = at + 2;
    }
    else if (at[0] == '0' && is_digit(at[1])) stop("", "this is not a number from 0 to 2147483647");
    while (is_name(*at)) {
        int one = *at - '0';
        if (*at > '9') one = (*at & 223) - 'A' + 10;
        if (one < 0 || one >= base) stop("", "this is not a number from 0 to 2147483647");
        number = number * base + one;
        if (number > 0x7fffffff) stop("", "this is not a number from 0 to 2147483647");
        at = at + 1;
    }
    if (at[-1] == 'x') stop("", "this is not a number from 0 to 2147483647");
}

void read_other() {
    int c = *at;
    int next = at[1];
    kind = OTHER;
    at = at + 1;
    if (next == '=' && (c == '=' || c == '!' || c == '<' || c == '>')) at = at + 1;
    else if (c == '-' && next == '>') at = at + 1;
    else if (c == next && (c == '&' || c == '|' || c == '<' || c == '>')) at = at + 1;
}

// Reads the next token.
void advance() {
    while (1) {
        token = at;
        token_length = 0;
        if (*at == 0) {
            kind = END;
            if (at != end) stop("", "a zero in the text");
            return;
        }
        if (*at == '\n') line = line + 1;
        if (*at <= ' ') at = at + 1;
        else if (at[0] == '/' && at[1] == '/') {
            while (*at && *at != '\n') at = at + 1;
        }
        else if (at[0] == '/' && at[1] == '*') block_comment();
        else break;
    }
    if (*at == '"') {
        kind = STRING;
        at = at + 1;
        while (*at != '"') character();
        at = at + 1;
    }
    else if (*at == '\'') {
        kind = NUMBER;
        at = at + 1;
        number = character();
        if (*at != '\'') stop("", "a character is not closed");
        at = at + 1;
    }
    else if (is_digit(*at)) read_number();
    else if (is_name(*at)) {
        kind = NAME;
        while (is_name(*at)) at = at + 1;
    }
    else read_other();
    token_length = at - token;
}

int peek(char *text) {
    int length = length_of(text);
    return length == token_length && same_bytes(text, token, length);
}

int accept(char *text) {
    if (!peek(text)) return 0;
    advance();
    return 1;
}

void expect(char *text) {
    if (!accept(text)) stop("expected ", text);
}

void read_name() {
    if (kind != NAME) stop("", "expected a name");
    name = token;
    name_length = token_length;
    advance();
}

// ---- symbols ----

// The newest symbol of the name in a space; 0 if there is none.
struct symbol *find(int space) {
    int i;
    for (i = used_symbols - 1; i >= 0; i = i - 1) {
        struct symbol *symbol = &symbols[i];
        if (symbol->space == space && symbol->length == name_length && same_bytes(symbol->name, name, name_length))
            return symbol;
    }
    return 0;
}

struct symbol *declare(int space, int kind, int type) {
    if (used_symbols == SYMBOLS) fail("too many symbols");
    struct symbol *symbol = &symbols[used_symbols];
    used_symbols = used_symbols + 1;
    symbol->name = name;
    symbol->length = name_length;
    symbol->space = space;
    symbol->kind = kind;
    symbol->type = type;
    symbol->value = 0;
    symbol->count = 0;
    return symbol;
}

// ---- types ----

int is_type() {
    return peek("int") || peek("char") || peek("void") || peek("struct");
}

int pointer(int type) {
    if ((type & STARS) == STARS) stop("", "too many stars");
    return type + 1;
}

int size_of(int type) {
    int i = 0;
    if (type & STARS || type == INT) return 8;
    if (type == CHAR) return 1;
    while (type >= STRUCT && (symbols[i].space != TAGS || symbols[i].type != type)) i = i + 1;
    if (type < STRUCT || symbols[i].value == 0) stop("", "the size of this type is not known");
    return symbols[i].value;
}

// The bytes of a variable of a type, or of an array of so many.
int extent(int type, int count) {
    int size = size_of(type);
    if (count) size = size * count;
    if (size >= LARGEST) too_large();
    return size;
}

// Rounded up to a multiple of eight.
int rounded(int n) {
    return (n + 7) & -8;
}

int read_constant() {
    if (kind == NUMBER) {
        int value = number;
        advance();
        return value;
    }
    char *declared = name;
    int declared_length = name_length;
    read_name();
    struct symbol *symbol = find(NAMES);
    name = declared;
    name_length = declared_length;
    if (!symbol || symbol->kind != CONSTANT) stop("", "expected a constant before this");
    return symbol->value;
}

// Reads "[" constant "]" if it is there; 0 if not.
int read_length() {
    if (!accept("[")) return 0;
    int count = read_constant();
    if (count == 0) stop("", "an array of nothing");
    expect("]");
    return count;
}

int read_type();

// Reads the members of a struct, up to and with the closing brace.
void read_members(struct symbol *tag) {
    int offset = 0;
    if (tag->value) stop("", "this struct is defined a second time");
    while (1) {
        int member_type = read_type();
        read_name();
        int count = read_length();
        int bytes = extent(member_type, count);
        if (member_type != CHAR) offset = rounded(offset);
        struct symbol *member = declare(tag->type, 0, member_type);
        member->value = offset;
        member->count = count;
        offset = offset + bytes;
        if (offset >= LARGEST) too_large();
        expect(";");
        if (accept("}")) break;
    }
    tag->value = rounded(offset);
}

int read_type() {
    int base = VOID;
    if (accept("int")) base = INT;
    else if (accept("char")) base = CHAR;
    else if (accept("struct")) {
        read_name();
        struct symbol *tag = find(TAGS);
        if (!tag) {
            tag = declare(TAGS, 0, structs);
            structs = structs + 8;
        }
        if (accept("{")) {
            if (inside) stop("", "a struct is defined in a function");
            read_members(tag);
        }
        base = tag->type;
    }
    else if (!accept("void")) stop("", "expected a type");
    while (accept("*")) base = pointer(base);
    return base;
}

// ---- expressions ----

void expression();
void binary(int rank);

void is_word(int type) {
    if (!(type & STARS) && type != INT) stop("", "this type has no values before this");
}

// Loads the value if rax is its address.
void value() {
    if (!place) return;
    place = 0;
    if (type == CHAR) emit("movzx_eax,byte_[rax]\n");
    else {
        is_word(type);
        emit("mov_rax,[rax]\n");
    }
}

// rax is the address of something of this type: stores the value of the expression that follows.
void assign(int target) {
    emit("push_rax\n");
    expression();
    value();
    emit("pop_rbx\n");
    type = target;
    if (type == CHAR) emit("mov_[rbx],al\n");
    else {
        is_word(type);
        emit("mov_[rbx],rax\n");
    }
}

void expression() {
    binary(1);
    if (place && accept("=")) {
        place = 0;
        assign(type);
    }
}

// The rank of the token as an operator; 0 if it is none.
int rank() {
    if (kind != OTHER) return 0;
    if (peek("||")) return 1;
    if (peek("&&")) return 2;
    if (peek("|")) return 3;
    if (peek("^")) return 4;
    if (peek("&")) return 5;
    if (peek("==") || peek("!=")) return 6;
    if (peek("<") || peek(">") || peek("<=") || peek(">=")) return 7;
    if (peek("<<") || peek(">>")) return 8;
    if (peek("+") || peek("-")) return 9;
    if (peek("*") || peek("/") || peek("%")) return 10;
    return 0;
}

void emit_operator(int c, int next) {
    if (c == '|') emit("or_rax,rbx\n");
    else if (c == '^') emit("xor_rax,rbx\n");
    else if (c == '&') emit("and_rax,rbx\n");
    else if (c == '+') emit("add_rax,rbx\n");
    else if (c == '-') emit("sub_rax,rbx\n");
    else if (c == '*') emit("imul_rax,rbx\n");
    else if (c == '/') emit("cqo\nidiv_rbx\n");
    else if (c == '%') emit("cqo\nidiv_rbx\nmov_rax,rdx\n");
    else if (c == '<' && next == '<') emit("mov_rcx,rbx\nshl_rax,cl\n");
    else if (c == '>' && next == '>') emit("mov_rcx,rbx\nsar_rax,cl\n");
    else {
        emit("cmp_rax,rbx\n");
        if (c == '=') emit("sete_al\n");
        else if (c == '!') emit("setne_al\n");
        else if (c == '<' && next == '=') emit("setle_al\n");
        else if (c == '<') emit("setl_al\n");
        else if (next == '=') emit("setge_al\n");
        else emit("setg_al\n");
        emit("movzx_eax,al\n");
    }
}

void emit_truth() {
    emit("test_rax,rax\nsetne_al\nmovzx_eax,al\n");
}

void scale(int size) {
    if (size != 1) emit_number("imul_rax,imm32 %", size);
}

void logic(int operator_rank) {
    emit_truth();
    int done = label();
    if (operator_rank == 1) emit_number("jne %L", done);
    else emit_number("je %L", done);
    binary(operator_rank + 1);
    value();
    emit_truth();
    emit_number(":L", done);
    type = INT;
}

void arithmetic(int operator_rank, int c, int next) {
    int left = type;
    int result = INT;
    emit("push_rax\n");
    binary(operator_rank + 1);
    value();
    if (operator_rank == 9 && left & STARS) {
        int size = size_of(left - 1);
        if (type & STARS) {
            if (c != '-') stop("", "pointers are added before this");
            emit("mov_rbx,rax\npop_rax\nsub_rax,rbx\n");
            if (size != 1) {
                emit_number("mov_rbx,imm32 %", size);
                emit("cqo\nidiv_rbx\n");
            }
            type = INT;
            return;
        }
        scale(size);
        result = left;
    }
    else if (operator_rank == 9 && type & STARS) stop("", "a pointer on the right of + or - before this");
    emit("mov_rbx,rax\npop_rax\n");
    emit_operator(c, next);
    type = result;
}

void unary();

// Reads operands joined by operators of this rank or a higher one.
void binary(int lowest) {
    unary();
    while (1) {
        int operator_rank = rank();
        if (operator_rank < lowest) return;
        int c = token[0];
        int next = 0;
        if (token_length == 2) next = token[1];
        value();
        advance();
        if (operator_rank <= 2) logic(operator_rank);
        else arithmetic(operator_rank, c, next);
    }
}

// rax is a pointer: now it is the address of what it points to.
void target() {
    if (!(type & STARS)) stop("", "this is not a pointer before this");
    type = type - 1;
    place = 1;
}

void emit_constant(int value) {
    emit_number("mov_rax,imm32 %", value);
    place = 0;
    type = INT;
}

// rax is the address of a variable or member. An array is the address of its first element.
void object(struct symbol *symbol) {
    type = symbol->type;
    place = 1;
    if (symbol->count) {
        type = pointer(type);
        place = 0;
    }
}

void string() {
    int after = label();
    emit_number("call %L", after);
    emit_byte('\'');
    char *next = at;
    at = token + 1;
    while (*at != '"') {
        int c = character();
        emit_digit(c >> 4);
        emit_digit(c & 15);
    }
    at = next;
    emit("00'\n");
    emit_number(":L", after);
    emit("pop_rax\n");
    advance();
    type = CHAR + 1;
    place = 0;
}

void call(struct symbol *function) {
    int count = 0;
    expect("(");
    if (!accept(")")) {
        while (1) {
            expression();
            value();
            emit("push_rax\n");
            count = count + 1;
            if (!accept(",")) break;
        }
        expect(")");
    }
    if (count != function->count) stop("", "another number of arguments than parameters before this");
    emit("call %f_");
    emit_bytes(function->name, function->length);
    emit_number("\nadd_rsp,imm32 %", 8 * count);
    type = function->type;
    place = 0;
}

void primary() {
    if (kind == NUMBER) {
        int n = number;
        advance();
        emit_constant(n);
        return;
    }
    if (kind == STRING) {
        string();
        return;
    }
    if (kind != NAME) stop("", "expected an expression");
    read_name();
    struct symbol *symbol = find(NAMES);
    if (!symbol) stop("", "an unknown name before this");
    if (symbol->kind == FUNCTION) call(symbol);
    else if (symbol->kind == CONSTANT) emit_constant(symbol->value);
    else {
        if (symbol->kind == LOCAL) emit_number("lea_rax,[rbp+disp32] %", symbol->value);
        else emit_number("mov_rax,imm32 %", symbol->value);
        object(symbol);
    }
}

void index() {
    value();
    if (!(type & STARS)) stop("", "this is not a pointer before this");
    int element = type - 1;
    emit("push_rax\n");
    expression();
    value();
    expect("]");
    scale(size_of(element));
    emit("pop_rbx\nadd_rax,rbx\n");
    type = element;
    place = 1;
}

void member() {
    if (type & STARS || type < STRUCT) stop("", "no such member before this");
    read_name();
    struct symbol *symbol = find(type);
    if (!symbol) stop("", "no such member before this");
    emit_number("add_rax,imm32 %", symbol->value);
    object(symbol);
}

// What stands after an operand.
void postfix() {
    while (1) {
        if (accept("[")) index();
        else if (accept(".")) {
            if (!place) stop("", "no such member before this");
            member();
        }
        else if (accept("->")) {
            value();
            target();
            member();
        }
        else return;
    }
}

void unary() {
    if (accept("-")) {
        unary();
        value();
        emit("neg_rax\n");
        type = INT;
    }
    else if (accept("!")) {
        unary();
        value();
        emit("test_rax,rax\nsete_al\nmovzx_eax,al\n");
        type = INT;
    }
    else if (accept("~")) {
        unary();
        value();
        emit("not_rax\n");
        type = INT;
    }
    else if (accept("*")) {
        unary();
        value();
        target();
    }
    else if (accept("&")) {
        unary();
        if (!place) stop("", "this has no address before this");
        place = 0;
        type = pointer(type);
    }
    else if (accept("sizeof")) {
        expect("(");
        int size = size_of(read_type());
        expect(")");
        emit_constant(size);
    }
    else if (accept("(")) {
        if (is_type()) {
            int target_type = read_type();
            expect(")");
            unary();
            value();
            type = target_type;
            if (type == CHAR) emit("movzx_eax,al\n");
            else is_word(type);
            return;
        }
        expression();
        expect(")");
        postfix();
    }
    else {
        primary();
        postfix();
    }
}

// ---- statements ----

void block();

void condition() {
    expect("(");
    expression();
    value();
    expect(")");
    emit("test_rax,rax\n");
}

void statement();

void if_statement() {
    condition();
    int other = label();
    emit_number("je %L", other);
    statement();
    if (accept("else")) {
        int done = label();
        emit_number("jmp %L", done);
        emit_number(":L", other);
        statement();
        other = done;
    }
    emit_number(":L", other);
}

// The body of a loop, after which the code goes on at the label for continue.
void body() {
    statement();
    emit_number("jmp %L", continue_label);
    emit_number(":L", break_label);
    emit_frame();
}

void while_statement() {
    continue_label = label();
    break_label = label();
    emit_number(":L", continue_label);
    emit_frame();
    condition();
    emit_number("je %L", break_label);
    body();
}

void for_statement() {
    expect("(");
    if (!peek(";")) expression();
    expect(";");
    int condition_label = label();
    int body_label = label();
    continue_label = label();
    break_label = label();
    emit_number(":L", condition_label);
    if (!peek(";")) {
        expression();
        value();
        emit_number("test_rax,rax\nje %L", break_label);
    }
    expect(";");
    emit_number("jmp %L", body_label);
    emit_number(":L", continue_label);
    emit_frame();
    if (!peek(")")) expression();
    expect(")");
    emit_number("jmp %L", condition_label);
    emit_number(":L", body_label);
    body();
}

void jump(int to) {
    if (!break_label) stop("", "not in a loop before this");
    emit_number("jmp %L", to);
    expect(";");
}

void statement() {
    int outer_break = break_label;
    int outer_continue = continue_label;
    if (accept("{")) block();
    else if (accept(";")) return;
    else if (accept("if")) if_statement();
    else if (accept("while")) while_statement();
    else if (accept("for")) for_statement();
    else if (accept("return")) {
        if (!accept(";")) {
            expression();
            value();
            expect(";");
        }
        emit("leave\nret\n");
    }
    else if (accept("break")) jump(break_label);
    else if (accept("continue")) jump(continue_label);
    else {
        expression();
        expect(";");
    }
    break_label = outer_break;
    continue_label = outer_continue;
}

void local_variable() {
    int local_type = read_type();
    read_name();
    int count = read_length();
    int bytes = rounded(extent(local_type, count));
    depth = depth + bytes;
    if (depth >= LARGEST) too_large();
    emit_number("sub_rsp,imm32 %", bytes);
    struct symbol *symbol = declare(NAMES, LOCAL, local_type);
    symbol->value = -depth;
    symbol->count = count;
    if (accept(";")) return;
    if (count) expect(";");
    expect("=");
    emit_number("lea_rax,[rbp+disp32] %", -depth);
    assign(local_type);
    expect(";");
}

// After "{": reads up to and with "}".
void block() {
    int outer_symbols = used_symbols;
    int outer_depth = depth;
    while (!accept("}")) {
        if (is_type()) local_variable();
        else statement();
    }
    used_symbols = outer_symbols;
    if (depth != outer_depth) {
        depth = outer_depth;
        emit_frame();
    }
}

// ---- declarations outside of functions ----

// Reads parameters up to and with the closing parenthesis; returns how many.
int parameters() {
    int count = 0;
    if (accept(")")) return 0;
    while (1) {
        int parameter_type = read_type();
        if (parameter_type == VOID) break;
        read_name();
        declare(NAMES, LOCAL, parameter_type);
        count = count + 1;
        if (!accept(",")) break;
    }
    expect(")");
    return count;
}

void function(int result) {
    struct symbol *symbol = find(NAMES);
    int known = symbol && symbol->kind == FUNCTION;
    if (!known) symbol = declare(NAMES, FUNCTION, result);
    symbol->type = result;
    int first = used_symbols;
    inside = 1;
    int count = parameters();
    if (known && count != symbol->count) stop("", "this function had another number of parameters");
    symbol->count = count;
    int i;
    int distance = 16 + 8 * count;
    for (i = first; i < used_symbols; i = i + 1) {
        if (symbols[i].space == NAMES) {
            distance = distance - 8;
            symbols[i].value = distance;
        }
    }
    if (!accept(";")) {
        emit(":f_");
        emit_bytes(symbol->name, symbol->length);
        emit("\npush_rbp\nmov_rbp,rsp\n");
        depth = 0;
        break_label = 0;
        expect("{");
        block();
        emit("leave\nret\n");
    }
    used_symbols = first;
    inside = 0;
}

void global_variable(int global_type) {
    int count = read_length();
    int bytes = extent(global_type, count);
    struct symbol *symbol = declare(NAMES, GLOBAL, global_type);
    symbol->count = count;
    symbol->value = data;
    data = rounded(data + bytes);
    if (data > DATA + LARGEST) too_large();
    expect(";");
}

void constants() {
    int next = 0;
    expect("{");
    while (1) {
        read_name();
        if (accept("=")) next = read_constant();
        struct symbol *symbol = declare(NAMES, CONSTANT, INT);
        symbol->value = next;
        if (!accept(",")) break;
        next = next + 1;
        if (next > 0x7fffffff) too_large();
    }
    expect("}");
    expect(";");
}

void declaration() {
    if (accept("enum")) {
        constants();
        return;
    }
    int declared_type = read_type();
    if (accept(";")) return;
    read_name();
    if (accept("(")) function(declared_type);
    else global_variable(declared_type);
}

int main(int argc, char **argv) {
    end = input + read_files(argc, argv, input, INPUT_ROOM - 1);
    at = input;
    line = 1;
    data = DATA;
    structs = STRUCT;
    name = "syscall";
    name_length = 7;
    struct symbol *kernel = declare(NAMES, FUNCTION, INT);
    kernel->count = 4;
    advance();
    while (kind != END) declaration();
    write_file(argv[argc - 1], output, written);
    return 0;
}
