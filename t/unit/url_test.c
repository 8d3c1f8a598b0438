
#include "apigw_test.h"
#include "apigw_url.h"


static apigw_rc_t
parse(const char *text, size_t len, apigw_url_t *url, apigw_error_t *error)
{
    apigw_str_t  s = { (const uint8_t *) text, len };

    error->word = NULL;

    return apigw_url_parse(s, url, error);
}


static bool
good(const char *text, const char *host, unsigned port, const char *authority,
    const char *path)
{
    apigw_url_t    url;
    apigw_error_t  error;

    return parse(text, strlen(text), &url, &error) == APIGW_OK
           && apigw_str_is(url.host, host)
           && url.port == port
           && apigw_str_is(url.authority, authority)
           && apigw_str_is(url.path, path);
}


static bool
bad(const char *text, const char *word)
{
    apigw_url_t    url;
    apigw_error_t  error;

    return parse(text, strlen(text), &url, &error) == APIGW_EINPUT
           && strcmp(error.word, word) == 0
           && error.offset <= strlen(text);
}


TEST(parts_of_good_urls_are_told)
{
    (void) t;

    EXPECT(good("https://idp.example.com/keys?a=b%20c&d=[1]",
                "idp.example.com", 443, "idp.example.com",
                "/keys?a=b%20c&d=[1]"));
    EXPECT(good("HTTP://h", "h", 80, "h", ""));
    EXPECT(good("http://h?q", "h", 80, "h", "?q"));
    EXPECT(good("http://h:8080?q", "h", 8080, "h:8080", "?q"));
    EXPECT(good("http://h.example./", "h.example.", 80, "h.example.", "/"));
    EXPECT(good("http://a_b-c.1x", "a_b-c.1x", 80, "a_b-c.1x", ""));
    EXPECT(good("http://127.0.0.1:1/", "127.0.0.1", 1, "127.0.0.1:1", "/"));
    EXPECT(good("http://[::1]/", "::1", 80, "[::1]", "/"));
    EXPECT(good("https://[2001:db8::1]:65535/~'()*,;:@!$", "2001:db8::1",
                65535, "[2001:db8::1]:65535", "/~'()*,;:@!$"));
    EXPECT(good("https://h/a@b:c", "h", 443, "h", "/a@b:c"));
}


TEST(a_default_port_is_left_out_of_host)
{
    (void) t;

    EXPECT(good("https://h:443/", "h", 443, "h", "/"));
    EXPECT(good("http://h:80", "h", 80, "h", ""));
    EXPECT(good("http://h:443/", "h", 443, "h:443", "/"));
    EXPECT(good("https://[::1]:443/", "::1", 443, "[::1]", "/"));
}


TEST(the_kind_of_host_is_told)
{
    apigw_url_t    url;
    apigw_error_t  error;

    (void) t;

    EXPECT(parse("http://h/", 9, &url, &error) == APIGW_OK);
    EXPECT(url.kind == APIGW_URL_NAME && !url.https);
    EXPECT(parse("https://1.2.3.4", 15, &url, &error) == APIGW_OK);
    EXPECT(url.kind == APIGW_URL_IPV4 && url.https);
    EXPECT(parse("http://[::]", 11, &url, &error) == APIGW_OK);
    EXPECT(url.kind == APIGW_URL_IPV6);
}


TEST(what_is_no_absolute_http_url_is_refused)
{
    const char  *scheme = "no \"https://\" or \"http://\" in front";

    (void) t;

    EXPECT(bad("", scheme));
    EXPECT(bad("/keys", scheme));
    EXPECT(bad("idp.example.com/keys", scheme));
    EXPECT(bad("//idp.example.com/", scheme));
    EXPECT(bad("ftp://h/", scheme));
    EXPECT(bad("https:/h/", scheme));
    EXPECT(bad(" https://h/", scheme));
    EXPECT(bad("http://", "no host"));
    EXPECT(bad("http:///path", "no host"));
    EXPECT(bad("http://:80/", "no host"));
    EXPECT(bad("http://?q", "no host"));
}


TEST(hosts_that_two_readers_could_take_in_two_ways_are_refused)
{
    const char  *user = "a user name before the host";
    const char  *byte = "invalid byte in the host";
    const char  *ipv4 = "invalid IPv4 address";
    const char  *ipv6 = "invalid IPv6 address";

    (void) t;

    EXPECT(bad("http://user@h/", user));
    EXPECT(bad("http://user:password@h/", user));
    EXPECT(bad("http://a.example:80@h/", user));
    EXPECT(bad("http://a\\@h/", user));
    EXPECT(bad("http://a\\b/", byte));
    EXPECT(bad("http://a b/", byte));
    EXPECT(bad("http://a%41/", byte));
    EXPECT(bad("http://a..b/", byte));
    EXPECT(bad("http://.a/", byte));
    EXPECT(bad("http://a\n/", byte));
    EXPECT(bad("http://b\xc3\xbc.example/", byte));
    EXPECT(bad("http://127.1/", ipv4));
    EXPECT(bad("http://0x7f000001/", ipv4));
    EXPECT(bad("http://2130706433/", ipv4));
    EXPECT(bad("http://127.0.0.01/", ipv4));
    EXPECT(bad("http://1.2.3.4./", ipv4));
    EXPECT(bad("http://256.1.1.1/", ipv4));
    EXPECT(bad("http://a.0x1/", ipv4));
    EXPECT(bad("http://[::1/", "no \"]\" after the address"));
    EXPECT(bad("http://[]/", ipv6));
    EXPECT(bad("http://[1.2.3.4]/", ipv6));
    EXPECT(bad("http://[fe80::1%25eth0]/", ipv6));
    EXPECT(bad("http://[::1]x/", "invalid byte after the host"));
}


