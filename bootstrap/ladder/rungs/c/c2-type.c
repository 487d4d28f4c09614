// Types and symbols.

enum { K_VOID, K_INT, K_FLOAT, K_POINTER, K_ARRAY, K_FUNCTION, K_STRUCT };

struct type {
    int kind;
    int size;
    int align;
    int is_unsigned;
    int is_bool;
    struct type *base;              // of pointers, arrays; the result of functions
    int count;                      // of arrays; -1 if it is not known yet
    struct member *members;
    struct symbol *parameters;
    int variadic;                   // 1 with `...`, 2 without a prototype
    int incomplete;
};

struct member {
    struct member *next;
    struct name *name;              // 0: an unnamed struct or union
    struct type *type;
    int offset;
    int bit;
    int bits;                       // 0: no bit-field
};

struct tag {
    struct tag *outer;
    struct tag *chain;
    struct name *name;
    struct type *type;
    int depth;
};

// Kinds of symbols, and where what they name lies.
enum { S_TYPEDEF, S_CONSTANT, S_LOCAL, S_GLOBAL };
enum { IN_NOTHING, IN_CODE, IN_DATA, IN_ZERO };

struct symbol {
    struct symbol *outer;           // what the name meant before
    struct symbol *chain;           // all of this scope, or the next parameter
    struct name *name;
    struct type *type;
    int kind;
    int value;                      // constant, distance from rbp, offset in its section
    int section;
    int depth;
    struct symbol *all;             // all globals
    int used;
};

struct type *type_void;
struct type *type_bool;
struct type *type_char;
struct type *type_uchar;
struct type *type_short;
struct type *type_ushort;
struct type *type_int;
struct type *type_uint;
struct type *type_long;
struct type *type_ulong;
struct type *type_float;
struct type *type_double;
struct type *type_ldouble;

int depth;                          // of scopes
struct symbol *scope_symbols;
struct tag *scope_tags;
struct symbol *all_globals;

struct type *new_type(int kind, int size, int is_unsigned) {
    struct type *type = (struct type *)allocate(sizeof(struct type));
    type->kind = kind;
    type->size = size;
    type->align = size;
    type->is_unsigned = is_unsigned;
    return type;
}

void start_types() {
    type_void = new_type(K_VOID, 1, 0);
    type_bool = new_type(K_INT, 1, 1);
    type_bool->is_bool = 1;
    type_char = new_type(K_INT, 1, 0);
    type_uchar = new_type(K_INT, 1, 1);
    type_short = new_type(K_INT, 2, 0);
    type_ushort = new_type(K_INT, 2, 1);
    type_int = new_type(K_INT, 4, 0);
    type_uint = new_type(K_INT, 4, 1);
    type_long = new_type(K_INT, 8, 0);
    type_ulong = new_type(K_INT, 8, 1);
    type_float = new_type(K_FLOAT, 4, 0);
    type_double = new_type(K_FLOAT, 8, 0);
    type_ldouble = new_type(K_FLOAT, 16, 0);
}

struct type *pointer_to(struct type *base) {
    struct type *type = new_type(K_POINTER, 8, 1);
    type->base = base;
    return type;
}

struct type *array_of(struct type *base, int count) {
    struct type *type = new_type(K_ARRAY, 0, 0);
    type->base = base;
    type->count = count;
    type->align = base->align;
    if (count < 0) type->incomplete = 1;
    else type->size = base->size * count;
    return type;
}

struct type *function_of(struct type *result) {
    struct type *type = new_type(K_FUNCTION, 1, 0);
    type->base = result;
    return type;
}

int size_of(struct type *type) {
    if (type->incomplete) stop("the size of this type is not known before this");
    return type->size;
}

int rounded(int n, int to) {
    return (n + to - 1) / to * to;
}

void open_scope() {
    depth = depth + 1;
}

void close_scope() {
    while (scope_symbols && scope_symbols->depth == depth) {
        scope_symbols->name->symbol = scope_symbols->outer;
        scope_symbols = scope_symbols->chain;
    }
    while (scope_tags && scope_tags->depth == depth) {
        scope_tags->name->tag = scope_tags->outer;
        scope_tags = scope_tags->chain;
    }
    depth = depth - 1;
}

struct symbol *new_symbol(int kind, struct name *name, struct type *type) {
    struct symbol *symbol = (struct symbol *)allocate(sizeof(struct symbol));
    symbol->kind = kind;
    symbol->name = name;
    symbol->type = type;
    if (kind == S_GLOBAL) {
        symbol->all = all_globals;
        all_globals = symbol;
    }
    return symbol;
}

// Makes the name mean this in the current scope.
struct symbol *declare(int kind, struct name *name, struct type *type) {
    struct symbol *symbol = new_symbol(kind, name, type);
    symbol->depth = depth;
    symbol->outer = name->symbol;
    symbol->chain = scope_symbols;
    scope_symbols = symbol;
    name->symbol = symbol;
    return symbol;
}

struct member *find_member(struct type *type, struct name *name);

// A member, also one of an unnamed struct within; the offset of that is added in a copy.
struct member *find_member(struct type *type, struct name *name) {
    struct member *member = type->members;
    while (member) {
        if (member->name == name) return member;
        if (!member->name && member->type->kind == K_STRUCT) {
            struct member *inner = find_member(member->type, name);
            if (inner) {
                struct member *copy = (struct member *)allocate(sizeof(struct member));
                copy->name = inner->name;
                copy->type = inner->type;
                copy->offset = inner->offset + member->offset;
                copy->bit = inner->bit;
                copy->bits = inner->bits;
                return copy;
            }
        }
        member = member->next;
    }
    return 0;
}

// The value of a constant as its type holds it.
int truncate(int value, struct type *type) {
    if (type->is_bool) return value != 0;
    if (type->kind != K_INT || type->size == 8) return value;
    int one = 1;
    int bits = 8 * type->size;
    value = value & ((one << bits) - 1);
    if (!type->is_unsigned && (value >> (bits - 1))) value = value - (one << bits);
    return value;
}

struct type *promoted(struct type *type) {
    if (type->kind == K_INT && type->size < 4) return type_int;
    return type;
}

// The type in which two operands meet.
struct type *common(struct type *a, struct type *b) {
    if (a->kind == K_FLOAT || b->kind == K_FLOAT) {
        if (a->kind != K_FLOAT) return b;
        if (b->kind != K_FLOAT) return a;
        if (a->size >= b->size) return a;
        return b;
    }
    a = promoted(a);
    b = promoted(b);
    if (a->size != b->size) {
        if (a->size > b->size) return a;
        return b;
    }
    if (a->is_unsigned) return a;
    return b;
}
