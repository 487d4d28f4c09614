// The machine code and the data that are written, and what is filled in at the end.

enum { CODE_BASE = 0x400000, DATA_BASE = 0x10000000, HEADERS = 176 };

char code[CODE_ROOM];
char bytes_of_data[DATA_ROOM];
int code_size;
int data_size;

// Something in code or data that has to be filled in with an address.
struct patch {
    struct patch *next;
    int place;
    int in_data;                // 8 bytes of data; otherwise 4 bytes of code
    int relative;               // a distance from after the 4 bytes
    struct symbol *symbol;
    int offset;
};

struct patch *patches;

void byte(int value) {
    if (code_size >= CODE_ROOM) fail("the code is too large");
    code[code_size] = value;
    code_size = code_size + 1;
}

// Code, written as hexadecimal digits.
void emit(char *digits) {
    while (*digits) {
        byte(digit_of(digits[0]) * 16 + digit_of(digits[1]));
        digits = digits + 2;
    }
}

void emit4(int value) {
    int i;
    for (i = 0; i < 4; i = i + 1) {
        byte(value & 255);
        value = value >> 8;
    }
}

void emit_with(char *digits, int value) {
    emit(digits);
    emit4(value);
}

void put4(int place, int value) {
    int i;
    for (i = 0; i < 4; i = i + 1) {
        code[place + i] = value & 255;
        value = value >> 8;
    }
}

int get4(int place) {
    int value = code[place] + code[place + 1] * 256 + code[place + 2] * 65536 + code[place + 3] * 16777216;
    return truncate(value, type_int);
}

void patch_for(struct symbol *symbol, int offset, int place, int in_data, int relative) {
    struct patch *patch = (struct patch *)allocate(sizeof(struct patch));
    patch->next = patches;
    patches = patch;
    patch->place = place;
    patch->in_data = in_data;
    patch->relative = relative;
    patch->symbol = symbol;
    patch->offset = offset;
    symbol->used = 1;
}

// ---- places in the code that jumps lead to ----

// Jumps to a place that is not known yet are chained through their distances.
struct label {
    struct label *next;
    struct name *name;
    int known;
    int place;
    int chain;                  // the last jump, plus 1
    struct token *token;
};

struct label *new_label() {
    struct label *label = (struct label *)allocate(sizeof(struct label));
    label->token = current;
    return label;
}

void jump(char *digits, struct label *label) {
    emit(digits);
    if (label->known) emit4(label->place - code_size - 4);
    else {
        int before = label->chain;
        label->chain = code_size + 1;
        emit4(before);
    }
}

void set_label(struct label *label) {
    int chain = label->chain;
    label->known = 1;
    label->place = code_size;
    while (chain) {
        int place = chain - 1;
        chain = get4(place);
        put4(place, code_size - place - 4);
    }
}

void emit_number(int value) {
    if (truncate(value, type_int) == value) emit_with("48C7C0", value);
    else if (truncate(value, type_uint) == value) emit_with("B8", value);
    else {
        emit_with("48B8", value);
        emit4(value >> 32);
    }
}

// ---- data ----

void align_data(int to) {
    data_size = rounded(data_size, to);
}

void room_for_data(int end) {
    if (end > DATA_ROOM) fail("the data are too large");
    if (end > data_size) data_size = end;
}

void put_data(int place, int value, int size) {
    room_for_data(place + size);
    while (size > 0) {
        bytes_of_data[place] = value & 255;
        value = value >> 8;
        place = place + 1;
        size = size - 1;
    }
}
