// From trees to code. A value is in rax as its type holds it (extended to 64 bits), a float in st0, and a struct is its address in
// rax. What is needed later is pushed.

void generate(struct node *node);

void canonical(struct type *type) {
    if (type->kind != K_INT) return;
    if (type->size == 1 && type->is_unsigned) emit("0FB6C0");
    else if (type->size == 1) emit("480FBEC0");
    else if (type->size == 2 && type->is_unsigned) emit("0FB7C0");
    else if (type->size == 2) emit("480FBFC0");
    else if (type->size == 4 && type->is_unsigned) emit("89C0");
    else if (type->size == 4) emit("4863C0");
}

// Loads what rax points to.
void load(struct type *type) {
    if (type->kind == K_INT) {
        if (type->size == 1 && type->is_unsigned) emit("0FB600");
        else if (type->size == 1) emit("480FBE00");
        else if (type->size == 2 && type->is_unsigned) emit("0FB700");
        else if (type->size == 2) emit("480FBF00");
        else if (type->size == 4 && type->is_unsigned) emit("8B00");
        else if (type->size == 4) emit("486300");
        else emit("488B00");
    }
    else if (type->kind == K_POINTER) emit("488B00");
    else if (type->kind == K_FLOAT) {
        if (type->size == 4) emit("D900");
        else if (type->size == 8) emit("DD00");
        else emit("DB28");
    }
    else if (type->kind == K_VOID) stop("nothing is used as a value before this");
}

// Stores the value at the address in rbx; the value stays.
void store(struct type *type) {
    if (type->kind == K_INT || type->kind == K_POINTER) {
        if (type->size == 1) emit("8803");
        else if (type->size == 2) emit("668903");
        else if (type->size == 4) emit("8903");
        else emit("488903");
    }
    else if (type->kind == K_FLOAT) {
        if (type->size == 4) emit("D91BD903");
        else if (type->size == 8) emit("DD1BDD03");
        else emit("DB3BDB2B");
    }
    else if (type->kind == K_STRUCT) {
        // mov rsi, rax; mov rdi, rbx; mov ecx, size; rep movsb; mov rax, rbx
        emit("4889C64889DF");
        emit_with("B9", size_of(type));
        emit("F3A44889D8");
    }
    else stop("this type has no values before this");
}

void push(struct type *type) {
    if (type->kind != K_FLOAT) emit("50");
    else emit("4883EC10DB3C24");
}

// The left operand comes back: integers as rax with the right one in rbx, floats as st0 with the right one in st1.
void pop_left(struct type *type) {
    if (type->kind != K_FLOAT) emit("4889C358");
    else emit("DB2C244883C410");
}

// Makes rax 0 or 1 of a value, and the flags with it (equal: 0).
void truth(struct type *type) {
    if (type->kind == K_FLOAT) emit("D9EEDFE9DDD80F95C00F9AC108C80FB6C085C0");
    else emit("4885C0");
}

void drop(struct type *type) {
    if (type->kind == K_FLOAT) emit("DDD8");
}

void generate_address(struct node *node) {
    if (node->kind == N_LOCAL) emit_with("488D85", node->value);
    else if (node->kind == N_GLOBAL) {
        emit("48C7C0");
        patch_for(node->symbol, node->value, code_size, 0, 0);
        emit4(0);
    }
    else if (node->kind == N_DEREF) generate(node->a);
    else if (node->kind == N_MEMBER) {
        generate_address(node->a);
        if (node->member->offset) emit_with("4805", node->member->offset);
    }
    else generate(node);
}

