# The C compiler of GCC 3.4.6 by tcc. Called in the folder of its source.
set -eu
jobs=$1
. /src/gcc-3.4-source.sh
mkdir /build/work
cd /build/work
CC=/in/tcc/bin/tcc CFLAGS=-O ../gcc/configure --prefix=/in/gcc-c $options --enable-languages=c
make -j "$jobs" $programs all-gcc
make $programs DESTDIR=/build/root install-gcc
mv /build/root/in/gcc-c/* /out/
