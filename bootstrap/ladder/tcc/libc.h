// The part of the C library that tcc needs, for c2. All headers are this one.
#ifndef LIBC_H
#define LIBC_H

typedef unsigned long size_t;
typedef long ssize_t;
typedef long off_t;
typedef long ptrdiff_t;
typedef long intptr_t;
typedef unsigned long uintptr_t;
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef long time_t;

#define NULL ((void *)0)

// Arguments lie on the stack in order, eight bytes each, a long double sixteen.
typedef char *va_list;
#define va_start(list, last) ((list) = (char *)&(last) + ((sizeof(last) + 7) & -8))
#define va_arg(list, type) (*(type *)(((list) += (sizeof(type) + 7) & -8) - ((sizeof(type) + 7) & -8)))
#define va_copy(to, from) ((to) = (from))
#define va_end(list) ((void)0)

typedef struct file { int descriptor; int used; char *buffer; } FILE;
extern FILE *stdin, *stdout, *stderr;
#define EOF (-1)
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define BUFSIZ 8192

typedef long jmp_buf[8];

struct tm { int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst; };
struct timeval { long tv_sec, tv_usec; };

extern int errno;
extern char **environ;
#define ENOENT 2
#define EINTR 4
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_BINARY 0
#define PATH_MAX 4096
#define assert(x) ((void)0)

long syscall(long number, ...);
int setjmp(jmp_buf where);
void longjmp(jmp_buf where, int value);
long double ldexpl(long double x, int n);
double ldexp(double x, int n);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void free(void *old);
void exit(int status);
void abort(void);
char *getenv(const char *name);
int atoi(const char *text);
long strtol(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);
long long strtoll(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);
float strtof(const char *text, char **end);
double strtod(const char *text, char **end);
long double strtold(const char *text, char **end);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *a, int c, size_t size);
size_t strlen(const char *s);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t size);
char *strcat(char *to, const char *from);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
char *strpbrk(const char *s, const char *any);
char *strdup(const char *s);
char *strerror(int number);

int open(const char *path, int flags, ...);
int close(int descriptor);
ssize_t read(int descriptor, void *buffer, size_t size);
ssize_t write(int descriptor, const void *buffer, size_t size);
off_t lseek(int descriptor, off_t offset, int whence);
int unlink(const char *path);
int remove(const char *path);
char *getcwd(char *buffer, size_t size);
char *realpath(const char *path, char *buffer);
int execvp(const char *path, char **argv);
int chmod(const char *path, int mode);
time_t time(time_t *where);
struct tm *localtime(const time_t *when);
int gettimeofday(struct timeval *where, void *zone);

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int descriptor, const char *mode);
int fclose(FILE *file);
int fflush(FILE *file);
size_t fwrite(const void *from, size_t size, size_t count, FILE *file);
size_t fread(void *to, size_t size, size_t count, FILE *file);
int fputc(int c, FILE *file);
int fputs(const char *text, FILE *file);
int puts(const char *text);
int putchar(int c);
int fgetc(FILE *file);
int fseek(FILE *file, long offset, int whence);
long ftell(FILE *file);
int printf(const char *format, ...);
int fprintf(FILE *file, const char *format, ...);
int sprintf(char *to, const char *format, ...);
int snprintf(char *to, size_t size, const char *format, ...);
int vprintf(const char *format, va_list list);
int vfprintf(FILE *file, const char *format, va_list list);
int vsnprintf(char *to, size_t size, const char *format, va_list list);
int vsprintf(char *to, const char *format, va_list list);
int sscanf(const char *text, const char *format, ...);
#endif