TEST(a_host_of_254_bytes_is_refused)
{
    char           text[270] = "http://";
    apigw_url_t    url;
    apigw_error_t  error;

    (void) t;

    memset(text + 7, 'a', 254);

    EXPECT(parse(text, 7 + 253, &url, &error) == APIGW_OK);
    EXPECT(parse(text, 7 + 254, &url, &error) == APIGW_EINPUT);
}


TEST(ports_are_1_to_65535)
{
    (void) t;

    EXPECT(bad("http://h:/", "invalid port"));
    EXPECT(bad("http://h:0/", "invalid port"));
    EXPECT(bad("http://h:080/", "invalid port"));
    EXPECT(bad("http://h:65536/", "invalid port"));
    EXPECT(bad("http://h:99999999999999999999/", "invalid port"));
    EXPECT(bad("http://h:-1/", "invalid port"));
    EXPECT(bad("http://h:8a/", "invalid port"));
    EXPECT(bad("http://h:80:80/", "invalid port"));
    EXPECT(bad("http://[::1]:0", "invalid port"));
}


TEST(paths_hold_nothing_that_could_split_a_request)
{
    const char     *byte = "invalid byte in the path";
    const char     *percent = "a \"%\" without two hex digits";
    apigw_url_t     url;
    apigw_error_t   error;

    (void) t;

    EXPECT(bad("http://h/a b", byte));
    EXPECT(bad("http://h/a\r\nX: y", byte));
    EXPECT(bad("http://h/a\t", byte));
    EXPECT(bad("http://h/a\x7f", byte));
    EXPECT(bad("http://h/\xc3\xbc", byte));
    EXPECT(bad("http://h/a\\b", byte));
    EXPECT(bad("http://h/{tenant}", byte));
    EXPECT(bad("http://h/a#b", "a fragment"));
    EXPECT(bad("http://h#b", "a fragment"));
    EXPECT(bad("http://h/%", percent));
    EXPECT(bad("http://h/%4", percent));
    EXPECT(bad("http://h/%4g", percent));
    EXPECT(parse("http://h/\0", 10, &url, &error) == APIGW_EINPUT);
}


TEST(a_url_has_at_most_2048_bytes)
{
    char           text[APIGW_URL_MAX + 1];
    apigw_url_t    url;
    apigw_error_t  error;

    (void) t;

    memset(text, 'a', sizeof(text));
    memcpy(text, "http://h/", 9);

    EXPECT(parse(text, APIGW_URL_MAX, &url, &error) == APIGW_OK);
    EXPECT(parse(text, APIGW_URL_MAX + 1, &url, &error) == APIGW_ELIMIT);
}


static bool
loopback(const char *text)
{
    apigw_url_t    url;
    apigw_error_t  error;

    return parse(text, strlen(text), &url, &error) == APIGW_OK
           && apigw_url_is_loopback(&url);
}


TEST(this_machine_is_told_from_others)
{
    (void) t;

    EXPECT(loopback("http://localhost/"));
    EXPECT(loopback("http://LocalHost:81"));
    EXPECT(loopback("http://127.0.0.1/"));
    EXPECT(loopback("http://127.255.0.9/"));
    EXPECT(loopback("http://[::1]/"));
    EXPECT(loopback("http://[0:0:0:0:0:0:0:1]/"));

    EXPECT(!loopback("http://localhost.example/"));
    EXPECT(!loopback("http://127.example/"));
    EXPECT(!loopback("http://128.0.0.1/"));
    EXPECT(!loopback("http://0.0.0.0/"));
    EXPECT(!loopback("http://[::]/"));
    EXPECT(!loopback("http://[::ffff:127.0.0.1]/"));
}


TEST_MAIN(CASE(parts_of_good_urls_are_told),
          CASE(a_default_port_is_left_out_of_host),
          CASE(the_kind_of_host_is_told),
          CASE(what_is_no_absolute_http_url_is_refused),
          CASE(hosts_that_two_readers_could_take_in_two_ways_are_refused),
          CASE(a_host_of_254_bytes_is_refused),
          CASE(ports_are_1_to_65535),
          CASE(paths_hold_nothing_that_could_split_a_request),
          CASE(a_url_has_at_most_2048_bytes),
          CASE(this_machine_is_told_from_others))
