#!/bin/sh
# The archiver of the time before binutils. tcc -ar writes an archive anew from all of its members, and refuses to
# write one without members, which some makefiles want.
shift
archive=$1
rm -f "$archive"
if [ $# -eq 1 ]; then
    printf '!<arch>\n' > "$archive"
else
    exec /in/tcc/bin/tcc -ar rcs "$@"
fi
