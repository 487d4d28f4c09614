// Declarations: specifiers, declarators, structs, initial values.

enum { PLAIN, TYPEDEF, EXTERN, STATIC };

int storage;                        // of the specifiers that were read last
int frame;                          // bytes of local variables now
int frame_most;
struct symbol *function_symbol;
struct symbol *function_name_text;

struct name *declared_name;         // by the declarator that was read last

struct type *declarator(struct type *type);
void initialize(struct type *type, struct symbol *symbol, int place);

int is_specifier() {
    if (current->kind != T_NAME) return 0;
    struct symbol *symbol = current->name->symbol;
    if (symbol) return symbol->kind == S_TYPEDEF;
    return current->name->keyword == 1;
}

int starts_type() {
    return is_specifier();
}

void specifier_words(char *words) {
    char *start = words;
    while (*words) {
        if (*words == ' ') {
            struct name *name = intern(start, words - start);
            name->keyword = 1;
            start = words + 1;
        }
        words = words + 1;
    }
}

// Names that start or belong to a type.
void start_specifiers() {
    specifier_words("void char short int long float double signed unsigned struct union enum const volatile static ");
    specifier_words("extern typedef register auto inline __inline __inline__ __const __volatile__ __extension__ ");
    specifier_words("_Bool __signed__ __attribute__ __restrict restrict _Noreturn ");
}

int skip_attributes() {
    int any = 0;
    while (1) {
        if (accept("__attribute__") || accept("__asm__")) {
            int open = 0;
            if (!peek("(")) stop("expected (");
            while (1) {
                if (peek("(")) open = open + 1;
                if (peek(")")) open = open - 1;
                if (current->kind == T_END) stop("expected )");
                current = current->next;
                if (open == 0) break;
            }
            any = 1;
        }
        else if (accept("__extension__") || accept("__restrict") || accept("restrict")) any = 1;
        else return any;
    }
    return any;
}

// ---- structs, unions, enums ----

void add_member(struct type *type, struct member **end, struct name *name, struct type *of, int bits, int is_union) {
    struct member *member = (struct member *)allocate(sizeof(struct member));
    member->name = name;
    member->type = of;
    if (of->align > type->align) type->align = of->align;
    if (bits >= 0) {
        // `count` holds the bits that are used up to now.
        int unit = 8 * of->size;
        int used = type->count;
        if (is_union) used = 0;
        if (bits == 0) {
            type->count = rounded(used, unit);
            return;
        }
        if (used / unit != (used + bits - 1) / unit) used = rounded(used, unit);
        member->offset = used / unit * of->size;
        member->bit = used % unit;
        member->bits = bits;
        used = used + bits;
        if (is_union) {
            if (used > type->count) type->count = used;
        }
        else type->count = used;
        if (!name) return;
    }
    else {
        int size = of->size;
        if (of->incomplete && !(of->kind == K_ARRAY)) stop("a member of unknown size before this");
        int offset = rounded((type->count + 7) / 8, of->align);
        if (is_union) {
            offset = 0;
            if (8 * size > type->count) type->count = 8 * size;
        }
        else type->count = 8 * (offset + size);
        member->offset = offset;
    }
    if (*end) (*end)->next = member;
    else type->members = member;
    *end = member;
}

struct type *specifiers();

void read_members(struct type *type, int is_union) {
    struct member *end = 0;
    type->count = 0;
    type->align = 1;
    while (!accept("}")) {
        struct type *base = specifiers();
        if (accept(";")) {
            // An unnamed struct or union.
            add_member(type, &end, 0, base, -1, is_union);
            continue;
        }
        while (1) {
            struct type *of = base;
            int bits = -1;
            declared_name = 0;
            if (!peek(":")) of = declarator(base);
            struct name *name = declared_name;
            if (accept(":")) bits = constant_expression();
            skip_attributes();
            add_member(type, &end, name, of, bits, is_union);
            if (!accept(",")) break;
        }
        expect(";");
    }
    type->size = rounded((type->count + 7) / 8, type->align);
    type->incomplete = 0;
}

