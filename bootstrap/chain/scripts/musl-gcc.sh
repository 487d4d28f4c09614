# musl once more, by gcc: its own assembly for mathematics, complex numbers and floating environment are back.
set -eu
./configure --prefix=/ --disable-shared --target=x86_64 CC=/in/gcc-c/bin/gcc \
    AR=/in/binutils/bin/ar RANLIB=/in/binutils/bin/ranlib
make -j "$JOBS" AR=/in/binutils/bin/ar RANLIB=/in/binutils/bin/ranlib
make AR=/in/binutils/bin/ar RANLIB=/in/binutils/bin/ranlib DESTDIR=/out install-libs install-headers
