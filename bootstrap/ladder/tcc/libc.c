// The part of the C library that tcc needs, for c2.
#include <libc.h>

// As in c2-kernel.c of the ladder: the number of the call and up to six arguments.
long syscall(long number, ...) = "488B442408" "488B7C2410" "488B742418" "488B542420" "4C8B542428" "4C8B442430" "4C8B4C2438" "0F05" "C3";

int setjmp(jmp_buf where) = "488B442408" "488928" "488D4C2408" "48894808" "488B0C24" "48894810" "31C0" "C3";
void longjmp(jmp_buf where, int value) = "488B542408" "488B442410" "85C0" "7502" "FFC0" "488B2A" "488B6208" "FF6210";
long double ldexpl(long double x, int n) = "DF6C2418" "DB6C2408" "D9FD" "DDD9" "C3";

double ldexp(double x, int n) { return ldexpl(x, n); }

int errno;
char **environ;

void exit(int status) {
    fflush(stdout);
    fflush(stderr);
    syscall(231, status);
}

void abort(void) { exit(134); }

// ---- memory: each block has its size before it ----

static char *heap, *heap_end;

void *malloc(size_t size) {
    char *block;
    size = (size + 31) & -16L;
    if (!heap || size > heap_end - heap) {
        size_t more = size + (1 << 24);
        if (!heap) heap = heap_end = (char *)((syscall(12, 0L) + 15) & -16L);
        if (syscall(12, heap_end + more) != (long)(heap_end + more)) return NULL;
        heap_end += more;
    }
    block = heap;
    heap += size;
    *(size_t *)block = size - 16;
    return block + 16;
}

void *calloc(size_t count, size_t size) {
    void *block = malloc(count * size);
    if (block) memset(block, 0, count * size);
    return block;
}

void *realloc(void *old, size_t size) {
    size_t had = old ? ((size_t *)old)[-2] : 0;
    void *block;
    if (size <= had) return old;
    block = malloc(size + size / 2);
    if (block && old) memcpy(block, old, had);
    return block;
}

void free(void *old) { (void)old; }

void *memcpy(void *to, const void *from, size_t size) {
    char *p = to;
    const char *q = from;
    while (size--) *p++ = *q++;
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    char *p = to;
    const char *q = from;
    if (p <= q) return memcpy(to, from, size);
    while (size--) p[size] = q[size];
    return to;
}

void *memset(void *to, int value, size_t size) {
    char *p = to;
    while (size--) *p++ = value;
    return to;
}

int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *p = a, *q = b;
    for (; size; size--, p++, q++)
        if (*p != *q) return *p - *q;
    return 0;
}

void *memchr(const void *a, int c, size_t size) {
    const unsigned char *p = a;
    for (; size; size--, p++)
        if (*p == (unsigned char)c) return (void *)p;
    return NULL;
}

// ---- texts ----

size_t strlen(const char *s) {
    size_t n = 0;
    while (s[n]) n++;
    return n;
}

char *strcpy(char *to, const char *from) {
    char *p = to;
    while ((*p++ = *from++)) ;
    return to;
}

char *strncpy(char *to, const char *from, size_t size) {
    size_t i = 0;
    for (; i < size && from[i]; i++) to[i] = from[i];
    for (; i < size; i++) to[i] = 0;
    return to;
}

char *strcat(char *to, const char *from) {
    strcpy(to + strlen(to), from);
    return to;
}

int strncmp(const char *a, const char *b, size_t size) {
    for (; size; size--, a++, b++) {
        if (*a != *b) return (unsigned char)*a - (unsigned char)*b;
        if (!*a) return 0;
    }
    return 0;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, -1UL); }

char *strchr(const char *s, int c) {
    for (;; s++) {
        if (*s == (char)c) return (char *)s;
        if (!*s) return NULL;
    }
}

char *strrchr(const char *s, int c) {
    const char *found = NULL;
    for (;; s++) {
        if (*s == (char)c) found = s;
        if (!*s) return (char *)found;
    }
}

