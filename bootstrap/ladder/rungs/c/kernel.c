// What all programs in small C share: calls of the kernel, whole files, messages.

enum { READ, WRITE, OPEN, CLOSE, EXIT = 60 };

int length_of(char *text) {
    int n = 0;
    while (text[n]) n = n + 1;
    return n;
}

// Writes all bytes to a descriptor; ends the program when the kernel does not take them.
void write_all(int descriptor, char *bytes, int length) {
    int done = 0;
    while (done < length) {
        int n = syscall(WRITE, descriptor, bytes + done, length - done);
        if (n <= 0) syscall(EXIT, 1, 0, 0);
        done = done + n;
    }
}

void complain(char *text) {
    write_all(2, text, length_of(text));
}

void fail(char *text) {
    complain(text);
    complain("\n");
    syscall(EXIT, 1, 0, 0);
}

// Appends a file to the `used` bytes that are in a buffer of `room` bytes; returns how many there are then.
int read_file(char *name, char *buffer, int used, int room) {
    int descriptor = syscall(OPEN, name, 0, 0);
    if (descriptor < 0) fail("an input cannot be opened");
    while (1) {
        if (used >= room) fail("the inputs are too long");
        int n = syscall(READ, descriptor, buffer + used, room - used);
        if (n < 0) fail("an input cannot be read");
        if (n == 0) break;
        used = used + n;
    }
    syscall(CLOSE, descriptor, 0, 0);
    return used;
}

// Joins all inputs, each closed by a line's end.
int read_files(int argc, char **argv, char *buffer, int room) {
    int used = 0;
    int i;
    if (argc < 3) fail("usage: INPUT... OUTPUT");
    for (i = 1; i < argc - 1; i = i + 1) {
        used = read_file(argv[i], buffer, used, room - 1);
        buffer[used] = '\n';
        used = used + 1;
    }
    return used;
}

// O_WRONLY, O_CREAT and O_TRUNC are 577; the mode is 0755.
void write_file(char *name, char *bytes, int length) {
    int descriptor = syscall(OPEN, name, 577, 493);
    if (descriptor < 0) fail("the output cannot be opened");
    write_all(descriptor, bytes, length);
}

int same_bytes(char *a, char *b, int length) {
    int i;
    for (i = 0; i < length; i = i + 1) {
        if (a[i] != b[i]) return 0;
    }
    return 1;
}
