// Statements, functions, the translation unit, the executable.

struct label *break_label;
struct label *continue_label;
struct label *function_labels;

// A case of the switch around.
struct choice {
    struct choice *next;
    int value;
    struct label *label;
};

struct choice *choices;
struct label *default_label;
struct type *switch_type;           // 0 outside of a switch

void statement();
void block();
int local_declaration();

struct label *label_of(struct name *name) {
    struct label *label = name->label;
    if (!label) {
        label = new_label();
        label->name = name;
        label->next = function_labels;
        function_labels = label;
        name->label = label;
    }
    return label;
}

// Reads a condition in parentheses and jumps if it is zero.
void condition(struct label *otherwise) {
    expect("(");
    struct node *node = decay(expression());
    expect(")");
    generate_jump(node, "0F84", otherwise);
}

void switch_statement() {
    struct choice *outer_choices = choices;
    struct label *outer_default = default_label;
    struct label *outer_break = break_label;
    struct type *outer_type = switch_type;
    struct label *dispatch = new_label();
    expect("(");
    struct node *node = decay(expression());
    expect(")");
    node = cast(node, promoted(node->type));
    choices = 0;
    default_label = 0;
    switch_type = node->type;
    break_label = new_label();
    generate(node);
    jump("E9", dispatch);
    statement();
    jump("E9", break_label);
    set_label(dispatch);
    struct choice *choice = choices;
    while (choice) {
        if (truncate(choice->value, type_int) == choice->value) emit_with("483D", choice->value);
        else {
            emit("4889C7");
            emit_number(choice->value);
            emit("4889C34889F84839D8");
        }
        jump("0F84", choice->label);
        choice = choice->next;
    }
    if (default_label) jump("E9", default_label);
    set_label(break_label);
    choices = outer_choices;
    default_label = outer_default;
    break_label = outer_break;
    switch_type = outer_type;
}

void loop_body(struct label *next, struct label *end) {
    struct label *outer_break = break_label;
    struct label *outer_continue = continue_label;
    break_label = end;
    continue_label = next;
    statement();
    break_label = outer_break;
    continue_label = outer_continue;
}

void for_statement() {
    struct label *test = new_label();
    struct label *body = new_label();
    struct label *step = new_label();
    struct label *end = new_label();
    int outer_frame = frame;
    open_scope();
    expect("(");
    if (!accept(";") && !local_declaration()) {
        generate_void(expression());
        expect(";");
    }
    set_label(test);
    if (!peek(";")) generate_jump(decay(expression()), "0F84", end);
    expect(";");
    if (peek(")")) step = test;
    else {
        jump("E9", body);
        set_label(step);
        generate_void(expression());
        jump("E9", test);
        set_label(body);
    }
    expect(")");
    loop_body(step, end);
    jump("E9", step);
    set_label(end);
    close_scope();
    frame = outer_frame;
}

void return_statement() {
    struct type *type = function_symbol->type->base;
    if (!accept(";")) {
        struct node *node = decay(expression());
        expect(";");
        if (type->kind == K_VOID) generate_void(node);
        else {
            if (type->kind == K_STRUCT) stop("a struct is returned");
            generate(cast(node, type));
        }
    }
    emit("C9C3");
}