struct tag *new_tag(struct name *name, struct type *type) {
    struct tag *tag = (struct tag *)allocate(sizeof(struct tag));
    tag->name = name;
    tag->type = type;
    tag->depth = depth;
    tag->outer = name->tag;
    tag->chain = scope_tags;
    scope_tags = tag;
    name->tag = tag;
    return tag;
}

struct type *struct_specifier(int is_union) {
    struct name *name = 0;
    struct type *type = 0;
    skip_attributes();
    if (current->kind == T_NAME) {
        name = current->name;
        current = current->next;
    }
    if (name && name->tag) {
        // A definition in an inner scope, or `struct x;` there, is a new one.
        if (name->tag->depth == depth || !(peek("{") || peek(";"))) type = name->tag->type;
    }
    if (!type) {
        type = new_type(K_STRUCT, 0, 0);
        type->align = 1;
        type->incomplete = 1;
        if (name) new_tag(name, type);
    }
    if (accept("{")) {
        if (!type->incomplete) stop("this struct is defined a second time");
        read_members(type, is_union);
    }
    skip_attributes();
    return type;
}

struct type *enum_specifier() {
    if (current->kind == T_NAME) current = current->next;
    if (accept("{")) {
        int next = 0;
        while (!accept("}")) {
            struct name *name = current->name;
            if (current->kind != T_NAME) stop("expected a name");
            current = current->next;
            if (accept("=")) next = constant_expression();
            struct symbol *symbol = declare(S_CONSTANT, name, type_int);
            symbol->value = next;
            next = next + 1;
            if (!accept(",")) {
                expect("}");
                break;
            }
        }
    }
    // No enum of tcc has negative values, and gcc makes those unsigned.
    return type_uint;
}

struct type *specifiers() {
    struct type *type = 0;
    int longs = 0;
    int shorts = 0;
    int is_signed = 0;
    int is_unsigned = 0;
    int chars = 0;
    int ints = 0;
    int doubles = 0;
    int any = 0;
    storage = PLAIN;
    while (1) {
        struct token *token = current;
        if (skip_attributes()) continue;
        if (token->kind != T_NAME) break;
        struct symbol *symbol = token->name->symbol;
        if (symbol) {
            if (symbol->kind != S_TYPEDEF || type || longs || shorts || is_signed || is_unsigned || chars || ints || doubles) break;
            type = symbol->type;
            current = current->next;
        }
        else if (token->name->keyword != 1) break;
        else if (accept("typedef")) storage = TYPEDEF;
        else if (accept("extern")) storage = EXTERN;
        else if (accept("static")) storage = STATIC;
        else if (accept("void")) type = type_void;
        else if (accept("char")) chars = 1;
        else if (accept("short")) shorts = 1;
        else if (accept("int")) ints = 1;
        else if (accept("long")) longs = longs + 1;
        else if (accept("float")) type = type_float;
        else if (accept("double")) doubles = 1;
        else if (accept("signed") || accept("__signed__")) is_signed = 1;
        else if (accept("unsigned")) is_unsigned = 1;
        else if (accept("_Bool")) type = type_bool;
        else if (accept("struct")) {
            int kept = storage;
            type = struct_specifier(0);
            storage = kept;
        }
        else if (accept("union")) {
            int kept_storage = storage;
            type = struct_specifier(1);
            storage = kept_storage;
        }
        else if (accept("enum")) type = enum_specifier();
        else current = current->next;           // const, volatile, inline, register, auto
        any = 1;
    }
    if (type) return type;
    if (!any) stop("expected a type");
    if (doubles) {
        if (longs) return type_ldouble;
        return type_double;
    }
    if (chars) {
        if (is_unsigned) return type_uchar;
        return type_char;
    }
    if (shorts) {
        if (is_unsigned) return type_ushort;
        return type_short;
    }
    if (longs) {
        if (is_unsigned) return type_ulong;
        return type_long;
    }
    if (is_unsigned) return type_uint;
    return type_int;
}

// ---- declarators ----

