// The preprocessor: from the tokens of a file to the tokens of the translation unit.

struct macro {
    int function;                   // takes arguments
    int variadic;
    int special;                    // 1 __LINE__, 2 __FILE__
    struct parameter *parameters;
    struct token *body;             // ended by T_END
};

struct parameter {
    struct parameter *next;
    struct name *name;
    struct token *raw;              // the argument, ended by T_END
    struct token *expanded;
};

// An #if that is open.
struct condition {
    struct condition *outer;
    int taken;                      // a branch of it was taken
    int active;                     // the current branch is taken
};

struct folder {
    struct folder *next;
    char *path;
};

struct folder *folders;             // of #include <>, the first that was named first
struct condition *conditions;
int include_depth;

struct token *end_token() {
    struct token *token = new_token(T_END);
    token->start = 1;
    return token;
}

// A copy of a list that ends with T_END, then what follows it.
struct token *append(struct token *list, struct token *after) {
    struct token head;
    struct token *last = &head;
    head.next = after;
    while (list->kind != T_END) {
        last->next = copy_token(list);
        last = last->next;
        list = list->next;
    }
    last->next = after;
    return head.next;
}

int hides(struct hidden *hidden, struct name *name) {
    while (hidden) {
        if (hidden->name == name) return 1;
        hidden = hidden->next;
    }
    return 0;
}

struct hidden *hide(struct hidden *hidden, struct name *name) {
    if (hides(hidden, name)) return hidden;
    struct hidden *more = (struct hidden *)allocate(sizeof(struct hidden));
    more->next = hidden;
    more->name = name;
    return more;
}

struct hidden *hide_all(struct hidden *a, struct hidden *b) {
    while (b) {
        a = hide(a, b->name);
        b = b->next;
    }
    return a;
}

// What both hide.
struct hidden *hide_common(struct hidden *a, struct hidden *b) {
    struct hidden *result = 0;
    while (a) {
        if (hides(b, a->name)) result = hide(result, a->name);
        a = a->next;
    }
    return result;
}

char *spelling;                     // a buffer for # and ##
int spelled;

void spell_byte(int c) {
    if (!spelling) spelling = (char *)allocate(100000);
    if (spelled >= 99999) fail("a spelling is too long");
    spelling[spelled] = c;
    spelled = spelled + 1;
    spelling[spelled] = 0;
}

void spell(struct token *token) {
    char *p = token->text;
    int n = token->length;
    if (token->name) {
        p = token->name->text;
        n = token->name->length;
    }
    else if (token->kind == T_STRING) {
        p = (char *)token->value;
        n = token->flags;
    }
    int i;
    for (i = 0; i < n; i = i + 1) spell_byte(p[i]);
}

// The tokens of what was spelled, in memory of its own.
struct token *lex_spelled(struct token *like) {
    char *text = (char *)allocate(spelled + 1);
    int i;
    for (i = 0; i < spelled; i = i + 1) text[i] = spelling[i];
    char *saved = lex_at;
    struct token *token = lex(text, like->file);
    lex_at = saved;
    token->line = like->line;
    token->space = like->space;
    token->start = 0;
    return token;
}

// #x: the spelling of an argument as a string.
struct token *stringize(struct token *list, struct token *like) {
    spelled = 0;
    spell_byte('"');
    struct token *first = list;
    while (list->kind != T_END) {
        if (list != first && list->space) spell_byte(' ');
        if (list->kind == T_STRING || (list->kind == T_NUMBER && list->flags & 4)) {
            char *p = list->text;
            int n = list->length;
            int i;
            if (list->kind == T_STRING) {
                p = (char *)list->value;
                n = list->flags;
            }
            for (i = 0; i < n; i = i + 1) {
                if (p[i] == '"' || p[i] == '\\') spell_byte('\\');
                spell_byte(p[i]);
            }
        }
        else spell(list);
        list = list->next;
    }
    spell_byte('"');
    return lex_spelled(like);
}