void statement() {
    struct label *label;
    struct label *end;
    if (accept("{")) {
        block();
        return;
    }
    if (accept(";")) return;
    if (current->kind != T_NAME) {
        generate_void(expression());
        expect(";");
    }
    else if (accept("if")) {
        label = new_label();
        condition(label);
        statement();
        if (accept("else")) {
            end = new_label();
            jump("E9", end);
            set_label(label);
            statement();
            label = end;
        }
        set_label(label);
    }
    else if (accept("while")) {
        label = new_label();
        end = new_label();
        set_label(label);
        condition(end);
        loop_body(label, end);
        jump("E9", label);
        set_label(end);
    }
    else if (accept("do")) {
        struct label *start = new_label();
        label = new_label();
        end = new_label();
        set_label(start);
        loop_body(label, end);
        set_label(label);
        if (!accept("while")) stop("expected while");
        expect("(");
        generate_jump(decay(expression()), "0F85", start);
        expect(")");
        expect(";");
        set_label(end);
    }
    else if (accept("for")) for_statement();
    else if (accept("switch")) switch_statement();
    else if (accept("case")) {
        if (!switch_type) stop("case outside of a switch");
        struct choice *choice = (struct choice *)allocate(sizeof(struct choice));
        int value = truncate(constant_expression(), switch_type);
        int last = value;
        if (accept("...")) last = truncate(constant_expression(), switch_type);
        expect(":");
        struct label *here = new_label();
        set_label(here);
        while (1) {
            choice->next = choices;
            choice->value = value;
            choice->label = here;
            choices = choice;
            if (value == last) break;
            value = value + 1;
            choice = (struct choice *)allocate(sizeof(struct choice));
        }
        statement();
    }
    else if (accept("default")) {
        if (!switch_type) stop("default outside of a switch");
        expect(":");
        default_label = new_label();
        set_label(default_label);
        statement();
    }
    else if (accept("break")) {
        if (!break_label) stop("break outside of a loop");
        jump("E9", break_label);
        expect(";");
    }
    else if (accept("continue")) {
        if (!continue_label) stop("continue outside of a loop");
        jump("E9", continue_label);
        expect(";");
    }
    else if (accept("goto")) {
        jump("E9", label_of(current->name));
        current = current->next;
        expect(";");
    }
    else if (accept("return")) return_statement();
    else if (is_sign(current->next, ":") && !current->name->keyword) {
        label = label_of(current->name);
        if (label->known) stop("this label is here a second time");
        set_label(label);
        current = current->next->next;
        if (!peek("}")) statement();
    }
    else {
        generate_void(expression());
        expect(";");
    }
}

void block() {
    int outer_frame = frame;
    open_scope();
    while (!accept("}")) {
        if (current->kind == T_END) stop("expected }");
        if (is_sign(current->next, ":") || !local_declaration()) statement();
    }
    close_scope();
    frame = outer_frame;
}

// ---- variables and functions ----

struct symbol *global_symbol(struct name *name, struct type *type) {
    struct symbol *symbol = name->symbol;
    while (symbol && symbol->kind != S_GLOBAL) symbol = symbol->outer;
    if (symbol && (symbol->depth <= 1 || depth <= 1)) {
        // Declared again: what was unknown may be known now.
        if (symbol->type->kind == K_FUNCTION || symbol->type->incomplete) symbol->type = type;
        if (depth > symbol->depth && name->symbol != symbol) {
            struct symbol *again = declare(S_GLOBAL, name, type);
            stop("a name is hidden between two declarations");
            return again;
        }
        return symbol;
    }
    int kept = depth;
    return declare(S_GLOBAL, name, type);
}

void define_variable(struct symbol *symbol) {
    if (symbol->section == IN_DATA) stop("this is defined a second time");
    struct type *type = symbol->type;
    if (type->kind == K_ARRAY && type->count < 0) {
        type = array_of(type->base, count_elements(type->base));
        symbol->type = type;
    }
    int align = type->align;
    if (size_of(type) >= 16 && align < 16) align = 16;
    align_data(align);
    symbol->section = IN_DATA;
    symbol->value = data_size;
    room_for_data(data_size + type->size);
    initialize(type, symbol, 0);
}

// Reads a declaration within a function, if one begins here.
int local_declaration() {
    if (!is_specifier()) return 0;
    struct type *base = specifiers();
    int kind = storage;
    if (accept(";")) return 1;
    while (1) {
        struct type *type = declarator(base);
        struct name *name = declared_name;
        if (!name) stop("expected a name");
        struct symbol *symbol;
        if (kind == TYPEDEF) declare(S_TYPEDEF, name, type);
        else if (kind == EXTERN || type->kind == K_FUNCTION) global_symbol(name, type);
        else if (kind == STATIC) {
            symbol = declare(S_GLOBAL, name, type);
            if (accept("=")) define_variable(symbol);
            else symbol->section = IN_ZERO;
        }
        else {
            int wanted = accept("=");
            if (type->kind == K_ARRAY && type->count < 0) {
                if (!wanted) stop("the length of this array is not known");
                type = array_of(type->base, count_elements(type->base));
            }
            frame = rounded(frame + size_of(type), 8);
            if (type->align > 8) frame = rounded(frame, 16);
            if (frame > frame_most) frame_most = frame;
            symbol = declare(S_LOCAL, name, type);
            symbol->value = -frame;
            if (wanted) initialize(type, 0, -frame);
        }
        if (!accept(",")) break;
    }
    expect(";");
    return 1;
}

