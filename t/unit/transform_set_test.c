
/* Lines of a set: what is accepted, what is refused and how it is told. */


#include "transform_run.h"


static bool
refuses(apigw_test_t *t, const char *op, size_t arg, size_t offset,
    const char *text)
{
    apigw_rc_t                rc;
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    set = apigw_transform_set_create(&t->arena);
    if (set == NULL) {
        return false;
    }

    memset(&fault, 0, sizeof(fault));

    rc = set_add(&t->arena, set, op, &fault);

    if (rc == APIGW_EINPUT && fault.arg == arg && fault.offset == offset
        && fault.text != NULL && strcmp(fault.text, text) == 0
        && fault.mend != NULL && apigw_transform_set_values(set) == 0)
    {
        return true;
    }

    if (t->fail_at == 0) {
        printf("# %s: %d, argument %zu at %zd: %s\n", op, rc, fault.arg,
               (ssize_t) fault.offset, fault.text ? fault.text : "-");
    }

    return false;
}


#define NOWHERE  APIGW_TRANSFORM_NO_OFFSET

#define REFUSES(op, arg, offset, text)                                        \
    EXPECT(refuses(t, op, arg, offset, text))


TEST(unknown_and_incomplete_operations_are_refused)
{
    REFUSES("retain /a", 0, NOWHERE, "no such operation");
    REFUSES("Keep /a", 0, NOWHERE, "no such operation");
    REFUSES("keep", 0, NOWHERE, "arguments are missing");
    REFUSES("set /a", 1, NOWHERE, "no value behind it");
    REFUSES("map /a", 1, NOWHERE, "no renames behind it");
    REFUSES("rename /a", 1, NOWHERE, "wrong number of arguments");
    REFUSES("rename /a b c", 3, NOWHERE, "wrong number of arguments");
    REFUSES("move /a", 1, NOWHERE, "wrong number of arguments");
    REFUSES("move /a /b /c", 3, NOWHERE, "wrong number of arguments");
    REFUSES("group a b", 2, NOWHERE, "too many arguments");
}


TEST(bad_pointers_tell_their_position)
{
    char    op[200];
    size_t  i;

    REFUSES("keep /a b", 2, 0, "bad pointer");
    REFUSES("keep /a/b~3", 1, 4, "bad pointer");
    REFUSES("map /a /b=/c~", 2, 5, "bad pointer");

    strcpy(op, "drop ");

    for (i = 0; i < 65; i++) {
        strcat(op, "/a");
    }

    REFUSES(op, 1, 128, "pointer is too long");
}


TEST(bad_parameters_are_refused)
{
    REFUSES("set /a b type=int", 3, NOWHERE, "no such type");
    REFUSES("set /a b on_invalid=drop", 3, NOWHERE, "invalid parameter");
    REFUSES("set /a b c", 3, NOWHERE, "unknown parameter");
    REFUSES("target /a missing=no", 2, NOWHERE, "invalid parameter");
    REFUSES("target /a /b", 2, NOWHERE, "invalid parameter");
    REFUSES("target /a missing=null missing=null", 3, NOWHERE,
            "invalid parameter");
}


TEST(renames_must_be_names)
{
    REFUSES("map /a b=/c", 2, 0, "bad pointer");
    REFUSES("map /a /b=c", 2, NOWHERE, "no rename");
    REFUSES("map /a /b", 2, NOWHERE, "no rename");
    REFUSES("map /a /b/x=/c", 2, NOWHERE, "more than one name on a side");
    REFUSES("map /a /*=/c", 2, NOWHERE, "\"*\" cannot be renamed");
    REFUSES("map /a /b=/c /b=/d", 3, NOWHERE, "name is renamed twice");
    REFUSES("map /a /b=/c /d=/c", 3, NOWHERE, "two members get the same name");
    REFUSES("rename '' a", 1, NOWHERE, "ends in no member's name");
    REFUSES("rename /a/* b", 1, NOWHERE, "ends in no member's name");
    REFUSES("rename /a \xff", 2, 0, "invalid UTF-8");
    REFUSES("group \xc3", 1, 0, "invalid UTF-8");
}


TEST(stars_of_move_must_be_in_the_common_part)
{
    REFUSES("move /a/*/b /c/*/d", 2, NOWHERE,
            "\"*\" outside the part that both pointers share");
    REFUSES("copy /a /b/*", 2, NOWHERE,
            "\"*\" outside the part that both pointers share");

    EXPECT(set_compile(&t->arena, "move /a/*/b /a/*/c") != NULL);
    EXPECT(set_compile(&t->arena, "move /a /a/b") != NULL);
}


TEST(values_are_numbered_and_their_texts_kept)
{
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    set = apigw_transform_set_create(&t->arena);
    EXPECT(set != NULL);

    EXPECT(set_add(&t->arena, set, "set /a '$b c'; keep /a; add /x 1 "
                   "type=number on_invalid=skip; replace /y ''", &fault)
           == APIGW_OK);

    EXPECT(apigw_transform_set_values(set) == 3);
    EXPECT(apigw_str_is(apigw_transform_set_value(set, 0), "$b c"));
    EXPECT(apigw_str_is(apigw_transform_set_value(set, 1), "1"));
    EXPECT(apigw_str_is(apigw_transform_set_value(set, 2), ""));
}


