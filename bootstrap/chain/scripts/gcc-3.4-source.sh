# What both builds of GCC 3.4.6 have in common. Called in the folder of its source.
options="--build=x86_64-unknown-linux-gnu --host=x86_64-unknown-linux-gnu --target=x86_64-unknown-linux-gnu
    --disable-nls --disable-shared --disable-multilib --disable-threads --disable-checking --disable-libstdcxx-pch
    --with-gnu-as --with-gnu-ld --with-as=/in/binutils/bin/as --with-ld=/in/binutils/bin/ld"
# No fixed copies of the headers: they would hide those of the C library.
programs="AR=/in/binutils/bin/ar RANLIB=/in/binutils/bin/ranlib MAKEINFO=true STMP_FIXINC="
# Files made by bison, flex and gperf are in the tarball; newer than their sources, they are taken as they are.
touch gcc/c-parse.c gcc/gengtype-lex.c gcc/gengtype-yacc.c gcc/gengtype-yacc.h gcc/cp/cfns.h
find . -name configure -exec touch {} +
