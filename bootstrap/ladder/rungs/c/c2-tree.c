// Expressions as trees, and the constants among them.

enum {
    N_NUMBER, N_FLOAT, N_LOCAL, N_GLOBAL, N_DEREF, N_MEMBER, N_ADDRESS, N_ASSIGN, N_CHANGE, N_STEP, N_CALL, N_CONDITION, N_COMMA,
    N_AND, N_OR, N_NOT, N_COMPLEMENT, N_NEGATE, N_CAST, N_BINARY
};

struct node {
    int kind;
    struct type *type;
    struct node *a;
    struct node *b;
    struct node *c;
    struct node *next;              // of arguments, the last one first
    int value;                      // number, distance, offset; N_STEP: what is added; 1 in c: the old value is wanted
    struct symbol *symbol;
    struct member *member;
    struct name *operator;
    struct token *token;
};

struct node *new_node(int kind, struct type *type, struct node *a, struct node *b) {
    struct node *node = (struct node *)allocate(sizeof(struct node));
    node->kind = kind;
    node->type = type;
    node->a = a;
    node->b = b;
    node->token = current;
    return node;
}

struct node *number_node(int value, struct type *type) {
    struct node *node = new_node(N_NUMBER, type, 0, 0);
    node->value = truncate(value, type);
    return node;
}

struct node *global_node(struct symbol *symbol) {
    struct node *node = new_node(N_GLOBAL, symbol->type, 0, 0);
    node->symbol = symbol;
    symbol->used = 1;
    return node;
}

int is_arithmetic(struct type *type) {
    return type->kind == K_INT || type->kind == K_FLOAT;
}

struct node *cast(struct node *node, struct type *type) {
    struct type *from = node->type;
    if (from == type) return node;
    if (type->kind == K_VOID) return new_node(N_CAST, type, node, 0);
    if (from->kind == K_STRUCT || type->kind == K_STRUCT) {
        if (from->kind == K_STRUCT && type->kind == K_STRUCT && from->members == type->members) return node;
        stop("a struct is not of this type");
    }
    if (from->kind == K_VOID) stop("nothing is used as a value before this");
    if (type->kind == K_ARRAY || type->kind == K_FUNCTION) stop("a cast to an array or a function");
    if (node->kind == N_NUMBER && type->kind != K_FLOAT && from->kind != K_FLOAT) {
        struct node *number = number_node(node->value, type);
        return number;
    }
    // An address or a wide number of the same size stays what it is.
    if (type->size == 8 && from->size == 8 && type->kind != K_FLOAT && from->kind != K_FLOAT && node->kind == N_ADDRESS) {
        struct node *same = new_node(N_ADDRESS, type, node->a, 0);
        return same;
    }
    return new_node(N_CAST, type, node, 0);
}

// The address of a place.
struct node *address_of(struct node *node, struct type *type) {
    if (node->kind == N_DEREF) return cast(node->a, type);
    if (node->kind == N_LOCAL || node->kind == N_GLOBAL) return new_node(N_ADDRESS, type, node, 0);
    if (node->kind == N_MEMBER) {
        if (node->member->bits) stop("a bit-field has no address");
        struct node *outer = address_of(node->a, type);
        if (outer->kind == N_NUMBER) return number_node(outer->value + node->member->offset, type);
        struct node *sum = new_node(N_BINARY, type, outer, number_node(node->member->offset, type_long));
        sum->operator = named("+");
        return sum;
    }
    // The result of a call, an assignment or a condition that is a struct: its value is its address.
    if (node->type->kind == K_STRUCT || node->type->kind == K_ARRAY) {
        struct node *value = new_node(N_CAST, type, node, 0);
        return value;
    }
    stop("this has no address before this");
    return 0;
}

// An array becomes the address of its first element, a function its address.
struct node *decay(struct node *node) {
    if (node->type->kind == K_ARRAY) return address_of(node, pointer_to(node->type->base));
    if (node->type->kind == K_FUNCTION) return address_of(node, pointer_to(node->type));
    return node;
}

struct node *member_node(struct node *node, struct name *name) {
    if (node->type->kind != K_STRUCT) stop("this is not a struct before this");
    struct member *member = find_member(node->type, name);
    if (!member) stop("there is no such member before this");
    if (member->bits == 0 && (node->kind == N_LOCAL || node->kind == N_GLOBAL)) {
        struct node *part = new_node(node->kind, member->type, 0, 0);
        part->symbol = node->symbol;
        part->value = node->value + member->offset;
        return part;
    }
    struct node *result = new_node(N_MEMBER, member->type, node, 0);
    result->member = member;
    return result;
}

