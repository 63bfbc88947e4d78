#!/bin/sh
# Each line of tests/cases names a case, and the test that shows it (a file and a text that stands in it) or
# why there is none ("-" and a reason). Every case of the list has a line.
set -eu
: "${srcdir:=.}"
status=0
expect() { # letter, last number
	number=1
	while [ $number -le "$2" ]; do
		id=$(printf '%s%02d' "$1" $number)
		case $id in F19 | F28 | F29) ;; # numbers without a case
		*) grep -q "^$id " "$srcdir/tests/cases" || { echo "$id: no line in tests/cases"; status=1; } ;;
		esac
		number=$((number + 1))
	done
}
expect C 36
expect E 17
expect A 21
expect M 32
expect F 57
while read -r id file what; do
	case $id in '' | '#'*) continue ;; esac
	if [ -z "$what" ]; then
		echo "$id: neither a test nor a reason"
		status=1
	elif [ "$file" != - ] && ! grep -qF -- "$what" "$srcdir/$file"; then
		echo "$id: \"$what\" does not stand in $file"
		status=1
	fi
done <"$srcdir/tests/cases"
exit $status
