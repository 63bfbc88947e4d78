# readback.pl: read Authentication-Results values from standard input, one NUL behind each, with
# Mail::AuthenticationResults, and write each as JSON on a line of its own; null where it cannot be read.
use strict;
use warnings;
use JSON;
use Mail::AuthenticationResults::Parser;

local $/ = "\0";
while (my $value = <STDIN>) {
    chomp $value;
    my $parsed = eval { JSON->new->decode(Mail::AuthenticationResults::Parser->new()->parse($value)->as_json) };
    print JSON->new->canonical->ascii->allow_nonref->encode($parsed), "\n";
}
