#!/bin/sh
# The manual pages are clean, and every keyword of the configuration stands in conf(5) and in etc/.
set -eu
: "${srcdir:=.}"
status=0
for page in "$srcdir"/milter/*.[158]; do
	# the pages refer to each other before they are installed
	if mandoc -Tlint "$page" | grep -v 'referenced manual not found'; then status=1; fi
done
keywords=$(grep -o '{ "[a-z0-9-]*", [A-Z_0-9]* }' "$srcdir/milter/config/lex.l" | sed 's/{ "\([a-z0-9-]*\)".*/\1/')
[ "$(echo "$keywords" | wc -l)" -gt 40 ] || { echo "no keywords found in config/lex.l"; exit 1; }
for keyword in $keywords; do
	grep -q -- "$keyword" "$srcdir/milter/heloscope.conf.5" || { echo "$keyword: not in heloscope.conf(5)"; status=1; }
	grep -qw -- "$keyword" "$srcdir/etc/heloscope.conf" "$srcdir/etc/lists.conf" || { echo "$keyword: not in etc/"; status=1; }
done
exit $status
