# readback.pl: read an Authentication-Results value from standard input with Mail::AuthenticationResults
# and write it as JSON.
use strict;
use warnings;
use Mail::AuthenticationResults::Parser;

local $/;
print Mail::AuthenticationResults::Parser->new()->parse(<STDIN>)->as_json;