char *strstr(const char *s, const char *part) {
    size_t n = strlen(part);
    for (; *s; s++)
        if (!strncmp(s, part, n)) return (char *)s;
    return n ? NULL : (char *)s;
}

char *strpbrk(const char *s, const char *any) {
    for (; *s; s++)
        if (strchr(any, *s)) return (char *)s;
    return NULL;
}

char *strdup(const char *s) { return strcpy(malloc(strlen(s) + 1), s); }

char *strerror(int number) { return "an error of the kernel"; }

static int digit(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 99;
}

unsigned long long strtoull(const char *text, char **end, int base) {
    unsigned long value = 0;
    int negative = 0;
    while (*text == ' ' || *text == '\t') text++;
    if (*text == '-' || *text == '+') negative = *text++ == '-';
    if ((base == 0 || base == 16) && text[0] == '0' && (text[1] | 32) == 'x' && digit(text[2]) < 16) {
        text += 2;
        base = 16;
    } else if (base == 0) base = *text == '0' ? 8 : 10;
    while (digit(*text) < base) value = value * base + digit(*text++);
    if (end) *end = (char *)text;
    return negative ? -value : value;
}

unsigned long strtoul(const char *text, char **end, int base) { return strtoull(text, end, base); }
long strtol(const char *text, char **end, int base) { return strtoull(text, end, base); }
long long strtoll(const char *text, char **end, int base) { return strtoull(text, end, base); }
int atoi(const char *text) { return strtol(text, NULL, 10); }

// ---- decimal floats, rounded exactly: large numbers of 32-bit digits, the lowest first ----

#define WORDS 1200
typedef struct { int used; unsigned word[WORDS]; } big;

static void big_step(big *n, unsigned factor, unsigned plus) {
    unsigned long carry = plus;
    int i;
    for (i = 0; i < n->used; i++) {
        carry += (unsigned long)n->word[i] * factor;
        n->word[i] = carry;
        carry >>= 32;
    }
    if (carry && n->used < WORDS) n->word[n->used++] = carry;
}

static int big_bits(big *n) {
    int bits;
    unsigned top;
    if (!n->used) return 0;
    bits = 32 * n->used - 32;
    for (top = n->word[n->used - 1]; top; top >>= 1) bits++;
    return bits;
}

static void big_shift(big *n, int bits) {
    int words = bits / 32, i;
    for (i = 0; i < bits % 32; i++) big_step(n, 2, 0);
    if (!words || !n->used || n->used + words > WORDS) return;
    for (i = n->used - 1; i >= 0; i--) n->word[i + words] = n->word[i];
    for (i = 0; i < words; i++) n->word[i] = 0;
    n->used += words;
}

