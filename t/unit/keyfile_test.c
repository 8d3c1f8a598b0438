
/* A key file is read to the letter; keys have a form that can be checked. */


#include "apigw_test.h"

#include "apigw_keyfile.h"

#include <zlib.h>


#define HEX  "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define LINE(more)  "k7Qp2mXa  sha256:" HEX "  consumer=acme" more


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


static const char *
line(const char *s, apigw_key_t *key)
{
    apigw_rc_t     rc;
    apigw_error_t  err;

    rc = apigw_keyfile_line(key, text(s), &err);

    return rc == APIGW_OK ? "ok" : rc == APIGW_AGAIN ? "nothing" : err.word;
}


#define IS(word, wanted)  EXPECT(strcmp(word, wanted) == 0)
#define IS_STR(s, wanted)  EXPECT(apigw_str_is(s, wanted))


TEST(a_line_holds_id_digest_and_attributes)
{
    apigw_key_t  key;

    IS(line(LINE(" plan=gold groups=a,b scope=\"orders:read x\""
                 " exp=2027-01-01T00:00:00Z nbf=2026-01-01T00:00:00+01:00"
                 " cidr=192.0.2.7/24,::1 status=active"), &key), "ok");

    IS_STR(key.id, "k7Qp2mXa");
    IS_STR(key.consumer, "acme");
    IS_STR(key.plan, "gold");
    IS_STR(key.groups, "a,b");
    IS_STR(key.scope, "orders:read x");
    EXPECT(key.kind == APIGW_KEY_SHA256);
    EXPECT(key.digest[1] == 0x11 && key.digest[31] == 0xff);
    EXPECT(key.exp == 1798761600);
    EXPECT(key.nbf == 1767222000);
    EXPECT(!key.disabled);
    EXPECT(key.nnetworks == 2);
    EXPECT(key.networks[0].len == 4 && key.networks[0].bits == 24);
    EXPECT(memcmp(key.networks[0].addr, "\xc0\x00\x02\x00", 4) == 0);
    EXPECT(key.networks[1].len == 16 && key.networks[1].bits == 128);

    IS(line("\tk7Qp2mXa hmac-sha256:" HEX " status=disabled consumer=\"a b\"",
            &key), "ok");
    EXPECT(key.kind == APIGW_KEY_HMAC_SHA256);
    EXPECT(key.disabled);
    IS_STR(key.consumer, "a b");
}


TEST(comments_and_empty_lines_hold_nothing)
{
    apigw_key_t  key;

    IS(line("", &key), "nothing");
    IS(line("   \t", &key), "nothing");
    IS(line("# " LINE(""), &key), "nothing");
    IS(line("  #", &key), "nothing");
}


