/* Writes the two headers that musl's Makefile makes with sed, before there is a sed.
 *
 *     musl-headers alltypes OUT IN...   bits/alltypes.h from alltypes.h.in (rules of tools/mkalltypes.sed)
 *     musl-headers syscall OUT IN       bits/syscall.h: IN, then its __NR_ lines once more as SYS_
 *
 * It is compiled and run before there is a C library, so it brings its own entry point and system calls
 * (Linux, amd64). It exits with 1 on any failure, and with 2 when its arguments are not as above.
 */

typedef unsigned long size;

__asm__(
    ".text\n"
    ".global _start\n"
    "_start:\n"
    "	xor %rbp,%rbp\n"
    "	mov %rsp,%rdi\n"
    "	and $-16,%rsp\n"
    "	call run\n"
    ".global syscall3\n"
    "syscall3:\n" /* number, three arguments: shifted by one register, as the kernel wants them */
    "	mov %rdi,%rax\n"
    "	mov %rsi,%rdi\n"
    "	mov %rdx,%rsi\n"
    "	mov %rcx,%rdx\n"
    "	syscall\n"
    "	ret\n");

long syscall3(long number, long a, long b, long c);

enum { READ = 0, WRITE = 1, OPEN = 2, EXIT = 60 };
enum { WRITE_CREATE_TRUNCATE = 01 | 0100 | 01000 };

static void quit(int status)
{
    for (;;)
        syscall3(EXIT, status, 0, 0);
}

static int out;
static char in_text[1 << 20];

static void put(const char *from, size length)
{
    long done;
    while (length) {
        done = syscall3(WRITE, out, (long)from, length);
        if (done <= 0)
            quit(1);
        from += done;
        length -= done;
    }
}

static size length_of(const char *text)
{
    size n = 0;
    while (text[n])
        n++;
    return n;
}

static void say(const char *text)
{
    put(text, length_of(text));
}

static int starts_with(const char *text, const char *prefix)
{
    while (*prefix)
        if (*text++ != *prefix++)
            return 0;
    return 1;
}

/* Reads a whole file into in_text and ends it with a zero byte. */
static void load(const char *path)
{
    size used = 0;
    long fd = syscall3(OPEN, (long)path, 0, 0), got;
    if (fd < 0)
        quit(1);
    while ((got = syscall3(READ, fd, (long)(in_text + used), sizeof in_text - 1 - used)) > 0)
        used += got;
    if (got < 0 || used == sizeof in_text - 1)
        quit(1);
    in_text[used] = 0;
}

/* Writes "#if it is asked for and not there yet", the declaration, and the mark that it is there.
 * kind is "" or "struct_" or "union_"; the name is marked under kind and name. */
static void guarded(const char *kind, const char *name, size name_length, const char *declaration,
                    const char *body, size body_length, int name_last)
{
    say("#if defined(__NEED_");
    say(kind);
    put(name, name_length);
    say(") && !defined(__DEFINED_");
    say(kind);
    put(name, name_length);
    say(")\n");
    say(declaration);
    if (name_last) {
        put(body, body_length);
        say(" ");
        put(name, name_length);
    } else {
        put(name, name_length);
        say(" ");
        put(body, body_length);
    }
    say(";\n#define __DEFINED_");
    say(kind);
    put(name, name_length);
    say("\n#endif\n\n");
}

/* One line without its end. TYPEDEF type name;  STRUCT name body;  UNION name body;  or text to copy. */
static void alltypes_line(char *line, size length)
{
    size start, split;
    int is_struct = starts_with(line, "STRUCT ");
    if (starts_with(line, "TYPEDEF ") && line[length - 1] == ';') {
        length--;
        split = length;
        while (line[split - 1] != ' ')
            split--;
        guarded("", line + split, length - split, "typedef ", line + 8, split - 1 - 8, 1);
    } else if ((is_struct || starts_with(line, "UNION ")) && line[length - 1] == ';') {
        length--;
        start = is_struct ? 7 : 6;
        while (line[start] == ' ')
            start++;
        split = start;
        while (line[split] != ' ')
            split++;
        guarded(is_struct ? "struct_" : "union_", line + start, split - start,
                is_struct ? "struct " : "union ", line + split + 1, length - split - 1, 0);
    } else {
        put(line, length);
        say("\n");
    }
}

/* #define __NR_name number, once more as SYS_name. */
static void syscall_line(char *line, size length)
{
    size at;
    for (at = 0; at < length; at++)
        if (starts_with(line + at, "__NR_")) {
            put(line, at);
            say("SYS_");
            put(line + at + 5, length - at - 5);
            say("\n");
            return;
        }
}

static void each_line(void (*use)(char *, size))
{
    char *line = in_text;
    size length;
    while (*line) {
        length = 0;
        while (line[length] && line[length] != '\n')
            length++;
        if (line[length] == '\n') {
            line[length] = 0;
            use(line, length);
            line[length] = '\n';
            line += length + 1;
        } else {
            use(line, length);
            line += length;
        }
    }
}

/* stack: what the kernel leaves at the start: the number of arguments, then the arguments. */
void run(long *stack)
{
    long count = stack[0], i;
    char **argument = (char **)(stack + 1);
    int types;
    if (count < 4)
        quit(2);
    types = starts_with(argument[1], "alltypes");
    if (!types && !starts_with(argument[1], "syscall"))
        quit(2);
    out = syscall3(OPEN, (long)argument[2], WRITE_CREATE_TRUNCATE, 0644);
    if (out < 0)
        quit(1);
    for (i = 3; i < count; i++) {
        load(argument[i]);
        if (types)
            each_line(alltypes_line);
        else {
            say(in_text);
            each_line(syscall_line);
        }
    }
    quit(0);
}
