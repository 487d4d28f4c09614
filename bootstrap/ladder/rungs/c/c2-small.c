// Read first, it makes small C of the C that c2 compiles: int has 64 bits there, and char no sign.

#define int long
#define char unsigned char