void cast_code(struct type *from, struct type *to) {
    if (to->kind == K_VOID) {
        drop(from);
        return;
    }
    if (to->is_bool) {
        truth(from);
        emit("0F95C00FB6C0");
        return;
    }
    if (from->kind == K_FLOAT && to->kind == K_FLOAT) {
        if (to->size < from->size) {
            if (to->size == 4) emit("50D91C24D9042458");
            else emit("50DD1C24DD042458");
        }
        return;
    }
    if (from->kind == K_FLOAT) {
        if (to->size == 8 && to->is_unsigned && to->kind == K_INT) {
            // From 2^63 on, that is subtracted and put back as a bit: push 5F000000; fld dword [rsp]; pop rax; fcomip st1; ja small
            emit("680000005FD9042458DFF17715680000005FD8242458");
            // fisttp into the stack; btc rax, 63; jmp over
            emit("50DD0C2458480FBAF83FEB05");
            emit("50DD0C2458");
            return;
        }
        emit("50DD0C2458");
        canonical(to);
        return;
    }
    if (to->kind == K_FLOAT) {
        emit("50DF2C24");
        if (from->kind == K_INT && from->size == 8 && from->is_unsigned) {
            // pop rax; test rax, rax; jns over; push 5F800000; fadd dword [rsp]; pop rax
            emit("584885C07909680000805FD8042458");
        }
        else emit("58");
        if (to->size == 4) emit("50D91C24D9042458");
        else if (to->size == 8) emit("50DD1C24DD042458");
        return;
    }
    if (to->size < 8) {
        // Nothing changes where the old type's values are all of the new type's.
        if (from->kind == K_INT && (from->size < to->size) && (from->is_unsigned || !to->is_unsigned)) return;
        if (from->kind == K_INT && from->size == to->size && from->is_unsigned == to->is_unsigned) return;
        canonical(to);
    }
}

void integer_operator(struct name *operator, struct type *type, struct type *operands) {
    int c = operator->text[0];
    int two = operator->length == 2;
    int d = 0;
    int plain = operands->is_unsigned;
    if (two) d = operator->text[1];
    if (c == '+') emit("4801D8");
    else if (c == '-') emit("4829D8");
    else if (c == '*') emit("480FAFC3");
    else if (c == '&') emit("4821D8");
    else if (c == '|') emit("4809D8");
    else if (c == '^') emit("4831D8");
    else if (c == '/' || c == '%') {
        if (plain) emit("31D248F7F3");
        else emit("489948F7FB");
        if (c == '%') emit("4889D0");
    }
    else if (two && c == d && c == '<') emit("4889D948D3E0");
    else if (two && c == d && c == '>') {
        if (plain) emit("4889D948D3E8");
        else emit("4889D948D3F8");
    }
    else {
        emit("4839D8");
        if (c == '=') emit("0F94C0");
        else if (c == '!') emit("0F95C0");
        else if (c == '<' && d == '=') {
            if (plain) emit("0F96C0");
            else emit("0F9EC0");
        }
        else if (c == '<') {
            if (plain) emit("0F92C0");
            else emit("0F9CC0");
        }
        else if (d == '=') {
            if (plain) emit("0F93C0");
            else emit("0F9DC0");
        }
        else if (plain) emit("0F97C0");
        else emit("0F9FC0");
        emit("0FB6C0");
        return;
    }
    canonical(type);
}

// st0 is the left operand, st1 the right one.
void float_operator(struct name *operator, struct type *type) {
    int c = operator->text[0];
    int d = 0;
    if (operator->length == 2) d = operator->text[1];
    if (c == '+') emit("DEC1");
    else if (c == '*') emit("DEC9");
    else if (c == '-') emit("DEE1");
    else if (c == '/') emit("DEF1");
    else {
        // fcomip; fstp st0
        if (c == '<') {
            // a < b is b > a: exchanged, so that "above" is false for what cannot be compared.
            emit("D9C9");
        }
        emit("DFF1DDD8");
        if (c == '=') emit("0F94C00F9BC120C8");
        else if (c == '!') emit("0F95C00F9AC108C8");
        else if (d == '=') emit("0F93C0");
        else emit("0F97C0");
        emit("0FB6C0");
        return;
    }
    if (type->size == 4) emit("50D91C24D9042458");
    else if (type->size == 8) emit("50DD1C24DD042458");
}

