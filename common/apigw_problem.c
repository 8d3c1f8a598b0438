
#include "apigw_problem.h"
#include "apigw_json_writer.h"


static void apigw_problem_text(apigw_json_writer_t *w, const char *name,
    apigw_str_t text);


apigw_rc_t
apigw_problem_write(apigw_arena_t *arena, const apigw_problem_t *problem,
    apigw_str_t *out)
{
    apigw_str_t          type, status = apigw_str("status");
    apigw_json_writer_t  w;

    static const apigw_str_t  blank = apigw_str("about:blank");

    type = problem->type.len ? problem->type : blank;

    apigw_json_writer_init(&w, arena);
    apigw_json_write_object(&w);

    apigw_problem_text(&w, "type", type);
    apigw_problem_text(&w, "title", problem->title);

    if (problem->status) {
        apigw_json_write_key(&w, status);
        apigw_json_write_uint(&w, problem->status);
    }

    apigw_problem_text(&w, "detail", problem->detail);
    apigw_problem_text(&w, "instance", problem->instance);

    if (problem->members.len) {
        apigw_json_write_members_raw(&w, problem->members);
    }

    apigw_json_write_close(&w);

    return apigw_json_writer_finish(&w, out);
}


static void
apigw_problem_text(apigw_json_writer_t *w, const char *name, apigw_str_t text)
{
    apigw_str_t  key = { (const uint8_t *) name, strlen(name) };

    if (text.len) {
        apigw_json_write_key(w, key);
        apigw_json_write_string(w, text);
    }
}
