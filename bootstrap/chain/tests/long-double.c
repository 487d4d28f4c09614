/* Prints the bits of long double constants and conversions at the ends of the range: sign and exponent, mantissa.
 * The expected values are those of gcc 12 with glibc. */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const char *what, long double value)
{
    unsigned long mantissa;
    unsigned short exponent;
    memcpy(&mantissa, &value, 8);
    memcpy(&exponent, (char *)&value + 8, 2);
    printf("%-24s %04x %016lx\n", what, exponent, mantissa);
}

int main(void)
{
    show("LDBL_MIN", LDBL_MIN);
    show("0x1p-16382L", 0x1p-16382L);
    show("smallest", 0x1p-16445L);
    show("LDBL_MAX", LDBL_MAX);
    show("0x1p16383L", 0x1p16383L);
    show("64 bits", 0x1.23456789abcdef02p0L);
    show("64 bits, more digits", 0x1.00000000000000010p0L);
    show("double", 0x1.fffffffffffffp1023);
    show("float", 0x1.fffffep127f);
    show("strtold of LDBL_MIN", strtold("3.3621031431120935063e-4932", NULL));
    show("strtold, hexadecimal", strtold("0x1p-16382", NULL));
    show("scalbnl", scalbnl(1.0L, -16382));
    show("below", scalbnl(1.0L, -16445));
    return 0;
}