struct type *parameters(struct type *result) {
    struct type *type = function_of(result);
    struct symbol *last = 0;
    if (accept(")")) {
        type->variadic = 2;
        return type;
    }
    open_scope();
    while (1) {
        if (accept("...")) {
            type->variadic = 1;
            break;
        }
        struct type *base = specifiers();
        declared_name = 0;
        struct type *of = declarator(base);
        if (of->kind == K_VOID) break;
        if (of->kind == K_ARRAY) of = pointer_to(of->base);
        if (of->kind == K_FUNCTION) of = pointer_to(of);
        struct symbol *parameter = new_symbol(S_LOCAL, declared_name, of);
        if (last) last->chain = parameter;
        else type->parameters = parameter;
        last = parameter;
        if (!accept(",")) break;
    }
    close_scope();
    expect(")");
    return type;
}

struct type *suffixes(struct type *type) {
    if (accept("(")) {
        // The name is not to be lost to those of the parameters.
        struct name *name = declared_name;
        type = parameters(suffixes(type));
        declared_name = name;
        return type;
    }
    if (accept("[")) {
        int count = -1;
        while (accept("static") || accept("const") || accept("restrict") || accept("__restrict")) ;
        if (!peek("]")) count = constant_expression();
        expect("]");
        struct type *element = suffixes(type);
        return array_of(element, count);
    }
    return type;
}

// The parts after the name bind closer than those before: a declarator in parentheses is read twice, the second time when the
// type is known.
struct type *declarator(struct type *type) {
    skip_attributes();
    while (accept("*")) {
        type = pointer_to(type);
        while (accept("const") || accept("volatile") || accept("__const") || skip_attributes()) ;
    }
    if (peek("(") && !(current->next->kind == T_NAME && (current->next->name->keyword == 1 || (current->next->name->symbol
        && current->next->name->symbol->kind == S_TYPEDEF)) && !is_sign(current->next, "__attribute__")) && !is_sign(current->next, ")")) {
        struct token *inner = current->next;
        current = inner;
        declarator(type_int);
        expect(")");
        declared_name = 0;
        type = suffixes(type);
        struct token *after = current;
        current = inner;
        type = declarator(type);
        current = after;
        return type;
    }
    declared_name = 0;
    if (current->kind == T_NAME && current->name->keyword != 1) {
        declared_name = current->name;
        current = current->next;
    }
    struct name *name = declared_name;
    type = suffixes(type);
    declared_name = name;
    skip_attributes();
    return type;
}

struct type *type_name() {
    int kept = storage;
    struct name *kept_name = declared_name;
    struct type *type = declarator(specifiers());
    storage = kept;
    declared_name = kept_name;
    return type;
}

// ---- data ----

struct symbol *data_symbol(struct type *type) {
    struct symbol *symbol = new_symbol(S_GLOBAL, named(""), type);
    symbol->section = IN_DATA;
    return symbol;
}

void put_symbol_address(int place, struct symbol *symbol, int offset) {
    put_data(place, 0, 8);
    patch_for(symbol, offset, place, 1, 0);
}

// The string that starts here, joined with those that follow; the token after it becomes current.
struct symbol *string_symbol(struct token *first) {
    int length = 0;
    int i;
    int place = data_size;
    if (first->kind != T_STRING) stop("expected a string");
    while (current->kind == T_STRING) {
        for (i = 0; i < current->length; i = i + 1) put_data(place + length + i, current->text[i], 1);
        length = length + current->length;
        current = current->next;
    }
    put_data(place + length, 0, 1);
    struct symbol *symbol = data_symbol(array_of(type_char, length + 1));
    symbol->value = place;
    return symbol;
}

struct symbol *function_name_symbol() {
    if (!function_name_text) {
        struct name *name = function_symbol->name;
        int place = data_size;
        int i;
        for (i = 0; i < name->length; i = i + 1) put_data(place + i, name->text[i], 1);
        put_data(place + name->length, 0, 1);
        function_name_text = data_symbol(array_of(type_char, name->length + 1));
        function_name_text->value = place;
    }
    return function_name_text;
}