struct parameter *find_parameter(struct parameter *parameters, struct token *token) {
    while (parameters) {
        if (token->name && parameters->name == token->name) return parameters;
        parameters = parameters->next;
    }
    return 0;
}

struct token *expand_list(struct token *list);

// The body of a macro with its arguments in place, ended by T_END.
struct token *substitute(struct macro *macro, struct parameter *arguments) {
    struct token head;
    struct token *last = &head;
    struct token *body = macro->body;
    head.next = 0;
    while (body->kind != T_END) {
        struct parameter *argument = find_parameter(arguments, body);
        if (macro->function && is_sign(body, "#") && body->kind == T_SIGN) {
            struct parameter *next = find_parameter(arguments, body->next);
            if (next) {
                last->next = stringize(next->raw, body);
                last = last->next;
                last->next = 0;
                body = body->next->next;
                continue;
            }
        }
        if (is_sign(body, "##") && body->kind == T_SIGN && last != &head) {
            struct token *right = body->next;
            struct parameter *with = find_parameter(arguments, right);
            struct token *rest = 0;
            if (with) {
                if (with->raw->kind == T_END) {
                    // `, ## __VA_ARGS__` without arguments takes the comma away.
                    if (is_sign(last, ",") && is_sign(right, "__VA_ARGS__")) {
                        struct token *before = &head;
                        while (before->next != last) before = before->next;
                        before->next = 0;
                        last = before;
                    }
                    body = right->next;
                    continue;
                }
                if (is_sign(last, ",") && is_sign(right, "__VA_ARGS__")) {
                    body = right;
                    continue;
                }
                rest = with->raw->next;
                right = with->raw;
            }
            if (last->kind == T_SPACE) {
                // The left side was an empty argument.
                struct token *alone = copy_token(right);
                struct token *before_empty = &head;
                while (before_empty->next != last) before_empty = before_empty->next;
                before_empty->next = alone;
                last = alone;
            }
            else {
                spelled = 0;
                spell(last);
                spell(right);
                struct token *joined = lex_spelled(last);
                if (joined->next->kind != T_END) stop_at(body, "## does not make one token");
                struct token *before_last = &head;
                while (before_last->next != last) before_last = before_last->next;
                before_last->next = joined;
                last = joined;
            }
            last->next = 0;
            if (rest) {
                while (rest->kind != T_END) {
                    last->next = copy_token(rest);
                    last = last->next;
                    rest = rest->next;
                }
                last->next = 0;
            }
            body = body->next->next;
            continue;
        }
        if (argument) {
            struct token *list = argument->expanded;
            int raw = is_sign(body->next, "##") && body->next->kind == T_SIGN;
            if (raw) list = argument->raw;
            if (list->kind == T_END && raw) {
                last->next = new_token(T_SPACE);
                last = last->next;
            }
            int first = 1;
            while (list->kind != T_END) {
                last->next = copy_token(list);
                last = last->next;
                if (first) last->space = body->space;
                first = 0;
                list = list->next;
            }
            body = body->next;
            continue;
        }
        last->next = copy_token(body);
        last = last->next;
        body = body->next;
    }
    last->next = end_token();
    // What stood for empty arguments goes.
    last = &head;
    while (last->next->kind != T_END) {
        if (last->next->kind == T_SPACE) last->next = last->next->next;
        else last = last->next;
    }
    return head.next;
}

// Reads the arguments after the opening parenthesis; leaves the token after the closing one in `rest_token`.
struct token *rest_token;

