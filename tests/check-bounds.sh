#!/bin/sh
# Each bound of bounds.h stands in tests/bounds with a test that floods it, and with its number in the manual.
set -eu
: "${srcdir:=.}"
status=0
say() { echo "$1"; status=1; }
header=$srcdir/include/heloscope/base/bounds.h
limits=$(sed -n '/^\.Sh LIMITS/,/^\.Sh [^L]/p' "$srcdir/milter/heloscope-milter.8")
names=$(sed -n 's/^#define \(BOUND_[A-Z0-9_]*\) [^(].*/\1/p' "$header") # a sum of others has none
[ "$(echo "$names" | wc -l)" -ge 8 ] || say "no bounds found in bounds.h"
for name in $names; do
	grep -q "^$name " "$srcdir/tests/bounds" || say "$name: no line in tests/bounds"
done
while read -r name number file what; do
	case $name in '' | '#'*) continue ;; esac
	value=$(sed -n "s/^#define $name (*\([0-9]*\).*/\1/p" "$header")
	[ "$value" = "$(echo "$number" | tr -d ,)" ] || say "$name: $number in tests/bounds, \"$value\" in bounds.h"
	echo "$limits" | grep -qE "(^|[^0-9,])$number([^0-9,]|,? |\$)" || say "$name: $number does not stand in LIMITS of heloscope-milter(8)"
	grep -qE "^(static void )?$what\(void \*\*state\)|^ *def $what\(" "$srcdir/$file" || say "$name: there is no test $what in $file"
	# The test has the bound in it, or the table or constant of its file that has: by its name, or by its number or one beside it.
	grep -qE "(^|[^A-Z0-9_])$name([^A-Z0-9_]|\$)|(^|[^0-9])($number|$value|$((value + 1))|$((value - 1)))([^0-9]|\$)" "$srcdir/$file" ||
		say "$name: $file has neither $name nor $number"
	grep -rqw "$name" "$srcdir/milter" --include='*.[chyl]' || say "$name: nobody heeds it"
done <"$srcdir/tests/bounds"
exit $status