TEST(constants_are_checked_once_and_for_all)
{
    outcome_t                 r;
    apigw_str_t               doc = apigw_str("{\"b\":1}");
    apigw_transform_set_t    *set;
    apigw_transform_apply_t   apply = { NULL, NULL };
    apigw_transform_fault_t   fault;
    apigw_transform_params_t  params = run_params();

    set = apigw_transform_set_create(&t->arena);
    EXPECT(set != NULL);
    EXPECT(set_add(&t->arena, set, "replace /b x type=number on_invalid=skip",
                   &fault) == APIGW_OK);

    EXPECT(apigw_transform_set_constant(set, 0, (apigw_str_t) apigw_str("0x1"),
                                        &fault) == APIGW_EINPUT);
    EXPECT(fault.arg == 2 && fault.offset == 1);
    EXPECT(strcmp(fault.text, "value does not fit its type") == 0);

    EXPECT(apigw_transform_set_constant(set, 0, (apigw_str_t) apigw_str("-0.5"),
                                        &fault) == APIGW_OK);
    EXPECT(apigw_transform_set_compile(set, &fault) == APIGW_OK);

    apply.set = set;
    r = run_cut(&t->arena, &apply, 1, &params, doc, 3, 1, 2);

    EXPECT(r.rc == APIGW_OK && apigw_str_is(r.body, "{\"b\":-0.5}"));
}


TEST(what_needs_the_document_is_told)
{
    apigw_transform_set_t  *set;

    set = set_compile(&t->arena, "keep /a; rename /a b; group c; remove /c/x");
    EXPECT(set != NULL);
    EXPECT(apigw_transform_set_whole(set) == NULL);

    set = set_compile(&t->arena, "keep /a; move /a /b; set /c 1");
    EXPECT(set != NULL);
    EXPECT(apigw_str_is(*apigw_transform_set_whole(set), "move"));
}


TEST(limits_hold_and_what_is_at_them_passes)
{
    char                      name[16];
    size_t                    i, n;
    apigw_str_t              *args;
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    for (n = 4095; n <= 4096; n++) {
        args = apigw_arena_array(&t->arena, n + 1, sizeof(apigw_str_t));
        EXPECT(args != NULL);

        args[0] = (apigw_str_t) apigw_str("keep");

        for (i = 1; i <= n; i++) {
            args[i].len = sprintf(name, "/n%zu", i);
            args[i].data = apigw_arena_dup(&t->arena, name, args[i].len);
            EXPECT(args[i].data != NULL);
        }

        set = apigw_transform_set_create(&t->arena);
        EXPECT(set != NULL);
        EXPECT(apigw_transform_set_add(set, args, n + 1, &fault) == APIGW_OK);
        EXPECT(apigw_transform_set_compile(set, &fault)
               == (n == 4095 ? APIGW_OK : APIGW_ELIMIT));
        EXPECT(n == 4095 || (fault.arg == 0 && fault.text && fault.mend));
    }
}


TEST(operations_and_stages_are_bounded)
{
    size_t                    i;
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    set = apigw_transform_set_create(&t->arena);
    EXPECT(set != NULL);

    for (i = 0; i < APIGW_TRANSFORM_MAX_OPS; i++) {
        EXPECT(set_add(&t->arena, set, "drop /a", &fault) == APIGW_OK);
    }

    EXPECT(set_add(&t->arena, set, "drop /a", &fault) == APIGW_ELIMIT);
    EXPECT(apigw_transform_set_compile(set, &fault) == APIGW_OK);

    set = apigw_transform_set_create(&t->arena);
    EXPECT(set != NULL);

    for (i = 0; i < APIGW_TRANSFORM_MAX_STAGES; i++) {
        EXPECT(set_add(&t->arena, set, "drop /0", &fault) == APIGW_OK);
    }

    EXPECT(set_add(&t->arena, set, "drop /1", &fault) == APIGW_OK);
    EXPECT(apigw_transform_set_compile(set, &fault) == APIGW_ELIMIT);
    EXPECT(fault.arg == APIGW_TRANSFORM_MAX_STAGES);
}


/* Each segment could double the nodes, were equal ones not shared. */

TEST(long_pointers_of_stars_and_indexes_stay_small)
{
    EXPECT(set_compile(&t->arena,
                       "keep /*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*")
           != NULL);
    EXPECT(set_compile(&t->arena,
                       "keep /0/1/0/1/0/1/0/1/0/1/0/1/0/1/0/1/0/1/0/1/0/1/0/1")
           != NULL);
    EXPECT(set_compile(&t->arena, "drop /*/0/*/1/*/2/*/3/*/4/*/5; "
                       "rename /*/a/*/b/*/c d; keep /*/*/*/*/*/*/*/*/*/*")
           != NULL);
}


/* Names that "*" and literals share multiply: refused before they fill. */