// A decimal or hexadecimal float: an integer, multiplied or divided by powers.
void float_constant(struct node *node) {
    char *p = node->token->text;
    char *end = p + node->token->length;
    int mantissa = 0;
    int exponent = 0;
    int after = 0;
    int base = 10;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        base = 16;
        p = p + 2;
    }
    while (p < end && (digit_of(*p) < base || *p == '.')) {
        if (*p == '.') after = 1;
        else if ((mantissa >> 58) == 0) {
            mantissa = mantissa * base + digit_of(*p);
            if (after) exponent = exponent - 1;
        }
        else if (!after) exponent = exponent + 1;
        p = p + 1;
    }
    if (base == 16) exponent = exponent * 4;
    if (p < end && (*p == 'e' || *p == 'E' || *p == 'p' || *p == 'P')) {
        int negative = p[1] == '-';
        int power = 0;
        p = p + 1;
        if (*p == '-' || *p == '+') p = p + 1;
        while (p < end && is_digit(*p)) {
            power = power * 10 + *p - '0';
            p = p + 1;
        }
        if (negative) power = -power;
        exponent = exponent + power;
    }
    emit_number(mantissa);
    emit("50DF2C2458");
    if (base == 16) {
        // fild exponent; fxch; fscale; fstp st1
        emit_number(exponent);
        emit("50DF2C2458D9C9D9FDDDD9");
    }
    else {
        while (exponent) {
            int steps = exponent;
            int power_of_ten = 1;
            if (steps < 0) steps = -steps;
            if (steps > 18) steps = 18;
            int i;
            for (i = 0; i < steps; i = i + 1) power_of_ten = power_of_ten * 10;
            emit_number(power_of_ten);
            emit("50DF2C2458");
            if (exponent > 0) {
                emit("DEC9");
                exponent = exponent - steps;
            }
            else {
                emit("DEF9");
                exponent = exponent + steps;
            }
        }
    }
    if (node->type->size == 4) emit("50D91C24D9042458");
    else if (node->type->size == 8) emit("50DD1C24DD042458");
}

// Loads a bit-field from the unit that rax points to.
void load_bits(struct member *member) {
    int unit = 8 * member->type->size;
    load(member->type);
    emit("48C1E0");
    byte(64 - member->bit - member->bits);
    if (member->type->is_unsigned) emit("48C1E8");
    else emit("48C1F8");
    byte(64 - member->bits);
    if (unit > 64) stop("internal");
}

// Stores rax into a bit-field of the unit that rbx points to; rax becomes what the field holds.
void store_bits(struct member *member) {
    int one = 1;
    int mask = (one << member->bits) - 1;
    if (member->bits == 64) mask = -1;
    // mov rcx, rax; mov rax, mask; and rcx, rax; shl rcx, bit; shl rax, bit; not rax
    emit("4889C1");
    emit_number(mask);
    emit("4821C148C1E1");
    byte(member->bit);
    emit("48C1E0");
    byte(member->bit);
    emit("48F7D0");
    // mov rdx, unit; and rdx, rax; or rdx, rcx; store
    if (member->type->size == 1) emit("0FB613");
    else if (member->type->size == 2) emit("0FB713");
    else if (member->type->size == 4) emit("8B13");
    else emit("488B13");
    emit("4821C24809CA");
    if (member->type->size == 1) emit("8813");
    else if (member->type->size == 2) emit("668913");
    else if (member->type->size == 4) emit("8913");
    else emit("488913");
    emit("4889D8");
    load_bits(member);
}

// The place of an assignment: its address is pushed.
int is_bits(struct node *node) {
    return node->kind == N_MEMBER && node->member->bits;
}

void load_place(struct node *node) {
    if (is_bits(node)) load_bits(node->member);
    else load(node->type);
}

void store_place(struct node *node) {
    if (is_bits(node)) store_bits(node->member);
    else store(node->type);
}

void generate_call(struct node *node) {
    struct node *link = node->b;
    int total = 0;
    if (node->type->kind == K_STRUCT) stop("the result of this call is a struct");
    while (link) {
        struct node *argument = link->b;
        struct type *type = argument->type;
        generate(argument);
        if (type->kind == K_FLOAT) {
            if (type->size == 16) {
                emit("4883EC10DB3C24");
                total = total + 16;
            }
            else {
                emit("50");
                if (type->size == 4) emit("D91C24");
                else emit("DD1C24");
                total = total + 8;
            }
        }
        else if (type->kind == K_STRUCT) {
            int size = rounded(size_of(type), 8);
            // sub rsp, size; mov rbx, rsp
            emit_with("4881EC", size);
            emit("4889E3");
            store(type);
            total = total + size;
        }
        else {
            emit("50");
            total = total + 8;
        }
        link = link->next;
    }
    struct node *function = node->a;
    if (function->kind == N_ADDRESS && function->a->kind == N_GLOBAL && function->a->symbol->type->kind == K_FUNCTION) {
        emit("E8");
        patch_for(function->a->symbol, 0, code_size, 0, 1);
        emit4(0);
    }
    else {
        generate(function);
        emit("FFD0");
    }
    if (total) emit_with("4881C4", total);
}

