#!/bin/sh
# alone: run a Python test in a network namespace of its own, so that no other program takes a port between
# the moment at which the test has found it free and the moment at which a server of the test listens there.
exec unshare --net -- sh -c 'ip link set lo up && exec /usr/bin/python3 "$@"' sh "$@"
