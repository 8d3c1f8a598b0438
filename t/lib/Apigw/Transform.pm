package Apigw::Transform;

# What the transform module's test files share:
#
#     use Apigw qw(transform);
#     use Apigw::Transform;
#     use Test::Nginx::Socket 'no_plan';
#
# A block may be as short as what it is about:
#
#     --- ops       the lines of the set "t"; without http_config
#     --- with      more lines for the location /t/; without config
#     --- send      parameters of t/lib/upstream.py, "name: value" each; the
#                   set is applied to its response
#     --- post      a request body, sent to the echoing service as
#                   application/json; the set is applied to the request
#     --- method    instead of GET or POST
#     --- path      instead of /t/echo
#     --- sent      the body that the service is to receive
#     --- reason    the reason word that is to be logged
#
# $TEST_NGINX_SERVICE is the service's address. Every block checks the log for
# alerts.

use strict;
use warnings;

use Apigw ();
use Apigw::Upstream;
use JSON::PP ();
use Test::Nginx::Socket ();

$ENV{TEST_NGINX_SERVICE} = Apigw::Upstream::address();


sub query {
    my ($text) = @_;

    return join '&', map {
        my ($name, $value) = split /: ?/, $_, 2;
        "$name=" . Apigw::Upstream::enc($value // '');
    } grep { length } split /\n/, $text;
}


# A string as upstream.py writes it into its document.
sub quoted {
    my ($text) = @_;

    $text = JSON::PP->new->ascii->allow_nonref->encode($text);

    return $text;
}


sub defaults {
    my ($block) = @_;

    $block->set_value('no_error_log', "[alert]\n[crit]\n[emerg]\n")
        unless defined $block->no_error_log || defined $block->must_die;

    $block->set_value('http_config', "apigw_transform t {\n" . $block->ops
                                     . "\n}\n")
        if defined $block->ops && !defined $block->http_config;

    if (defined $block->reason) {
        my $reason = $block->reason;
        chomp $reason;
        $block->set_value('error_log', "reason: $reason\n");
    }

    my $send = $block->send;
    my $side = defined $send ? 'response' : 'request';

    $block->set_value('config', '')
        if defined $block->must_die && !defined $block->config;

    unless (defined $block->config) {
        my $with = $block->with // '';

        $block->set_value('config', "location /t/ {
    apigw_${side}_transform t;
    proxy_http_version 1.1;
    $with
    proxy_pass http://$ENV{TEST_NGINX_SERVICE}/;
}
");
    }

    return if defined $block->must_die || defined $block->request
              || defined $block->raw_request
              || defined $block->pipelined_requests;

    if (defined $send) {
        my $method = $block->method // 'GET';
        chomp $method;
        $block->set_value('request', "$method /t/send?" . query($send) . "\n");

    } elsif (defined $block->post) {
        my $method = $block->method // 'POST';
        my $path = $block->path // '/t/echo';
        chomp($method, $path);
        $block->set_value('request', "$method $path\n" . $block->post);
        $block->set_value('more_headers', "Content-Type: application/json\n")
            unless defined $block->more_headers;

    } elsif (defined $block->path) {
        my $path = $block->path;
        chomp $path;
        $block->set_value('request', "GET $path\n");
    }

    if (defined $block->sent) {
        my $sent = quoted($block->sent);
        $block->set_value('response_body_like', qr/"body": \Q$sent\E/);
    }
}


sub import {
    # Test::Nginx gives a body without its last line feed only where chomp is
    Test::Nginx::Socket::add_block_preprocessor(\&defaults);
}

1;