static int big_compare(big *a, big *b) {
    int i;
    if (a->used != b->used) return a->used < b->used ? -1 : 1;
    for (i = a->used - 1; i >= 0; i--)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

static void big_subtract(big *a, big *b) {
    long borrow = 0;
    int i;
    for (i = 0; i < a->used; i++) {
        borrow += (long)a->word[i] - (i < b->used ? (long)b->word[i] : 0);
        a->word[i] = borrow;
        borrow >>= 32;
    }
    while (a->used && !a->word[a->used - 1]) a->used--;
}

static big above, below;

// The number in front of `text`, with `precision` bits of mantissa, the lowest of which is at least 2^lowest.
static long double decimal(const char *text, char **end, int precision, int lowest) {
    int negative = 0, any = 0, point = 0, ten = 0, shift, bits, i;
    unsigned long mantissa = 0;
    long double result;
    while (*text == ' ') text++;
    if (*text == '-' || *text == '+') negative = *text++ == '-';
    above.used = 0;
    below.used = 1;
    below.word[0] = 1;
    for (;; text++) {
        if (*text == '.' && !point) {
            point = 1;
            continue;
        }
        if (*text < '0' || *text > '9') break;
        big_step(&above, 10, *text - '0');
        ten -= point;
        any = 1;
    }
    if (any && (*text | 32) == 'e') {
        char *after;
        ten += strtol(text + 1, &after, 10);
        text = after;
    }
    if (end) *end = (char *)text;
    if (!above.used) return negative ? -0.0L : 0.0L;
    for (; ten > 0; ten--) big_step(&above, 10, 0);
    for (; ten < 0; ten++) big_step(&below, 10, 0);
    // above / below * 2^shift lies between 2^(precision-1) and 2^(precision+1).
    shift = precision - (big_bits(&above) - big_bits(&below));
    if (-shift < lowest) shift = -lowest;
    if (shift > 0) big_shift(&above, shift);
    else big_shift(&below, -shift);
    bits = big_bits(&above) - big_bits(&below) + 1;
    if (bits < 0) bits = 0;
    if (bits > 65) bits = 65;
    big_shift(&below, bits);
    // Divided bit by bit; `below` is halved by doubling `above`.
    for (i = 0; i <= bits; i++) {
        mantissa <<= 1;
        if (big_compare(&above, &below) >= 0) {
            big_subtract(&above, &below);
            mantissa |= 1;
        }
        if (precision < 64 ? mantissa >> precision && i < bits : (mantissa >> 63) && i < bits) {
            // One bit too many: what is left decides the rounding, one place higher.
            i++;
            big_step(&above, 2, 0);
            shift -= bits - i + 1;
            break;
        }
        if (i < bits) big_step(&above, 2, 0);
    }
    if (i > bits) big_step(&above, 2, 0);
    if (precision < 64 && mantissa >> precision) {
        // The lowest bit goes.
        int half = mantissa & 1;
        int rest = above.used != 0;
        mantissa >>= 1;
        shift--;
        if (half && (rest || (mantissa & 1))) mantissa++;
    } else {
        i = big_compare(&above, &below);
        if (i > 0 || (i == 0 && (mantissa & 1))) {
            mantissa++;
            if (!mantissa) {
                mantissa = 1UL << 63;
                shift--;
            }
        }
    }
    result = ldexpl((long double)mantissa, -shift);
    return negative ? -result : result;
}

long double strtold(const char *text, char **end) { return decimal(text, end, 64, -16445); }
double strtod(const char *text, char **end) { return decimal(text, end, 53, -1074); }
float strtof(const char *text, char **end) { return decimal(text, end, 24, -149); }

// ---- sorting: by insertion, which keeps the order of what is equal ----

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *)) {
    char *p = base;
    size_t i, j, k;
    for (i = 1; i < count; i++)
        for (j = i; j && compare(p + (j - 1) * size, p + j * size) > 0; j--)
            for (k = 0; k < size; k++) {
                char kept = p[j * size + k];
                p[j * size + k] = p[(j - 1) * size + k];
                p[(j - 1) * size + k] = kept;
            }
}

// ---- the kernel ----

static long checked(long result) {
    if (result < 0 && result > -4096) {
        errno = -result;
        return -1;
    }
    return result;
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    return checked(syscall(2, path, (long)flags, flags & O_CREAT ? va_arg(list, long) : 0L));
}

int close(int descriptor) { return checked(syscall(3, (long)descriptor)); }
ssize_t read(int descriptor, void *buffer, size_t size) { return checked(syscall(0, (long)descriptor, buffer, size)); }
ssize_t write(int descriptor, const void *buffer, size_t size) { return checked(syscall(1, (long)descriptor, buffer, size)); }
off_t lseek(int descriptor, off_t offset, int whence) { return checked(syscall(8, (long)descriptor, offset, (long)whence)); }
int unlink(const char *path) { return checked(syscall(87, path)); }
int remove(const char *path) { return unlink(path); }
int chmod(const char *path, int mode) { return checked(syscall(90, path, (long)mode)); }
char *getcwd(char *buffer, size_t size) { return checked(syscall(79, buffer, size)) < 0 ? NULL : buffer; }
char *realpath(const char *path, char *buffer) { return buffer ? strcpy(buffer, path) : strdup(path); }
int execvp(const char *path, char **argv) { return checked(syscall(59, path, argv, environ)); }
time_t time(time_t *where) { return syscall(201, where); }
int gettimeofday(struct timeval *where, void *zone) { return checked(syscall(96, where, zone)); }
char *getenv(const char *name) { return NULL; }

