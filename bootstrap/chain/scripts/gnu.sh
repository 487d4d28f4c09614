# A program with a configure script, by tcc: gnu.sh NAME JOBS FOLDERS [OPTION...]
# FOLDERS are the parts to make, in their order ("lib src", or "." for all): manuals and translations are left out,
# because they would ask for perl, makeinfo and gettext. MAKE_VARIABLES in the environment goes to make.
set -eu
name=$1 jobs=$2 folders=$3
shift 3
cp /src/ar-by-tcc.sh /build/ar
chmod 755 /build/ar
# Otherwise libtool fills an archive piece by piece, and tcc -ar keeps only the last.
export lt_cv_sys_max_cmd_len=1000000
# configure refuses to run as root in some packages; there is no other user here, and nothing to protect.
export FORCE_UNSAFE_CONFIGURE=1
cd "/build/$name"
./configure --prefix="/in/$name" --build=x86_64-unknown-linux-musl --disable-nls --disable-dependency-tracking \
    CC=/in/tcc/bin/tcc LD=/in/tcc/bin/tcc AR=/build/ar RANLIB=true "$@"
for folder in $folders; do
    make -C "$folder" -j "$jobs" MAKEINFO=true HELP2MAN=true ${MAKE_VARIABLES-}
done
for folder in $folders; do
    make -C "$folder" MAKEINFO=true HELP2MAN=true ${MAKE_VARIABLES-} DESTDIR=/build/root install
done
mv "/build/root/in/$name"/* /out/
rm -rf /out/share
