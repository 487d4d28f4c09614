// c2: a compiler of C, in small C. This part: memory, names, tokens, messages.
//
// c2 reads one translation unit, with a preprocessor, and writes a static executable for amd64. docs/c2.md says which part of C
// it takes. The parts, in this order: base, lex, macro, type, code, tree, expression, generate, initial, statement, unit.

enum { CODE_ROOM = 12000000, DATA_ROOM = 6000000 };

// Kinds of tokens.
enum { T_END, T_NAME, T_NUMBER, T_FLOAT, T_STRING, T_SIGN, T_NEWLINE, T_SPACE };

// A name: one struct for each spelling, so that names are compared by address.
struct name {
    struct name *next;
    char *text;
    int length;
    struct macro *macro;
    struct symbol *symbol;      // what it means in the innermost scope
    struct tag *tag;            // the struct, union or enum of this name
    struct label *label;        // in the current function
    int keyword;                // 0, or which
};

struct token {
    struct token *next;
    int kind;
    struct name *name;          // of names and signs: the spelling
    char *text;                 // of strings: the bytes; of numbers: the spelling
    int length;
    int value;                  // of numbers
    int flags;                  // of numbers: 1 unsigned, 2 long
    int space;                  // white space before it
    int start;                  // the first of its line
    int line;
    char *file;
    struct hidden *hidden;      // the macros that it came out of
};

struct hidden {
    struct hidden *next;
    struct name *name;
};

char *heap;
char *heap_end;

// Memory that is never given back; it is zero.
void *allocate(int size) {
    size = (size + 15) & -16;
    if (heap + size > heap_end) {
        int more = 16777216;
        if (size > more) more = size;
        int start = syscall(12, 0, 0, 0);
        if (heap_end == 0) heap = (char *)start;
        heap_end = (char *)syscall(12, start + more, 0, 0);
        if (heap_end != (char *)(start + more)) fail("out of memory");
        if (heap + size > heap_end) fail("out of memory");
    }
    char *place = heap;
    heap = heap + size;
    return (void *)place;
}

struct token *current;          // the token that the parser looks at

void print_number(int n) {
    char digit[2];
    if (n > 9) print_number(n / 10);
    digit[0] = '0' + n % 10;
    digit[1] = 0;
    complain(digit);
}

// Ends with a message about a token.
void stop_at(struct token *token, char *text) {
    if (token) {
        if (token->file) complain(token->file);
        complain(":");
        print_number(token->line);
        complain(": ");
        complain(text);
        complain(": ");
        if (token->name) write_all(2, token->name->text, token->name->length);
        else if (token->text) write_all(2, token->text, token->length);
        fail("");
    }
    fail(text);
}

void stop(char *text) {
    stop_at(current, text);
}

enum { NAME_HASHES = 16384 };
struct name *names[NAME_HASHES];

struct name *intern(char *text, int length) {
    int hash = 0;
    int i;
    for (i = 0; i < length; i = i + 1) hash = (hash * 31 + text[i]) & (NAME_HASHES - 1);
    struct name *name = names[hash];
    while (name) {
        if (name->length == length && same_bytes(name->text, text, length)) return name;
        name = name->next;
    }
    name = (struct name *)allocate(sizeof(struct name));
    name->next = names[hash];
    names[hash] = name;
    name->text = (char *)allocate(length + 1);
    for (i = 0; i < length; i = i + 1) name->text[i] = text[i];
    name->length = length;
    return name;
}

struct name *named(char *text) {
    return intern(text, length_of(text));
}

int is_sign(struct token *token, char *text) {
    struct name *name = token->name;
    if (!name) return 0;
    int length = length_of(text);
    return name->length == length && same_bytes(name->text, text, length);
}

// Whether the token is this name or sign.
int peek(char *text) {
    return is_sign(current, text);
}

int accept(char *text) {
    if (!is_sign(current, text)) return 0;
    current = current->next;
    return 1;
}

void expect(char *text) {
    if (!accept(text)) {
        complain("expected ");
        complain(text);
        complain("\n");
        stop("here");
    }
}