struct tm *localtime(const time_t *when) {
    static struct tm epoch = { 0, 0, 0, 1, 0, 70, 4, 0, 0 };
    return &epoch;
}

// ---- files ----

static FILE standard[3] = { { 0 }, { 1 }, { 2 } };
FILE *stdin = &standard[0], *stdout = &standard[1], *stderr = &standard[2];

FILE *fdopen(int descriptor, const char *mode) {
    FILE *file = calloc(1, sizeof(FILE));
    file->descriptor = descriptor;
    return file;
}

FILE *fopen(const char *path, const char *mode) {
    int flags = *mode == 'r' ? O_RDONLY : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | 02000;
    int descriptor;
    if (strchr(mode, '+')) flags = (flags & ~3) | O_RDWR;
    descriptor = open(path, flags, 0666);
    return descriptor < 0 ? NULL : fdopen(descriptor, mode);
}

int fflush(FILE *file) {
    int done = 0;
    while (done < file->used) {
        int n = write(file->descriptor, file->buffer + done, file->used - done);
        if (n <= 0) return EOF;
        done += n;
    }
    file->used = 0;
    return 0;
}

int fclose(FILE *file) {
    int flushed = fflush(file);
    return close(file->descriptor) < 0 ? EOF : flushed;
}

int fputc(int c, FILE *file) {
    if (!file->buffer) file->buffer = malloc(BUFSIZ);
    if (file->used == BUFSIZ && fflush(file)) return EOF;
    file->buffer[file->used++] = c;
    return (unsigned char)c;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file) {
    const char *p = from;
    size_t i;
    for (i = 0; i < size * count; i++)
        if (fputc(p[i], file) == EOF) return i / size;
    return count;
}

size_t fread(void *to, size_t size, size_t count, FILE *file) {
    size_t had = 0;
    while (had < size * count) {
        ssize_t n = read(file->descriptor, (char *)to + had, size * count - had);
        if (n <= 0) break;
        had += n;
    }
    return size ? had / size : 0;
}

int fgetc(FILE *file) {
    unsigned char c;
    return fread(&c, 1, 1, file) == 1 ? c : EOF;
}

int fputs(const char *text, FILE *file) {
    size_t n = fwrite(text, 1, strlen(text), file);
    // Nothing flushes the standard files when main returns.
    if (file->descriptor < 3 && fflush(file)) return EOF;
    return n == strlen(text) ? 0 : EOF;
}

int putchar(int c) { return fputc(c, stdout); }

int puts(const char *text) {
    fputs(text, stdout);
    return fputs("\n", stdout);
}

int fseek(FILE *file, long offset, int whence) {
    if (fflush(file)) return -1;
    return lseek(file->descriptor, offset, whence) < 0 ? -1 : 0;
}

long ftell(FILE *file) {
    fflush(file);
    return lseek(file->descriptor, 0, SEEK_CUR);
}

// ---- formatted texts ----