// How many elements the braces or the string that come next give an array.
int count_elements(struct type *element) {
    struct token *token = current;
    int length = 0;
    if (token->kind == T_STRING) {
        while (token->kind == T_STRING) {
            length = length + token->length;
            token = token->next;
        }
        return length + 1;
    }
    if (is_sign(token, "{") && token->next->kind == T_STRING && element->size == 1) {
        token = token->next;
        while (token->kind == T_STRING) {
            length = length + token->length;
            token = token->next;
        }
        return length + 1;
    }
    if (!is_sign(token, "{")) stop("expected {");
    int open = 0;
    int most = 0;
    int flat = 0;
    int something = 0;
    token = token->next;
    while (!(open == 0 && is_sign(token, "}"))) {
        if (token->kind == T_END) stop("expected }");
        if (token->kind == T_SIGN) {
            if (open == 0 && is_sign(token, "[") && !something) {
                // A designator.
                struct token *kept = current;
                current = token->next;
                length = constant_expression();
                token = current;
                current = kept;
                continue;
            }
            if (is_sign(token, "{") && open == 0) flat = 1;
            if (is_sign(token, "{") || is_sign(token, "(") || is_sign(token, "[")) open = open + 1;
            if (is_sign(token, "}") || is_sign(token, ")") || is_sign(token, "]")) open = open - 1;
        }
        if (open == 0 && is_sign(token, ",") && token->kind == T_SIGN) {
            length = length + 1;
            something = 0;
        }
        else something = 1;
        if (length + something > most) most = length + something;
        token = token->next;
    }
    // Without inner braces, the values of a struct or array follow each other.
    if (!flat && (element->kind == K_STRUCT || element->kind == K_ARRAY)) {
        int each = 0;
        if (element->kind == K_ARRAY) each = element->count;
        else {
            struct member *member = element->members;
            while (member) {
                each = each + 1;
                member = member->next;
            }
        }
        most = (most + each - 1) / each;
    }
    return most;
}

// A constant that goes into the data.
void put_constant(struct node *node, struct type *type, int place) {
    node = decay(node);
    node = cast(node, type);
    if (node->kind == N_NUMBER && type->kind != K_FLOAT) {
        put_data(place, node->value, type->size);
        return;
    }
    while (node->kind == N_CAST && node->type->size == 8 && node->a->type->size == 8 && node->a->type->kind != K_FLOAT) node = node->a;
    if (node->kind == N_ADDRESS && node->a->kind == N_GLOBAL && type->size == 8) {
        put_symbol_address(place, node->a->symbol, node->a->value);
        return;
    }
    if (type->kind == K_FLOAT && node->kind == N_CAST && node->a->kind == N_NUMBER && node->a->value == 0) {
        put_data(place, 0, type->size);
        return;
    }
    stop("expected a constant before this");
}

// One value: into the data, or by code into a local variable.
void put_value(struct node *node, struct type *type, struct symbol *symbol, int place, struct member *bits) {
    if (symbol) {
        if (bits) {
            if (node->kind != N_NUMBER) stop("expected a constant before this");
            int one = 1;
            int i;
            int unit = bits->type->size;
            int value = 0;
            room_for_data(symbol->value + place + unit);
            for (i = unit - 1; i >= 0; i = i - 1) value = value * 256 + bytes_of_data[symbol->value + place + i];
            value = value | (node->value & ((one << bits->bits) - 1)) << bits->bit;
            put_data(symbol->value + place, value, unit);
        }
        else put_constant(node, type, symbol->value + place);
        return;
    }
    struct node *target = new_node(N_LOCAL, type, 0, 0);
    target->value = place;
    if (bits) {
        struct node *part = new_node(N_MEMBER, type, target, 0);
        struct member *member = (struct member *)allocate(sizeof(struct member));
        member->type = bits->type;
        member->bit = bits->bit;
        member->bits = bits->bits;
        part->member = member;
        target = part;
    }
    generate_void(new_node(N_ASSIGN, type, target, cast(decay(node), type)));
}

// Values of the parts of an array or struct; with braces, or as many as are needed of those around. `first` is a value that was
// read already.
void initialize_parts(struct type *type, struct symbol *symbol, int place, int braces);