TEST(a_trie_that_multiplies_is_refused)
{
    apigw_transform_set_t    *set;
    apigw_transform_fault_t   fault;

    set = apigw_transform_set_create(&t->arena);
    EXPECT(set != NULL);

    EXPECT(set_add(&t->arena, set, "keep "
                   "/a/*/*/*/*/*/*/*/*/*/*/*/*/* /*/a/*/*/*/*/*/*/*/*/*/*/*/* "
                   "/*/*/a/*/*/*/*/*/*/*/*/*/*/* /*/*/*/a/*/*/*/*/*/*/*/*/*/* "
                   "/*/*/*/*/a/*/*/*/*/*/*/*/*/* /*/*/*/*/*/a/*/*/*/*/*/*/*/* "
                   "/*/*/*/*/*/*/a/*/*/*/*/*/*/* /*/*/*/*/*/*/*/a/*/*/*/*/*/* "
                   "/*/*/*/*/*/*/*/*/a/*/*/*/*/* /*/*/*/*/*/*/*/*/*/a/*/*/*/* "
                   "/*/*/*/*/*/*/*/*/*/*/a/*/*/* /*/*/*/*/*/*/*/*/*/*/*/a/*/* "
                   "/*/*/*/*/*/*/*/*/*/*/*/*/a/*", &fault) == APIGW_OK);
    EXPECT(apigw_transform_set_compile(set, &fault) == APIGW_ELIMIT);
}


TEST(several_sets_run_one_behind_the_other)
{
    outcome_t                 r;
    apigw_str_t               doc = apigw_str("{\"a\":{\"b\":1,\"c\":2}}");
    apigw_transform_apply_t   sets[3] = { { NULL, NULL } };
    apigw_transform_params_t  params = run_params();

    sets[0].set = set_compile(&t->arena, "keep /a; group g");
    sets[1].set = set_compile(&t->arena, "drop /g/a/c");
    sets[2].set = set_compile(&t->arena, "target /g; rename /a z");

    EXPECT(sets[0].set != NULL && sets[1].set != NULL && sets[2].set != NULL);

    r = run_cut(&t->arena, sets, 3, &params, doc, doc.len, 1, 4096);
    EXPECT(r.rc == APIGW_OK && apigw_str_is(r.body, "{\"z\":{\"b\":1}}"));
    EXPECT(t->fail_at || run_same(&t->arena, sets, 3, &params, doc, &r));

    /* none at all: the document is checked, and goes on */

    r = run_cut(&t->arena, sets, 0, &params, doc, 1, 1, 4096);
    EXPECT(r.rc == APIGW_OK && apigw_str_eq(r.body, doc));

    r = run_cut(&t->arena, sets, 17, &params, doc, 1, 1, 4096);
    EXPECT(r.rc == APIGW_ELIMIT && strcmp(r.error.word, "internal") == 0);
}


TEST(collect_gives_the_body_in_one_piece)
{
    size_t                    i;
    apigw_rc_t                rc;
    apigw_str_t               body, doc = apigw_str("{\"a\":[1,2,3],\"b\":4}");
    apigw_error_t             error;
    apigw_transform_run_t    *run;
    apigw_transform_apply_t   apply = { NULL, NULL };
    apigw_transform_params_t  params = run_params();

    apply.set = set_compile(&t->arena, "drop /b; group g");
    EXPECT(apply.set != NULL);
    EXPECT(apigw_transform_run_create(&t->arena, &apply, 1, &params, &run,
                                      &error) == APIGW_OK);

    for (i = 0; i < doc.len; i++) {
        rc = apigw_transform_run_collect(run, doc.data + i, 1,
                                         i + 1 == doc.len, &body, &error);
        EXPECT(rc == (i + 1 == doc.len ? APIGW_OK : APIGW_AGAIN));
    }

    EXPECT(apigw_str_is(body, "{\"g\":{\"a\":[1,2,3]}}"));

    /* failing, it goes on failing */

    EXPECT(apigw_transform_run_create(&t->arena, &apply, 1, &params, &run,
                                      &error) == APIGW_OK);
    EXPECT(apigw_transform_run_collect(run, (const uint8_t *) "[}", 2, true,
                                       &body, &error) == APIGW_EINPUT);
    EXPECT(strcmp(error.word, "json_invalid") == 0 && error.offset == 1);
    EXPECT(apigw_transform_run_collect(run, NULL, 0, true, &body, &error)
           == APIGW_EINPUT);
}


TEST_MAIN(CASE(unknown_and_incomplete_operations_are_refused),
          CASE(bad_pointers_tell_their_position),
          CASE(bad_parameters_are_refused),
          CASE(renames_must_be_names),
          CASE(stars_of_move_must_be_in_the_common_part),
          CASE(values_are_numbered_and_their_texts_kept),
          CASE(constants_are_checked_once_and_for_all),
          CASE(what_needs_the_document_is_told),
          CASE(limits_hold_and_what_is_at_them_passes),
          CASE(operations_and_stages_are_bounded),
          CASE(long_pointers_of_stars_and_indexes_stay_small),
          CASE(a_trie_that_multiplies_is_refused),
          CASE(several_sets_run_one_behind_the_other),
          CASE(collect_gives_the_body_in_one_piece))