// Jumps to the label if the value is zero (or, with "0F85", if not).
void generate_jump(struct node *node, char *digits, struct label *label) {
    generate(node);
    truth(node->type);
    jump(digits, label);
}

void generate(struct node *node) {
    struct type *type = node->type;
    struct label *other;
    struct label *end;
    int kind = node->kind;
    if (kind == N_NUMBER) {
        if (type->kind == K_FLOAT) stop("internal");
        emit_number(node->value);
    }
    else if (kind == N_FLOAT) float_constant(node);
    else if (kind == N_LOCAL || kind == N_GLOBAL || kind == N_DEREF || kind == N_MEMBER) {
        generate_address(node);
        load_place(node);
    }
    else if (kind == N_ADDRESS) generate_address(node->a);
    else if (kind == N_ASSIGN) {
        generate_address(node->a);
        emit("50");
        generate(node->b);
        emit("5B");
        store_place(node->a);
    }
    else if (kind == N_CHANGE) {
        struct type *meet = common(type, node->b->type);
        int c = node->operator->text[0];
        if (type->kind == K_POINTER) meet = type_long;
        else if (node->operator->length == 2) meet = promoted(type);
        generate_address(node->a);
        emit("50");
        load_place(node->a);
        cast_code(type, meet);
        push(meet);
        generate(node->b);
        if (node->operator->length == 2) cast_code(node->b->type, type_int);
        else cast_code(node->b->type, meet);
        pop_left(meet);
        if (meet->kind == K_FLOAT) float_operator(node->operator, meet);
        else integer_operator(node->operator, meet, meet);
        cast_code(meet, type);
        emit("5B");
        store_place(node->a);
        if (c == 0) stop("internal");
    }
    else if (kind == N_STEP) {
        generate_address(node->a);
        emit("50");
        load_place(node->a);
        if (node->c) {
            // The old value is kept: pop rbx; push rax
            emit("5B50");
        }
        else emit("5B");
        emit_with("4805", node->value);
        canonical(type);
        store_place(node->a);
        if (node->c) emit("58");
    }
    else if (kind == N_CALL) generate_call(node);
    else if (kind == N_CONDITION) {
        other = new_label();
        end = new_label();
        generate_jump(node->a, "0F84", other);
        generate(node->b);
        jump("E9", end);
        set_label(other);
        generate(node->c);
        set_label(end);
    }
    else if (kind == N_COMMA) {
        generate(node->a);
        drop(node->a->type);
        generate(node->b);
    }
    else if (kind == N_AND || kind == N_OR) {
        char *digits = "0F84";
        other = new_label();
        if (kind == N_OR) digits = "0F85";
        generate_jump(node->a, digits, other);
        generate(node->b);
        truth(node->b->type);
        set_label(other);
        emit("0F95C00FB6C0");
    }
    else if (kind == N_NOT) {
        generate(node->a);
        truth(node->a->type);
        emit("0F94C00FB6C0");
    }
    else if (kind == N_COMPLEMENT) {
        generate(node->a);
        emit("48F7D0");
        canonical(type);
    }
    else if (kind == N_NEGATE) {
        generate(node->a);
        if (type->kind == K_FLOAT) emit("D9E0");
        else {
            emit("48F7D8");
            canonical(type);
        }
    }
    else if (kind == N_CAST) {
        generate(node->a);
        if (node->a->type->kind != K_STRUCT) cast_code(node->a->type, type);
    }
    else if (kind == N_BINARY) {
        struct type *operands = node->a->type;
        generate(node->a);
        push(operands);
        generate(node->b);
        pop_left(operands);
        if (operands->kind == K_FLOAT) float_operator(node->operator, type);
        else integer_operator(node->operator, type, operands);
    }
    else stop("internal");
}

// A value that nobody needs.
void generate_void(struct node *node) {
    generate(node);
    drop(node->type);
}