TEST(a_fault_is_named)
{
    size_t       i;
    apigw_key_t  key;

    static const char  id[] = "id is not 8 to 32 letters and digits";
    static const char  hex[] = "digest is not 64 hex digits";
    static const char  digest[] =
        "digest is neither \"sha256:\" nor \"hmac-sha256:\" and 64 hex digits";
    static const char  network[] =
        "not an address or network such as 192.0.2.0/24";
    static const char  scope[] = "scopes are not separated by single spaces";
    static const char  date[] = "date is not like 2027-01-01T00:00:00Z";
    static const char  text_fault[] =
        "value is empty or holds a byte other than printable ASCII";

    static const char *const  cases[][2] = {
        { "short sha256:" HEX " consumer=a", id },
        { "k7Qp2mX_ sha256:" HEX " consumer=a", id },
        { "k7Qp2mXak7Qp2mXak7Qp2mXak7Qp2mXaX sha256:" HEX " consumer=a", id },
        { "k7Qp2mXa", digest },
        { "k7Qp2mXa " HEX " consumer=a", digest },
        { "k7Qp2mXa SHA256:" HEX " consumer=a", digest },
        { "k7Qp2mXa sha256:00 consumer=a", hex },
        { "k7Qp2mXa sha256:" HEX "0 consumer=a", hex },
        { "k7Qp2mXa sha256:g" HEX " consumer=a", hex },
        { "k7Qp2mXa sha256:" HEX, "consumer= is missing" },
        { "k7Qp2mXa sha256:" HEX " plan=a", "consumer= is missing" },
        { LINE(" gold"), "attribute is not name=value" },
        { LINE(" Plan=gold"), "unknown attribute" },
        { LINE(" =gold"), "unknown attribute" },
        { LINE(" id=gold"), "unknown attribute" },
        { LINE(" plan=a plan=b"), "duplicate attribute" },
        { LINE(" consumer=b"), "duplicate attribute" },
        { LINE(" plan="), text_fault },
        { LINE(" plan=\"\""), text_fault },
        { LINE(" plan=a\x01"), text_fault },
        { LINE(" plan=\xc3\xbc"), text_fault },
        { LINE(" plan=a\"b"), text_fault },
        { LINE(" plan=a\\b"), text_fault },
        { LINE(" plan=gold\r"), text_fault },
        { LINE(" plan=\"gold"),
          "closing quote is missing, or a blank after it" },
        { LINE(" plan=\"gold\"x"),
          "closing quote is missing, or a blank after it" },
        { LINE(" groups=a,,b"), "groups are not separated by single commas" },
        { LINE(" groups=,a"), "groups are not separated by single commas" },
        { LINE(" groups=a,"), "groups are not separated by single commas" },
        { LINE(" groups=\"a b\""),
          "groups are not separated by single commas" },
        { LINE(" scope=\"a  b\""), scope },
        { LINE(" scope=\" a\""), scope },
        { LINE(" scope=\"a,b\""), scope },
        { LINE(" status=Active"), "status is neither active nor disabled" },
        { LINE(" exp=2027-01-01"), date },
        { LINE(" exp=\"2027-01-01 00:00:00Z\""), date },
        { LINE(" exp=1767222000"), date },
        { LINE(" exp=1970-01-01T00:00:00Z"),
          "date is not between 1970 and 2106" },
        { LINE(" exp=2107-01-01T00:00:00Z"),
          "date is not between 1970 and 2106" },
        { LINE(" cidr=192.0.2.0/33"), network },
        { LINE(" cidr=192.0.2/24"), network },
        { LINE(" cidr=192.0.2.0/"), network },
        { LINE(" cidr=192.0.2.0/0024"), network },
        { LINE(" cidr=::/129"), network },
        { LINE(" cidr=a,"), network },
        { LINE(" cidr=localhost"), network },
        { LINE(" cidr=1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
               "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
               "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"), "more than 16 networks" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        IS(line(cases[i][0], &key), cases[i][1]);
    }
}


TEST(a_line_has_at_most_1024_bytes)
{
    char         s[1100];
    apigw_key_t  key;

    memset(s, 'x', sizeof(s));
    memcpy(s, LINE(" plan="), strlen(LINE(" plan=")));

    s[1024] = '\0';
    IS(line(s, &key), "ok");

    s[1024] = 'x';
    s[1025] = '\0';
    IS(line(s, &key), "line is longer than 1024 bytes");
}


TEST(dates_follow_the_calendar)
{
    size_t         i;
    uint32_t       date;
    apigw_error_t  err;

    static const struct { const char *text; uint32_t date; }  cases[] = {
        { "1970-01-01T00:00:01Z", 1 },
        { "2000-02-29T12:34:56Z", 951827696 },
        { "2004-02-29t00:00:00z", 1078012800 },
        { "2027-01-01T00:00:00.999Z", 1798761600 },
        { "2027-01-01T00:00:00-05:30", 1798781400 },
        { "2016-12-31T23:59:60Z", 1483228800 },
        { "2038-01-19T03:14:08Z", 2147483648 },
        { "2106-02-07T06:28:15Z", 4294967295 },
        { "2106-02-07T06:28:16Z", 0 },
        { "2001-02-29T00:00:00Z", 0 },
        { "2100-02-29T00:00:00Z", 0 },
        { "2027-00-01T00:00:00Z", 0 },
        { "2027-13-01T00:00:00Z", 0 },
        { "2027-04-31T00:00:00Z", 0 },
        { "2027-01-00T00:00:00Z", 0 },
        { "2027-01-01T24:00:00Z", 0 },
        { "2027-01-01T00:60:00Z", 0 },
        { "2027-01-01T00:00:61Z", 0 },
        { "2027-01-01T00:00:00", 0 },
        { "2027-01-01T00:00:00.Z", 0 },
        { "2027-01-01T00:00:00+0100", 0 },
        { "2027-01-01T00:00:00+24:00", 0 },
        { "2027-01-01T00:00:00Zx", 0 },
        { "0000-01-01T00:00:00Z", 0 },
        { "", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        date = 0;
        (void) apigw_key_date(&date, text(cases[i].text), &err);
        EXPECT(date == cases[i].date);
    }
}


TEST(a_file_is_read_line_by_line)
{
    apigw_rc_t        rc;
    apigw_key_t       key;
    apigw_error_t     err;
    apigw_keyfile_t   file;

    apigw_keyfile_open(&file, text("# keys\n\n" LINE("") "\n"
                                   "abcdefgh sha256:" HEX " consumer=b\n"));

    EXPECT(apigw_keyfile_next(&file, &key, &err) == APIGW_OK);
    EXPECT(file.line == 3);
    EXPECT(apigw_keyfile_next(&file, &key, &err) == APIGW_OK);
    EXPECT(file.line == 4);
    IS_STR(key.consumer, "b");
    EXPECT(apigw_keyfile_next(&file, &key, &err) == APIGW_AGAIN);
    EXPECT(apigw_keyfile_next(&file, &key, &err) == APIGW_AGAIN);

    apigw_keyfile_open(&file, text(""));
    EXPECT(apigw_keyfile_next(&file, &key, &err) == APIGW_AGAIN);

    apigw_keyfile_open(&file, text("\n\n" LINE("")));    /* cut off */
    rc = apigw_keyfile_next(&file, &key, &err);
    EXPECT(rc == APIGW_EINPUT);
    EXPECT(file.line == 3);
    IS(err.word, "the final newline is missing");

    apigw_keyfile_open(&file, text(LINE("") "\n" LINE(" x") "\n"));
    EXPECT(apigw_keyfile_next(&file, &key, &err) == APIGW_OK);
    EXPECT(apigw_keyfile_next(&file, &key, &err) == APIGW_EINPUT);
    EXPECT(file.line == 2);
    EXPECT(err.offset == strlen(LINE(" ")));
}


static const char *
form(const char *key, const char *prefix)
{
    apigw_error_t  err = { "?", 0 };

    return apigw_key_form_check(text(key), text(prefix), NULL, &err)
           == APIGW_OK ? "ok" : err.word;
}


TEST(the_checksum_is_right_at_every_length)
{
    char      key[APIGW_KEY_TEXT], id[APIGW_KEY_ID_MAX + 1];
    size_t    i, len;
    uint32_t  sum;
    uint8_t   entropy[APIGW_KEY_ENTROPY];

    memset(entropy, 0x5a, sizeof(entropy));

    for (len = APIGW_KEY_ID_MIN; len <= APIGW_KEY_ID_MAX; len++) {
        memset(id, 'a' + (int) (len % 26), len);
        id[len] = '\0';

        len = apigw_key_make(key, text("gw"), text(id), entropy) - 7;
        sum = (uint32_t) crc32(0, (const uint8_t *) key, (uInt) len);

        for (i = 6; i > 0; i--) {
            EXPECT(key[len + i] == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz"[sum % 62]);
            sum /= 62;
        }

        IS(form(key, "gw"), "ok");
        len = strlen(id);
    }
}


TEST(a_key_carries_its_own_checksum)
{
    char            key[APIGW_KEY_TEXT], crc[7];
    size_t          i, len;
    uint32_t        sum;
    uint8_t         entropy[APIGW_KEY_ENTROPY];
    apigw_str_t     id;
    apigw_error_t   err;

    memset(entropy, 0xff, sizeof(entropy));
    len = apigw_key_make(key, text("gw"), text("k7Qp2mXa"), entropy);

    EXPECT(len == strlen(key));
    EXPECT(len == 2 + 1 + 8 + 1 + 27 + 1 + 6);
    EXPECT(memcmp(key, "gw_k7Qp2mXa_", 12) == 0);

    /* 2^160 - 1 in base 62, computed elsewhere */

    EXPECT(memcmp(key + 12, "aWgEPTl1tmebfsQzFP4bxwgy80V", 27) == 0);

    sum = (uint32_t) crc32(0, (const uint8_t *) key, 39);

    for (i = 6; i > 0; i--) {
        crc[i - 1] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "abcdefghijklmnopqrstuvwxyz"[sum % 62];
        sum /= 62;
    }

    EXPECT(memcmp(key + 40, crc, 6) == 0);

    EXPECT(apigw_key_form_check(text(key), text("gw"), &id, &err)
           == APIGW_OK);
    IS_STR(id, "k7Qp2mXa");

    for (i = 3; i < len; i++) {
        key[i]++;
        IS(form(key, "gw"), "key_unknown");
        key[i]--;
    }

    memset(entropy, 0, sizeof(entropy));
    EXPECT(apigw_key_make(key, text("gw"), text("k7Qp2mXa"), entropy) == len);
    EXPECT(memcmp(key + 12, "000000000000000000000000000_", 28) == 0);
    IS(form(key, "gw"), "ok");
    IS(form(key, "other"), "ok");            /* imported, for that store */

    EXPECT(apigw_key_make(key, text("g_"), text("k7Qp2mXa"), entropy) == 0);
    EXPECT(apigw_key_make(key, text(""), text("k7Qp2mXa"), entropy) == 0);
    EXPECT(apigw_key_make(key, text("gw"), text("short"), entropy) == 0);
    EXPECT(apigw_key_make(key, text("abcdefghijklmnop"),
                          text("abcdefghijklmnopabcdefghijklmnop"), entropy)
           == APIGW_KEY_TEXT - 1);
}


TEST(an_imported_key_is_visible_ascii)
{
    char  key[300];

    memset(key, 'a', sizeof(key));

    key[256] = '\0';
    IS(form(key, "gw"), "ok");

    key[256] = 'a';
    key[257] = '\0';
    IS(form(key, "gw"), "key_unknown");

    IS(form("0123456789abcdef", "gw"), "ok");
    IS(form("0123456789abcde", "gw"), "key_unknown");
    IS(form("", "gw"), "key_unknown");
    IS(form("0123456789 bcdef", "gw"), "key_unknown");
    IS(form("0123456789\tbcdef", "gw"), "key_unknown");
    IS(form("0123456789\x7f" "bcdef", "gw"), "key_unknown");
    IS(form("0123456789\xc3\xbc" "cdef", "gw"), "key_unknown");
    IS(form("gw_0123456789abcdef", "gw"), "key_unknown");
    IS(form("gwx0123456789abcdef", "gw"), "ok");
    IS(form("gw_________________________________________________", "gw"),
       "key_unknown");
}


TEST(digests_are_sha256_and_hmac)
{
    size_t     i;
    uint8_t    digest[32], pepper[32], wanted[32];

    EXPECT(apigw_key_digest(digest, text("abc")) == APIGW_OK);
    EXPECT(apigw_key_unhex(wanted, 32,
                           text("ba7816bf8f01cfea414140de5dae2223"
                                "b00361a396177a9cb410ff61f20015ad")));
    EXPECT(memcmp(digest, wanted, 32) == 0);

    /* HMAC with a key of 32 bytes 0, 1, 2 ... */

    for (i = 0; i < 32; i++) {
        pepper[i] = (uint8_t) i;
    }

    EXPECT(apigw_key_digest_hmac(digest, text("abc"), pepper) == APIGW_OK);
    EXPECT(memcmp(digest, wanted, 32) != 0);
    EXPECT(apigw_key_unhex(wanted, 32,
                           text("f0133729c4163dede81e21cd47839256"
                                "da58171238c8a0d874397c73b14e1e47")));
    EXPECT(memcmp(digest, wanted, 32) == 0);
}


TEST(a_pepper_file_has_one_or_two_lines)
{
    size_t          n;
    uint8_t         peppers[2][APIGW_KEY_PEPPER];
    apigw_error_t   err;

    EXPECT(apigw_key_pepper_parse(peppers, &n, text(HEX "\n"), &err)
           == APIGW_OK);
    EXPECT(n == 1 && peppers[0][1] == 0x11);
    EXPECT(apigw_key_pepper_parse(peppers, &n, text(HEX), &err) == APIGW_OK);
    EXPECT(apigw_key_pepper_parse(peppers, &n, text(HEX "\n" HEX "\n"), &err)
           == APIGW_OK);
    EXPECT(n == 2);
    EXPECT(apigw_key_pepper_parse(peppers, &n, text(""), &err)
           == APIGW_EINPUT);
    EXPECT(apigw_key_pepper_parse(peppers, &n, text("\n"), &err)
           == APIGW_EINPUT);
    EXPECT(apigw_key_pepper_parse(peppers, &n, text(HEX "\nabc\n"), &err)
           == APIGW_EINPUT);
    EXPECT(err.offset == 2);
    EXPECT(apigw_key_pepper_parse(peppers, &n,
                                  text(HEX "\n" HEX "\n" HEX "\n"), &err)
           == APIGW_EINPUT);
    EXPECT(err.offset == 3);
}


static const char *
good(const apigw_key_t *key, int64_t now, const char *addr, size_t len)
{
    apigw_str_t    a = { (const uint8_t *) addr, len };
    apigw_error_t  err = { "?", 0 };

    return apigw_key_check(key, now, a, &err) == APIGW_OK ? "ok" : err.word;
}


TEST(a_key_has_its_time_and_its_networks)
{
    apigw_key_t  key;

    static const char  mapped[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff"
                                  "\xc0\x00\x02\x09";
    static const char  v6[] = "\x20\x01\x0d\xb8\x12\0\0\0\0\0\0\0\0\0\0\1";

    IS(line(LINE(" nbf=2026-01-01T00:00:00Z exp=2027-01-01T00:00:00Z"), &key),
       "ok");
    IS(good(&key, 1767225599, NULL, 0), "key_not_yet_valid");
    IS(good(&key, 1767225600, NULL, 0), "ok");
    IS(good(&key, 1798761599, NULL, 0), "ok");
    IS(good(&key, 1798761600, NULL, 0), "key_expired");

    IS(line(LINE(" status=disabled"), &key), "ok");
    IS(good(&key, 1767225600, NULL, 0), "key_disabled");

    IS(line(LINE(" cidr=192.0.2.0/29,2001:db8:1000::/37,10.1.2.3"), &key),
       "ok");
    IS(good(&key, 1, "\xc0\x00\x02\x07", 4), "ok");
    IS(good(&key, 1, "\xc0\x00\x02\x08", 4), "key_disabled");
    IS(good(&key, 1, "\x0a\x01\x02\x03", 4), "ok");
    IS(good(&key, 1, "\x0a\x01\x02\x04", 4), "key_disabled");
    IS(good(&key, 1, v6, 16), "ok");
    IS(good(&key, 1, "\x20\x01\x0d\xb8\x08\0\0\0\0\0\0\0\0\0\0\1", 16),
       "key_disabled");
    IS(good(&key, 1, mapped, 16), "key_disabled");
    IS(good(&key, 1, NULL, 0), "key_disabled");

    IS(line(LINE(" cidr=192.0.2.8/29"), &key), "ok");
    IS(good(&key, 1, mapped, 16), "ok");

    IS(line(LINE(" cidr=0.0.0.0/0"), &key), "ok");
    IS(good(&key, 1, "\x0a\x01\x02\x04", 4), "ok");
    IS(good(&key, 1, v6, 16), "key_disabled");
}


TEST_MAIN(CASE(a_line_holds_id_digest_and_attributes),
          CASE(comments_and_empty_lines_hold_nothing),
          CASE(a_fault_is_named),
          CASE(a_line_has_at_most_1024_bytes),
          CASE(dates_follow_the_calendar),
          CASE(a_file_is_read_line_by_line),
          CASE(a_key_carries_its_own_checksum),
          CASE(the_checksum_is_right_at_every_length),
          CASE(an_imported_key_is_visible_ascii),
          CASE(digests_are_sha256_and_hmac),
          CASE(a_pepper_file_has_one_or_two_lines),
          CASE(a_key_has_its_time_and_its_networks))
