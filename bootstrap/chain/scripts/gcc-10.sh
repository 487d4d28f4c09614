# GCC 10.2 with C++ and its library, by g++ 3.4.6: gcc-10.sh JOBS. Called in the folder of its source, where gmp, mpfr
# and mpc lie too.
set -eu
jobs=$1
# 3.4 doesn't define these, and GCC's own headers ask for them.
flags="-O1 -w -D__BYTE_ORDER__=1234 -D__ORDER_LITTLE_ENDIAN__=1234 -D__ORDER_BIG_ENDIAN__=4321 -D__ORDER_PDP_ENDIAN__=3412"
mkdir /build/work
cd /build/work
../gcc/configure --prefix=/in/gcc-10 --with-sysroot=/ --with-native-system-header-dir=/usr/include \
    --build=x86_64-unknown-linux-musl --host=x86_64-unknown-linux-musl --target=x86_64-unknown-linux-musl \
    CC=/in/gcc-3.4/bin/gcc CXX=/in/gcc-3.4/bin/g++ CFLAGS="$flags" CXXFLAGS="$flags" \
    --with-as=/in/binutils/bin/as --with-ld=/in/binutils/bin/ld \
    --enable-languages=c,c++ --disable-bootstrap --disable-shared --disable-multilib --disable-nls --disable-lto \
    --disable-plugin --disable-dependency-tracking --disable-libsanitizer --disable-libssp --disable-libgomp \
    --disable-libquadmath --disable-libitm --disable-libvtv --disable-libatomic --disable-libstdcxx-pch \
    --disable-decimal-float --without-isl --without-zstd --enable-checking=release
variables="MAKEINFO=true CFLAGS_FOR_TARGET=-O1 CXXFLAGS_FOR_TARGET=-O1"
for part in gcc target-libgcc target-libstdc++-v3; do
    make -j "$jobs" $variables "all-$part"
done
make $variables DESTDIR=/build/root install-gcc install-target-libgcc install-target-libstdc++-v3
mv /build/root/in/gcc-10/* /out/
rm -rf /out/share/man /out/share/info