struct parameter *read_arguments(struct macro *macro, struct token *token) {
    struct parameter head;
    struct parameter *last = &head;
    struct parameter *parameter = macro->parameters;
    head.next = 0;
    int first = 1;
    while (parameter) {
        struct token list;
        struct token *end = &list;
        int depth = 0;
        int rest = macro->variadic && parameter->next == 0;
        if (!first) {
            if (is_sign(token, ",")) token = token->next;
            else if (!(rest && is_sign(token, ")"))) stop_at(token, "too few arguments of a macro");
        }
        first = 0;
        while (1) {
            if (token->kind == T_END) stop_at(token, "the arguments of a macro are not closed");
            if (depth == 0 && (is_sign(token, ")") || (is_sign(token, ",") && !rest)) && token->kind == T_SIGN) break;
            if (is_sign(token, "(")) depth = depth + 1;
            if (is_sign(token, ")")) depth = depth - 1;
            end->next = copy_token(token);
            end = end->next;
            token = token->next;
        }
        end->next = end_token();
        last->next = (struct parameter *)allocate(sizeof(struct parameter));
        last = last->next;
        last->name = parameter->name;
        last->raw = list.next;
        last->expanded = expand_list(append(list.next, end_token()));
        parameter = parameter->next;
    }
    if (!is_sign(token, ")")) stop_at(token, "too many arguments of a macro");
    rest_token = token;
    return head.next;
}

// If a macro starts at the token, the tokens with it expanded; otherwise 0.
struct token *expand(struct token *token) {
    if (token->kind != T_NAME || !token->name->macro) return 0;
    if (hides(token->hidden, token->name)) return 0;
    struct macro *macro = token->name->macro;
    struct token *list;
    struct token *after;
    struct hidden *hidden;
    if (macro->special) {
        list = new_token(T_NUMBER);
        spelled = 0;
        if (macro->special == 1) {
            char digits[24];
            int i = 23;
            int n = token->line;
            digits[23] = 0;
            while (n > 0 || i == 23) {
                i = i - 1;
                digits[i] = '0' + n % 10;
                n = n / 10;
            }
            while (digits[i]) {
                spell_byte(digits[i]);
                i = i + 1;
            }
        }
        else {
            char *p = token->file;
            spell_byte('"');
            while (*p) {
                spell_byte(*p);
                p = p + 1;
            }
            spell_byte('"');
        }
        list = lex_spelled(token);
        list->next = token->next;
        return list;
    }
    if (macro->function) {
        if (!is_sign(token->next, "(") || token->next->kind != T_SIGN) return 0;
        struct parameter *arguments = read_arguments(macro, token->next->next);
        struct token *close = rest_token;
        hidden = hide(hide_common(token->hidden, close->hidden), token->name);
        list = substitute(macro, arguments);
        after = close->next;
    }
    else {
        hidden = hide(token->hidden, token->name);
        list = substitute(macro, 0);
        after = token->next;
    }
    struct token *one = list;
    int first = 1;
    while (one->kind != T_END) {
        one->hidden = hide_all(one->hidden, hidden);
        one->line = token->line;
        one->file = token->file;
        if (first) {
            one->space = token->space;
            one->start = token->start;
        }
        else one->start = 0;
        first = 0;
        one = one->next;
    }
    if (list->kind == T_END) {
        // Nothing is left: what follows begins where the macro stood.
        struct token *next = copy_token(after);
        next->next = after->next;
        if (token->start) next->start = after->start || token->start;
        next->space = 1;
        return next;
    }
    one = list;
    while (one->next->kind != T_END) one = one->next;
    one->next = after;
    return list;
}

// Expands all macros of a list that ends with T_END.
struct token *expand_list(struct token *list) {
    struct token head;
    struct token *last = &head;
    while (list->kind != T_END) {
        struct token *expanded = expand(list);
        if (expanded) {
            list = expanded;
            continue;
        }
        last->next = list;
        last = list;
        list = list->next;
    }
    last->next = list;
    return head.next;
}

// ---- directives ----

