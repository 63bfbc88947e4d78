#!/bin/sh
# Feed each fuzz target its seeds and every input that ever broke it.
set -eu
: "${srcdir:=.}"
count=0
for seeds in "$srcdir"/tests/fuzz/seeds/*; do
	"tests/fuzz/fuzz_${seeds##*/}" "$seeds"/*
	count=$((count + 1))
done
[ $count -ge 25 ]
