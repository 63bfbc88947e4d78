#!/bin/sh
# Functions that nothing here may call, with the case that says why:
#   C23 no other program is run, C36 the C library looks up no name, F37 no stack as large as the input wants,
#   and those that write without a bound.
# P11: what leaves the program passes an edge, which escapes it: only the modules that are named with them call
# the functions that write, or that make a JSON string.
set -eu
: "${srcdir:=.}"
status=0
files=$(find "$srcdir/milter" -name '*.[chyl]' ! -path '*/config/parse.[ch]' ! -path '*/config/lex.c') # but what bison and flex make
[ "$(echo "$files" | wc -l)" -gt 40 ] || { echo "no sources found"; exit 1; }

only_in() { # modules, or "-"; functions
	# shellcheck disable=SC2086 # file names without blanks
	found=$(grep -nE "(^|[^A-Za-z0-9_])($2)[ ]*\(" $files || true)
	for module in $1; do
		found=$(printf '%s\n' "$found" | grep -v "/$module\.[chyl]:" || true)
	done
	[ -z "$found" ] || { printf '%s\nonly in %s\n' "$found" "$1"; status=1; }
}

only_in base/child 'posix_spawnp?' # of a sendmail that the administrator names, and of postconf; without a shell
only_in - 'popen|system|exec[lv]p?e?|fork|getaddrinfo|gethostby[a-z_]*|res_[a-z]*|alloca|sprintf|vsprintf|gets|strtok'
# P17: what is read is a file, and its lines have a bound; who opens otherwise opens for writing, a directory, or what
# the kernel tells of this process.
only_in base/regular_file 'getline|getdelim|fgets|fgetc|getc(har)?(_unlocked)?|getwc|fgetws|v?f?scanf|mmap|gzopen|freopen'
only_in - fopen
only_in 'base/heap base/regular_file base/new_file daemon/listener records/appender reflect/limits' 'open|openat|creat'
only_in base/output 'v?printf|vfprintf|fwrite|puts|putchar|putc|fputwc|fputws|perror|psignal|psiginfo|err|errx|verr|warnx|error|error_at_line|[vd]dprintf|putwchar'
only_in 'base/output base/log' 'fprintf'
only_in 'base/log peer/store' 'fputs|fputc'
only_in base/log 'v?syslog'
only_in base/document 'json_(string(n|_nocheck|n_nocheck|_set[a-z_]*)?|v?sprintf|v?pack[a-z_]*|dump[a-z]*|object_(set|update|setn)[a-z_]*|array_(set|append|insert|extend)[a-z_]*)'
only_in base/document json_string_value
# Members of a record are known to records/ alone: words and reviews read facts, or an outline.
only_in 'base/document base/tree mails/tls_report peer/store records/[a-z]*' 'json_object_get|tree_[a-z]*|take_(span|flag)|record_(parse|set_[a-z]*)'
only_in 'base/document peer/store' 'json_(load[a-z_]*|v?unpack[a-z_]*)' # P12: what is read is read strictly
only_in records/appender 'p?writev?'
only_in daemon/edge 'smfi_(setreply|setmlreply|addheader|insheader|chgheader|quarantine|progress|replacebody|addrcpt[a-z_]*|chgfrom)'
# P12: strchr(3) finds NUL in every string.
# shellcheck disable=SC2086
if grep -nE "(strr?chr|index|strchrnul)\((\"[^\"]*\"|[A-Za-z_]+), [^']" $files | grep -vE '/base/(span|document)\.c:'; then
	echo "what is looked for may be NUL: ascii_is_among()"
	status=1
fi
exit $status