// The tokens up to the end of the line, ended by T_END; what follows is left in `rest_token`.
struct token *take_line(struct token *token) {
    struct token head;
    struct token *last = &head;
    while (token->kind != T_END && !token->start) {
        last->next = token;
        last = token;
        token = token->next;
    }
    rest_token = token;
    last->next = end_token();
    last->next->line = token->line;
    last->next->file = token->file;
    return head.next;
}

void define(struct token *list) {
    if (list->kind != T_NAME) stop_at(list, "a macro needs a name");
    struct name *name = list->name;
    struct macro *macro = (struct macro *)allocate(sizeof(struct macro));
    list = list->next;
    if (list->kind == T_SIGN && is_sign(list, "(") && !list->space) {
        struct parameter head;
        struct parameter *last = &head;
        head.next = 0;
        macro->function = 1;
        list = list->next;
        while (!is_sign(list, ")")) {
            if (last != &head) {
                if (!is_sign(list, ",") && !is_sign(list, "...")) stop_at(list, "expected a comma");
                if (is_sign(list, ",")) list = list->next;
            }
            last->next = (struct parameter *)allocate(sizeof(struct parameter));
            last = last->next;
            if (is_sign(list, "...")) {
                macro->variadic = 1;
                last->name = named("__VA_ARGS__");
            }
            else if (list->kind == T_NAME) last->name = list->name;
            else stop_at(list, "expected a parameter");
            list = list->next;
            if (is_sign(list, "...") && !macro->variadic) {
                macro->variadic = 1;
                list = list->next;
            }
        }
        macro->parameters = head.next;
        list = list->next;
    }
    macro->body = list;
    name->macro = macro;
}

// Values in #if.
int if_value(int rank);

int if_rank(struct token *token) {
    if (token->kind != T_SIGN) return 0;
    if (is_sign(token, "||")) return 1;
    if (is_sign(token, "&&")) return 2;
    if (is_sign(token, "|")) return 3;
    if (is_sign(token, "^")) return 4;
    if (is_sign(token, "&")) return 5;
    if (is_sign(token, "==") || is_sign(token, "!=")) return 6;
    if (is_sign(token, "<") || is_sign(token, ">") || is_sign(token, "<=") || is_sign(token, ">=")) return 7;
    if (is_sign(token, "<<") || is_sign(token, ">>")) return 8;
    if (is_sign(token, "+") || is_sign(token, "-")) return 9;
    if (is_sign(token, "*") || is_sign(token, "/") || is_sign(token, "%")) return 10;
    return 0;
}

int if_operand() {
    if (accept("!")) return !if_operand();
    if (accept("-")) return -if_operand();
    if (accept("+")) return if_operand();
    if (accept("~")) return ~if_operand();
    if (accept("(")) {
        int inner = if_value(0);
        expect(")");
        return inner;
    }
    if (current->kind == T_NUMBER) {
        if (!(current->flags & 4)) lex_number(current);
        int value = current->value;
        current = current->next;
        return value;
    }
    if (current->kind != T_NAME) stop("expected a value");
    current = current->next;
    return 0;
}

// The value of an operator on two constants; signed.
int fold(struct name *operator, int a, int b, int is_unsigned) {
    char *text = operator->text;
    int c = text[0];
    int d = text[1];
    int one = 1;                    // of 64 bits, unlike a plain 1
    if (c == '|' && d == '|') return a || b;
    if (c == '&' && d == '&') return a && b;
    if (c == '|') return a | b;
    if (c == '^') return a ^ b;
    if (c == '&') return a & b;
    if (c == '=') return a == b;
    if (c == '!') return a != b;
    if (c == '<' && d == '<') return a << b;
    if (c == '>' && d == '>') {
        if (is_unsigned && b > 0) return (a >> b) & ((one << (64 - b)) - 1);
        return a >> b;
    }
    if (is_unsigned && (c == '<' || c == '>')) {
        // Comparing without sign is comparing with the sign turned.
        a = a ^ (one << 63);
        b = b ^ (one << 63);
    }
    if (c == '<' && d == '=') return a <= b;
    if (c == '<') return a < b;
    if (c == '>' && d == '=') return a >= b;
    if (c == '>') return a > b;
    if (c == '+') return a + b;
    if (c == '-') return a - b;
    if (c == '*') return a * b;
    if (b == 0) stop("division by zero");
    if (is_unsigned && (a < 0 || b < 0)) {
        // The quotient of halves, then put right.
        if (b < 0) {
            int more = (a ^ (one << 63)) >= (b ^ (one << 63));
            if (c == '/') return more;
            if (more) return a - b;
            return a;
        }
        int half = (((a >> 1) & ~(one << 63)) / b) * 2;
        int left = a - half * b;
        if ((left ^ (one << 63)) >= (b ^ (one << 63))) {
            half = half + 1;
            left = left - b;
        }
        if (c == '/') return half;
        return left;
    }
    if (c == '/') return a / b;
    return a % b;
}

