# musl once more, by gcc: its own assembly for mathematics, complex numbers and floating environment are back.
set -eu
jobs=$1
./configure --prefix=/ --disable-shared --target=x86_64 CC=/in/gcc-c/bin/gcc \
    AR=/in/binutils/bin/ar RANLIB=/in/binutils/bin/ranlib
make -j "$jobs" AR=/in/binutils/bin/ar RANLIB=/in/binutils/bin/ranlib
make AR=/in/binutils/bin/ar RANLIB=/in/binutils/bin/ranlib DESTDIR=/out install-libs install-headers
