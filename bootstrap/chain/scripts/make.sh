# GNU make, without configure (see make/config.patch) and without a make.
set -eu
cc="/in/tcc/bin/tcc -DHAVE_CONFIG_H -Isrc -Ilib -DLIBDIR=\"/in/make/lib\" -DINCLUDEDIR=\"/in/make/include\" -DLOCALEDIR=\"/in/make/share/locale\""
# The form of concatenated_filename that ends the program when memory is short would need three more files.
cc="$cc -Dxconcatenated_filename=concatenated_filename"
# The C library's glob can't be given make's own cached directory functions (GLOB_ALTDIRFUNC).
cp lib/glob.in.h lib/glob.h
cp lib/fnmatch.in.h lib/fnmatch.h
objects=
for source in \
    src/ar.c src/arscan.c src/commands.c src/default.c src/dir.c src/expand.c src/file.c src/function.c src/getopt.c \
    src/getopt1.c src/guile.c src/hash.c src/implicit.c src/job.c src/load.c src/loadapi.c src/main.c src/misc.c \
    src/output.c src/posixos.c src/read.c src/remake.c src/remote-stub.c src/rule.c src/signame.c src/strcache.c \
    src/variable.c src/version.c src/vpath.c lib/concat-filename.c lib/findprog-in.c lib/fnmatch.c lib/glob.c
do
    object=$(basename "$source" .c).o
    $cc -c -o "$object" "$source"
    objects="$objects $object"
done
mkdir -p /out/bin
$cc -o /out/bin/make $objects
printf 'all:\n\t@echo made $(words a b c)\n' > try.mk
test "$(/out/bin/make -f try.mk)" = "made 3"