int if_value(int lowest) {
    int left = if_operand();
    while (1) {
        int rank = if_rank(current);
        if (rank == 0 || rank < lowest) break;
        struct name *operator = current->name;
        current = current->next;
        int right = if_value(rank + 1);
        // What is not evaluated in C may divide by zero.
        if (right == 0 && rank == 10 && operator->text[0] != '*') left = 0;
        else left = fold(operator, left, right, 0);
    }
    if (lowest == 0 && accept("?")) {
        int yes = if_value(0);
        expect(":");
        int no = if_value(0);
        if (left) return yes;
        return no;
    }
    return left;
}

int evaluate_if(struct token *list) {
    struct token head;
    struct token *last = &head;
    // `defined` comes before macros.
    while (list->kind != T_END) {
        if (is_sign(list, "defined")) {
            struct token *number = new_token(T_NUMBER);
            int parentheses = is_sign(list->next, "(");
            list = list->next;
            if (parentheses) list = list->next;
            number->text = "0";
            number->length = 1;
            if (list->name && list->name->macro) number->text = "1";
            if (parentheses) list = list->next;
            last->next = number;
            last = number;
            list = list->next;
            continue;
        }
        last->next = copy_token(list);
        last = last->next;
        list = list->next;
    }
    last->next = list;
    struct token *saved = current;
    current = expand_list(head.next);
    int value = if_value(0);
    if (current->kind != T_END) stop("expected the end of the line");
    current = saved;
    return value;
}

// The text of a file, ended by a line's end and a zero; 0 if it cannot be opened.
char *read_text(char *path) {
    int descriptor = syscall(OPEN, path, 0, 0);
    if (descriptor < 0) return 0;
    int room = syscall(8, descriptor, 0, 2);
    if (room < 0) fail("an input cannot be read");
    syscall(8, descriptor, 0, 0);
    syscall(CLOSE, descriptor, 0, 0);
    char *text = (char *)allocate(room + 3);
    int length = read_file(path, text, 0, room + 1);
    text[length] = 10;
    text[length + 1] = 0;
    return text;
}

char *join(char *folder, int length, char *file) {
    char *path = (char *)allocate(length + length_of(file) + 2);
    int i;
    for (i = 0; i < length; i = i + 1) path[i] = folder[i];
    if (length) {
        path[length] = '/';
        length = length + 1;
    }
    i = 0;
    while (file[i]) {
        path[length + i] = file[i];
        i = i + 1;
    }
    return path;
}

