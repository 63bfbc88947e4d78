#!/bin/sh
# Functions that nothing here may call, with the case that says why:
#   C23 no other program is run, C36 the C library looks up no name, F37 no stack as large as the input wants,
#   and those that write without a bound.
set -eu
: "${srcdir:=.}"
forbidden='popen|system|exec[lv]p?e?|posix_spawn|fork|getaddrinfo|gethostby[a-z_]*|res_[a-z]*|alloca|sprintf|vsprintf|gets|strtok'
files=$(find "$srcdir/milter" -name '*.[chyl]' ! -name config_parse.[ch] ! -name config_lex.c) # but what bison and flex make
[ "$(echo "$files" | wc -l)" -gt 40 ] || { echo "no sources found"; exit 1; }
# shellcheck disable=SC2086 # file names without blanks
if grep -nE "(^|[^A-Za-z0-9_])($forbidden)[ ]*\(" $files; then exit 1; fi
