#!/bin/sh
# run: fuzz each target for some seconds (default 60), from its seeds. Built with --enable-fuzzing.
# What breaks a target is left in the folder that is named; add it to the target's seeds.
set -eu
: "${srcdir:=.}"
seconds=${1:-60}
scratch=$(mktemp -d)
for seeds in "$srcdir"/tests/fuzz/seeds/*; do
	target=${seeds##*/}
	mkdir "$scratch/$target"
	echo "== $target, $seconds s, corpus and crashes in $scratch/$target"
	"tests/fuzz/fuzz_$target" -max_total_time="$seconds" -print_final_stats=1 -verbosity=1 -max_len=4096 \
		-artifact_prefix="$scratch/$target/" "$scratch/$target" "$seeds" 2>"$scratch/$target.log" || {
		tail -n 40 "$scratch/$target.log"
		exit 1
	}
	grep -E 'number_of_executed_units|average_exec_per_sec' "$scratch/$target.log"
	grep -oE 'cov: [0-9]+ ft: [0-9]+' "$scratch/$target.log" | tail -n 1
done
rm -rf "$scratch"
