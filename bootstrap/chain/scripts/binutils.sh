# binutils 2.40 by tcc: assembler, linker and archiver for what comes next. Called in the folder of its source.
set -eu
jobs=$1
cp /src/ar-by-tcc.sh /build/ar
chmod 755 /build/ar
# Otherwise libtool fills an archive piece by piece, and tcc -ar keeps only the last.
export lt_cv_sys_max_cmd_len=1000000
mkdir /build/work
cd /build/work
../binutils/configure --prefix=/in/binutils --with-sysroot=/ \
    --build=x86_64-unknown-linux-musl --host=x86_64-unknown-linux-musl --target=x86_64-unknown-linux-musl \
    CC=/in/tcc/bin/tcc AR=/build/ar RANLIB=true MAKEINFO=true CFLAGS= \
    --disable-nls --disable-shared --disable-werror --disable-gdb --disable-gprofng --disable-plugins \
    --disable-libctf --disable-gold --disable-gprof --disable-dependency-tracking --enable-deterministic-archives
make -j "$jobs" MAKEINFO=true all-binutils all-gas all-ld
make MAKEINFO=true DESTDIR=/build/root install-binutils install-gas install-ld
mv /build/root/in/binutils/* /out/
