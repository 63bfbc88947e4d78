#!/bin/sh
# Each bound of bounds.h stands in tests/bounds with a test that floods it, and with its number in the manual.
set -eu
: "${srcdir:=.}"
status=0
say() { echo "$1"; status=1; }
header=$srcdir/include/heloscope/base/bounds.h
limits=$(sed -n '/^\.Sh LIMITS/,/^\.Sh [^L]/p' "$srcdir/milter/heloscope-milter.8")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What is left of a file without comments and strings: a file with the code of FILE, in which "16_384" is 16384.
code_of() { # file
	code=$scratch/$(echo "$1" | tr -c 'A-Za-z0-9\n' _)
	case $1 in
	*.py) skipped='"""([^"]|"[^"]|""[^"])*"""|"([^"\\\n]|\\.)*"|'"'([^'\\\n]|\\.)*'"'|#[^\n]*' ;;
	*) skipped='/[*]([^*]|[*]+[^*/])*[*]+/|//[^\n]*|"([^"\\\n]|\\.)*"|'"'([^'\\\n]|\\.)*'" ;;
	esac
	[ -f "$code" ] || skipped=$skipped awk '
		{ text = text $0 "\n" }
		END {
			while (match(text, ENVIRON["skipped"])) {
				rest = rest substr(text, 1, RSTART - 1) " "
				text = substr(text, RSTART + RLENGTH)
			}
			print rest text
		}' "$1" | sed 's/\([0-9]\)_\([0-9]\)/\1\2/g' >"$code"
	echo "$code"
}
knows() { grep -qE "(^|[^A-Z0-9_])$1([^A-Z0-9_]|\$)$2" "$3"; } # bound, further pattern, code

# It sees what it is to see.
for kind in c py; do
	for text in '"BOUND_X 16384"' "'B' \"BOUND_X\\\" BOUND_X\""; do
		case $kind in
		c) printf '/* BOUND_X\n * BOUND_X **/ say(%s); // BOUND_X\n' "$text" ;;
		py) printf '"""BOUND_X "of"\nBOUND_X"""\nsay(%s)  # BOUND_X\n' "$text" ;;
		esac >"$scratch/planted.$kind"
		! knows BOUND_X "|16384" "$(code_of "$scratch/planted.$kind")" || say "planted.$kind: a comment or a string is taken for code"
		rm -f "$scratch"/_*
	done
	printf 'say("/* # //", BOUND_X)\n' >"$scratch/planted.$kind"
	knows BOUND_X "" "$(code_of "$scratch/planted.$kind")" || say "planted.$kind: code is taken for a comment or a string"
done

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
	code=$(code_of "$srcdir/$file")
	# The test has the bound in it, or the table or constant of its file that has, and not in a comment or a string: by
	# its name, or by its number or one beside it. A small number says nothing by itself.
	[ "$value" -ge 100 ] && numbers="|(^|[^0-9])($value|$((value + 1))|$((value - 1)))([^0-9]|\$)" || numbers=
	knows "$name" "$numbers" "$code" || say "$name: the code of $file has neither $name nor $value"
	grep -rqw "$name" "$srcdir/milter" --include='*.[chyl]' || say "$name: nobody heeds it"
done <"$srcdir/tests/bounds"
exit $status
