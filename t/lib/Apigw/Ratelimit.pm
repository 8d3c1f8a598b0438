package Apigw::Ratelimit;

# What the ratelimit module's Test::Nginx files share:
#
#     use Apigw qw(ratelimit);
#     use Apigw::Ratelimit;
#
# A block without request sends GET /t; every block checks the log for alerts.
# Locations under test answer by "alias $TEST_NGINX_PAGE": phases after REWRITE
# must run, which "return" does not let happen.
#
# fields('"one";r=1;t=60') is a line of "--- response_headers_like" for
# RateLimit: its times may be a minute less, as machines may be slow.
#
# "--- rejections" is what the log says of rejections, per request: words such
# as "rate_exceeded:one", with ":shadow" or ":dry_run" where it says so; a text
# instead of a list is meant for each request with a status of 400 or more.

# "--- bad_values" lists, per request, what the log says of bad values, such as
# "cost:one".

use strict;
use warnings;

use Apigw ();
use File::Temp ();
use Test::More ();
use Test::Nginx::Socket ();

our $Dir = File::Temp->newdir('apigw-ratelimit-XXXXXX', TMPDIR => 1);


sub defaults {
    my ($block) = @_;

    $block->set_value('no_error_log', "[alert]\n[crit]\n[emerg]\n")
        unless defined $block->no_error_log || defined $block->must_die;

    return if defined $block->must_die;

    expect_rejections($block) if defined $block->rejections;
    $block->{apigw_bad_values} = $block->bad_values;

    $block->set_value('request', "GET /t\n")
        unless defined $block->request || defined $block->raw_request
            || defined $block->pipelined_requests;
}


sub expect_rejections {
    my ($block) = @_;
    my $words = $block->rejections;

    if (!ref $words) {
        chomp $words;
        my $codes = $block->error_code // 200;
        my @codes = ref $codes ? @$codes : $codes;
        $words = [map { $_ >= 400 ? $words : '' } @codes];
    }

    $block->{apigw_rejections} = $words;
}


# Test::Nginx compares the log of every request with the same; we do not.
sub log_of_request {
    open my $in, '<', $Test::Nginx::Util::ErrLogFile
        or die "$Test::Nginx::Util::ErrLogFile: $!";
    seek $in, $Test::Nginx::Util::ErrLogFilePos // 0, 0;
    local $/;
    return <$in> // '';
}


sub check_rejections {
    my ($block, $body, $req_idx) = @_;
    my $expected = $block->{apigw_rejections} or return;
    my $log = log_of_request();
    my @words;

    while ($log =~ /apigw_ratelimit:\ (\w+)\ by\ policy\ "([^"]+)",
                    \ key\ [0-9a-f]{8},
                    \ (?:retry\ after\ [1-9]\d*\ s|never\ passes)
                    (,\ shadow|,\ dry\ run)?/gx)
    {
        my ($reason, $policy, $remark) = ($1, $2, $3 // '');
        $remark =~ s/^, /:/;
        $remark =~ tr/ /_/;
        push @words, "$reason:$policy$remark";
    }

    Test::More::is("@words", $expected->[$req_idx] // '',
                   $block->name . " - rejections of request $req_idx");
}


sub check_bad_values {
    my ($block, $body, $req_idx) = @_;
    my $expected = $block->{apigw_bad_values} or return;
    my $told =
        qr/bad (\w+ "[^"]*" of policy "\w+)"; use .*; this is logged once/;
    my @words = map { s/ .* /:/r } log_of_request() =~ /\[error\].*$told/g;
    s/:"/:/ for @words;

    Test::More::is("@words", $expected->[$req_idx] // '',
                   $block->name . " - bad values of request $req_idx");
}


sub near {
    my ($seconds) = @_;
    my $least = $seconds > 120 ? $seconds - 60 : 1;
    return '(?:' . join('|', $least .. $seconds) . ')';
}


sub fields {
    my ($text) = @_;
    $text = quotemeta $text;
    $text =~ s/\\;t\\=(\d+)/';t=' . near($1)/ge;
    return "RateLimit: $text";
}


sub import {
    chmod 0755, $Dir;

    open my $out, '>', "$Dir/page" or die "$Dir/page: $!";
    print $out "page\n";
    close $out or die "$Dir/page: $!";

    $ENV{TEST_NGINX_PAGE} = "$Dir/page";

    Test::Nginx::Socket::add_block_preprocessor(\&defaults);
    Test::Nginx::Socket::add_response_body_check(\&check_rejections);
    Test::Nginx::Socket::add_response_body_check(\&check_bad_values);
}


1;
