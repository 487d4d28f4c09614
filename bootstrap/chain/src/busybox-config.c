/* Does for busybox what its Kconfig, gen_build_files.sh and mkconfigs do, which need a shell, sed and more.
 *
 *     busybox-config INCLUDE OPTIONS SOURCE...
 *
 * INCLUDE   the folder of busybox with applets.src.h; autoconf.h and applets.h are written there.
 * OPTIONS   one option a line: NAME, or NAME=VALUE for a number or string; # starts a comment. What isn't listed is
 *           off (0, ""). A name that no source declares is an error. Dependencies are not resolved: the list is whole.
 * SOURCE    busybox's sources. In those that end in .c, lines that begin with //config: declare options and lines that
 *           begin with //applet: declare applets; the others (Config.in, Config.src) declare options as they stand.
 *
 * Exits with 1, and says why, when something is wrong.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096, OPTIONS_MAX = 2000 };

struct option {
    char *name;
    char *value;   /* NULL: off; "1" for a bool that is on */
    char kind;     /* 'b' bool, 'i' int, 's' string; 0: not declared */
};

static struct option options[OPTIONS_MAX];
static int option_count;

static void fail(const char *what, const char *which)
{
    fprintf(stderr, "busybox-config: %s: %s\n", what, which);
    exit(1);
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file)
        fail("cannot open", path);
    return file;
}

static char *copy_of(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    if (!copy)
        fail("out of memory", text);
    return strcpy(copy, text);
}

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
    char path[LINE_MAX_BYTES];
    if (strlen(folder) + strlen(name) + 2 > sizeof path)
        fail("path too long", folder);
    sprintf(path, "%s/%s", folder, name);
    return open_file(path, mode);
}

/* Finds an option, or adds it. */
static struct option *option_named(const char *name)
{
    int i;
    for (i = 0; i < option_count; i++)
        if (!strcmp(options[i].name, name))
            return &options[i];
    if (option_count == OPTIONS_MAX)
        fail("too many options", name);
    options[option_count].name = copy_of(name);
    return &options[option_count++];
}

/* Reads a line without its end; 0 at the end of the file. */
static int read_line(FILE *file, char *line, const char *path)
{
    size_t length;
    if (!fgets(line, LINE_MAX_BYTES, file))
        return 0;
    length = strlen(line);
    if (length && line[length - 1] == '\n')
        line[--length] = 0;
    else if (length == LINE_MAX_BYTES - 1)
        fail("line too long", path);
    while (length && (line[length - 1] == ' ' || line[length - 1] == '\t' || line[length - 1] == '\r'))
        line[--length] = 0;
    return 1;
}

static void read_options(const char *path)
{
    char line[LINE_MAX_BYTES], *end, *value;
    FILE *file = open_file(path, "r");
    while (read_line(file, line, path)) {
        if ((end = strchr(line, '#')))
            *end = 0;
        end = line + strlen(line);
        while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
            *--end = 0;
        if (!*line)
            continue;
        value = strchr(line, '=');
        if (value)
            *value++ = 0;
        option_named(line)->value = copy_of(value ? value : "1");
    }
    fclose(file);
}

static int is_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    return !strncmp(text, word, length) && (!text[length] || text[length] == ' ' || text[length] == '\t');
}

/* One line of a Config file. `current` is the option that the lines before opened. */
static struct option *config_line(char *line, struct option *current)
{
    if (is_word(line, "config")) {
        line += 6;
        while (*line == ' ' || *line == '\t')
            line++;
        return option_named(line);
    }
    if (*line != ' ' && *line != '\t')
        return *line ? NULL : current;
    while (*line == ' ' || *line == '\t')
        line++;
    if (!current || current->kind)
        return current;
    if (is_word(line, "bool") || is_word(line, "tristate"))
        current->kind = 'b';
    else if (is_word(line, "int") || is_word(line, "hex"))
        current->kind = 'i';
    else if (is_word(line, "string"))
        current->kind = 's';
    return current;
}

static void read_source(const char *path, FILE *applets)
{
    static const char config[] = "//config:", applet[] = "//applet:";
    char line[LINE_MAX_BYTES];
    size_t length = strlen(path);
    int is_c = length > 2 && !strcmp(path + length - 2, ".c");
    struct option *current = NULL;
    FILE *file = open_file(path, "r");
    while (read_line(file, line, path)) {
        if (!is_c)
            current = config_line(line, current);
        else if (!strncmp(line, config, sizeof config - 1))
            current = config_line(line + sizeof config - 1, current);
        else if (!strncmp(line, applet, sizeof applet - 1))
            fprintf(applets, "%s\n", line + sizeof applet - 1);
    }
    fclose(file);
}

static void write_options(FILE *out)
{
    int i, on;
    fprintf(out, "#define AUTOCONF_TIMESTAMP \"\"\n");
    for (i = 0; i < option_count; i++) {
        struct option *o = &options[i];
        if (!o->kind)
            fail("no source declares the option", o->name);
        on = o->value != NULL || o->kind != 'b';
        if (!on)
            fprintf(out, "#undef CONFIG_%s\n", o->name);
        else if (o->kind == 's')
            fprintf(out, "#define CONFIG_%s \"%s\"\n", o->name, o->value ? o->value : "");
        else
            fprintf(out, "#define CONFIG_%s %s\n", o->name, o->value ? o->value : "0");
        fprintf(out, "#define ENABLE_%s %d\n", o->name, on);
        fprintf(out, "#define IF_%s(...)%s\n", o->name, on ? " __VA_ARGS__" : "");
        fprintf(out, "#define IF_NOT_%s(...)%s\n", o->name, on ? "" : " __VA_ARGS__");
    }
}

/* Opens applets.h and copies the part of applets.src.h before its line INSERT, or the part after it. */
static void copy_template(const char *include, FILE *out, int after)
{
    char line[LINE_MAX_BYTES];
    int passed = 0;
    FILE *file = open_in(include, "applets.src.h", "r");
    while (read_line(file, line, include)) {
        if (!strcmp(line, "INSERT"))
            passed = 1;
        else if (passed == after)
            fprintf(out, "%s\n", line);
    }
    if (!passed)
        fail("no line INSERT in applets.src.h of", include);
    fclose(file);
}

int main(int argc, char **argv)
{
    FILE *applets, *autoconf;
    int i;
    if (argc < 4)
        fail("usage", "busybox-config INCLUDE OPTIONS SOURCE...");
    read_options(argv[2]);
    applets = open_in(argv[1], "applets.h", "w");
    copy_template(argv[1], applets, 0);
    for (i = 3; i < argc; i++)
        read_source(argv[i], applets);
    copy_template(argv[1], applets, 1);
    autoconf = open_in(argv[1], "autoconf.h", "w");
    write_options(autoconf);
    if (fclose(applets) || fclose(autoconf))
        fail("cannot write to", argv[1]);
    return 0;
}
