
/* One text per value: RFC 4648, section 10, without padding; no others. */


#include "apigw_test.h"
#include "apigw_base64url.h"


typedef struct {
    const char  *text;
    const char  *value;
} vector_t;


static const vector_t  vectors[] = {
    { "", "" }, { "Zg", "f" }, { "Zm8", "fo" }, { "Zm9v", "foo" },
    { "Zm9vYg", "foob" }, { "Zm9vYmE", "fooba" }, { "Zm9vYmFy", "foobar" },
    { "__79", "\xff\xfe\xfd" }, { "-_-_", "\xfb\xff\xbf" },
    { "A-z_", "\x03\xec\xff" },

    /* RFC 7515, A.1.1 */

    { "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
      "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}" }
};


static const char *const  refused[] = {
    "Z", "Zg=", "Zg==", "Zm8=", "Zh", "Zn", "Z_", "Zm9", "Zm-", "Zm9vY",
    "Zm+v", "Zm/v", " Zm9v", "Zm9v ", "Zm\n9v", "Zm9v\r\n", "Zm9v====",
    "Zm.v", "Zm9v.", "\xc3\xa9vv", "Zm,v", "====", "=", "A=A="
};


TEST(vectors_decode_and_encode)
{
    size_t       i, n;
    uint8_t      text[64];
    apigw_str_t  in, out, value;

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        in.data = (const uint8_t *) vectors[i].text;
        in.len = strlen(vectors[i].text);
        value.data = (const uint8_t *) vectors[i].value;
        value.len = strlen(vectors[i].value);

        EXPECT(apigw_base64url_decode_dup(&t->arena, in, &out) == APIGW_OK);
        EXPECT(apigw_str_eq(out, value) && out.data[out.len] == '\0');
        EXPECT(apigw_base64url_decoded_len(in.len) == value.len);

        n = apigw_base64url_encode(value, text);
        EXPECT(n == in.len && memcmp(text, in.data, n) == 0);
        EXPECT(apigw_base64url_encoded_len(value.len) == n);
    }
}


TEST(other_texts_are_refused)
{
    size_t       i;
    apigw_str_t  in, out;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        in.data = (const uint8_t *) refused[i];
        in.len = strlen(refused[i]);

        EXPECT(apigw_base64url_decode_dup(&t->arena, in, &out)
               == APIGW_EINPUT);
    }

    in.data = (const uint8_t *) "Zm\0v";
    in.len = 4;
    EXPECT(apigw_base64url_decode_dup(&t->arena, in, &out) == APIGW_EINPUT);
}


TEST(each_value_has_exactly_one_text)
{
    size_t       i, j, k, n, len, count;
    uint8_t      text[2], out[2], back[4];

    /* of all texts of two bytes, 256 decode, and each encodes to itself */

    count = 0;

    for (i = 0; i < 256; i++) {
        for (j = 0; j < 256; j++) {
            text[0] = i;
            text[1] = j;

            if (apigw_base64url_decode((apigw_str_t) { text, 2 }, out, &len)
                != APIGW_OK)
            {
                continue;
            }

            count++;
            EXPECT(len == 1);
            n = apigw_base64url_encode((apigw_str_t) { out, 1 }, back);
            EXPECT(n == 2 && memcmp(back, text, 2) == 0);
        }
    }

    EXPECT(count == 256);

    for (k = 0; k < 65536; k++) {
        out[0] = k >> 8;
        out[1] = k;

        n = apigw_base64url_encode((apigw_str_t) { out, 2 }, back);
        EXPECT(n == 3);
        EXPECT(apigw_base64url_decode((apigw_str_t) { back, 3 }, text, &len)
               == APIGW_OK);
        EXPECT(len == 2 && memcmp(text, out, 2) == 0);
    }
}


TEST_MAIN(CASE(vectors_decode_and_encode),
          CASE(other_texts_are_refused),
          CASE(each_value_has_exactly_one_text))
