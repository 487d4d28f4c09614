// Reading expressions.

struct node *expression();
struct node *assignment();
struct node *unary();
struct type *type_name();
int starts_type();
struct node *literal_node(struct type *type);

// A symbol for bytes in the data, and nothing else.
struct symbol *string_symbol(struct token *first);
struct symbol *function_name_symbol();

int constant_expression() {
    struct node *node = assignment();
    if (accept("?")) stop("internal");
    if (node->kind != N_NUMBER) stop("expected a constant before this");
    return node->value;
}

struct node *primary() {
    struct token *token = current;
    if (accept("(")) {
        struct node *inner = expression();
        expect(")");
        return inner;
    }
    if (token->kind == T_NUMBER) {
        struct type *type = type_int;
        if ((token->flags & 3) == 1) type = type_uint;
        if ((token->flags & 3) == 2) type = type_long;
        if ((token->flags & 3) == 3) type = type_ulong;
        current = current->next;
        return number_node(token->value, type);
    }
    if (token->kind == T_FLOAT) {
        int last = token->text[token->length - 1];
        struct type *float_type = type_double;
        if (last == 'f' || last == 'F') float_type = type_float;
        if (last == 'l' || last == 'L') float_type = type_ldouble;
        current = current->next;
        struct node *node = new_node(N_FLOAT, float_type, 0, 0);
        node->token = token;
        return node;
    }
    if (token->kind == T_STRING) return global_node(string_symbol(token));
    if (token->kind != T_NAME) stop("expected an expression");
    struct symbol *symbol = token->name->symbol;
    current = current->next;
    if (is_sign(token, "__func__") || is_sign(token, "__FUNCTION__")) return global_node(function_name_symbol());
    if (!symbol) {
        if (!peek("(")) stop_at(token, "an unknown name");
        // A function that was not declared.
        struct type *type = function_of(type_int);
        type->variadic = 2;
        symbol = new_symbol(S_GLOBAL, token->name, type);
        token->name->symbol = symbol;
    }
    if (symbol->kind == S_CONSTANT) return number_node(symbol->value, type_int);
    if (symbol->kind == S_TYPEDEF) stop_at(token, "a type is not an expression");
    if (symbol->kind == S_GLOBAL) return global_node(symbol);
    struct node *local = new_node(N_LOCAL, symbol->type, 0, 0);
    local->value = symbol->value;
    return local;
}

struct node *call_node(struct node *function) {
    function = decay(function);
    if (function->type->kind != K_POINTER || function->type->base->kind != K_FUNCTION) stop("this is not a function before this");
    struct type *type = function->type->base;
    struct symbol *parameter = type->parameters;
    struct node *arguments = 0;
    while (!accept(")")) {
        struct node *argument = decay(assignment());
        if (parameter) {
            argument = cast(argument, parameter->type);
            parameter = parameter->chain;
        }
        else {
            if (!type->variadic) stop("too many arguments before this");
            if (argument->type->kind == K_FLOAT && argument->type->size == 4) argument = cast(argument, type_double);
            if (argument->type->kind == K_INT) argument = cast(argument, promoted(argument->type));
            if (argument->type->kind == K_VOID) stop("nothing is used as a value before this");
        }
        argument->next = 0;
        // The same tree may hang in another list: a node of its own holds the link.
        struct node *link = new_node(N_COMMA, argument->type, 0, argument);
        link->next = arguments;
        arguments = link;
        if (!accept(",")) {
            expect(")");
            break;
        }
    }
    if (parameter) stop("too few arguments before this");
    struct node *node = new_node(N_CALL, type->base, function, arguments);
    return node;
}

struct node *step_node(struct node *place, int by, int old) {
    if (!is_place(place)) stop("this cannot be changed before this");
    struct node *node = new_node(N_STEP, place->type, place, 0);
    if (place->type->kind == K_POINTER) by = by * size_of(place->type->base);
    else if (place->type->kind != K_INT) stop("this cannot be counted before this");
    node->value = by;
    if (old) node->c = node;
    return node;
}

struct node *postfix(struct node *node) {
    while (1) {
        if (accept("[")) {
            struct node *index = expression();
            expect("]");
            node = deref(binary_node(named("+"), node, index));
        }
        else if (accept("(")) node = call_node(node);
        else if (peek(".") || peek("->")) {
            int arrow = peek("->");
            current = current->next;
            if (current->kind != T_NAME) stop("expected a member");
            struct name *name = current->name;
            current = current->next;
            if (arrow) node = deref(node);
            node = member_node(node, name);
        }
        else if (accept("++")) node = step_node(node, 1, 1);
        else if (accept("--")) node = step_node(node, -1, 1);
        else return node;
    }
}

struct node *not_node(struct node *node) {
    node = decay(node);
    if (node->kind == N_NUMBER) return number_node(!node->value, type_int);
    if (node->kind == N_ADDRESS) return number_node(0, type_int);
    return new_node(N_NOT, type_int, node, 0);
}

