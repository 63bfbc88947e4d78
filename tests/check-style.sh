#!/bin/sh
# The sources are as .clang-format wants them, and cppcheck has nothing to say.
set -eu
: "${srcdir:=.}"
for tool in clang-format cppcheck; do
	command -v $tool >/dev/null || { echo "skipped: $tool is missing (Debian package: $tool)"; exit 77; }
done
case $(clang-format --version) in
*" 14."*) ;;
*) echo "skipped: .clang-format is written for clang-format 14"; exit 77 ;;
esac
cd "$srcdir"
status=0
sources=$(find include milter tests -name '*.[ch]' ! -path '*/config/parse.[ch]' ! -path '*/config/lex.c')
for file in $sources; do
	clang-format --style=file --dry-run -Werror "$file" || status=1
done
# shellcheck disable=SC2086 # a list of files
cppcheck -q --error-exitcode=1 --std=c11 --enable=warning,portability,performance --suppress=missingInclude \
	-D__GNUC__ -Iinclude $sources || status=1
exit $status
