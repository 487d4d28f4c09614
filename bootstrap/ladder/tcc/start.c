// Read before tcc's own text: a compiler that makes programs for amd64, but doesn't run them in its own memory (tcc -run), for which
// it would need more of a C library. The second macro says that its long doubles are those of amd64.

#undef __x86_64__
#define TCC_IS_NATIVE_387