void initialize_one(struct type *type, struct symbol *symbol, int place, struct member *bits) {
    if (type->kind == K_ARRAY && current->kind == T_STRING && type->base->size == 1) {
        int at = 0;
        int i;
        while (current->kind == T_STRING) {
            for (i = 0; i < current->length; i = i + 1) {
                if (at < type->count) put_value(number_node(current->text[i], type->base), type->base, symbol, place + at, 0);
                at = at + 1;
            }
            current = current->next;
        }
        return;
    }
    if (type->kind == K_ARRAY && peek("{") && current->next->kind == T_STRING && type->base->size == 1) {
        current = current->next;
        initialize_one(type, symbol, place, 0);
        accept(",");
        expect("}");
        return;
    }
    if (type->kind == K_ARRAY) {
        initialize_parts(type, symbol, place, accept("{"));
        return;
    }
    if (type->kind == K_STRUCT) {
        if (accept("{")) {
            initialize_parts(type, symbol, place, 1);
            return;
        }
        if (!symbol) {
            // A whole struct, unless it is the first value of its parts.
            struct token *start = current;
            int code_before = code_size;
            struct node *node = assignment();
            if (node->type->kind == K_STRUCT) {
                put_value(node, type, 0, place, 0);
                return;
            }
            current = start;
            code_size = code_before;
        }
        initialize_parts(type, symbol, place, 0);
        return;
    }
    if (accept("{")) {
        initialize_one(type, symbol, place, bits);
        accept(",");
        expect("}");
        return;
    }
    put_value(assignment(), type, symbol, place, bits);
}

void initialize_parts(struct type *type, struct symbol *symbol, int place, int braces) {
    int index = 0;
    struct member *member = type->members;
    int is_array = type->kind == K_ARRAY;
    while (1) {
        if (braces && accept("}")) return;
        if (braces && peek("[") && is_array) {
            current = current->next;
            index = constant_expression();
            expect("]");
            if (!peek("[") && !peek(".")) expect("=");
        }
        if (braces && peek(".") && !is_array) {
            current = current->next;
            member = find_member(type, current->name);
            if (!member) stop("there is no such member");
            current = current->next;
            if (!peek("[") && !peek(".")) expect("=");
        }
        if (is_array) {
            if (index >= type->count) {
                if (braces) stop("too many values");
                return;
            }
            initialize_one(type->base, symbol, place + index * type->base->size, 0);
            index = index + 1;
        }
        else {
            if (!member) {
                if (braces) stop("too many values");
                return;
            }
            struct member *bits = 0;
            if (member->bits) bits = member;
            initialize_one(member->type, symbol, place + member->offset, bits);
            // Of a union only the first has a value.
            struct member *next = member->next;
            while (next && next->offset == member->offset && !next->bits && !member->bits) next = next->next;
            member = next;
        }
        if (!braces) {
            if (is_array && index >= type->count) return;
            if (!is_array && !member) return;
            if (!peek(",")) return;
            if (is_sign(current->next, "}")) return;
            current = current->next;
            continue;
        }
        if (!accept(",")) {
            expect("}");
            return;
        }
    }
}

// The value of a variable after "=".
void initialize(struct type *type, struct symbol *symbol, int place) {
    if (!symbol && (type->kind == K_ARRAY || (type->kind == K_STRUCT && peek("{")))) {
        // All zero first: lea rdi, [rbp+place]; mov ecx, size; xor eax, eax; rep stosb
        emit_with("488DBD", place);
        emit_with("B9", size_of(type));
        emit("31C0F3AA");
    }
    initialize_one(type, symbol, place, 0);
}

// A compound literal: a local variable, or data outside of functions.
struct node *literal_node(struct type *type) {
    if (type->kind == K_ARRAY && type->count < 0) type = array_of(type->base, count_elements(type->base));
    if (function_symbol) stop("a compound literal in a function");
    align_data(16);
    struct symbol *symbol = data_symbol(type);
    symbol->value = data_size;
    room_for_data(data_size + type->size);
    initialize(type, symbol, 0);
    return global_node(symbol);
}
