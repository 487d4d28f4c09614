// M1 in small C: the same program as m1.hex2, which describes the language.

enum { INPUT_ROOM = 16000000, OUTPUT_ROOM = 32000000, MACROS = 20000, HASHES = 65536 };

struct macro {
    struct macro *next;
    char *name;
    int name_length;
    char *value;
    int value_length;
};

char input[INPUT_ROOM];
char output[OUTPUT_ROOM];
struct macro macros[MACROS];
struct macro *heads[HASHES];

char *at;           // where we read
char *end;          // where the input ends
int written;        // how many bytes we wrote
int used_macros;

char *word;         // the word that was read last
int word_length;
int word_hash;

// Ends with a message about the word that was read last.
void blame(char *text) {
    complain(text);
    complain(": ");
    write_all(2, word, word_length);
    fail("");
}

void read_word() {
    word = at;
    word_hash = 0;
    while (*at > ' ') {
        word_hash = (word_hash * 31 + *at) & (HASHES - 1);
        at = at + 1;
    }
    word_length = at - word;
}

// Reads the word after white space, which has to come.
void need_word() {
    while (at < end && *at <= ' ') at = at + 1;
    if (at == end) fail("the text ends too early");
    read_word();
}

struct macro *find() {
    struct macro *macro = heads[word_hash];
    while (macro) {
        if (macro->name_length == word_length && same_bytes(macro->name, word, word_length)) return macro;
        macro = macro->next;
    }
    return 0;
}

void put(int byte) {
    if (written == OUTPUT_ROOM) fail("the output is too long");
    output[written] = byte;
    written = written + 1;
}

void put_digit(int value) {
    if (value < 10) put('0' + value);
    else put('A' + value - 10);
}

void put_byte(int byte) {
    put_digit((byte >> 4) & 15);
    put_digit(byte & 15);
    put(' ');
}

void put_line(char *bytes, int length) {
    int i;
    for (i = 0; i < length; i = i + 1) put(bytes[i]);
    put('\n');
}

void define() {
    need_word();
    if (find()) blame("defined a second time");
    if (used_macros == MACROS) fail("too many macros");
    struct macro *macro = &macros[used_macros];
    used_macros = used_macros + 1;
    macro->next = heads[word_hash];
    macro->name = word;
    macro->name_length = word_length;
    heads[word_hash] = macro;
    need_word();
    macro->value = word;
    macro->value_length = word_length;
}

// The value of a digit; -1 if it is none.
int digit(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// The word is a character and then a number, or else stays as it is.
void put_number(int width) {
    char *figure = word + 1;
    char *last = word + word_length;
    int negative = *figure == '-';
    if (negative) figure = figure + 1;
    if (*figure < '0' || *figure > '9') {
        put_line(word, word_length);
        return;
    }
    int base = 10;
    if (figure[0] == '0' && figure[1] == 'x') {
        base = 16;
        figure = figure + 2;
        if (figure == last) blame("not a number");
    }
    int value = 0;
    while (figure < last) {
        int one = digit(*figure);
        if (one < 0 || one >= base) blame("not a number");
        value = value * base + one;
        if (value >> 33) blame("too large");
        figure = figure + 1;
    }
    int limit = 1 << (8 * width);
    if (negative && value * 2 > limit) blame("too large");
    if (value >= limit) blame("too large");
    if (negative) value = -value;
    while (width > 0) {
        put_byte(value & 255);
        value = value >> 8;
        width = width - 1;
    }
    put('\n');
}

void put_macro() {
    struct macro *macro = find();
    if (!macro) blame("not defined");
    put_line(macro->value, macro->value_length);
}

int main(int argc, char **argv) {
    end = input + read_files(argc, argv, input, INPUT_ROOM);
    at = input;
    while (at < end) {
        int c = *at;
        if (c <= ' ') at = at + 1;
        else if (c == '#' || c == ';') {
            while (*at != '\n') at = at + 1;
        }
        else if (c == '"' || c == '\'') {
            at = at + 1;
            while (at < end && *at != c) {
                if (c == '"') put_byte(*at);
                else put(*at);
                at = at + 1;
            }
            if (at == end) fail("a string is not closed");
            at = at + 1;
            if (c == '"') put_byte(0);
            put('\n');
        }
        else {
            read_word();
            if (c == ':' || c == '&') put_line(word, word_length);
            else if (c == '!') put_number(1);
            else if (c == '@') put_number(2);
            else if (c == '~') put_number(3);
            else if (c == '%') put_number(4);
            else if (word_length == 6 && same_bytes(word, "DEFINE", 6)) define();
            else put_macro();
        }
    }
    write_file(argv[argc - 1], output, written);
    return 0;
}