// The tokens of an included file.
struct token *include(struct token *list) {
    char *file = 0;
    int quoted = 0;
    struct token *first = list;
    if (list->kind != T_STRING && !is_sign(list, "<")) list = expand_list(append(list, end_token()));
    if (list->kind == T_STRING) {
        file = list->text;
        quoted = 1;
    }
    else if (is_sign(list, "<")) {
        spelled = 0;
        list = list->next;
        while (!is_sign(list, ">")) {
            if (list->kind == T_END) stop_at(first, "expected >");
            spell(list);
            list = list->next;
        }
        file = (char *)allocate(spelled + 1);
        int i;
        for (i = 0; i < spelled; i = i + 1) file[i] = spelling[i];
    }
    else stop_at(first, "expected the name of a file");
    char *path = file;
    char *text = 0;
    if (quoted) {
        int length = 0;
        int k;
        for (k = 0; first->file[k]; k = k + 1) {
            if (first->file[k] == '/') length = k;
        }
        path = join(first->file, length, file);
        text = read_text(path);
    }
    struct folder *folder = folders;
    while (!text && folder) {
        path = join(folder->path, length_of(folder->path), file);
        text = read_text(path);
        folder = folder->next;
    }
    if (!text) stop_at(first, "this file is not found");
    include_depth = include_depth + 1;
    if (include_depth > 10000) stop_at(first, "too many files are included");
    return lex(text, path);
}

int active() {
    return !conditions || conditions->active;
}

void open_condition(int value) {
    struct condition *condition = (struct condition *)allocate(sizeof(struct condition));
    condition->outer = conditions;
    condition->active = active() && value;
    condition->taken = condition->active || !active();
    conditions = condition;
}

// One directive; its line is taken. Returns the tokens that follow.
struct token *directive(struct token *token) {
    struct token *list = take_line(token);
    struct token *rest = rest_token;
    if (list->kind == T_END) return rest;
    if (is_sign(list, "if")) {
        if (active()) open_condition(evaluate_if(list->next) != 0);
        else open_condition(0);
    }
    else if (is_sign(list, "ifdef")) open_condition(list->next->name && list->next->name->macro != 0);
    else if (is_sign(list, "ifndef")) open_condition(list->next->name && list->next->name->macro == 0);
    else if (is_sign(list, "elif")) {
        if (!conditions) stop_at(list, "no #if is open");
        conditions->active = 0;
        if (!conditions->taken && evaluate_if(list->next)) {
            conditions->active = 1;
            conditions->taken = 1;
        }
    }
    else if (is_sign(list, "else")) {
        if (!conditions) stop_at(list, "no #if is open");
        conditions->active = !conditions->taken;
        conditions->taken = 1;
    }
    else if (is_sign(list, "endif")) {
        if (!conditions) stop_at(list, "no #if is open");
        conditions = conditions->outer;
    }
    else if (!active()) return rest;
    else if (is_sign(list, "define")) define(list->next);
    else if (is_sign(list, "undef")) {
        if (list->next->name) list->next->name->macro = 0;
    }
    else if (is_sign(list, "include")) {
        struct token *included = include(list->next);
        struct token *last = included;
        if (included->kind == T_END) return rest;
        while (last->next->kind != T_END) last = last->next;
        last->next = rest;
        return included;
    }
    else if (is_sign(list, "error")) stop_at(list->next, "#error");
    else if (is_sign(list, "pragma") || is_sign(list, "line") || is_sign(list, "ident") || is_sign(list, "warning")) return rest;
    else if (list->kind != T_NUMBER) stop_at(list, "an unknown directive");
    return rest;
}

// All tokens of the translation unit.
struct token *preprocess(struct token *token) {
    struct token head;
    struct token *last = &head;
    while (token->kind != T_END) {
        if (token->kind == T_SIGN && token->start && is_sign(token, "#") && !token->hidden) {
            token = directive(token->next);
            continue;
        }
        if (!active()) {
            token = token->next;
            continue;
        }
        struct token *expanded = expand(token);
        if (expanded) {
            token = expanded;
            continue;
        }
        if (token->kind == T_NUMBER && !(token->flags & 4)) lex_number(token);
        last->next = token;
        last = token;
        token = token->next;
    }
    if (conditions) stop_at(token, "an #if is not closed");
    last->next = token;
    return head.next;
}