struct node *deref(struct node *node) {
    node = decay(node);
    if (node->type->kind != K_POINTER) stop("this is not a pointer before this");
    if (node->kind == N_ADDRESS && node->a->kind == N_GLOBAL) {
        // *&x is x, perhaps of another type.
        struct node *place = new_node(N_GLOBAL, node->type->base, 0, 0);
        place->symbol = node->a->symbol;
        place->value = node->a->value;
        return place;
    }
    if (node->kind == N_ADDRESS && node->a->kind == N_LOCAL) {
        struct node *local = new_node(N_LOCAL, node->type->base, 0, 0);
        local->value = node->a->value;
        return local;
    }
    return new_node(N_DEREF, node->type->base, node, 0);
}

int is_place(struct node *node) {
    return node->kind == N_LOCAL || node->kind == N_GLOBAL || node->kind == N_DEREF || node->kind == N_MEMBER;
}

struct node *plain_binary(struct name *operator, struct type *type, struct node *a, struct node *b) {
    if (a->kind == N_NUMBER && b->kind == N_NUMBER && a->type->kind != K_FLOAT && b->type->kind != K_FLOAT) {
        if (!((operator->text[0] == '/' || operator->text[0] == '%') && b->value == 0))
            return number_node(fold(operator, a->value, b->value, a->type->is_unsigned), type);
    }
    if (a->kind == N_ADDRESS && b->kind == N_NUMBER && operator->length == 1) {
        int c = operator->text[0];
        if (c == '+' || c == '-') {
            int offset = b->value;
            if (c == '-') offset = -offset;
            struct node *place = new_node(a->a->kind, a->a->type, 0, 0);
            place->symbol = a->a->symbol;
            place->value = a->a->value + offset;
            return new_node(N_ADDRESS, type, place, 0);
        }
    }
    struct node *node = new_node(N_BINARY, type, a, b);
    node->operator = operator;
    return node;
}

// Multiplied by the size of what a pointer points to.
struct node *scaled(struct node *node, struct type *pointer, int negative) {
    int size = size_of(pointer->base);
    if (negative) size = -size;
    return plain_binary(named("*"), type_long, cast(node, type_long), number_node(size, type_long));
}

struct node *binary_node(struct name *operator, struct node *a, struct node *b) {
    int c = operator->text[0];
    int two = operator->length == 2;
    a = decay(a);
    b = decay(b);
    int a_pointer = a->type->kind == K_POINTER;
    int b_pointer = b->type->kind == K_POINTER;
    int compares = c == '=' || c == '!' || ((c == '<' || c == '>') && !(two && operator->text[1] == c));
    if (!(is_arithmetic(a->type) || a_pointer) || !(is_arithmetic(b->type) || b_pointer)) stop("an operand has no value before this");
    if (two && (c == '<' || c == '>') && !compares) {
        a = cast(a, promoted(a->type));
        return plain_binary(operator, a->type, a, cast(b, type_int));
    }
    if (c == '+' && b_pointer) {
        struct node *swap = a;
        a = b;
        b = swap;
        b_pointer = a_pointer;
        a_pointer = 1;
    }
    if ((c == '+' || c == '-') && a_pointer && !b_pointer) {
        return plain_binary(operator, a->type, a, scaled(b, a->type, 0));
    }
    if (c == '-' && a_pointer && b_pointer) {
        struct node *distance = plain_binary(operator, type_long, cast(a, type_long), cast(b, type_long));
        return plain_binary(named("/"), type_long, distance, number_node(size_of(a->type->base), type_long));
    }
    if (compares) {
        if (a_pointer || b_pointer) return plain_binary(operator, type_int, cast(a, type_ulong), cast(b, type_ulong));
        struct type *meet = common(a->type, b->type);
        return plain_binary(operator, type_int, cast(a, meet), cast(b, meet));
    }
    if (a_pointer || b_pointer) stop("this operator takes no pointers before this");
    struct type *type = common(a->type, b->type);
    if (type->kind == K_FLOAT && c != '+' && c != '-' && c != '*' && c != '/') stop("this operator takes no floats before this");
    return plain_binary(operator, type, cast(a, type), cast(b, type));
}
