#!/bin/sh
# The sources are as .clang-format wants them, cppcheck has nothing to say, and results that matter are marked.
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
# A result that must not be ignored says so (base/must_use.h): of what makes, opens, reads, parses or starts.
unmarked=$(find include -name '*.h' -exec awk '
	/^[a-z].*[ *][a-z_]+(_new|_alloc|_grow|_open|_load|_save|_parse|_normalize|_start|_to_number|_init_condition)\(|^(struct|bool|enum|FILE|int) .*[a-z]_read(_[a-z]+)?\(/ {
		text = $0
		while (text !~ /;/ && (getline line) > 0)
			text = text line
		if (text !~ /MUST_USE/ && text !~ /^(void|static) [a-z]/)
			print FILENAME ": " text
	}' {} \;)
[ -z "$unmarked" ] || { printf 'without MUST_USE: %s\n' "$unmarked"; status=1; }
exit $status
