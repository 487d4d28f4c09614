// Every construct of small C, each with a printed result.

enum { FIRST, FIFTH = 5, SIXTH, LENGTH = SIXTH };

struct inner { char tag; int number; };
struct node {
    int value;
    struct node *next;
    char name[5];
    char last;
    struct inner inner;
    struct inner many[2];
    char *text;
};

struct node nodes[3];
struct node one;
int global;
char buffer[100];
int *pointers[4];

int length_of(char *s) {
    int n = 0;
    while (s[n]) n = n + 1;
    return n;
}

void print(char *s) {
    syscall(1, 1, s, length_of(s));
}

void number(int n) {
    char digits[24];
    int i = 23;
    digits[23] = 0;
    if (n < 0) {
        print("-");
        n = -n;
    }
    while (1) {
        i = i - 1;
        digits[i] = '0' + n % 10;
        n = n / 10;
        if (!n) break;
    }
    print(digits + i);
}

void show(char *what, int n) {
    print(what);
    print(" = ");
    number(n);
    print("\n");
}

int fibonacci(int n);

int is_even(int n) {
    if (n == 0) return 1;
    else if (n == 1) return 0;
    return is_even(n - 2);
}

int fibonacci(int n) {
    if (n < 2) return n;
    return fibonacci(n - 1) + fibonacci(n - 2);
}

// Counts how often it was called, so that short cuts can be seen.
int count(int result) {
    global = global + 1;
    return result;
}

int subtract(int a, int b, int c) {
    return a - b * c;
}

void expressions() {
    show("precedence", 1 + 2 * 3 - 4 / 2 % 3 << 1 | 8 & 12 ^ 3);
    show("compare", (1 < 2) + (2 <= 2) * 2 + (3 > 4) * 4 + (3 >= 3) * 8 + (5 == 5) * 16 + (5 != 5) * 32);
    show("signs", -17 / 5 * 1000 + -17 % 5 * 10 + - -3);
    int three = 3;
    int most = 2147483647;
    show("shift", (-64 >> 2) + (three << 33 >> 30));
    show("bits", ~5 + (0xF0 | 0x0f) - (0x10 ^ 0x13));
    show("not", !0 * 10 + !7 + !!9 * 100);
    show("char", (char)(256 + 65) + 'a' + '\n' + '\'' + '\\' + '"' + '\0');
    global = 0;
    show("and", (count(1) && count(0) && count(1)) + (count(5) && count(2)) * 10);
    show("calls", global);
    global = 0;
    show("or", (count(0) || count(7) || count(0)) + (count(0) || count(0)) * 10);
    show("calls", global);
    show("arguments", subtract(100, 7, 8));
    show("assignment", global = 3);
    int a;
    int b;
    a = b = 4;
    show("chain", a * 10 + b);
    show("recursion", fibonacci(20) + is_even(10));
    show("sizes", sizeof(char) + sizeof(int) * 10 + sizeof(char *) * 100 + sizeof(struct node) * 1000);
    show("constants", FIRST + FIFTH * 10 + SIXTH * 100 + LENGTH * 1000);
    show("large", most * most);
}

void memory() {
    struct node *p = &nodes[1];
    struct node local;
    p->next = nodes;
    nodes[0].value = -7;
    show("through", p->next->value);
    p->name[2] = 300;
    p->last = 7;
    show("char member", p->name[2] * 10 + p->last);
    show("neighbours", p->name[1] + p->name[3] + p->name[4]);
    p->inner.number = 12;
    p->many[1].number = 34;
    p->many[1].tag = 5;
    show("nested", p->inner.number * 100 + p->many[1].number + p->many[0].number + p->many[1].tag);
    show("difference", &nodes[2] - p);
    show("index", (p + 1 == &nodes[2]) + (p - 1 == nodes) * 10);
    local.value = 99;
    p = &local;
    show("local struct", (*p).value + p->value);
    one.text = "text";
    show("text", one.text[1]);
    int i;
    for (i = 0; i < 100; i = i + 1) buffer[i] = i * 3;
    char *end = buffer + 100;
    show("buffer", buffer[50] + end[-1] + *(end - 2));
    int value = 5;
    int *q = &value;
    int **r = &q;
    **r = **r + 1;
    show("pointers", value);
    pointers[2] = &value;
    *pointers[2] = 8;
    show("array of pointers", value);
    show("null", (pointers[0] == 0) + (q != 0) * 10);
}

void loops() {
    int i;
    int sum = 0;
    for (i = 0; i < 10; i = i + 1) {
        int twice = i * 2;
        if (i == 3) continue;
        if (i > 6) break;
        sum = sum * 10 + twice;
    }
    show("for", sum);
    for (;;) {
        sum = sum + 1;
        if (sum % 7 == 0) break;
    }
    show("forever", sum);
    i = 0;
    sum = 0;
    while (i < 5) {
        int j = 0;
        i = i + 1;
        if (i == 2) continue;
        while (1) {
            int k = i;
            j = j + k;
            if (j > 20) break;
        }
        sum = sum + j;
    }
    show("while", sum);
    if (sum) ;
    else sum = 1;
    {
        int sum = 1;
        { int sum = 2; show("inner", sum); }
        show("middle", sum);
    }
    show("outer", sum);
}

/* a comment * of / several
   lines **/
int main(int argc, char **argv) {
    print("a \"text\"\twith \\ escapes, and ü\n" + 0);
    expressions();
    memory();
    loops();
    show("arguments", argc);
    print(argv[1]);
    print("\n");
    return 42;
}
