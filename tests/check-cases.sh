#!/bin/sh
# Each line of tests/cases names a case, and the test that shows it (a file and a text that stands in it) or
# why there is none ("-" and a reason). Every case of the list has a line. And no test that was skipped in part counts as passed.
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
# of the faults that were found by trying
for id in P0 P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15 P16 P17 P18 P19 P20 S1 S2 S3 S4 D1 D2 D3 D4 \
	B01 B02 B04 B05 B06 B07 B08 B09 B10 B11 B14b B15 B16 B20 B22 B23 B24 B25 B30 \
	N01 N02 N03 N04 N05 N06 N07 N08 N09 N10 N11 N12 N15 N16 N17; do
	grep -q "^$id " "$srcdir/tests/cases" || { echo "$id: no line in tests/cases"; status=1; }
done
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
# A test of which a scene was skipped must not count as passed: main() of tests/integration/lab.py sees to it.
for test in "$srcdir"/tests/*/test_*.py; do
	! grep -qE '\.skipTest\(|SkipTest\(' "$test" || ! grep -q 'unittest\.main(' "$test" || { echo "$test: skips scenes; end it with main() of lab.py"; status=1; }
done
# Without what a test is skipped, contrib/setup installs.
for package in $(grep -rhoE 'is missing \(Debian packages?: [a-z0-9, .+-]+\)' "$srcdir/tests" | sed 's/.*: //; s/[,)]//g'); do
	grep -qw -- "$package" "$srcdir/contrib/setup" || { echo "contrib/setup does not install $package, without which a test is skipped"; status=1; }
done
exit $status