// After the declarator of a function, if its body or its bytes follow.
void define_function(struct symbol *symbol, struct type *type) {
    if (symbol->section) stop("this is defined a second time");
    symbol->type = type;
    symbol->section = IN_CODE;
    while (code_size % 16) byte(0x90);
    symbol->value = code_size;
    function_symbol = symbol;
    function_name_text = 0;
    function_labels = 0;
    break_label = 0;
    continue_label = 0;
    switch_type = 0;
    frame = 0;
    frame_most = 0;
    emit("554889E54881EC");
    int frame_place = code_size;
    emit4(0);
    open_scope();
    int distance = 16;
    struct symbol *parameter = type->parameters;
    while (parameter) {
        if (parameter->name) {
            struct symbol *local = declare(S_LOCAL, parameter->name, parameter->type);
            local->value = distance;
        }
        distance = distance + rounded(size_of(parameter->type), 8);
        parameter = parameter->chain;
    }
    expect("{");
    block();
    close_scope();
    emit("31C0C9C3");
    put4(frame_place, rounded(frame_most, 16));
    struct label *label = function_labels;
    while (label) {
        if (!label->known) stop_at(label->token, "this label is not there");
        label->name->label = 0;
        label = label->next;
    }
    function_symbol = 0;
}

// int name(...) = "digits"; is a function of these bytes.
void define_bytes(struct symbol *symbol) {
    int i;
    if (symbol->section) stop("this is defined a second time");
    symbol->section = IN_CODE;
    symbol->value = code_size;
    while (current->kind == T_STRING) {
        for (i = 0; i + 1 < current->length; i = i + 2) byte(digit_of(current->text[i]) * 16 + digit_of(current->text[i + 1]));
        current = current->next;
    }
}

void declaration() {
    if (accept(";")) return;
    struct type *base = specifiers();
    int kind = storage;
    if (accept(";")) return;
    while (1) {
        struct type *type = declarator(base);
        struct name *name = declared_name;
        if (!name) stop("expected a name");
        skip_attributes();
        if (kind == TYPEDEF) declare(S_TYPEDEF, name, type);
        else {
            struct symbol *symbol = global_symbol(name, type);
            if (type->kind == K_FUNCTION) {
                if (peek("{")) {
                    define_function(symbol, type);
                    return;
                }
                if (accept("=")) define_bytes(symbol);
            }
            else if (accept("=")) {
                if (symbol->section == IN_ZERO) symbol->section = IN_NOTHING;
                define_variable(symbol);
            }
            else if (kind != EXTERN && symbol->section == IN_NOTHING) symbol->section = IN_ZERO;
        }
        if (!accept(",")) break;
    }
    expect(";");
}

// ---- the executable ----

int address_of_symbol(struct symbol *symbol) {
    if (symbol->section == IN_CODE) return CODE_BASE + HEADERS + symbol->value;
    return DATA_BASE + symbol->value;
}

// Gives places to what starts as zero; the size of all.
int place_zeroes() {
    int size = data_size;
    struct symbol *symbol = all_globals;
    while (symbol) {
        if (symbol->section == IN_ZERO) {
            if (symbol->type->kind == K_ARRAY && symbol->type->count < 0) symbol->type = array_of(symbol->type->base, 1);
            int align = symbol->type->align;
            if (symbol->type->size >= 16) align = 16;
            size = rounded(size, align);
            symbol->value = size;
            size = size + size_of(symbol->type);
        }
        symbol = symbol->all;
    }
    return size;
}

void fill_patches() {
    struct patch *patch = patches;
    int missing = 0;
    struct symbol *symbol = all_globals;
    while (symbol) {
        if (symbol->used && symbol->section == IN_NOTHING) {
            complain("not defined: ");
            write_all(2, symbol->name->text, symbol->name->length);
            complain("\n");
            missing = 1;
        }
        symbol = symbol->all;
    }
    if (missing) fail("the program is not complete");
    while (patch) {
        int address = address_of_symbol(patch->symbol) + patch->offset;
        if (patch->in_data) put_data(patch->place, address, 8);
        else {
            if (patch->relative) address = address - (CODE_BASE + HEADERS + patch->place + 4);
            put4(patch->place, address);
        }
        patch = patch->next;
    }
}

char headers[HEADERS];

