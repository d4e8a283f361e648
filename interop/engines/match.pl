# The judged forms of patterns, matched by Perl.
use strict;
use warnings FATAL => "all";
no warnings "regexp"; # an empty group that is repeated is worth a warning
use Encode qw(decode);

sub text { decode("UTF-8", pack("H*", shift)) }

while (my $line = <STDIN>) {
    chomp $line;
    my ($pattern, @candidates) = map { text($_) } split /\t/, $line, -1;
    my $compiled = eval { qr/$pattern/ };
    print defined $compiled ? join("", map { /\A[!-~]*\z/ && $_ =~ $compiled ? 1 : 0 } @candidates) : "refused", "\n";
}
