#!/bin/sh
# commit.sh SOURCE FILE: writes the commit that SOURCE is a checkout of, and whether what programs are
# built from was changed since; nothing where it is no checkout.
set -eu

unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE # a hook of Git's may have them of another tree
export GIT_OPTIONAL_LOCKS=0                # the sources may be read-only
in_source() { git -C "$source" "$@" 2>/dev/null; }

source=$1
commit=
if [ -e "$source/.git" ] && in_source rev-parse --verify HEAD >/dev/null; then
  commit=$(in_source rev-parse --short=12 HEAD)
  in_source diff --quiet HEAD -- CHANGELOG.md CMakeLists.txt tools || commit="$commit, with changes"
fi
printf '%s\n' "$commit" >"$2"