struct node *unary() {
    struct node *node;
    if (accept("++")) return step_node(unary(), 1, 0);
    if (accept("--")) return step_node(unary(), -1, 0);
    if (accept("+")) {
        node = decay(unary());
        return cast(node, promoted(node->type));
    }
    if (accept("-")) {
        node = decay(unary());
        node = cast(node, promoted(node->type));
        if (node->kind == N_NUMBER) return number_node(-node->value, node->type);
        if (!is_arithmetic(node->type)) stop("- takes a number");
        return new_node(N_NEGATE, node->type, node, 0);
    }
    if (accept("~")) {
        node = decay(unary());
        node = cast(node, promoted(node->type));
        if (node->kind == N_NUMBER) return number_node(~node->value, node->type);
        if (node->type->kind != K_INT) stop("~ takes an integer");
        return new_node(N_COMPLEMENT, node->type, node, 0);
    }
    if (accept("!")) return not_node(unary());
    if (accept("*")) return deref(unary());
    if (accept("&")) {
        node = unary();
        return address_of(node, pointer_to(node->type));
    }
    if (accept("sizeof") || peek("__alignof__")) {
        int align = accept("__alignof__");
        struct type *type;
        if (peek("(")) {
            struct token *saved = current;
            current = current->next;
            if (starts_type()) {
                type = type_name();
                expect(")");
                if (align) return number_node(type->align, type_ulong);
                return number_node(size_of(type), type_ulong);
            }
            current = saved;
        }
        node = unary();
        return number_node(size_of(node->type), type_ulong);
    }
    if (peek("(")) {
        struct token *open = current;
        current = current->next;
        if (starts_type()) {
            struct type *to = type_name();
            expect(")");
            if (peek("{")) return postfix(literal_node(to));
            return cast(decay(unary()), to);
        }
        current = open;
    }
    return postfix(primary());
}

int rank_of() {
    return if_rank(current);
}

struct node *binary(int lowest) {
    struct node *left = unary();
    while (1) {
        int rank = rank_of();
        if (rank == 0 || rank < lowest) return left;
        struct name *operator = current->name;
        current = current->next;
        struct node *right = binary(rank + 1);
        if (rank <= 2) {
            left = decay(left);
            right = decay(right);
            if (left->kind == N_NUMBER) {
                // The other side is not evaluated, or decides alone.
                if (rank == 1 && left->value) left = number_node(1, type_int);
                else if (rank == 2 && !left->value) left = number_node(0, type_int);
                else left = not_node(not_node(right));
            }
            else if (rank == 1) left = new_node(N_OR, type_int, left, right);
            else left = new_node(N_AND, type_int, left, right);
        }
        else left = binary_node(operator, left, right);
    }
}

struct node *conditional() {
    struct node *node = binary(1);
    if (!accept("?")) return node;
    node = decay(node);
    struct node *yes;
    if (peek(":")) yes = node;
    else yes = decay(expression());
    expect(":");
    struct node *no = decay(conditional());
    struct type *type = yes->type;
    if (is_arithmetic(yes->type) && is_arithmetic(no->type)) type = common(yes->type, no->type);
    else if (yes->type->kind == K_VOID || no->type->kind == K_VOID) type = type_void;
    else if (yes->type->kind == K_POINTER && no->type->kind == K_POINTER) {
        if (yes->kind == N_NUMBER && yes->value == 0) type = no->type;
        else if (yes->type->base->kind == K_VOID && !(no->kind == N_NUMBER && no->value == 0)) type = yes->type;
    }
    else if (no->type->kind == K_POINTER) type = no->type;
    yes = cast(yes, type);
    no = cast(no, type);
    if (node->kind == N_NUMBER) {
        if (node->value) return yes;
        return no;
    }
    struct node *result = new_node(N_CONDITION, type, node, yes);
    result->c = no;
    return result;
}

struct node *assignment() {
    struct node *left = conditional();
    if (current->kind != T_SIGN) return left;
    if (accept("=")) {
        if (!is_place(left)) stop("this cannot be assigned to before this");
        struct node *value = cast(decay(assignment()), left->type);
        return new_node(N_ASSIGN, left->type, left, value);
    }
    struct name *name = current->name;
    int n = name->length;
    int c = name->text[0];
    if (n < 2 || name->text[n - 1] != '=' || c == '=' || c == '!' || (n == 2 && (c == '<' || c == '>'))) return left;
    current = current->next;
    struct node *right = decay(assignment());
    if (!is_place(left)) stop("this cannot be assigned to before this");
    struct node *node = new_node(N_CHANGE, left->type, left, right);
    node->operator = intern(name->text, n - 1);
    if (left->type->kind == K_POINTER) node->b = scaled(right, left->type, 0);
    return node;
}

struct node *expression() {
    struct node *node = assignment();
    while (accept(",")) {
        struct node *right = decay(assignment());
        node = new_node(N_COMMA, right->type, node, right);
    }
    return node;
}
