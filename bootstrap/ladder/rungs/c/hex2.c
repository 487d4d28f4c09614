// hex2 in small C: the same program as hex2.hex1, which describes the language.

enum { BASE = 0x600000, INPUT_ROOM = 16000000, OUTPUT_ROOM = 8000000, LABELS = 200000, HASHES = 65536 };

struct label {
    struct label *next;
    char *name;
    int length;
    int address;
};

char input[INPUT_ROOM];
char output[OUTPUT_ROOM];
struct label labels[LABELS];
struct label *heads[HASHES];

char *at;           // where we read
int written;        // how many bytes we wrote
int used_labels;
int second;         // whether this is the second pass

char *name;         // the name that was read last
int name_length;
int name_hash;

// Ends with a message about the name that was read last.
void blame(char *text) {
    complain(text);
    complain(": ");
    write_all(2, name, name_length);
    fail("");
}

void read_name() {
    name = at;
    name_hash = 0;
    while (*at > ' ' && *at != '>') {
        name_hash = (name_hash * 31 + *at) & (HASHES - 1);
        at = at + 1;
    }
    name_length = at - name;
    if (name_length == 0) fail("a name is missing");
}

struct label *find() {
    struct label *label = heads[name_hash];
    while (label) {
        if (label->length == name_length && same_bytes(label->name, name, name_length)) return label;
        label = label->next;
    }
    return 0;
}

void define() {
    read_name();
    if (second) return;
    if (find()) blame("defined a second time");
    if (used_labels == LABELS) fail("too many labels");
    struct label *label = &labels[used_labels];
    used_labels = used_labels + 1;
    label->next = heads[name_hash];
    label->name = name;
    label->length = name_length;
    label->address = BASE + written;
    heads[name_hash] = label;
}

// The address of the name that comes next; in the first pass anything if it is not known.
int address() {
    read_name();
    struct label *label = find();
    if (label) return label->address;
    if (second) blame("not defined");
    return 0;
}

void put(int byte) {
    if (written == OUTPUT_ROOM) fail("the output is too long");
    output[written] = byte;
    written = written + 1;
}

void put_reference(int width, int absolute) {
    int value = address();
    if (!absolute) {
        int from = BASE + written + width;
        if (*at == '>') {
            at = at + 1;
            from = address();
        }
        value = value - from;
        int half = 1 << (8 * width - 1);
        if (second && (value < -half || value >= half)) blame("too far away");
    }
    while (width > 0) {
        put(value & 255);
        value = value >> 8;
        width = width - 1;
    }
}

// The value of a hexadecimal digit; -1 if it is none.
int digit(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

void pass(char *end) {
    int half = -1;
    at = input;
    written = 0;
    while (at < end) {
        int c = *at;
        at = at + 1;
        if (c <= ' ') continue;
        if (c == '#' || c == ';') {
            while (*at != '\n') at = at + 1;
        }
        else if (c == ':') define();
        else if (c == '!') put_reference(1, 0);
        else if (c == '@') put_reference(2, 0);
        else if (c == '~') put_reference(3, 0);
        else if (c == '%') put_reference(4, 0);
        else if (c == '&') put_reference(4, 1);
        else {
            int value = digit(c);
            if (value < 0) fail("a character that means nothing");
            if (half < 0) half = value;
            else {
                put(half * 16 + value);
                half = -1;
            }
        }
    }
    if (half >= 0) fail("the number of digits is odd");
}

int main(int argc, char **argv) {
    int length = read_files(argc, argv, input, INPUT_ROOM);
    pass(input + length);
    second = 1;
    pass(input + length);
    write_file(argv[argc - 1], output, written);
    return 0;
}
