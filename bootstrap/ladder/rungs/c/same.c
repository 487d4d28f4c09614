// same FILE FILE: status 0 if both files hold the same bytes, 1 if not.

enum { ROOM = 16000000 };
char left[ROOM];
char right[ROOM];

int main(int argc, char **argv) {
    if (argc != 3) fail("usage: same FILE FILE");
    int length = read_file(argv[1], left, 0, ROOM);
    if (read_file(argv[2], right, 0, ROOM) != length) fail("the lengths differ");
    if (!same_bytes(left, right, length)) fail("the bytes differ");
    return 0;
}
