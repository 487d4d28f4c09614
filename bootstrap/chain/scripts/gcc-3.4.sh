# GCC 3.4.6 with C++ and its library, by its own C compiler, on the C library that this one compiled.
set -eu
jobs=$1
. /src/gcc-3.4-source.sh
mkdir /build/work
cd /build/work
CC=/in/gcc-c/bin/gcc CFLAGS=-O2 ../gcc/configure --prefix=/in/gcc-3.4 $options --enable-languages=c,c++
make -j "$jobs" $programs all-gcc
make -j "$jobs" $programs all-target-libstdc++-v3
make $programs DESTDIR=/build/root install-gcc install-target-libstdc++-v3
mv /build/root/in/gcc-3.4/* /out/
