
/* Query operations touch what they name, and nothing else. */


#include "apigw_test.h"
#include "apigw_query.h"


#define LINE(...)                                                             \
    do {                                                                      \
        static const apigw_str_t  line[] = { __VA_ARGS__ };                   \
                                                                              \
        EXPECT(apigw_query_add(q, line, sizeof(line) / sizeof(line[0]),       \
                               &fault) == APIGW_OK);                          \
    } while (0)

#define A(text)  apigw_str(text)


static bool
gives(apigw_test_t *t, apigw_query_t *q, const char *in,
    const apigw_str_t *values, const char *out)
{
    apigw_str_t  s, result;

    s.data = (const uint8_t *) in;
    s.len = strlen(in);

    if (apigw_query_run(q, s, values, &t->arena, &result) != APIGW_OK) {
        return false;
    }

    if (!apigw_str_is(result, out)) {
        if (t->fail_at == 0) {
            printf("# %s: %.*s\n", in, (int) result.len, result.data);
        }

        return false;
    }

    return true;
}


#define QUERY                                                                 \
    apigw_query_t            *q = apigw_query_create(&t->arena);              \
    apigw_transform_fault_t   fault;                                          \
                                                                              \
    EXPECT(q != NULL)


TEST(no_operation_changes_nothing)
{
    QUERY;

    (void) fault;

    EXPECT(gives(t, q, "", NULL, ""));
    EXPECT(gives(t, q, "a&a=&=&&%00=%zz&+", NULL, "a&a=&=&&%00=%zz&+"));
}


TEST(set_replaces_all_of_a_name_and_comes_last)
{
    static const apigw_str_t  values[] = { A("x y&z=\r\n\0+%") };

    QUERY;

    LINE(A("set"), A("a b"), A("$v"));

    EXPECT(apigw_query_values(q) == 1);
    EXPECT(apigw_str_is(apigw_query_value(q, 0), "$v"));

    EXPECT(gives(t, q, "a+b=1&c=%20&a%20b&a%2bb=2", values,
                 "c=%20&a%2bb=2&a%20b=x%20y%26z%3D%0D%0A%00%2B%25"));
    EXPECT(gives(t, q, "", values, "a%20b=x%20y%26z%3D%0D%0A%00%2B%25"));
}


TEST(set_to_nothing_removes)
{
    static const apigw_str_t  values[] = { A("") };

    QUERY;

    LINE(A("set"), A("a"), A(""));

    EXPECT(gives(t, q, "a=1&b&%61=2&", values, "b&"));
    EXPECT(gives(t, q, "a=1", values, ""));
}


TEST(add_stands_back_and_append_does_not)
{
    static const apigw_str_t  values[] = { A("1"), A("2") };

    QUERY;

    LINE(A("add"), A("a"), A("1"));
    LINE(A("append"), A("a"), A("2"));

    EXPECT(gives(t, q, "", values, "a=1&a=2"));
    EXPECT(gives(t, q, "%61", values, "%61&a=2"));
    EXPECT(gives(t, q, "A", values, "A&a=1&a=2"));
}


TEST(names_are_compared_decoded_and_broken_escapes_as_they_stand)
{
    QUERY;

    LINE(A("remove"), A("a"), A("%zz"), A("n\0l"), A("%"), A("%4"));

    EXPECT(gives(t, q, "%61=1&a&%zz=1&n%00l&n&%&%4&%41=x&%25zz", NULL,
                 "n&%41=x"));
}


TEST(a_trailing_star_is_a_prefix)
{
    QUERY;

    LINE(A("remove"), A("utm_*"));

    EXPECT(gives(t, q, "utm_a=1&utm=2&%75tm_b&xutm_&utm_", NULL,
                 "utm=2&xutm_"));
}


TEST(keep_leaves_the_rest_out)
{
    QUERY;

    LINE(A("keep"), A("search"), A("p*"));

    EXPECT(gives(t, q, "x=1&page=2&&=&search=a%2Bb&p", NULL,
                 "page=2&search=a%2Bb&p"));
    EXPECT(gives(t, q, "&&", NULL, ""));
}


TEST(a_renamed_argument_keeps_value_and_place)
{
    QUERY;

    LINE(A("rename"), A("q"), A("s&=h"));

    EXPECT(gives(t, q, "a&q=%zz+1&s%26%3dh=old&q&%71=", NULL,
                 "a&s%26%3Dh=%zz+1&s%26%3Dh&s%26%3Dh="));
    EXPECT(gives(t, q, "s%26=1", NULL, "s%26=1"));
}


TEST(operations_see_what_earlier_ones_left)
{
    static const apigw_str_t  values[] = { A("1") };

    QUERY;

    LINE(A("rename"), A("q"), A("search"));
    LINE(A("keep"), A("search"));
    LINE(A("set"), A("search"), A("1"));
    LINE(A("rename"), A("search"), A("z"));

    EXPECT(gives(t, q, "q=a&b=2", values, "z=1"));
}


TEST(bad_lines_are_refused)
{
    size_t  i;

    static const struct {
        apigw_str_t  args[4];
        size_t       n;
    } lines[] = {
        { { A("sett"), A("a"), A("b") }, 3 },
        { { A("set"), A("a") }, 2 },
        { { A("set"), A(""), A("b") }, 3 },
        { { A("set"), A("a"), A("b"), A("c") }, 4 },
        { { A("remove") }, 1 },
        { { A("keep"), A("a"), A("") }, 3 },
        { { A("rename"), A("a"), A("") }, 3 }
    };

    QUERY;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        EXPECT(apigw_query_add(q, lines[i].args, lines[i].n, &fault)
               == APIGW_EINPUT);
        EXPECT(fault.text != NULL && fault.mend != NULL);
    }

    for (i = 0; i < APIGW_TRANSFORM_MAX_OPS; i++) {
        LINE(A("remove"), A("a"));
    }

    EXPECT(apigw_query_add(q, lines[0].args, 0, &fault) == APIGW_EINPUT);
    EXPECT(apigw_query_add(q, (apigw_str_t[]) { A("keep"), A("a") }, 2, &fault)
           == APIGW_ELIMIT);
}


TEST_MAIN(CASE(no_operation_changes_nothing),
          CASE(set_replaces_all_of_a_name_and_comes_last),
          CASE(set_to_nothing_removes),
          CASE(add_stands_back_and_append_does_not),
          CASE(names_are_compared_decoded_and_broken_escapes_as_they_stand),
          CASE(a_trailing_star_is_a_prefix),
          CASE(keep_leaves_the_rest_out),
          CASE(a_renamed_argument_keeps_value_and_place),
          CASE(operations_see_what_earlier_ones_left),
          CASE(bad_lines_are_refused))
