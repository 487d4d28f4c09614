// From characters to tokens.

int is_digit(int c) {
    return c >= '0' && c <= '9';
}

int is_letter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

int is_blank(int c) {
    return c == ' ' || (c >= 9 && c <= 13 && c != 10);
}

int digit_of(int c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

char *lex_at;

// One character within quotes.
int lex_character() {
    int c = *lex_at;
    lex_at = lex_at + 1;
    if (c != '\\') return c;
    c = *lex_at;
    lex_at = lex_at + 1;
    if (c == 'n') return 10;
    if (c == 't') return 9;
    if (c == 'r') return 13;
    if (c == 'a') return 7;
    if (c == 'b') return 8;
    if (c == 'f') return 12;
    if (c == 'v') return 11;
    if (c == 'e') return 27;
    if (c == 'x') {
        int value = 0;
        while (digit_of(*lex_at) < 16) {
            value = (value * 16 + digit_of(*lex_at)) & 255;
            lex_at = lex_at + 1;
        }
        return value;
    }
    if (c >= '0' && c <= '7') {
        int octal = c - '0';
        int more = 2;
        while (more && *lex_at >= '0' && *lex_at <= '7') {
            octal = octal * 8 + *lex_at - '0';
            lex_at = lex_at + 1;
            more = more - 1;
        }
        return octal & 255;
    }
    return c;
}

struct token *new_token(int kind) {
    struct token *token = (struct token *)allocate(sizeof(struct token));
    token->kind = kind;
    return token;
}

struct token *copy_token(struct token *old) {
    struct token *token = new_token(old->kind);
    token->name = old->name;
    token->text = old->text;
    token->length = old->length;
    token->value = old->value;
    token->flags = old->flags;
    token->space = old->space;
    token->start = old->start;
    token->line = old->line;
    token->file = old->file;
    token->hidden = old->hidden;
    return token;
}

// A number's value and suffix from its spelling.
void lex_number(struct token *token) {
    char *p = token->text;
    char *end = p + token->length;
    int base = 10;
    int value = 0;
    char *q = p;
    int hexadecimal = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    while (q < end) {
        if (*q == '.' || (hexadecimal == 0 && (*q == 'e' || *q == 'E')) || *q == 'p' || *q == 'P') {
            token->kind = T_FLOAT;
            return;
        }
        q = q + 1;
    }
    if (hexadecimal) {
        base = 16;
        p = p + 2;
    }
    else if (p[0] == '0') base = 8;
    while (p < end && digit_of(*p) < base) {
        value = value * base + digit_of(*p);
        p = p + 1;
    }
    int flags = 0;
    while (p < end) {
        if (*p == 'u' || *p == 'U') flags = flags | 1;
        else if (*p == 'l' || *p == 'L') flags = flags | 2;
        else stop_at(token, "a number with a strange end");
        p = p + 1;
    }
    // The first type that holds it: int, unsigned (not for decimals), long, unsigned long.
    if ((value >> 32) & 0xffff || (value >> 48) & 0xffff) flags = flags | 2;
    else if (value >> 31) {
        if (base == 10 && (flags & 1) == 0) flags = flags | 2;
        else flags = flags | 1;
    }
    if (value < 0 && base != 10) flags = flags | 3;
    token->value = value;
    token->flags = flags;
}

// The length of the sign at p.
int sign_length(char *p) {
    int c = *p;
    int d = p[1];
    if (c == '.' && d == '.' && p[2] == '.') return 3;
    if ((c == '<' || c == '>') && d == c && p[2] == '=') return 3;
    if (d == '=' && (c == '=' || c == '!' || c == '<' || c == '>' || c == '+' || c == '-' || c == '*' || c == '/' || c == '%'
        || c == '&' || c == '|' || c == '^')) return 2;
    if (d == c && (c == '+' || c == '-' || c == '&' || c == '|' || c == '<' || c == '>' || c == '#')) return 2;
    if (c == '-' && d == '>') return 2;
    return 1;
}

// Joins lines that end with a backslash, and removes comments. Line ends stay, so that lines are counted right.
void clean(char *p) {
    char *q = p;
    int lost = 0;
    int quote = 0;
    while (*p) {
        if (p[0] == '\\' && p[1] == 10) {
            p = p + 2;
            lost = lost + 1;
        }
        else if (p[0] == '\\' && p[1] == 13 && p[2] == 10) {
            p = p + 3;
            lost = lost + 1;
        }
        else if (quote) {
            if (*p == '\\') {
                *q = *p;
                q = q + 1;
                p = p + 1;
            }
            else if (*p == quote || *p == 10) quote = 0;
            if (*p) {
                *q = *p;
                q = q + 1;
                p = p + 1;
            }
        }
        else if (p[0] == '/' && p[1] == '/') {
            while (*p && *p != 10) {
                if (*p == '\\' && p[1] == 10) {
                    lost = lost + 1;
                    p = p + 1;
                }
                p = p + 1;
            }
        }
        else if (p[0] == '/' && p[1] == '*') {
            p = p + 2;
            while (*p && (p[0] != '*' || p[1] != '/')) {
                if (*p == 10) lost = lost + 1;
                p = p + 1;
            }
            if (*p) p = p + 2;
            *q = ' ';
            q = q + 1;
        }
        else {
            if (*p == '"' || *p == '\'') quote = *p;
            *q = *p;
            q = q + 1;
            if (*p == 10) {
                while (lost) {
                    *q = 10;
                    q = q + 1;
                    lost = lost - 1;
                }
            }
            p = p + 1;
        }
    }
    *q = 0;
}

// All tokens of a text that ends with a zero; the last is T_END.
struct token *lex(char *text, char *file) {
    struct token head;
    struct token *last = &head;
    int line = 1;
    int space = 0;
    int start = 1;
    head.next = 0;
    clean(text);
    lex_at = text;
    while (1) {
        int c = *lex_at;
        if (c == 10) {
            line = line + 1;
            start = 1;
            space = 1;
            lex_at = lex_at + 1;
            continue;
        }
        if (is_blank(c)) {
            space = 1;
            lex_at = lex_at + 1;
            continue;
        }
        struct token *token = new_token(T_SIGN);
        token->line = line;
        token->file = file;
        token->space = space;
        token->start = start;
        token->text = lex_at;
        last->next = token;
        last = token;
        space = 0;
        start = 0;
        if (c == 0) {
            token->kind = T_END;
            token->start = 1;
            token->text = "the end";
            token->length = 7;
            return head.next;
        }
        if (c == 'L' && (lex_at[1] == '\'' || lex_at[1] == '"')) {
            lex_at = lex_at + 1;
            c = *lex_at;
        }
        if (is_letter(c)) {
            while (is_letter(*lex_at) || is_digit(*lex_at)) lex_at = lex_at + 1;
            token->kind = T_NAME;
            token->name = intern(token->text, lex_at - token->text);
        }
        else if (is_digit(c) || (c == '.' && is_digit(lex_at[1]))) {
            token->kind = T_NUMBER;
            while (is_letter(*lex_at) || is_digit(*lex_at) || *lex_at == '.' || ((*lex_at == '+' || *lex_at == '-')
                && (lex_at[-1] == 'e' || lex_at[-1] == 'E' || lex_at[-1] == 'p' || lex_at[-1] == 'P')
                && !(token->text[1] == 'x' && (lex_at[-1] == 'e' || lex_at[-1] == 'E')))) lex_at = lex_at + 1;
            token->length = lex_at - token->text;
        }
        else if (c == '"') {
            char *from = lex_at + 1;
            while (*from && *from != '"' && *from != 10) {
                if (*from == '\\') from = from + 1;
                from = from + 1;
            }
            if (*from != '"') stop_at(token, "a string is not closed");
            char *bytes = (char *)allocate(from - lex_at);
            int n = 0;
            char *raw = lex_at;
            lex_at = lex_at + 1;
            while (*lex_at != '"') {
                bytes[n] = lex_character();
                n = n + 1;
            }
            lex_at = lex_at + 1;
            token->kind = T_STRING;
            token->text = bytes;
            token->length = n;
            // The spelling, for # and for messages.
            token->name = 0;
            token->value = (int)raw;
            token->flags = lex_at - raw;
        }
        else if (c == '\'') {
            char *quoted = lex_at;
            lex_at = lex_at + 1;
            token->kind = T_NUMBER;
            int value = 0;
            while (*lex_at && *lex_at != '\'' && *lex_at != 10) value = value * 256 + lex_character();
            if (*lex_at != '\'') {
                // An apostrophe in a text that is left out.
                token->kind = T_SIGN;
                lex_at = quoted + 1;
                token->name = intern(quoted, 1);
                continue;
            }
            lex_at = lex_at + 1;
            if (value > 127 && value < 256) value = value - 256;
            token->value = value;
            token->flags = 4;
            token->length = lex_at - token->text;
        }
        else {
            int length = sign_length(lex_at);
            token->name = intern(lex_at, length);
            lex_at = lex_at + length;
        }
    }
}