void header(int place, int value, int size) {
    while (size > 0) {
        headers[place] = value & 255;
        value = value >> 8;
        place = place + 1;
        size = size - 1;
    }
}

void write_executable(char *path, int entry, int memory) {
    int file_code = HEADERS + code_size;
    int file_data = rounded(file_code, 4096);
    header(0, 0x464c457f, 4);
    header(4, 0x010102, 4);
    header(16, 0x3e0002, 4);
    header(20, 1, 4);
    header(24, entry, 8);
    header(32, 64, 8);
    header(52, 64, 2);
    header(54, 56, 2);
    header(56, 2, 2);
    // Code: to read and to execute.
    header(64, 1, 4);
    header(68, 5, 4);
    header(80, CODE_BASE, 8);
    header(88, CODE_BASE, 8);
    header(96, file_code, 8);
    header(104, file_code, 8);
    header(112, 4096, 8);
    // Data: to read and to write.
    header(120, 1, 4);
    header(124, 6, 4);
    header(128, file_data, 8);
    header(136, DATA_BASE, 8);
    header(144, DATA_BASE, 8);
    header(152, data_size, 8);
    header(160, memory, 8);
    header(168, 4096, 8);
    int descriptor = syscall(OPEN, path, 577, 493);
    if (descriptor < 0) fail("the output cannot be opened");
    write_all(descriptor, headers, HEADERS);
    write_all(descriptor, code, code_size);
    while (file_code < file_data) {
        int n = file_data - file_code;
        char zero[4096];
        int i;
        for (i = 0; i < n; i = i + 1) zero[i] = 0;
        write_all(descriptor, zero, n);
        file_code = file_data;
    }
    write_all(descriptor, bytes_of_data, data_size);
}

void special_macro(char *text, int special) {
    struct macro *macro = (struct macro *)allocate(sizeof(struct macro));
    macro->special = special;
    struct name *name = named(text);
    name->macro = macro;
}

// -D NAME or NAME=VALUE
void define_option(char *text) {
    int n = length_of(text);
    char *line = (char *)allocate(n + 4);
    int i;
    int equals = 0;
    for (i = 0; i < n; i = i + 1) {
        line[i] = text[i];
        if (text[i] == '=' && !equals) {
            line[i] = ' ';
            equals = 1;
        }
    }
    if (!equals) {
        line[n] = ' ';
        line[n + 1] = '1';
    }
    struct token *list = lex(line, "the command line");
    define(list);
}

int main(int argc, char **argv) {
    struct token head;
    struct token *last = &head;
    struct folder *end = 0;
    int i;
    int inputs = 0;
    head.next = 0;
    start_types();
    start_specifiers();
    special_macro("__LINE__", 1);
    special_macro("__FILE__", 2);
    define_option("__STDC__");
    define_option("__x86_64__");
    define_option("__linux__");
    define_option("__C2__");
    for (i = 1; i < argc - 1; i = i + 1) {
        char *argument = argv[i];
        if (argument[0] == '-' && argument[1] == 'I') {
            struct folder *folder = (struct folder *)allocate(sizeof(struct folder));
            folder->path = argument + 2;
            if (end) end->next = folder;
            else folders = folder;
            end = folder;
        }
        else if (argument[0] == '-' && argument[1] == 'D') define_option(argument + 2);
        else {
            char *text = read_text(argument);
            if (!text) fail("an input cannot be opened");
            struct token *list = lex(text, argument);
            inputs = inputs + 1;
            while (list->kind != T_END) {
                last->next = list;
                last = list;
                list = list->next;
            }
            last->next = list;
        }
    }
    if (!inputs) fail("usage: c2 [-IDIR] [-DNAME[=VALUE]] INPUT... OUTPUT");
    current = preprocess(head.next);
    while (current->kind != T_END) declaration();
    // The entry: xor ebp, ebp; mov rax, [rsp]; lea rbx, [rsp+8]; push rbx; push rax; call main; mov rdi, rax; mov eax, 60; syscall
    struct name *name = named("main");
    if (!name->symbol) fail("there is no main");
    int entry = CODE_BASE + HEADERS + code_size;
    emit("31ED488B0424488D5C24085350E8");
    patch_for(name->symbol, 0, code_size, 0, 1);
    emit4(0);
    emit("4889C7B83C0000000F05");
    int memory = place_zeroes();
    fill_patches();
    write_executable(argv[argc - 1], entry, memory);
    return 0;
}
