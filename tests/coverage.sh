#!/bin/sh
# coverage: run all tests with counters in the code, and report which lines and branches they reached.
# Usage: tests/coverage.sh BUILD-FOLDER
#
# Fails when of the lines of checks, policy and words fewer than LINES_WANTED per cent were reached.
set -eu
usage="usage: tests/coverage.sh BUILD-FOLDER"
case ${1-} in
-h | --help) echo "$usage"; exit 0 ;;
"" | -*) echo "$usage" >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")/.." && pwd)
build=$1
LINES_WANTED=95
judged='milter/(facts|checks|words|spf|lists|wire)/'

umask 000 # the filter writes its counters as the user that it has become
"$here/contrib/setup" coverage
find "$build" -name '*.gcda' -delete 2>/dev/null || :
"$here/tests/run" "$build" --enable-coverage
report() { # what, filter, options
	what=$1 filter=$2
	shift 2
	printf '\n== %s\n' "$what"
	gcovr --root "$here" --object-directory "$build" --filter "$filter" --exclude-unreachable-branches "$@" "$build"
}
report "branches of all modules" 'milter/' --branches
report "lines of all modules" 'milter/'
report "lines of checks, policy and words" "$judged" --fail-under-line "$LINES_WANTED"
