# readback.pl: read Authentication-Results values from standard input, one NUL behind each, with
# Mail::AuthenticationResults, and write each as JSON on a line of its own.
use strict;
use warnings;
use JSON;
use Mail::AuthenticationResults::Parser;

local $/ = "\0";
while (my $value = <STDIN>) {
    chomp $value;
    my $parsed = Mail::AuthenticationResults::Parser->new()->parse($value)->as_json;
    print JSON->new->canonical->encode(decode_json($parsed)), "\n";
}