int vsnprintf(char *to, size_t size, const char *format, va_list list) {
    size_t n = 0;
    for (; *format; format++) {
        char digits[32], *text = digits + 31, sign = 0;
        int left = 0, zero = 0, plus = 0, width = 0, precision = -1, longs = 0, length, i;
        if (*format != '%') {
            if (n + 1 < size) to[n] = *format;
            n++;
            continue;
        }
        for (format++;; format++) {
            if (*format == '-') left = 1;
            else if (*format == '0') zero = 1;
            else if (*format == '+') plus = 1;
            else if (*format != ' ' && *format != '#') break;
        }
        if (*format == '*') {
            width = va_arg(list, int);
            format++;
        } else while (*format >= '0' && *format <= '9') width = width * 10 + *format++ - '0';
        if (*format == '.') {
            format++;
            precision = 0;
            if (*format == '*') {
                precision = va_arg(list, int);
                format++;
            } else while (*format >= '0' && *format <= '9') precision = precision * 10 + *format++ - '0';
        }
        for (;; format++) {
            if (*format == 'l' || *format == 'z' || *format == 'j' || *format == 't') longs++;
            else if (*format == 'L') longs = 9;
            else if (*format != 'h') break;
        }
        digits[31] = 0;
        switch (*format) {
        case 'd': case 'i': case 'u': case 'x': case 'X': case 'o': case 'p': {
            unsigned long value;
            int base = *format == 'o' ? 8 : *format == 'd' || *format == 'i' || *format == 'u' ? 10 : 16;
            if (*format == 'd' || *format == 'i') {
                long s = longs ? va_arg(list, long) : va_arg(list, int);
                if (s < 0) sign = '-';
                else if (plus) sign = '+';
                value = s < 0 ? -s : s;
            } else if (longs || *format == 'p') value = va_arg(list, unsigned long);
            else value = va_arg(list, unsigned);
            do {
                *--text = "0123456789abcdef0123456789ABCDEF"[value % base + (*format == 'X' ? 16 : 0)];
                value /= base;
            } while (value);
            while (digits + 31 - text < precision && text > digits + 2) *--text = '0';
            break;
        }
        case 'c':
            *--text = va_arg(list, int);
            break;
        case 's':
            text = va_arg(list, char *);
            if (!text) text = "(null)";
            break;
        case 'f': case 'g': case 'e': {
            long double value = longs == 9 ? va_arg(list, long double) : va_arg(list, double);
            long whole = value;
            // No more than tcc's -bench needs.
            do *--text = '0' + whole % 10; while (whole /= 10);
            break;
        }
        default:
            *--text = *format;
        }
        length = *format == 'c' ? 1 : strlen(text);
        if (*format == 's' && precision >= 0 && precision < length) length = precision;
        width -= length + (sign != 0);
        if (!left && !zero) while (width-- > 0) { if (n + 1 < size) to[n] = ' '; n++; }
        if (sign) { if (n + 1 < size) to[n] = sign; n++; }
        if (!left && zero) while (width-- > 0) { if (n + 1 < size) to[n] = '0'; n++; }
        for (i = 0; i < length; i++) { if (n + 1 < size) to[n] = text[i]; n++; }
        if (left) while (width-- > 0) { if (n + 1 < size) to[n] = ' '; n++; }
    }
    if (size) to[n < size ? n : size - 1] = 0;
    return n;
}

int vsprintf(char *to, const char *format, va_list list) { return vsnprintf(to, 1 << 30, format, list); }

int vfprintf(FILE *file, const char *format, va_list list) {
    static char text[65536];
    int n = vsnprintf(text, sizeof text, format, list);
    fputs(text, file);
    if (file->descriptor < 3) fflush(file);
    return n;
}

int vprintf(const char *format, va_list list) { return vfprintf(stdout, format, list); }

int printf(const char *format, ...) {
    va_list list;
    va_start(list, format);
    return vfprintf(stdout, format, list);
}

int fprintf(FILE *file, const char *format, ...) {
    va_list list;
    va_start(list, format);
    return vfprintf(file, format, list);
}

int sprintf(char *to, const char *format, ...) {
    va_list list;
    va_start(list, format);
    return vsprintf(to, format, list);
}

int snprintf(char *to, size_t size, const char *format, ...) {
    va_list list;
    va_start(list, format);
    return vsnprintf(to, size, format, list);
}

// Knows %d only, and takes the text apart no further than that.
int sscanf(const char *text, const char *format, ...) {
    va_list list;
    int found = 0;
    va_start(list, format);
    for (; *format; format++) {
        if (*format == '%') {
            char *end;
            long value = strtol(text, &end, 10);
            format++;
            if (*format != 'd' || end == text) return found;
            *va_arg(list, int *) = value;
            text = end;
            found++;
        } else if (*format != *text++) return found;
    }
    return found;
}
